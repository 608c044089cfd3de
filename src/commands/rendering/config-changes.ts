/** The changes of desk.toml as lines for a person or a program. */
import type { SigningRole } from "../../domain/authority/authority.ts";
import type { ConfigChange } from "../../domain/config/config-field.ts";
import type { ReloadReport } from "../../trading/config/reload-config.ts";
import { INDENT, type OutputStyle } from "./table-text.ts";
import { oneLine, wrap } from "./terminal-text.ts";

const EFFECTS = [
  ["loosens", "these allow more than before", "yellow"],
  ["tightens", "these allow less", "green"],
  ["neutral", "these allow as much as before", "dim"],
] as const;

/** What loosens comes first. */
export function renderChanges(
  changes: readonly ConfigChange[],
  key: SigningRole,
  style: OutputStyle,
): readonly string[] {
  const lines = EFFECTS.flatMap(([effect, title, shade]) => {
    const group = changes.filter((change) => change.effect === effect);
    return group.length === 0
      ? []
      : [style.paint(shade, title), ...group.flatMap((change) => changeLines(change, style))];
  });
  const count = changes.length === 1 ? "1 change" : `${changes.length} changes`;
  return [`desk.toml: ${count}, to be signed with the ${key} key`, ...lines];
}

function changeLines({ path, before, after, needs }: ConfigChange, { columns }: OutputStyle): readonly string[] {
  const values = [...valueLines("-", before), ...valueLines("+", after)];
  // The desk starts an added connector at once. Its `needs` is signed, and stays what earlier records have.
  const isAddedConnector = before === null && /^connector\.[^.]+$/.test(path);
  const when = needs === "restart" && !isAddedConnector ? " (after a restart of the desk)" : "";
  const width = columns - INDENT.length * 2;
  return [
    ...wrap(oneLine(`${path}${when}`), width).map((line) => `${INDENT}${line}`),
    ...values.flatMap((value) => wrap(value, width).map((line) => `${INDENT}${INDENT}${line}`)),
  ];
}

function valueLines(sign: string, value: string | null): readonly string[] {
  return value === null ? [] : [`${sign} ${oneLine(value)}`];
}

export function renderReload({ accepted, changes, restart }: ReloadReport, style: OutputStyle): readonly string[] {
  if (!style.isTty)
    return [
      [accepted ? "accepted" : "unchanged", String(changes.length)],
      ...changes.map(({ effect, path, before, after }) => [effect, path, before ?? "", after ?? ""]),
      ...restart.map(({ path }) => ["restart", path]),
    ].map((cells) => cells.map(oneLine).join("\t"));
  const head = accepted ? `${style.paint("green", "✓")} desk.toml is accepted` : "desk.toml is as it was accepted";
  if (restart.length === 0) return [accepted ? `${head} and in force` : head];
  const words = `needs a restart of the desk (qoc down, then qoc up): ${restart.map(({ path }) => path).join(", ")}`;
  return [head, ...wrap(oneLine(words), style.columns)];
}

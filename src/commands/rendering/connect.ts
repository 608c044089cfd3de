/** The types of connectors, and a new connector, as lines for a person or a program. */
import { BUILT_IN_TYPES, CONNECTOR_KINDS, builtInType } from "../../workspace/built-in-types.ts";
import type { ConnectedVenue } from "../connected-venue.ts";
import { amountText } from "./money.ts";
import { type OutputStyle, keyValueLines, table } from "./table-text.ts";
import { oneLine, wrap } from "./terminal-text.ts";

export interface ConnectorTypes {
  readonly types: readonly { readonly type: string; readonly state: "built in" | "not yet"; readonly about: string }[];
}

/** A connector that was written to desk.toml. */
export type ConnectedView = ConnectedVenue & {
  /** The running desk accepted it and starts it. */
  readonly inForce: boolean;
  readonly next: string;
};

/** What `qoc connect` lists: the built-in types, and the documented words. */
export function connectorTypes(): ConnectorTypes {
  const builtIn = BUILT_IN_TYPES.map((type) => {
    const { trades = "", secrets } = builtInType({ type }) ?? {};
    const names = secrets?.({}) ?? [];
    const needs = names.length === 0 ? "" : `; needs ${names.join(" and ")}`;
    return { type, state: "built in" as const, about: `${trades}${needs}` };
  });
  const kinds = Object.entries(CONNECTOR_KINDS).map(([type, { proposes, instead = "" }]) =>
    proposes === undefined
      ? { type, state: "not yet" as const, about: instead.replace(/^; /, "") }
      : { type, state: "built in" as const, about: `by ${proposes}` },
  );
  return { types: [...builtIn, ...kinds] };
}

/** What was found, and the lines for desk.toml, before the question. */
export function renderChecked(venue: ConnectedVenue, style: OutputStyle): readonly string[] {
  const { missing = [], line, table: lines } = venue;
  return [
    ...factLines(venue, style),
    "",
    style.paint("dim", `desk.toml, from line ${line}`),
    ...lines.map((text) => style.paint("green", oneLine(`+ ${text}`))),
    "",
    ...missing.flatMap((what) => wrap(oneLine(`before it starts: ${what}`), style.columns)),
  ];
}

export function renderConnect(value: ConnectorTypes | ConnectedView, style: OutputStyle): readonly string[] {
  if ("types" in value) {
    const columns = [
      { title: "type", cell: (row: ConnectorTypes["types"][number]) => row.type },
      { title: "state", cell: (row: ConnectorTypes["types"][number]) => row.state },
      { title: "about", cell: (row: ConnectorTypes["types"][number]) => row.about, keeps: "wrap" },
    ] as const;
    const custom = "a venue of your own: qoc connectors new NAME";
    return [...table(style, columns, value.types), ...(style.isTty ? [custom] : [])];
  }
  if (!style.isTty)
    return keyValueLines(style, [
      ["written", value.name],
      ["in force", String(value.inForce)],
      ["next", value.next],
    ]);
  const what = value.inForce ? "is in desk.toml, and the desk starts it" : "is in desk.toml";
  return [
    `${style.paint("green", "✓")} connector ${oneLine(value.name)} ${what}`,
    ...(value.secrets.length === 0
      ? []
      : wrap(
          `the desk reads ${value.secrets.join(" and ")} from the environment that qoc up starts in`,
          style.columns,
        )),
    `next: ${value.next}`,
  ];
}

function factLines(venue: ConnectedVenue, style: OutputStyle): readonly string[] {
  const { account } = venue;
  const amount = (text: string | null | undefined): string =>
    typeof text === "string" ? amountText(text, account?.currency ?? "") : "the venue does not say";
  return keyValueLines(style, [
    ["connected", `${venue.name} (${venue.type})`],
    ["account", venue.accountId ?? "the venue does not name it"],
    ["mode", `${venue.mode ?? "unstated"}${typeof venue.environment !== "string" ? "" : ` (${venue.environment})`}`],
    ["nav", amount(account?.nav)],
    ["cash", amount(account?.cash)],
    ["buying power", amount(account?.buyingPower)],
    ["positions", String(venue.positions ?? 0)],
    ["key may", venue.permissions?.join(", ") ?? "the venue does not say"],
  ]);
}

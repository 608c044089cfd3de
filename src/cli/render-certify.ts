/** A certification as a person reads it: what failed first by its group, then what the desk can promise. */
import type { CaseReport, Report } from "../conformance/report.ts";
import { oneLine, wrap } from "../commands/rendering/terminal-text.ts";
import type { OutputStyle } from "../commands/rendering/table-text.ts";

const SIGNS = { passed: ["green", "✓"], failed: ["red", "✗"], skipped: ["dim", "-"] } as const;

export function renderCertify(face: OutputStyle, report: Report): readonly string[] {
  if (!face.isTty) return forProgram(report);
  const { counts, name, isolation } = report;
  const groups = [...new Set(report.cases.map(({ group }) => group))];
  const verdict = report.partial
    ? `${oneLine(name)}, only the cases that were named`
    : report.certified
      ? face.paint("green", `✓ ${oneLine(name)} is certified at the ${isolation} level`)
      : face.paint("red", `✗ ${oneLine(name)} is not certified`);
  return [
    ...groups.flatMap((group) => [
      face.paint("dim", group),
      ...linesOf(
        face,
        report.cases.filter((one) => one.group === group),
      ),
      "",
    ]),
    ...(report.partial ? [] : promises(face, report)),
    `${verdict}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  ];
}

function promises(face: OutputStyle, { guarantees }: Report): readonly string[] {
  return [
    face.paint("dim", "what the desk can promise with it"),
    ...guarantees.flatMap(({ guarantee, given, because }) =>
      signed(face, given ? "passed" : "failed", guarantee, given ? undefined : because),
    ),
    "",
  ];
}

/** Those that were skipped for one reason share a line. */
function linesOf(face: OutputStyle, cases: readonly CaseReport[]): readonly string[] {
  const tried = cases.filter(({ outcome }) => outcome !== "skipped");
  return [
    ...tried.flatMap(({ id, title, outcome, reason }) => signed(face, outcome, `${id} ${title}`, reason)),
    ...[...byReason(cases)].flatMap(([reason, ids]) => signed(face, "skipped", `${ids.join(" ")} skipped`, reason)),
  ];
}

function byReason(cases: readonly CaseReport[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, outcome, reason = "" } of cases) {
    if (outcome === "skipped") groups.set(reason, [...(groups.get(reason) ?? []), id]);
  }
  return groups;
}

function signed(
  face: OutputStyle,
  outcome: CaseReport["outcome"],
  text: string,
  reason: string | undefined,
): readonly string[] {
  const [shade, sign] = SIGNS[outcome];
  const [first = "", ...rest] = wrap(oneLine(text), face.columns - 4);
  return [
    `  ${face.paint(shade, sign)} ${first}`,
    ...rest.map((line) => `    ${line}`),
    ...(reason === undefined ? [] : wrap(oneLine(reason), face.columns - 6).map((line) => `      ${line}`)),
  ];
}

function forProgram({ cases, guarantees, counts, certified, partial, name }: Report): readonly string[] {
  return [
    ...cases.map(({ id, outcome, group, title, reason }) => [outcome, id, group, title, reason ?? ""]),
    ...(partial
      ? []
      : guarantees.map(({ given, guarantee, because }) => [given ? "promised" : "not promised", guarantee, because])),
    [
      partial ? "partial" : certified ? "certified" : "not certified",
      name,
      String(counts.passed),
      String(counts.failed),
      String(counts.skipped),
    ],
  ].map((cells) => cells.map(oneLine).join("\t"));
}

interface Made {
  readonly path: string;
  readonly files: readonly string[];
  readonly table: string;
  readonly next: string;
}

/** `connectors new`: what was written, what to paste, what to type next. */
export function renderMadeConnector(face: OutputStyle, { path, files, table, next }: Made): readonly string[] {
  return face.isTty
    ? [
        `${face.paint("green", "✓")} ${oneLine(path)}`,
        ...files.map((file) => `  ${oneLine(file)}`),
        "",
        face.paint("dim", "for desk.toml, when it is to trade:"),
        ...table.split("\n").map(oneLine),
        "",
        `next: ${oneLine(next)}`,
      ]
    : files.map(oneLine);
}

import * as z from "zod";
import type { CaseReport, Report } from "../../conformance/report.ts";
import { QocError } from "../../domain/errors/error.ts";
import { flag, positional } from "../arguments.ts";
import { defineCommand, localServices } from "../command.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { oneLine, wrap } from "../rendering/terminal-text.ts";
import { counted } from "../../lib/counted.ts";

export const command = defineCommand({
  name: "connectors test",
  group: "connectors",
  audience: "human",
  runs: "local",
  writes: [],
  summary: "certify an adapter against a fake venue",
  description: "Runs numbered cases on this machine; nothing is traded.",
  examples: [
    "qoc connectors test ./src/connectors/my-venue",
    "qoc connectors test paper --json",
    "qoc connectors test my-venue --only C21",
  ],
  input: () =>
    z.strictObject({
      target: positional(z.string(), "PATH|NAME", "an adapter's file or folder, or a connector of desk.toml", {
        completes: "connector",
      }),
      isolation: flag(
        z.enum(["worker", "process"]).optional(),
        "LEVEL",
        "worker or process; the connector's own by default",
      ),
      only: flag(
        z.array(z.string().regex(/^C\d+$/, 'must be a case such as "C01"')).default([]),
        "CASE",
        "one case by its id; may be repeated",
      ),
    }),
  output: () => z.looseObject({ certified: z.boolean() }),
  run: async ({ target, isolation, only }, context) => {
    const request = { target, from: context.cwd, only, isolation, signal: context.signal };
    const report = await localServices(context).certify(request, context.progress);
    const { failed, untried } = report.counts;
    if (failed > 0) {
      const details = { connector: report.name, failed, of: report.cases.length };
      throw new QocError("NOT_CERTIFIED", details, { data: report });
    }
    if (untried === 0) return report;
    const [next = ""] = report.next;
    throw new QocError("NOT_TRIED", { connector: report.name, summary: report.summary, next }, { data: report });
  },
  render: renderReport,
});

const SIGNS = {
  passed: ["green", "✓"],
  failed: ["red", "✗"],
  skipped: ["dim", "-"],
  untried: ["yellow", "!"],
} as const;

function renderReport(report: Report, style: OutputStyle): readonly string[] {
  if (!style.isTty) return renderForProgram(report);
  const { counts, name, isolation, notStarted } = report;
  const untried = counts.untried === 0 ? "" : `, ${counts.untried} not tried`;
  const cases = shownCases(report);
  const groups = [...new Set(cases.map(({ group }) => group))];
  const verdict = report.partial
    ? `${oneLine(name)}, only the cases that were named`
    : report.certified
      ? style.paint("green", `✓ ${oneLine(name)} is certified at the ${isolation} level`)
      : style.paint("red", `✗ ${oneLine(name)} is not certified`);
  return [
    ...groups.flatMap((group) => [
      style.paint("dim", group),
      ...caseLines(
        style,
        cases.filter((result) => result.group === group),
      ),
      "",
    ]),
    ...notStartedLines(report, style),
    ...(report.partial || notStarted !== undefined ? [] : guaranteeLines(style, report)),
    `${verdict}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${untried}`,
    ...(report.partial ? [] : wrap(report.summary, style.columns)),
    ...report.next
      .filter((line) => line !== notStarted?.reason)
      .flatMap((line) => wrap(`to certify it: ${line}`, style.columns)),
  ];
}

/** One line counts the cases that did not run because the adapter does not start. */
function shownCases({ cases, notStarted }: Report): readonly CaseReport[] {
  return cases.filter(({ outcome, reason }) => outcome !== "untried" || reason !== notStarted?.reason);
}

function notStartedLines(report: Report, style: OutputStyle): readonly string[] {
  const { notStarted } = report;
  if (notStarted === undefined || notStarted.cases === 0) return [];
  const text = `${counted(notStarted.cases, "case was", "cases were")} not run, because the connector does not start`;
  return [...signedLines(style, "untried", text, untoldReason(report)), ""];
}

/** A case that failed names the cause already. */
function untoldReason({ notStarted, counts }: Report): string | undefined {
  return counts.failed > 0 ? undefined : notStarted?.reason;
}

function guaranteeLines(style: OutputStyle, { guarantees }: Report): readonly string[] {
  return [
    style.paint("dim", "what the desk can promise with it"),
    ...guarantees.flatMap(({ guarantee, given, because }) =>
      signedLines(style, given ? "passed" : "failed", guarantee, given ? undefined : because),
    ),
    "",
  ];
}

/** Cases that did not run for one reason share a line. */
function caseLines(style: OutputStyle, cases: readonly CaseReport[]): readonly string[] {
  const completed = cases.filter(({ outcome }) => outcome === "passed" || outcome === "failed");
  const others = (outcome: "skipped" | "untried", words: string): readonly string[] =>
    [...byReason(cases, outcome)].flatMap(([reason, ids]) =>
      signedLines(style, outcome, `${ids.join(" ")} ${words}`, reason),
    );
  return [
    ...completed.flatMap(({ id, title, outcome, reason }) => signedLines(style, outcome, `${id} ${title}`, reason)),
    ...others("untried", "not tried"),
    ...others("skipped", "skipped"),
  ];
}

function byReason(
  cases: readonly CaseReport[],
  selected: CaseReport["outcome"],
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, outcome, reason = "" } of cases) {
    if (outcome === selected) groups.set(reason, [...(groups.get(reason) ?? []), id]);
  }
  return groups;
}

function signedLines(
  style: OutputStyle,
  outcome: CaseReport["outcome"],
  text: string,
  reason: string | undefined,
): readonly string[] {
  const [shade, sign] = SIGNS[outcome];
  const [first = "", ...continuation] = wrap(oneLine(text), style.columns - 4);
  return [
    `  ${style.paint(shade, sign)} ${first}`,
    ...continuation.map((line) => `    ${line}`),
    ...(reason === undefined ? [] : wrap(oneLine(reason), style.columns - 6).map((line) => `      ${line}`)),
  ];
}

function renderForProgram(report: Report): readonly string[] {
  const { guarantees, counts, certified, partial, name, summary, notStarted } = report;
  return [
    ...shownCases(report).map(({ id, outcome, group, title, reason }) => [outcome, id, group, title, reason ?? ""]),
    ...(notStarted === undefined ? [] : [["not run", String(notStarted.cases), untoldReason(report) ?? ""]]),
    ...(partial || notStarted !== undefined
      ? []
      : guarantees.map(({ given, guarantee, because }) => [given ? "promised" : "not promised", guarantee, because])),
    [
      partial ? "partial" : certified ? "certified" : "not certified",
      name,
      String(counts.passed),
      String(counts.failed),
      String(counts.skipped),
      String(counts.untried),
      summary,
    ],
  ].map((cells) => cells.map(oneLine).join("\t"));
}

import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { gapLabel } from "../../domain/authority/journal-head.ts";
import { iso } from "../../lib/time.ts";
import { type JournalReport, defineCommand, localServices } from "../command.ts";
import { shownTime, shownTimes } from "../rendering/local-time.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { counted } from "../../lib/counted.ts";

export const command = defineCommand({
  name: "journal verify",
  hiddenAliases: ["verify"],
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "check every record of the journal",
  description:
    "Hashes, chain, signatures, an approval before each order, the signed heads outside the folder, the checkpoint.",
  examples: ["qoc journal verify", "qoc journal verify --json"],
  input: () => z.strictObject({}),
  output: () => z.looseObject({ ok: z.boolean(), records: z.number() }),
  run: (_input, context) =>
    context.desk === undefined
      ? localServices(context).verifyOf(context.cwd, context.progress)
      : context.desk.verify(context.progress),
  render: renderJournalReport,
  exitCode: ({ ok }) => (ok ? EXIT.done : EXIT.failed),
});

function renderJournalReport(report: JournalReport, style: OutputStyle): readonly string[] {
  const { ok, code, problem, problemCount, records, segments, head, formats, anchors, gaps, torn } = report;
  const more = problemCount > 1 ? ` (and ${problemCount - 1} more: --json)` : "";
  const rows: (readonly [string, string])[] = [
    ...(problem === undefined ? [] : [["problem", `${code}: ${oneLine(shownTimes(style, problem))}${more}`] as const]),
    ["records", String(records)],
    ["segments", String(segments)],
    ["head", head],
    ...formats.map((counts) => [`format ${counts.format}`, formatText(counts)] as const),
    ["signed heads", `${anchors} outside the folder`],
    ...(report.checkpoint === null ? [] : [["checkpoint", `after record ${report.checkpoint}`] as const]),
    ...(report.waiting === 0
      ? []
      : [["desk.toml", `${counted(report.waiting, "change waits", "changes wait")} for qoc reload`] as const]),
    ...report.keysReplaced.map(
      ({ seq, at }) =>
        [
          "keys",
          `record ${seq} (${shownTime(style, iso(at))}): new keys took the place of lost ones (qoc keys new)`,
        ] as const,
    ),
    ...gaps.map(
      (gap) =>
        ["gap", `record ${gap.seq} (${shownTime(style, iso(gap.at))}): went on without ${gapLabel(gap)}`] as const,
    ),
    ...(torn === null
      ? []
      : [
          [
            "unfinished",
            `${torn.segment} ends with ${counted(torn.bytes, "byte")}; the next start moves them to a file of their own`,
          ] as const,
        ]),
  ];
  return [
    ok ? `${style.paint("green", "✓")} the journal is whole` : `${style.paint("red", "✗")} the journal is not whole`,
    ...keyValueLines(style, rows),
  ];
}

function formatText(counts: JournalReport["formats"][number]): string {
  const { records, signatures, approvals, intents, heads, pages, byPage, unsigned } = counts;
  const pageText = pages === 0 ? "" : `, ${counted(pages, "page session")} with ${counted(byPage, "decision")}`;
  const unsignedText = unsigned === 0 ? "" : `, ${counted(unsigned, "approval")} unsigned`;
  const checked = [
    counted(signatures, "signature"),
    counted(approvals, "approval"),
    counted(intents, "intent"),
    counted(heads, "head"),
  ];
  return `${counted(records, "record")}; checked ${checked.join(", ")}${pageText}${unsignedText}`;
}

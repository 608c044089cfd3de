import * as z from "zod";
import { type JournalReport, defineCommand, localServices } from "../command.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";

export const command = defineCommand({
  name: "journal verify",
  hiddenAliases: ["verify"],
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "check every record of the journal",
  description: "Hashes, order, chain, and the signatures of approvals.",
  examples: ["qoc journal verify", "qoc journal verify --json"],
  input: z.strictObject({}),
  output: z.looseObject({ ok: z.boolean(), records: z.number() }),
  run: (_input, context) =>
    context.desk === undefined
      ? localServices(context).verifyOf(context.cwd, context.progress)
      : context.desk.verify(context.progress),
  render: renderJournalReport,
});

function renderJournalReport(report: JournalReport, style: OutputStyle): readonly string[] {
  return [
    report.ok
      ? `${style.paint("green", "✓")} the journal is whole`
      : `${style.paint("red", "✗")} the journal is damaged`,
    ...keyValueLines(style, [
      ["records", String(report.records)],
      ["segments", String(report.segments)],
      ["head", report.head],
      ...(report.waiting === 0 ? [] : [["desk.toml", `${report.waiting} changes wait for qoc reload`] as const]),
      ...(report.problem === undefined ? [] : [["problem", report.problem] as const]),
    ]),
  ];
}

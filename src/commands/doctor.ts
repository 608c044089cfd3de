import * as z from "zod";
import { EXIT } from "../domain/errors/error.ts";
import { type DoctorCheck, runDoctor } from "../trading/doctor.ts";
import { defineCommand, localServices } from "./command.ts";
import { shownTimes } from "./rendering/local-time.ts";
import type { OutputStyle } from "./rendering/table-text.ts";
import { labelledParts, oneLine, wrap } from "./rendering/terminal-text.ts";

interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
}

export const command = defineCommand({
  name: "doctor",
  group: "desk",
  audience: "human",
  runs: "local-if-silent",
  writes: [],
  summary: "check the desk and list problems with their fixes",
  description: "Changes nothing. With the desk down it says what would keep it from starting.",
  examples: ["qoc doctor", "qoc doctor --json"],
  input: () => z.strictObject({}),
  output: () =>
    z.object({
      checks: z.array(z.looseObject({ name: z.string(), status: z.enum(["ok", "warn", "fail", "skip"]) })),
    }),
  run: async (_input, context) => {
    if (context.desk === undefined) return localServices(context).inspect(context.cwd);
    const { desk, nodeVersion, runs } = context.desk;
    return runDoctor(desk, nodeVersion, await runs.check());
  },
  render: renderDoctor,
  exitCode: ({ checks }) => (checks.some(({ status }) => status === "fail") ? EXIT.failed : EXIT.done),
});

const SIGNS = { ok: ["green", "✓"], warn: ["yellow", "!"], fail: ["red", "✗"], skip: ["dim", "-"] } as const;

/** One check a line, and the fix under each check that found something. */
function renderDoctor({ checks }: DoctorReport, style: OutputStyle): readonly string[] {
  if (!style.isTty)
    return checks.map(({ status, name, message, fix }) => [status, name, message, fix ?? ""].map(oneLine).join("\t"));
  const failures = checks.filter(({ status }) => status === "fail").length;
  const lines = checks.flatMap(({ status, name, message, fix }) => {
    const [shade, sign] = SIGNS[status];
    const [first = "", ...continuation] = wrap(oneLine(`${name}: ${shownTimes(style, message)}`), style.columns - 2);
    return [
      `${style.paint(shade, sign)} ${first}`,
      ...continuation.map((line) => `  ${line}`),
      ...(fix === undefined ? [] : labelledParts("  fix: ", oneLine(fix), style.columns)),
    ];
  });
  return [...lines, "", failures === 0 ? "nothing is broken" : `${failures} to fix`];
}

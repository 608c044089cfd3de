/** Adapters with one mistake each: every case that should detect the mistake fails with a useful reason. */
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CASES } from "../../../src/conformance/cases.ts";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { systemClock, systemIds } from "../../../src/app/system.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { applyMistake } from "./apply-mistake.ts";
import { MISTAKES } from "./mistakes.ts";
import { findSandbox } from "../../support/process-sandbox.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const CORRECT = join(ROOT, "connectors/template/index.ts");
const SOURCE = readFileSync(CORRECT, "utf8");
const USER = { uid: process.getuid?.() ?? 0, home: "/absent" };
const DEPS = {
  disk: nodeDisk(),
  clock: systemClock,
  ids: systemIds,
  packageRoot: ROOT,
  user: USER,
  sandbox: findSandbox,
};

/** Writes the broken adapter and the correct adapter's certify.toml into a new folder. */
function writeAdapter(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "qoc-broken-"));
  writeFileSync(join(folder, "index.ts"), source);
  copyFileSync(join(dirname(CORRECT), "certify.toml"), join(folder, "certify.toml"));
  return folder;
}

describe("the list of mistakes", () => {
  it("has unique names, and every mistake has edits and existing cases", () => {
    const names = MISTAKES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    const ids = CASES.map(({ id }) => id as string);
    expect(MISTAKES.flatMap(({ caughtBy }) => caughtBy).filter((id) => !ids.includes(id))).toEqual([]);
    expect(MISTAKES.filter(({ caughtBy, edits }) => caughtBy.length === 0 || edits.length === 0)).toEqual([]);
  });

  it("every mistake applies to the template", () => {
    for (const mistake of MISTAKES) expect(applyMistake(SOURCE, mistake), mistake.name).not.toBe(SOURCE);
  });

  it("applyMistake throws if the text to find is missing or occurs twice", () => {
    const edit = (find: string) => () =>
      applyMistake("a b b", { name: "n", description: "d", edits: [[find, "x"]], caughtBy: [] });
    expect(edit("c")).toThrow('n: "c" occurs 0 times');
    expect(edit("b")).toThrow('n: "b" occurs 2 times');
    expect(edit("a")()).toBe("x b b");
  });
});

it.concurrent.each(MISTAKES)(
  "the kit rejects an adapter with the mistake $name: $description",
  { timeout: 120_000 },
  async (mistake) => {
    const folder = writeAdapter(applyMistake(SOURCE, mistake));
    const { caughtBy, reason: expectedReason = "" } = mistake;
    const report = await certifyAdapter(
      DEPS,
      { target: folder, from: folder, only: caughtBy },
      { line: () => undefined },
    );
    const results = report.cases.map(({ id, outcome, reason = "" }) => ({ id, outcome, reason }));
    expect(results.filter(({ outcome }) => outcome !== "failed")).toEqual([]);
    expect(results.map(({ id }) => id)).toEqual([...caughtBy].toSorted());
    expect(results.filter(({ reason }) => reason.length <= 20 || !reason.includes(expectedReason))).toEqual([]);
    expect(report.certified).toBe(false);
  },
);

/** Adapters with one mistake each: every case that is meant to see it fails, and says why. */
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CASES } from "../../src/conformance/cases.ts";
import { certifyAdapter } from "../../src/app/certify-adapter.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { BROKEN } from "./broken.ts";
import { withMistake } from "./mistake.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const CORRECT = join(ROOT, "test/fixtures/venue-adapter/index.ts");
const SOURCE = readFileSync(CORRECT, "utf8");
const WORLD = { disk: nodeDisk(), clock: systemClock, ids: systemIds, packageRoot: ROOT };

/** The edited adapter with the correct one's certify.toml beside it. */
function folderOf(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "qoc-broken-"));
  writeFileSync(join(folder, "index.ts"), source);
  copyFileSync(join(dirname(CORRECT), "certify.toml"), join(folder, "certify.toml"));
  return folder;
}

describe("the table", () => {
  it("has names of its own and cases that there are", () => {
    const names = BROKEN.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    const ids = CASES.map(({ id }) => id as string);
    expect(BROKEN.flatMap(({ caughtBy }) => caughtBy).filter((id) => !ids.includes(id))).toEqual([]);
    expect(BROKEN.filter(({ caughtBy, edits }) => caughtBy.length === 0 || edits.length === 0)).toEqual([]);
  });

  it("refuses an entry whose text is gone, or stands twice", () => {
    const stale = (find: string) => () =>
      withMistake("a b b", { name: "n", what: "w", edits: [[find, "x"]], caughtBy: [] });
    expect(stale("c")).toThrow('n: "c" stands 0 times');
    expect(stale("b")).toThrow('n: "b" stands 2 times');
    expect(stale("a")()).toBe("x b b");
  });
});

describe("the kit sees an adapter that", () => {
  it.concurrent.each(BROKEN)("$name", { timeout: 120_000 }, async (mistake) => {
    const from = folderOf(withMistake(SOURCE, mistake));
    const { caughtBy, words = "" } = mistake;
    const report = await certifyAdapter(WORLD, { target: from, from, only: caughtBy }, () => undefined);
    const seen = report.cases.map(({ id, outcome, reason = "" }) => ({ id, outcome, reason }));
    expect(seen.filter(({ outcome }) => outcome !== "failed")).toEqual([]);
    expect(seen.map(({ id }) => id)).toEqual([...caughtBy].toSorted());
    expect(seen.filter(({ reason }) => reason.length <= 20 || !reason.includes(words))).toEqual([]);
    expect(report.certified).toBe(false);
  });
});

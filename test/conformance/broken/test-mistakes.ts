/** Defines a test per mistake: each case that should detect it fails, with a useful reason. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { CERTIFY_DEPS } from "../../support/certify-deps.ts";
import { type Mistake, applyMistake } from "./apply-mistake.ts";

const { packageRoot: ROOT } = CERTIFY_DEPS;
/** Folders of correct adapters, each over the venue that its certify.toml names. */
export const TEMPLATE = join(ROOT, "connectors/template");
export const FORM_VENUE = join(ROOT, "test/fixtures/adapters/form-venue");

export function sourceOf(folder: string): string {
  return readFileSync(join(folder, "index.ts"), "utf8");
}

/** Copies the correct adapter's folder and puts the broken adapter into it. */
function writeAdapter(folder: string, mistake: Mistake): string {
  const copy = mkdtempSync(join(tmpdir(), "qoc-broken-"));
  cpSync(folder, copy, { recursive: true });
  // A shorter timeout, so that cases of a silent venue end sooner.
  const source = applyMistake(sourceOf(folder), mistake).replace("REQUEST_MS = 4_000;", "REQUEST_MS = 2_500;");
  writeFileSync(join(copy, "index.ts"), source);
  return copy;
}

export function testMistakes(folder: string, mistakes: readonly Mistake[], isolation?: "process"): void {
  it.concurrent.each(mistakes)("the kit rejects an adapter with the mistake $name: $description", async (mistake) => {
    const target = writeAdapter(folder, mistake);
    const { caughtBy, reason: expectedReason = "" } = mistake;
    const report = await certifyAdapter(
      CERTIFY_DEPS,
      { target, from: target, only: caughtBy, isolation },
      { line: () => undefined },
    );
    const results = report.cases.map(({ id, outcome, reason = "" }) => ({ id, outcome, reason }));
    expect(results.filter(({ outcome }) => outcome !== "failed")).toEqual([]);
    expect(results.map(({ id }) => id).toSorted()).toEqual([...caughtBy].toSorted());
    expect(results.filter(({ reason }) => reason.length <= 20 || !reason.includes(expectedReason))).toEqual([]);
    expect(report.certified).toBe(false);
  });
}

/** An adapter with every optional member passes the cases of those members, and the cases of the wire besides. */
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { CASES } from "../../../src/conformance/cases.ts";
import { CERTIFY_DEPS } from "../../support/certify-deps.ts";
import { applyMistake } from "../broken/apply-mistake.ts";
import { EVERYTHING } from "../broken/push-mistakes.ts";
import { TEMPLATE, sourceOf } from "../broken/test-mistakes.ts";

it("passes each case from C130 on, with reports, quotes, activities, rates, sessions, pages and its link", async () => {
  const target = mkdtempSync(join(tmpdir(), "qoc-everything-"));
  cpSync(TEMPLATE, target, { recursive: true });
  const all = { name: "everything", description: "", edits: EVERYTHING, caughtBy: [] };
  writeFileSync(join(target, "index.ts"), applyMistake(sourceOf(TEMPLATE), all));
  const only = [...CASES.slice(CASES.findIndex(({ id }) => id === "C130")).map(({ id }) => id), "C51", "C113", "C120"];
  const request = { target, from: target, only };
  const report = await certifyAdapter(CERTIFY_DEPS, request, { line: () => undefined });
  expect(report.cases.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  expect(report.cases).toHaveLength(only.length);
});

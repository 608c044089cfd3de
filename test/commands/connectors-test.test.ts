/** `qoc connectors test` says what was tried, and fails unless every case that applies was tried and passed. */
import { describe, expect, it } from "vitest";
import { command } from "../../src/commands/connectors/test.ts";
import type { CommandContext } from "../../src/commands/command.ts";
import type { CaseOutcome, CaseReport, Report } from "../../src/conformance/report.ts";
import { verdictOf } from "../../src/conformance/verdict.ts";

const STYLE = { isTty: true, columns: 100, paint: (_: unknown, text: string) => text };
const HOOKS = "set venue in certify.toml";

function reportOf(outcomes: readonly CaseOutcome[], partial = false): Report {
  const cases = outcomes.map((outcome, index): CaseReport => {
    const reason = outcome === "untried" ? HOOKS : outcome === "passed" ? undefined : "the reason";
    const group = outcome === "untried" ? "faults" : "load";
    return { id: `C0${index}`, group, title: "a title", proves: "p", outcome, reason, ms: 1 };
  });
  return {
    adapter: "/a.ts",
    name: "my-venue",
    isolation: "worker",
    digest: "sha256:0",
    methods: [],
    capabilities: {},
    partial,
    cases,
    guarantees: [],
    ...verdictOf(cases, partial),
  };
}

function test(report: Report) {
  const only = report.partial ? ["C00"] : [];
  const local = { certify: () => Promise.resolve(report) };
  return command.run({ target: "x", only }, {
    cwd: "/",
    progress: { line: () => undefined },
    local,
  } as never as CommandContext);
}

function lines(report: Report): readonly string[] {
  return command.render?.(report as never, STYLE) ?? [];
}

describe("qoc connectors test", () => {
  it("returns the report if every case that applies was tried and passed", async () => {
    const report = reportOf(["passed", "skipped", "passed"]);
    expect(await test(report)).toBe(report);
    expect(lines(report).slice(-2)).toEqual([
      "✓ my-venue is certified at the worker level: 2 passed, 0 failed, 1 skipped",
      "2 of 3 cases tried, 1 does not apply; certified",
    ]);
  });

  it("fails if a case that applies was not tried, with what is missing and the next step, and keeps the report", async () => {
    const report = reportOf(["passed", "untried", "untried"]);
    await expect(test(report)).rejects.toMatchObject({
      code: "NOT_TRIED",
      message: "my-venue is not certified: 1 of 3 cases tried; faults not tried: not certified",
      hint: expect.stringContaining(HOOKS),
      data: report,
    });
    expect(lines(report)).toEqual(expect.arrayContaining(["  ! C01 C02 not tried", `to certify it: ${HOOKS}`]));
    expect(lines(report).slice(-3, -1)).toEqual([
      "✗ my-venue is not certified: 1 passed, 0 failed, 0 skipped, 2 not tried",
      "1 of 3 cases tried; faults not tried: not certified",
    ]);
  });

  it("fails if a case failed, whatever was not tried", async () => {
    await expect(test(reportOf(["failed", "untried"]))).rejects.toMatchObject({
      code: "NOT_CERTIFIED",
      message: "my-venue is not certified: 1 of 2 cases failed",
    });
  });

  it("fails if a named case was not tried", async () => {
    await expect(test(reportOf(["untried"], true))).rejects.toMatchObject({ code: "NOT_TRIED" });
    expect(await test(reportOf(["skipped"], true))).toMatchObject({ partial: true });
  });

  it("names the cause once if the adapter does not start, and counts the cases that did not run", () => {
    const reason = "the adapter does not start: x.ts:1:1: it ends too early";
    const { cases, ...others } = reportOf(["failed", "untried", "untried"]);
    const started = cases.map((result) => ({ ...result, reason: result.outcome === "failed" ? reason : HOOKS }));
    const report = { ...others, next: [HOOKS], cases: started, notStarted: { reason: HOOKS, cases: 2 } };
    expect(lines(report).join("\n")).not.toContain(HOOKS);
    expect(lines(report)).toContain("  ! 2 cases were not run, because the connector does not start");
    const rows = command.render?.(report as never, { ...STYLE, isTty: false }) ?? [];
    expect(rows.map((row) => row.split("\t").slice(0, 2))).toEqual([
      ["failed", "C00"],
      ["not run", "2"],
      ["not certified", "my-venue"],
    ]);
    const none = { ...report, counts: { ...report.counts, failed: 0 } };
    expect(lines(none).filter((line) => line.includes(HOOKS))).toHaveLength(1);
  });

  it("prints the counts and the summary in one line for programs", () => {
    const report = reportOf(["passed", "untried"]);
    const rows = command.render?.(report as never, { ...STYLE, isTty: false }) ?? [];
    expect(rows.at(-1)).toBe(
      ["not certified", "my-venue", "1", "0", "0", "1", "1 of 2 cases tried; faults not tried: not certified"].join(
        "\t",
      ),
    );
  });
});

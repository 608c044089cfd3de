/** The guide is true: its connector is certified at once, its commands exist, its numbers are the code's. */
import { mkdtempSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../sandbox/protocol.ts";
import { REQUIRED_METHODS } from "../../sandbox/protocol.ts";
import { CASES } from "../../src/certify/cases.ts";
import { COMMANDS } from "../../src/commands/table.ts";
import { ERRORS } from "../../src/domain/error.ts";
import { deadlineOf } from "../../src/host/deadlines.ts";
import { certifyAdapter } from "../../src/main/certify-adapter.ts";
import { systemClock, systemIds } from "../../src/main/world.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const GUIDE = readFileSync(`${packageRoot}/docs/connectors.md`, "utf8");
/** The fenced block whose first line names this file. */
const block = (path: string): string => {
  const found = [...GUIDE.matchAll(/^```\w+\n((?:\/\/|#) (\S+)\n[\s\S]*?)^```$/gm)].find((match) => match[2] === path);
  if (found?.[1] === undefined) throw new Error(`the guide has no ${path}`);
  return found[1];
};

describe("the guide", () => {
  it.each(["worker", "process"] as const)("ends with a connector that is certified at the %s level, at its first run", async (isolation) => {
    const root = mkdtempSync(join(tmpdir(), "qoc-guide-"));
    for (const path of ["src/connectors/my-venue/index.ts", "src/connectors/my-venue/certify.toml"]) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), block(path));
    }
    const report = await certifyAdapter(
      { disk: nodeDisk(), clock: systemClock, ids: systemIds, packageRoot },
      { target: "src/connectors/my-venue", from: root, only: [], isolation },
      () => undefined,
    );
    expect(report.cases.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(report.certified).toBe(true);
  }, 180_000);

  it("names commands, cases and errors that exist", () => {
    const commands = [...GUIDE.matchAll(/^qoc ([a-z]+(?: [a-z]+)?)/gm)].map((match) => match[1] ?? "");
    expect(commands.length).toBeGreaterThan(8);
    const names = new Set(COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
    expect(commands.filter((command) => !names.has(command))).toEqual([]);
    const ids = new Set<string>(CASES.map(({ id }) => id));
    expect([...GUIDE.matchAll(/\bC\d\d\b/g)].map(([id]) => id).filter((id) => !ids.has(id))).toEqual([]);
    const codes = [...GUIDE.matchAll(/`((?:ADAPTER|SDK|SECRET|NOT)_[A-Z]+)`/g)].map((match) => match[1] ?? "");
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !(code in ERRORS))).toEqual([]);
    for (const method of REQUIRED_METHODS) expect(GUIDE).toContain(method);
  });

  it("tells the limits and deadlines that hold", () => {
    const limits = /\*\*Limits\*\*[\s\S]*?\n\n/.exec(GUIDE)?.[0] ?? "";
    const told = [...limits.matchAll(/\d+/g)].map(([digits]) => Number(digits));
    const { pendingCalls, fillsPerBatch, fillWindow, fillQueue, openAsks, eventChars, fillsChars, answerChars, messages, messageWindowMs } = LIMITS;
    expect(told).toEqual([pendingCalls, fillsPerBatch, fillWindow, fillQueue, openAsks, eventChars, fillsChars, answerChars, messages, messageWindowMs]);
    expect(GUIDE).toContain("`connect` and `placeOrder` 10 s, `disconnect` 2 s, all others 5 s");
    expect(["connect", "placeOrder", "disconnect", "getQuote"].map((method) => deadlineOf(method as never))).toEqual([10_000, 10_000, 2_000, 5_000]);
  });
});

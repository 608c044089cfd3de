/** Custom guards in a process of their own: the results and time-outs of the thread, and a process that can end. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { CustomGuard } from "../../src/domain/config/guard-config.ts";
import type { BookSnapshot } from "../../src/domain/sdk.ts";
import { type GuardPool, openGuardPool } from "../../src/host/guard-pool.ts";
import { startGuardProcess } from "../../src/host/guard-process.ts";
import { plainProcesses } from "../../src/host/process-sandbox.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { PLAIN, findSandbox } from "../support/process-sandbox.ts";
import { quietLog } from "../support/quiet-log.ts";

function dist(file: string): string {
  return fileURLToPath(new URL(`../../dist/sandbox/${file}`, import.meta.url));
}
const sandbox = await findSandbox();
if (sandbox.problem !== undefined)
  process.stderr.write(`\nSKIPPED: guards inside bubblewrap are not tested: ${sandbox.problem}\n\n`);
const folder = mkdtempSync(join(tmpdir(), "qoc-guard-process-"));
const order = {
  clientOrderId: "",
  symbol: "AAPL",
  side: "buy",
  quantity: 10,
  quantityText: "10",
  type: "limit",
  limitPrice: 100,
  timeInForce: "day",
  notional: 1000,
} as const;
const book: BookSnapshot = {
  nav: 1000,
  navText: "1000",
  cash: 1000,
  buyingPower: 1000,
  positions: [],
  openOrders: [],
  time: 0,
};

function guard(key: string, body: string): CustomGuard {
  const adapter = join(folder, `${key}.ts`);
  writeFileSync(adapter, `export default class { key = "${key}"; evaluate(order: any, book: any): any { ${body} } }`);
  return { kind: "custom", key, adapter, enabled: true, options: {}, connectors: undefined } as unknown as CustomGuard;
}

let pool: GuardPool | undefined;
const log = quietLog();
function open(guards: readonly CustomGuard[], used = PLAIN): GuardPool {
  pool = openGuardPool({
    guards,
    workerFile: dist("guard-worker.cjs"),
    startProcess: (thread) =>
      startGuardProcess({ ...thread, processFile: dist("guard-process.cjs"), ids: systemIds, sandbox: used, folder }),
    disk: nodeDisk(),
    clock: systemClock,
    log,
  });
  return pool;
}
afterEach(() => pool?.close());

const BODY = `
  if (order.symbol === "HANG") for (;;);
  if (order.symbol === "HUGE") return { result: "block", reason: String(Array.from({ length: 5e7 }, (_, i) => ({ i })).length) };
  return order.symbol === "BAD" ? { result: "block", reason: "bad " + book.nav } : { result: "allow" };`;

const LEVELS = [["plain", PLAIN] as const, ...(sandbox.problem === undefined ? [["alone", sandbox] as const] : [])];

describe.each(LEVELS)("guards in a process (%s)", (_name, used) => {
  it("allow, block, time out and end as in the thread, and the next order is evaluated", async () => {
    const guards = [guard("rule", BODY), guard("second", `return { result: "allow" };`)];
    const opened = open(guards, used);
    expect(opened.level).toBe("worker");
    expect(await opened.move()).toBeUndefined();
    expect(opened.level).toBe("process");
    const run = (symbol: string) => opened.run(guards, { ...order, symbol }, book);
    const fine = [{ decision: "allow" }, { decision: "allow" }];
    expect(await run("AAPL")).toMatchObject(fine);
    expect(await run("BAD")).toMatchObject([{ decision: "block", message: "bad 1000" }, { decision: "allow" }]);
    expect(await run("HANG")).toMatchObject([
      { code: "GUARD_NO_ANSWER", message: "rule did not answer in 1000 ms" },
      { code: "GUARD_NO_ANSWER" },
    ]);
    expect(await run("AAPL")).toMatchObject(fine);
    // The process ends, and the desk does not.
    expect(await run("HUGE")).toMatchObject([{ code: "GUARD_NO_ANSWER" }, { code: "GUARD_NO_ANSWER" }]);
    expect(await run("AAPL")).toMatchObject(fine);
  });
});

describe("guards that cannot be moved", () => {
  it("stay in the thread, and the reason names them", async () => {
    const guards = [guard("rule", BODY)];
    const opened = open(guards, plainProcesses("/nowhere/node", ""));
    expect(await opened.move()).toMatch(/^guard rule could not be moved to a process of its own: .*ENOENT/);
    expect(opened.level).toBe("worker");
    expect(await opened.run(guards, order, book)).toMatchObject([{ decision: "allow" }]);
  });

  it("are not needed: a desk without guards starts no process", async () => {
    expect(await open([], plainProcesses("/nowhere/node", "")).move()).toBeUndefined();
  });
});

/** Custom guards in a real thread: results, inputs, and every way in which a guard can fail. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CustomGuard } from "../../src/domain/config/guard-config.ts";
import type { BookSnapshot } from "../../src/domain/sdk.ts";
import type { GuardedOrder } from "../../src/gate/guard-runner.ts";
import { type GuardPool, openGuardPool } from "../../src/host/guard-pool.ts";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";

const WORKER = fileURLToPath(new URL("../../dist/sandbox/guard-worker.cjs", import.meta.url));
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
} as const satisfies GuardedOrder;
const book: BookSnapshot = {
  nav: 1000,
  navText: "1000",
  cash: 1000,
  buyingPower: 1000,
  positions: [{ connector: "paper", symbol: "XOM", quantity: 1, quantityText: "1", value: 100 }],
  openOrders: [],
  time: 0,
};

const noProcess = (): Promise<never> => Promise.reject(new Error("no process in this test"));
const OPTIONS = { startProcess: noProcess, disk: nodeDisk(), clock: systemClock };

let folder: string;
let pool: GuardPool | undefined;
let log = quietLog();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "qoc-guards-"));
});
afterEach(async () => {
  await pool?.close();
  pool = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
/** A guard with a file of this source; `undefined`: no file. */
function guardOf(key: string, source: string | undefined, options: Record<string, unknown> = {}): CustomGuard {
  const adapter = join(folder, `${key}-${(files += 1)}.ts`);
  if (source !== undefined) writeFileSync(adapter, source);
  return { kind: "custom", line: 1, key, enabled: true, adapter, options };
}
/** A guard whose `evaluate` has this body. */
function guard(key: string, body: string, options: Record<string, unknown> = {}, members = ""): CustomGuard {
  return guardOf(
    key,
    `import type { BookSnapshot, GuardResult, Order } from "@qoc-app/sdk";
export default class Rule {
  readonly key: string = ${JSON.stringify(key)};
  readonly description = "the rule";
  ${members}
  evaluate(order: Order & { notional: number }, book: BookSnapshot): GuardResult { ${body} }
}`,
    options,
  );
}
function allows(key = "yes"): CustomGuard {
  return guard(key, 'return { result: "allow" };');
}
const HANGS = 'if (order.symbol === "HANG") for (;;);';

function start(guards: readonly CustomGuard[], clock = systemClock): GuardPool {
  log = quietLog();
  pool = openGuardPool({ guards, workerFile: WORKER, startProcess: noProcess, disk: nodeDisk(), clock, log });
  return pool;
}
/** A thread needs more than a second to start if all processors are busy: tests of results wait longer. */
const patientClock: typeof systemClock = { ...systemClock, after: (ms, run) => systemClock.after(ms * 10, run) };

function evaluate(guards: readonly CustomGuard[], symbol = "AAPL") {
  return (pool ?? start(guards, patientClock)).run(guards, { ...order, symbol }, book);
}

describe("a result", () => {
  it("is returned for each guard, in the order of desk.toml, also after a block", async () => {
    const guards = [
      allows("a"),
      guard("b", 'return { result: "block", reason: `${order.symbol} of ${book.nav}` };'),
      allows("c"),
    ];
    expect(await evaluate(guards)).toEqual([
      { guard: "a", decision: "allow", code: "OK", message: "the rule" },
      { guard: "b", decision: "block", code: "CUSTOM_GUARD_BLOCKED", message: "AAPL of 1000" },
      { guard: "c", decision: "allow", code: "OK", message: "the rule" },
    ]);
  });

  it("comes from the only exported class if the file has no default export", async () => {
    const source =
      'export const LIMIT = 1;\nexport class Mine { key = "mine"; evaluate() { return { result: "allow" }; } }';
    expect(await evaluate([guardOf("mine", source)])).toMatchObject([{ guard: "mine", decision: "allow" }]);
  });

  it("can depend on the options of the [[guard]], which are frozen", async () => {
    const members = "constructor(private readonly options: any) {}";
    const showOptions = 'return { result: "block", reason: JSON.stringify(this.options) };';
    const showing = guard("showing", showOptions, { max_pct: 5, map: { A: "b" } }, members);
    const mutating = guard(
      "mutating",
      'this.options.map.A = "c"; return { result: "allow" };',
      { map: { A: "b" } },
      members,
    );
    const [first, second] = await evaluate([showing, mutating]);
    expect(first?.message).toBe('{"max_pct":5,"map":{"A":"b"}}');
    expect(second).toMatchObject({ decision: "block", message: expect.stringContaining("read only property 'A'") });
  });

  it("is there after a guard that later throws an object which the desk cannot read", async () => {
    const throwing = "let deep: any = []; for (let i = 0; i < 9000; i++) deep = [deep]; throw deep;";
    const guards = [guard("late", `queueMicrotask(() => { ${throwing} }); return { result: "allow" };`), allows()];
    await evaluate(guards);
    // The thread may end before or after it has answered.
    await expect.poll(() => log.text()).toMatch(/replaced|ended between two orders/);
    await expect.poll(async () => (await evaluate(guards.slice(1)))[0]?.decision).toBe("allow");
  });

  it("has a text as its reason, also if the guard throws an error without one", async () => {
    const odd = "Object.assign(new Error(), { message: { slice: () => new Blob([]) } })";
    const none = 'Object.defineProperty(new Error(), "message", { get() { throw 1; } })';
    const thrown = [odd, "{ toString: 1 }", none].map((what, at) => guard(`g${at}`, `throw ${what};`));
    const results = await evaluate([...thrown, allows()]);
    expect(results.map(({ message }) => message)).toEqual([
      expect.stringContaining("{}"),
      expect.stringContaining('{"toString":1}'),
      expect.stringContaining("it threw an object that has no text"),
      "the rule",
    ]);
  });

  it("cannot depend on earlier orders: each order gets a new instance", async () => {
    const guards = [guard("count", 'return { result: "block", reason: String((this.asked += 1)) };', {}, "asked = 0;")];
    expect((await evaluate(guards))[0]?.message).toBe("1");
    expect((await evaluate(guards))[0]?.message).toBe("1");
  });

  it.each([
    ["a method of arrays", "Array.prototype.some = () => true;"],
    ["a method of arrays, by its descriptor", "Object.defineProperty(Array.prototype, 'some', { value: () => true });"],
    ["the iterator of arrays", "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true });"],
    ["a static method", "JSON.stringify = () => 'x';"],
    ["a function of numbers", "Math.max = () => 0;"],
    ["a prototype's member", "(Object.prototype as any).seen = true;"],
    ["a class", "(globalThis as any).Map = class {};"],
    ["a class of the web", "(globalThis as any).URL = class {};"],
    ["a new global", "(globalThis as any).seen = true;"],
    ["the port of results", "(globalThis as any).MessagePort.prototype.postMessage = () => undefined;"],
    ["a class of the SDK", "(VenueRejection.prototype as any).seen = true;"],
    ["the time", "Date.now = () => 5;"],
    ["the console", "(console as any).log = () => undefined;"],
    ["the words of errors", "Error.prototype.toString = () => 'x';"],
    ["a stack", "(Error as any).prepareStackTrace = () => 'x';"],
  ])("of one guard is not changed by another that replaces %s", async (_, change) => {
    const first = `import { VenueRejection } from "@qoc-app/sdk";\nvoid VenueRejection;\nexport default class { key = "first";
      evaluate() { try { ${change} } catch {} return { result: "allow" }; } }`;
    const second = `import { VenueRejection } from "@qoc-app/sdk";\nexport default class { key = "second"; evaluate(order, book) {
      const odd = [[1].some((n) => n > 1), JSON.stringify({ a: 1 }), Math.max(1, 2), new Map([[1, 2]]).get(1),
        [...[1, 2]].length, "seen" in {}, typeof seen, "seen" in VenueRejection.prototype, Date.now() > 10,
        new URL("http://a/b").pathname, String(new Error("e")), console.log.name === "", typeof new Error("e").stack];
      return { result: "block", reason: odd.join(" ") }; } }`;
    const guards = [guardOf("first", first), guardOf("second", second)];
    const [, alone] = await evaluate([guardOf("first", first.replace(change, "")), guards[1] as never]);
    await pool?.close();
    pool = undefined;
    expect((await evaluate(guards))[1]).toEqual(alone);
    expect(alone?.message).toBe('false {"a":1} 2 2 2 false undefined false true /b Error: e true string');
  });

  it("may name its own errors and override what it inherits", async () => {
    const own =
      "class Own extends Error { constructor() { super('own'); this.name = 'Own'; } } const o: any = {}; o.toString = () => 'o';";
    const rule = guard("own", `${own} return { result: "block", reason: \`\${new Own()} \${o}\` };`);
    expect(await evaluate([rule])).toMatchObject([{ decision: "block", message: "Own: own o" }]);
  });

  it("is accompanied by up to 50 lines of the guard's console", async () => {
    await evaluate([
      guard("talk", 'for (let i = 0; i < 1000; i += 1) console.warn("line", i, { a: 1 }); return { result: "allow" };'),
    ]);
    expect(log.lines[0]).toMatchObject({ level: "warn", message: 'line 0 {"a":1}', fields: { guard: "talk" } });
    expect(log.lines).toHaveLength(50);
  });
});

describe("a guard blocks with its error if it", () => {
  const body = (text: string) => guard("g", text);
  it.each<[string, CustomGuard | (() => CustomGuard), string]>([
    ["throws", () => body('throw new Error("no price for " + order.symbol);'), "g failed: no price for AAPL"],
    ["throws a value that is not an Error", () => body('throw { why: "x" };'), 'g failed: {"why":"x"}'],
    ["returns undefined", () => body("return undefined as never;"), "evaluate returned undefined"],
    ["returns true", () => body("return true as never;"), "evaluate returned true: return { result"],
    [
      "blocks without a reason",
      () => body('return { result: "block" } as never;'),
      'evaluate returned {"result":"block"}',
    ],
    ["blocks with an empty reason", () => body('return { result: "block", reason: "" };'), "evaluate returned"],
    [
      "returns an unknown result",
      () => body('return { result: "allowed" } as never;'),
      'evaluate returned {"result":"allowed"}',
    ],
    [
      "returns a promise",
      () => body('return Promise.resolve({ result: "allow" }) as never;'),
      "evaluate returned a promise: a guard is synchronous",
    ],
    [
      "returns a promise that rejects",
      () => body('return Promise.reject(new Error("x")) as never;'),
      "evaluate returned a promise",
    ],
    [
      "changes the order",
      () => body('(order as any).quantity = 1; return { result: "allow" };'),
      "read only property 'quantity'",
    ],
    [
      "changes the book",
      () => body('(book.positions as any)[0].value = 0; return { result: "allow" };'),
      "read only property 'value'",
    ],
    ["adds to the book", () => body('(book.positions as any).push({}); return { result: "allow" };'), "not extensible"],
    [
      "has another key",
      () => guardOf("g", 'export default class { key = "other"; evaluate() { return { result: "allow" }; } }'),
      'its key is "other" but desk.toml says "g"',
    ],
    ["has no evaluate", () => guardOf("g", 'export default class { key = "g"; }'), "it has no method evaluate"],
    ["exports nothing", () => guardOf("g", "class Mine {}"), "it has no default export that is a class"],
    [
      "exports two classes",
      () => guardOf("g", "export class A {}\nexport class B {}"),
      "it has no default export that is a class",
    ],
    [
      "exports an instance",
      () => guardOf("g", "class A {}\nexport default new A();\nexport { A };"),
      "it has no default export that is a class",
    ],
    ["throws while it is loaded", () => guardOf("g", 'throw new Error("at load");'), "g failed: at load"],
    [
      "refuses its options",
      () => guard("g", 'return { result: "allow" };', {}, 'constructor() { throw new Error("max_pct is missing"); }'),
      "max_pct is missing",
    ],
    ["has no file", () => guardOf("g", undefined), ".ts does not exist: create it, or correct adapter in desk.toml"],
    ["has a syntax error", () => guardOf("g", "export default class {\n  evaluate( {\n"), ".ts:3:1: "],
    [
      "reads files",
      () =>
        guardOf(
          "g",
          'import { readFileSync } from "fs";\nexport default class { key = "g"; evaluate() { return readFileSync("/"); } }',
        ),
      "g failed: ENOENT",
    ],
    [
      "opens sockets",
      () => guardOf("g", 'import * as net from "node:net";\nexport default class { f = net; }'),
      ".ts:1:22: node:net is not available inside a guard",
    ],
    ["calls require", () => body('return require("ws") as never;'), "ws is not available inside a guard"],
    ["calls fetch", () => body('fetch("http://127.0.0.1"); return { result: "allow" };'), "fetch is not a function"],
    [
      "sets a timer",
      () => body('setTimeout(() => {}, 1); return { result: "allow" };'),
      "setTimeout is not a function",
    ],
    [
      "exits",
      () => body('process.exit(3); return { result: "allow" };'),
      "ended its thread: worker exited with code: 3",
    ],
  ])("%s", async (_name, make, message) => {
    const wrong = typeof make === "function" ? make() : make;
    const guards = [allows("before"), wrong];
    expect(await evaluate(guards)).toMatchObject([
      { guard: "before", decision: "allow" },
      { guard: "g", decision: "block", message: expect.stringContaining(message) },
    ]);
    await pool?.close();
    pool = undefined;
    // The pool still works afterwards.
    const again = start([...guards, allows("after")]);
    expect(await again.run([allows("stranger")], order, book)).toMatchObject([{ decision: "block" }]);
  });
});

describe("a guard that ends or blocks its thread", () => {
  it("and hangs, blocks after a second with all guards after it, and the next order uses a new thread", async () => {
    const guards = [allows("first"), guard("slow", `${HANGS} return { result: "allow" };`), allows("last")];
    await start(guards).preload();
    const started = performance.now();
    expect(await evaluate(guards, "HANG")).toMatchObject([
      { guard: "first", decision: "allow" },
      { guard: "slow", decision: "block", code: "GUARD_NO_ANSWER", message: "slow did not answer in 1000 ms" },
      {
        guard: "last",
        decision: "block",
        code: "GUARD_NO_ANSWER",
        message: "last did not run: slow did not answer in 1000 ms",
      },
    ]);
    expect(performance.now() - started).toBeGreaterThan(950);
    expect((await evaluate(guards)).map((row) => row.decision)).toEqual(["allow", "allow", "allow"]);
    expect(log.text()).toContain("the thread of the custom guards was replaced");
  });

  it("does not block an order that waited meanwhile", async () => {
    const guards = [guard("slow", `${HANGS} return { result: "allow" };`)];
    await start(guards).preload();
    const [hung, other] = await Promise.all([evaluate(guards, "HANG"), evaluate(guards, "AAPL")]);
    expect([hung[0]?.decision, other[0]?.decision]).toEqual(["block", "allow"]);
  });

  it("does not block an order that waited meanwhile, also if the new thread loads its guards slowly", async () => {
    const slow = guard("slow", `${HANGS} return { result: "allow" };`);
    const source = readFileSync(slow.adapter, "utf8");
    writeFileSync(slow.adapter, `const end = Date.now() + 1200;\nwhile (Date.now() < end);\n${source}`);
    await start([slow]).preload();
    const [hung, other] = await Promise.all([evaluate([slow], "HANG"), evaluate([slow], "AAPL")]);
    expect([hung[0]?.decision, other[0]?.decision]).toEqual(["block", "allow"]);
  });

  it("and hangs after its result, makes all results invalid", async () => {
    const guards = [
      allows("first"),
      guard("later", 'Promise.resolve().then(() => { for (;;); }); return { result: "allow" };'),
    ];
    await start(guards).preload();
    expect(await evaluate(guards)).toMatchObject([
      {
        guard: "first",
        decision: "block",
        message: "first: its result does not count, because one of the guards did not answer in 1000 ms",
      },
      { guard: "later", decision: "block" },
    ]);
  });

  it("and hangs while it is loaded, blocks every order within its timeout", async () => {
    const guards = [guardOf("stuck", "for (;;);\nexport default class {}")];
    start(guards);
    const started = performance.now();
    for (let round = 0; round < 2; round += 1) {
      expect(await evaluate(guards)).toMatchObject([{ decision: "block", message: "stuck did not answer in 1000 ms" }]);
    }
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  it("and loads slowly, is loaded by the new thread outside of the time of an order", async () => {
    const slow = guard("slow", `${HANGS} return { result: "allow" };`);
    writeFileSync(
      slow.adapter,
      `const end = Date.now() + 1200;\nwhile (Date.now() < end);\n${readFileSync(slow.adapter, "utf8")}`,
    );
    await start([slow]).preload();
    expect((await evaluate([slow], "HANG"))[0]?.decision).toBe("block");
    expect((await evaluate([slow]))[0]?.decision).toBe("allow");
  });

  it("and throws after its result, blocks the order, or the next order uses a new thread", async () => {
    const late = (how: string) =>
      `if (order.symbol === "LATE") ${how}(() => { throw new Error("late"); }); return { result: "allow" };`;
    for (const how of ["queueMicrotask", "process.nextTick"]) {
      const guards = [guard("late", late(how))];
      await start(guards).preload();
      await evaluate(guards, "LATE");
      await expect.poll(() => log.text()).toMatch(/replaced|ended between two orders/);
      await expect.poll(async () => (await evaluate(guards))[0]?.decision).toBe("allow");
      await pool?.close();
      pool = undefined;
    }
  });

  it("is not a guard that leaves a rejected promise behind: no order is blocked", async () => {
    const guards = [guard("drop", 'void Promise.reject(new Error("dropped")); return { result: "allow" };')];
    for (let round = 0; round < 3; round += 1) expect((await evaluate(guards))[0]?.decision).toBe("allow");
    expect(log.text()).toBe("");
  });

  it("and uses up its memory, blocks, and the next order is evaluated", async () => {
    const eats = "{ const all: unknown[] = []; for (;;) all.push({ a: all.length }); }";
    const hungry = `if (order.symbol === "EAT") ${eats} return { result: "allow" };`;
    const guards = [allows("first"), guard("hungry", hungry)];
    await start(guards).preload();
    const [first, eater] = await evaluate(guards, "EAT");
    expect(first?.decision).toBe("allow");
    expect(eater).toMatchObject({ decision: "block", code: "GUARD_NO_ANSWER" });
    expect(eater?.message).toMatch(/reaching memory limit|did not answer/);
    expect((await evaluate(guards)).map((row) => row.decision)).toEqual(["allow", "allow"]);
  });

  it("and exits, blocks, and the next order is evaluated", async () => {
    const guards = [guard("leaver", 'if (order.symbol === "EXIT") process.exit(0); return { result: "allow" };')];
    const [row] = await evaluate(guards, "EXIT");
    expect(row).toMatchObject({ decision: "block", message: "leaver ended its thread: worker exited with code: 0" });
    expect((await evaluate(guards))[0]?.decision).toBe("allow");
  });
});

describe("the pool", () => {
  it("logs at the start one error for each broken guard", async () => {
    const missing = guardOf("gone", undefined);
    await start([missing, guardOf("odd", "export default 1;"), allows()]).preload();
    expect(log.lines.map(({ level, fields }) => [level, fields["guard"]])).toEqual([
      ["error", "gone"],
      ["error", "odd"],
    ]);
    expect(log.text()).toContain(`${missing.adapter} does not exist`);
    expect(log.text()).toContain("every order is blocked until the guard is corrected and the desk is restarted");
  });

  it("starts no thread for a desk without guards", async () => {
    const empty = openGuardPool({ ...OPTIONS, guards: [], workerFile: "/nowhere", log });
    await empty.preload();
    expect(await empty.run([], order, book)).toEqual([]);
    await empty.close();
  });

  it("runs the files as they were at the start until it is opened again", async () => {
    const changing = guard("c", 'return { result: "block", reason: "old" };');
    expect((await evaluate([changing]))[0]?.message).toBe("old");
    writeFileSync(changing.adapter, 'export default class { key = "c"; evaluate() { return { result: "allow" }; } }');
    expect((await evaluate([changing]))[0]?.message).toBe("old");
    await pool?.close();
    start([changing], patientClock);
    expect((await evaluate([changing]))[0]?.decision).toBe("allow");
  });

  it("blocks if its worker file does not exist", async () => {
    const guards = [allows()];
    pool = openGuardPool({ ...OPTIONS, guards, workerFile: join(folder, "absent.cjs"), log });
    for (let round = 0; round < 2; round += 1)
      expect(await evaluate(guards)).toMatchObject([{ guard: "yes", decision: "block" }]);
  });

  it("blocks for a guard that was not configured at the start", async () => {
    start([allows()]);
    expect(await pool?.run([allows("new")], order, book)).toMatchObject([{ guard: "new", decision: "block" }]);
  });

  it("blocks running and waiting orders when it is closed", async () => {
    const guards = [guard("slow", `${HANGS} return { result: "allow" };`)];
    const closing = start(guards);
    await closing.preload();
    const running = evaluate(guards, "HANG");
    const waiting = evaluate(guards);
    await closing.close();
    expect(await running).toMatchObject([{ decision: "block" }]);
    expect(await waiting).toMatchObject([{ decision: "block", message: "slow failed: the desk is stopping" }]);
  });

  it("blocks an order that waited more than 10 s for earlier orders", async () => {
    const clock = fakeClock();
    const guards = [allows()];
    start(guards, clock);
    const late = evaluate(guards);
    clock.advance(10_001);
    expect(await late).toMatchObject([
      { decision: "block", message: "yes failed: earlier orders kept the guards busy" },
    ]);
    expect((await evaluate(guards))[0]?.decision).toBe("allow");
  });

  it("gives guards no access to files, the process or the environment", async () => {
    const seen =
      "[process.env, process.argv, typeof (process as any).binding, typeof Worker, typeof (globalThis as any).require]";
    const probe = guard("probe", `return { result: "block", reason: JSON.stringify(${seen}) };`);
    expect((await evaluate([probe]))[0]?.message).toBe('[{},[],"undefined","undefined","undefined"]');
  });
});

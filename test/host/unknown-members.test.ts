/** Members that the SDK does not have: one warning for each method, and a bounded list of names. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { RefusedFills } from "../../src/host/refused-fills.ts";
import { UnknownMembers } from "../../src/host/unknown-members.ts";
import { quietLog } from "../support/quiet-log.ts";

const MEMBERS = new Set(["symbol"]);
function open() {
  const log = quietLog();
  return { log, unknown: new UnknownMembers(log, (text) => text.replaceAll("s3cret", "[redacted]")) };
}

it("is logged once for each method, and lists every name", () => {
  const { log, unknown } = open();
  unknown.note("getQuote", { symbol: "A", venue: "X" }, MEMBERS);
  unknown.note("getQuote", { symbol: "A", venue: "X", halted: true }, MEMBERS);
  unknown.note("getPositions", [{ symbol: "A" }, { symbol: "B", s3cret: 1 }], MEMBERS);
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ["warn", 'getQuote: the SDK has no "venue", so the desk drops it'],
    ["warn", 'getPositions: the SDK has no "[redacted]", so the desk drops it'],
  ]);
  expect(unknown.list).toEqual([
    { method: "getQuote", members: ["venue", "halted"] },
    { method: "getPositions", members: ["[redacted]"] },
  ]);
});

it("has names of built-in members as any other", () => {
  const { log, unknown } = open();
  unknown.note("getQuote", JSON.parse('{"__proto__": {}, "constructor": {}}'), MEMBERS);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'getQuote: the SDK has no "__proto__", "constructor", so the desk drops them',
  ]);
});

it("keeps ten names of a method, cut to 40 characters", () => {
  const { unknown } = open();
  for (let n = 0; n < 100; n++) unknown.note("getBars", [{ [`${n}${"x".repeat(100)}`]: n }], MEMBERS);
  expect(unknown.list[0]?.members).toHaveLength(10);
  expect(unknown.list[0]?.members[0]).toHaveLength(40);
});

it("the beginning of a long name that is kept does not keep the name in memory", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { unknown } = open();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 20; n++)
    unknown.note(`method ${n}`, structuredClone({ [Buffer.alloc(1_000_000, `name${n}x`).toString()]: n }), MEMBERS);
  // The runtime lets go of the forms of objects, which name their members, after several collections.
  for (let n = 0; n < 3; n++) collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  expect(unknown.list.map(({ members }) => members[0]?.length)).toEqual(Array.from({ length: 20 }, () => 40));
});

it("covers fills, in canonical form and not", () => {
  const { log, unknown } = open();
  const fills = new RefusedFills("v", log, unknown);
  const fill = { fillId: "f", venueOrderId: "o", symbol: "A", side: "buy", quantity: "1", price: "2", timestamp: 5 };
  expect(fills.parse("emitFill", [fill])).toHaveLength(1);
  expect(unknown.list).toEqual([]);
  expect(fills.parse("emitFill", [{ ...fill, liquidity: "maker", tape: "A" }])).toHaveLength(1);
  expect(fills.parse("getFills", [{ ...fill, price: 2, route: "X" }])).toHaveLength(1);
  expect(unknown.list.map(({ method }) => method)).toEqual(["emitFill", "getFills"]);
});

it("are looked at until ten names are kept, in whatever number they come", () => {
  const { unknown } = open();
  let read = 0;
  const item = (n: number) =>
    Object.defineProperty({}, `name${n}`, { enumerable: true, get: () => ((read += 1), "x") });
  const answer = Array.from({ length: 1_000 }, (_, n) => item(n));
  for (let call = 0; call < 3; call++) unknown.note("getPositions", answer, MEMBERS);
  expect(unknown.list[0]?.members).toHaveLength(10);
  expect(read).toBe(10);
});

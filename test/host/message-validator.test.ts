/** What a peer may say: each limit at N and at N + 1, each shape, and messages that are made to harm. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/protocol/messages.ts";
import { sizeWithin } from "../../src/protocol/payload-size.ts";
import { type MessageValidator, createMessageValidator } from "../../src/host/message-validator.ts";
import { fakeClock } from "../support/fake-clock.ts";

/** A gate that expects an answer. */
function asked(): MessageValidator {
  const gate = createMessageValidator(fakeClock(), (text) => text);
  gate.called();
  return gate;
}
function admit(message: unknown): object {
  return asked().check(message);
}
function refused(words: string) {
  return { refused: expect.stringContaining(words) as string };
}
/** A log event whose counted size is exactly so much. */
function logOf(size: number): object {
  const empty = { e: "log", level: "info", message: "" };
  return { ...empty, message: "x".repeat(size - (sizeWithin(empty, 1_000) ?? 0)) };
}

describe("limits, at N and at N + 1", () => {
  it.each([
    ["an event", LIMITS.eventChars, (size: number) => logOf(size), "event"],
    [
      "a question",
      LIMITS.askChars,
      (size: number) => {
        const empty = { e: "ask", n: 1, what: "put", key: "k", value: "" };
        return { ...empty, value: "x".repeat(size - (sizeWithin(empty, 1_000) ?? 0)) };
      },
      "event",
    ],
    [
      "a batch of fills",
      LIMITS.fillsChars,
      (size: number) => {
        const empty = { e: "fills", from: 1, fills: [""] };
        return { ...empty, fills: ["x".repeat(size - (sizeWithin(empty, 1_000) ?? 0))] };
      },
      "event",
    ],
    [
      "an answer",
      LIMITS.answerChars,
      (size: number) => {
        const empty = { id: "1", type: "RAW", value: "" };
        return { ...empty, value: "x".repeat(size - (sizeWithin(empty, 1_000) ?? 0)) };
      },
      "answer",
    ],
  ] as const)("%s", (_name, limit, make, kind) => {
    // Keys and marks of the value count as well, so the text that still fits is a little shorter.
    expect(admit(make(limit))).toHaveProperty(kind);
    expect(admit(make(limit + 1))).toEqual(refused(`more than ${limit} characters`));
  });

  it("fills of one batch", () => {
    const batch = (count: number) => ({ e: "fills", from: 1, fills: Array.from({ length: count }, () => ({})) });
    expect(admit(batch(LIMITS.fillsPerBatch))).toHaveProperty("event");
    expect(admit(batch(LIMITS.fillsPerBatch + 1))).toEqual(refused("a malformed event"));
    expect(admit(batch(0))).toEqual(refused("a malformed event"));
  });

  it("messages within one window, and a new window after it", () => {
    const clock = fakeClock();
    const gate = createMessageValidator(clock, (text) => text);
    const pong = { e: "pong", n: 1, heapMb: 1 };
    for (let i = 0; i < LIMITS.messages; i++) expect("event" in gate.check(pong)).toBe(true);
    expect(gate.check(pong)).toEqual(refused(`more than ${LIMITS.messages} messages`));
    const later = createMessageValidator(clock, (text) => text);
    for (let i = 0; i < LIMITS.messages; i++) later.check(pong);
    clock.advance(LIMITS.messageWindowMs + 1);
    expect(later.check(pong)).toHaveProperty("event");
  });

  it("characters within one window", () => {
    const clock = fakeClock();
    const gate = createMessageValidator(clock, (text) => text);
    const big = { id: "1", type: "RAW", value: "x".repeat(LIMITS.answerChars - 100) };
    const rounds = Math.floor(LIMITS.windowChars / (sizeWithin(big, LIMITS.answerChars) ?? 1));
    for (let i = 0; i <= rounds; i++) gate.called();
    for (let i = 0; i < rounds; i++) expect(gate.check(big)).toHaveProperty("answer");
    expect(gate.check(big)).toEqual(refused(`more than ${LIMITS.windowChars} characters`));
  });

  it("one answer a call, however many calls: these are no flood", () => {
    const gate = createMessageValidator(fakeClock(), (text) => text);
    for (let i = 0; i < LIMITS.messages * 2; i++) {
      gate.called();
      expect("answer" in gate.check({ id: String(i), type: "RAW", value: 1 })).toBe(true);
    }
    expect(gate.check({ id: "more", type: "RAW", value: 1 })).toEqual(refused("an answer that nobody asked for"));
  });

  it("depth", () => {
    const nested = (depth: number): unknown => (depth === 0 ? "end" : { a: nested(depth - 1) });
    expect(sizeWithin(nested(32), 10_000)).toBeGreaterThan(0);
    expect(sizeWithin(nested(33), 10_000)).toBeUndefined();
  });
});

describe("what is no message of ours", () => {
  const cycle: Record<string, unknown> = { e: "log", level: "info", message: "" };
  cycle["fields"] = cycle;
  it.each([
    ["nothing", undefined, "no object"],
    ["a text", "hello", "no object"],
    ["an unknown event", { e: "open-sesame" }, "malformed event"],
    ["an event with more members", { e: "pong", n: 1, heapMb: 1, more: true }, "malformed event"],
    ["a cycle", cycle, "not plain data"],
    ["a map", { e: "log", level: "info", message: "", fields: new Map() }, "not plain data"],
    ["a date", { id: "1", type: "RAW", value: new Date(0) }, "not plain data"],
    ["shared memory", { id: "1", type: "RAW", value: new SharedArrayBuffer(8) }, "not plain data"],
    ["bytes", { id: "1", type: "RAW", value: new Uint8Array(8) }, "not plain data"],
    ["a big integer", { id: "1", type: "RAW", value: 1n }, "not plain data"],
    ["an error object", { id: "1", type: "RAW", value: new Error("x") }, "not plain data"],
    ["a big integer as text", { e: "x", toString: 1n, toJSON: 1n }, "not plain data"],
    // Comlink's own words towards one that exposes: they would construct and set inside the host.
    ["CONSTRUCT", { id: "1", type: "CONSTRUCT", path: ["constructor"], argumentList: [] }, "malformed answer"],
    [
      "SET",
      { id: "1", type: "SET", path: ["__proto__", "__proto__", "polluted"], value: { type: "RAW", value: 1 } },
      "malformed answer",
    ],
    ["APPLY", { id: "1", type: "APPLY", path: ["placeOrder"], argumentList: [] }, "malformed answer"],
    ["GET", { id: "1", type: "GET", path: Array.from({ length: 20 }, () => "a") }, "malformed answer"],
    ["RELEASE", { id: "1", type: "RELEASE" }, "malformed answer"],
    ["HANDLER proxy", { id: "1", type: "HANDLER", name: "proxy", value: {} }, "malformed answer"],
    ["HANDLER throw", { id: "1", type: "HANDLER", name: "throw", value: { isError: false } }, "malformed answer"],
  ])("%s is refused, with a sample", (_name, message, words) => {
    expect(admit(message)).toEqual(refused(words));
  });

  it("nothing that can be cloned makes the gate throw, or pollutes the host", () => {
    fc.assert(
      fc.property(
        fc.object({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const answer = createMessageValidator(fakeClock(), (text) => text).check(value);
          expect(Object.keys(answer)).toHaveLength(1);
          expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

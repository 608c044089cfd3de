/** Messages of a worker: each limit at N and at N + 1, each shape, and hostile messages. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/protocol/limits.ts";
import { payloadSize } from "../../src/protocol/payload-size.ts";
import {
  type CheckedMessage,
  type MessageValidator,
  createMessageValidator,
} from "../../src/host/message-validator.ts";
import { fakeClock } from "../support/fake-clock.ts";

/** Measures and checks each message at once, as the host does while no message waits. */
function createValidator(
  clock = fakeClock(),
  stalledMs = (): number => 0,
): Pick<MessageValidator, "check" | "expectResponse"> {
  const validator = createMessageValidator({ clock, redact: (text) => text, stalledMs });
  const check = (message: unknown): CheckedMessage => {
    const reason = validator.measure(message);
    return reason === undefined ? validator.check(message) : { kind: "refused", reason };
  };
  return { check, expectResponse: validator.expectResponse };
}
/** Checks a message with a validator that expects one response. */
function check(message: unknown): CheckedMessage {
  const validator = createValidator();
  validator.expectResponse();
  return validator.check(message);
}
function refused(reason: string) {
  return { kind: "refused", reason: expect.stringContaining(reason) as string };
}
/** A log event of exactly this payload size. */
function logOf(size: number): object {
  const empty = { e: "log", level: "info", message: "" };
  return { ...empty, message: "x".repeat(size - (payloadSize(empty, 1_000) ?? 0)) };
}

describe("a limit, at N and at N + 1:", () => {
  it.each([
    ["an event", LIMITS.eventChars, (size: number) => logOf(size), "event"],
    [
      "a request",
      LIMITS.requestChars,
      (size: number) => {
        const empty = { e: "request", id: 1, operation: "put", key: "k", value: "" };
        return { ...empty, value: "x".repeat(size - (payloadSize(empty, 1_000) ?? 0)) };
      },
      "event",
    ],
    [
      "a batch of fills",
      LIMITS.batchChars,
      (size: number) => {
        const empty = { e: "fills", first: 1, items: [""] };
        return { ...empty, items: ["x".repeat(size - (payloadSize(empty, 1_000) ?? 0))] };
      },
      "event",
    ],
    [
      "a response",
      LIMITS.responseChars,
      (size: number) => {
        const empty = { id: "1", type: "RAW", value: "" };
        return { ...empty, value: "x".repeat(size - (payloadSize(empty, 1_000) ?? 0)) };
      },
      "response",
    ],
  ] as const)("the characters of %s", (_name, limit, make, kind) => {
    expect(check(make(limit))).toHaveProperty("kind", kind);
    expect(check(make(limit + 1))).toEqual(refused(`more than ${limit} characters`));
  });

  it("the members of an object in a response", () => {
    const response = (count: number) => ({
      id: "1",
      type: "RAW",
      value: { ok: true, value: [Object.fromEntries(Array.from({ length: count }, (_, n) => [`m${n}`, n]))] },
    });
    expect(check(response(LIMITS.responseMembers))).toHaveProperty("kind", "response");
    expect(check(response(LIMITS.responseMembers + 1))).toEqual(refused("not plain data"));
  });

  it("the fills of one batch", () => {
    const batch = (count: number) => ({ e: "fills", first: 1, items: Array.from({ length: count }, () => ({})) });
    expect(check(batch(LIMITS.batchItems))).toHaveProperty("kind", "event");
    expect(check(batch(LIMITS.batchItems + 1))).toEqual(refused("a malformed event"));
    expect(check(batch(0))).toEqual(refused("a malformed event"));
  });

  it("the quotes within one window", () => {
    const clock = fakeClock();
    const validator = createValidator(clock);
    const batch = { e: "quotes", quotes: Array.from({ length: LIMITS.quotesPerBatch }, () => ({})) };
    for (let i = 0; i < LIMITS.quotesPerWindow / LIMITS.quotesPerBatch; i++)
      expect(validator.check(batch)).toHaveProperty("kind", "event");
    expect(validator.check(batch)).toEqual(refused(`more than ${LIMITS.quotesPerWindow} quotes`));
    const large = { e: "quotes", quotes: Array.from({ length: LIMITS.quotesPerBatch + 1 }, () => ({})) };
    expect(createValidator().check(large)).toEqual(refused("a malformed event"));
  });

  it("the changes of the link within one window", () => {
    const validator = createValidator();
    const down = { e: "link", isUp: false };
    for (let i = 0; i < LIMITS.linkChangesPerWindow; i++) expect(validator.check(down)).toHaveProperty("kind", "event");
    expect(validator.check(down)).toEqual(refused(`more than ${LIMITS.linkChangesPerWindow} changes of its link`));
  });

  it("the messages within one window, and again in the next window", () => {
    const clock = fakeClock();
    const validator = createValidator(clock);
    const pingReply = { e: "ping-reply", id: 1, heapMb: 1 };
    for (let i = 0; i < LIMITS.messagesPerWindow; i++) expect(validator.check(pingReply).kind).toBe("event");
    expect(validator.check(pingReply)).toEqual(refused(`more than ${LIMITS.messagesPerWindow} messages`));
    const later = createValidator(clock);
    for (let i = 0; i < LIMITS.messagesPerWindow; i++) later.check(pingReply);
    clock.advance(LIMITS.messageWindowMs + 1);
    expect(later.check(pingReply)).toHaveProperty("kind", "event");
  });

  it("the messages that were sent while the host stalled are no flood, and one more is", () => {
    const clock = fakeClock();
    let stalledMs = 0;
    const validator = createValidator(clock, () => stalledMs);
    const pingReply = { e: "ping-reply", id: 1, heapMb: 1 };
    const windows = 30;
    clock.advance(windows * LIMITS.messageWindowMs);
    stalledMs = windows * LIMITS.messageWindowMs;
    for (let i = 0; i < LIMITS.messagesPerWindow * (windows + 1); i++)
      expect(validator.check(pingReply).kind).toBe("event");
    expect(validator.check(pingReply)).toEqual(refused(`more than ${LIMITS.messagesPerWindow} messages`));
  });

  it("the characters within one window", () => {
    const clock = fakeClock();
    const validator = createValidator(clock);
    const response = { id: "1", type: "RAW", value: "x".repeat(LIMITS.responseChars - 100) };
    const rounds = Math.floor(LIMITS.charsPerWindow / (payloadSize(response, LIMITS.responseChars) ?? 1));
    for (let i = 0; i <= rounds; i++) validator.expectResponse();
    for (let i = 0; i < rounds; i++) expect(validator.check(response)).toHaveProperty("kind", "response");
    expect(validator.check(response)).toEqual(refused(`more than ${LIMITS.charsPerWindow} characters`));
  });

  it("one response per call, which does not count as a message of the window", () => {
    const validator = createValidator();
    for (let i = 0; i < LIMITS.messagesPerWindow * 2; i++) {
      validator.expectResponse();
      expect(validator.check({ id: String(i), type: "RAW", value: 1 }).kind).toBe("response");
    }
    expect(validator.check({ id: "more", type: "RAW", value: 1 })).toEqual(refused("an unexpected response"));
  });

  it("the nesting depth", () => {
    const nested = (depth: number): unknown => (depth === 0 ? "end" : { a: nested(depth - 1) });
    expect(payloadSize(nested(32), 10_000)).toBeGreaterThan(0);
    expect(payloadSize(nested(33), 10_000)).toBeUndefined();
  });
});

/** The longest list of JavaScript, without entries. */
function holes(): unknown[] {
  const list: unknown[] = [];
  list.length = 2 ** 32 - 1;
  return list;
}
/** Lists of two, each twice in the next: `depth` lists with 2 ** depth values. */
function doubling(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value, value];
  return value;
}

describe("a message outside of the protocol:", () => {
  const cycle: Record<string, unknown> = { e: "log", level: "info", message: "" };
  cycle["fields"] = cycle;
  it.each([
    ["undefined", undefined, "not an object"],
    ["a text", "text", "not an object"],
    ["an unknown event", { e: "open-sesame" }, "malformed event"],
    ["an event with an extra member", { e: "ping-reply", id: 1, heapMb: 1, extra: true }, "malformed event"],
    ["a cycle", cycle, "not plain data"],
    ["a map", { e: "log", level: "info", message: "", fields: new Map() }, "not plain data"],
    ["a date", { id: "1", type: "RAW", value: new Date(0) }, "not plain data"],
    ["shared memory", { id: "1", type: "RAW", value: new SharedArrayBuffer(8) }, "not plain data"],
    ["bytes", { id: "1", type: "RAW", value: new Uint8Array(8) }, "not plain data"],
    ["a big integer", { id: "1", type: "RAW", value: 1n }, "not plain data"],
    ["an error object", { id: "1", type: "RAW", value: new Error("x") }, "not plain data"],
    ["a big integer as text", { e: "x", toString: 1n, toJSON: 1n }, "not plain data"],
    // Comlink messages that would construct objects and set properties in a host that exposes something.
    ["CONSTRUCT", { id: "1", type: "CONSTRUCT", path: ["constructor"], argumentList: [] }, "malformed response"],
    [
      "SET",
      { id: "1", type: "SET", path: ["__proto__", "__proto__", "polluted"], value: { type: "RAW", value: 1 } },
      "malformed response",
    ],
    ["APPLY", { id: "1", type: "APPLY", path: ["placeOrder"], argumentList: [] }, "malformed response"],
    ["GET", { id: "1", type: "GET", path: Array.from({ length: 20 }, () => "a") }, "malformed response"],
    ["RELEASE", { id: "1", type: "RELEASE" }, "malformed response"],
    ["another member", { id: "1", type: "RAW", value: 1, path: ["placeOrder"] }, "malformed response"],
    ["a long id", { id: "1".repeat(201), type: "RAW", value: 1 }, "malformed response"],
    ["no id", { type: "RAW", value: 1 }, "malformed response"],
    ["HANDLER proxy", { id: "1", type: "HANDLER", name: "proxy", value: {} }, "malformed response"],
    ["HANDLER throw", { id: "1", type: "HANDLER", name: "throw", value: { isError: false } }, "malformed response"],
  ])("%s is refused, with a sample", (_name, message, reason) => {
    expect(check(message)).toEqual(refused(reason));
  });

  // A test that fails must not print the value: it has no end.
  it.each([
    ["a list of holes", { id: "1", type: "RAW", value: holes() }],
    ["a fill with a list of holes", { e: "fills", first: 1, items: [holes()] }],
    ["lists that contain each other's parts", { id: "1", type: "RAW", value: doubling(31) }],
  ])("%s is refused before anything goes through it", (_name, message) => {
    const { kind } = check(message);
    expect(kind).toBe("refused");
  });

  it("no cloneable value makes the validator throw, or pollutes the host's prototypes", () => {
    fc.assert(
      fc.property(
        fc.object({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          expect(["event", "response", "refused"]).toContain(createValidator().check(value).kind);
          expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

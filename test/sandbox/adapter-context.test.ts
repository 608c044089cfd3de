/** `ctx` inside the worker: the window of fills, the queue of requests, and each limit at N and at N + 1. */
import { describe, expect, it } from "vitest";
import { createAdapterContext } from "../../sandbox/adapter-context.ts";
import { LIMITS } from "../../src/protocol/limits.ts";
import { fillSchema } from "../../src/protocol/schemas.ts";
import { createMessageValidator } from "../../src/host/message-validator.ts";
import { fakeClock } from "../support/fake-clock.ts";

interface PostedMessage {
  readonly e: string;
  readonly first?: number;
  readonly items?: readonly unknown[];
  readonly id?: number;
  readonly key?: string;
  readonly message?: string;
}

function createHarness() {
  const posted: PostedMessage[] = [];
  const context = createAdapterContext(
    { post: (message) => void posted.push(message as PostedMessage) },
    {
      e: "start",
      protocol: 1,
      name: "v",
      code: "",
      filename: "",
      secrets: { key: "s3cret" },
      options: { a: { b: [1] } },
      tcp: [],
    },
    (text) => text.replaceAll("s3cret", "[secret]"),
  );
  const fills = (): readonly PostedMessage[] => posted.filter(({ e }) => e === "fills");
  return {
    posted,
    context,
    ctx: context.ctx,
    fills,
    sent: () => fills().reduce((sum, batch) => sum + (batch.items?.length ?? 0), 0),
  };
}
function fill(i: number) {
  return { fillId: String(i) } as never;
}

describe("emitted fills", () => {
  it("are numbered without a gap, in batches, up to the window", () => {
    const { ctx, context, fills, sent } = createHarness();
    for (let i = 0; i < LIMITS.emissionWindow + 50; i++) ctx.emitFill(fill(i));
    context.flush();
    expect(sent()).toBe(LIMITS.emissionWindow);
    let next = 1;
    for (const batch of fills()) {
      expect(batch.first).toBe(next);
      expect(batch.items?.length).toBeLessThanOrEqual(LIMITS.batchItems);
      next += batch.items?.length ?? 0;
    }
    context.handle({ e: "ack", last: 32 });
    expect(sent()).toBe(LIMITS.emissionWindow + 32);
    context.handle({ e: "ack", last: LIMITS.emissionWindow });
    expect(sent()).toBe(LIMITS.emissionWindow + 50);
  });

  it("keep their order with reports and activities, which share their numbers", () => {
    const { ctx, context, posted } = createHarness();
    ctx.emitFill(fill(1));
    ctx.emitFill(fill(2));
    ctx.emitReport({ venueOrderId: "v" } as never);
    ctx.emitFill(fill(3));
    ctx.emitActivity({ id: "a" } as never);
    ctx.link(false, "s3cret is wrong");
    context.flush();
    expect(posted.map(({ e, first, items }) => [e, first, items?.length])).toEqual([
      ["fills", 1, 2],
      ["reports", 3, 1],
      ["fills", 4, 1],
      ["activities", 5, 1],
      ["link", undefined, undefined],
    ]);
    expect(posted.at(-1)).toEqual({ e: "link", isUp: false, reason: "[secret] is wrong" });
  });

  it("are all sent before the worker ends, regardless of the window", () => {
    const { ctx, context, sent } = createHarness();
    for (let i = 0; i < 1_000; i++) ctx.emitFill(fill(i));
    context.sendAll();
    expect(sent()).toBe(1_000);
  });

  it("are queued up to the limit, and one more makes emitFill throw", () => {
    const { ctx } = createHarness();
    for (let i = 0; i < LIMITS.emissionQueue; i++) ctx.emitFill(fill(i));
    expect(() => ctx.emitFill(fill(1))).toThrow(`${LIMITS.emissionQueue} fills are queued`);
  });

  it("reach the host in their order, each once, while others are emitted and many wait", () => {
    const { ctx, context, fills, sent } = createHarness();
    const emitted = 3 * LIMITS.emissionWindow + 17;
    for (let i = 0; i < emitted; i++) {
      ctx.emitFill(fill(i));
      if (i % 1_000 === 0) context.handle({ e: "ack", last: Math.min(i, sent()) });
    }
    while (sent() < emitted) context.handle({ e: "ack", last: sent() });
    const ids = fills().flatMap(({ items = [] }) => items.map((item) => (item as { fillId: string }).fillId));
    expect(ids).toEqual(Array.from({ length: emitted }, (_, i) => String(i)));
  });

  it("are copied: a later change by the adapter has no effect", () => {
    const { ctx, context, fills } = createHarness();
    const mutableFill = { fillId: "1", quantity: "1" };
    ctx.emitFill(mutableFill as never);
    mutableFill.quantity = "1000";
    context.flush();
    expect(fills()[0]?.items).toEqual([{ fillId: "1", quantity: "1" }]);
  });

  it("that cannot be sent make emitFill throw", () => {
    const cycle: Record<string, unknown> = {};
    cycle["a"] = cycle;
    expect(() => createHarness().ctx.emitFill(cycle as never)).toThrow("a is an object that contains itself");
  });
});

it("streamed quotes of one symbol are one quote at most every 20 ms, the newest", async () => {
  const { ctx, posted } = createHarness();
  for (let bid = 0; bid < 10_000; bid++) ctx.emitQuote({ symbol: "A", bid } as never);
  ctx.emitQuote({ symbol: "B", bid: 1 } as never);
  expect(posted).toEqual([]);
  await expect
    .poll(() => posted)
    .toEqual([
      {
        e: "quotes",
        quotes: [
          { symbol: "A", bid: 9_999 },
          { symbol: "B", bid: 1 },
        ],
      },
    ]);
  for (let i = 0; i < LIMITS.quoteSymbols; i++) ctx.emitQuote({ symbol: String(i) } as never);
  expect(() => ctx.emitQuote({ symbol: "one more" } as never)).toThrow("stream fewer symbols");
});

it("log fields keep errors with their cause, big integers, maps and sets", () => {
  const { ctx, posted } = createHarness();
  const error = new Error("fetch failed", { cause: new Error("ECONNREFUSED") });
  ctx.logger.warn("x", { error, big: 12n, map: new Map([["a", 1]]), set: new Set(["b"]) });
  expect(posted.at(-1)).toMatchObject({
    fields: {
      error: { name: "Error", message: "fetch failed", cause: { message: "ECONNREFUSED" } },
      big: "12",
      map: { a: 1 },
      set: ["b"],
    },
  });
});

it("a log field that cannot be written leaves the others as they are", () => {
  const { ctx, posted } = createHarness();
  const order: Record<string, unknown> = { id: "o1" };
  order["self"] = order;
  const failing = new Error("lost");
  failing.cause = failing;
  const shared = { price: "1" };
  const hostile = {
    get text(): string {
      throw new Error("no text");
    },
  };
  ctx.logger.info("x", {
    id: 7,
    order,
    failing,
    hostile,
    twice: [shared, shared],
    body: "y".repeat(70_000),
    end: true,
  });
  expect(posted.at(-1)).toMatchObject({
    fields: {
      id: 7,
      order: { id: "o1", self: "[circular]" },
      failing: { message: "lost", cause: "[circular]" },
      hostile: "left out: Error: no text",
      twice: [shared, shared],
      body: expect.stringContaining("left out: Error: log field body is too large") as string,
      end: true,
    },
  });
});

it.each(["text", 12, null, [1, 2], new Map([["a", 1]])])("fields that are no object are no error: %j", (fields) => {
  const { ctx, posted } = createHarness();
  ctx.logger.info("x", fields as never);
  expect(posted.at(-1)).toMatchObject({ e: "log", message: "x" });
});

it("a log line with 10,000 fields stays within the limit", () => {
  const { ctx, posted } = createHarness();
  ctx.logger.info("x", Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, "z".repeat(90)])));
  expect(posted.at(-1)).toMatchObject({ fields: { leftOut: "10000 fields" } });
});

it("a function is named: what is stored is refused, and what is emitted keeps its member for the host to report", async () => {
  const { ctx, context, fills } = createHarness();
  const odd = { fillId: "f1", fee: () => "1", at: new Date(0) };
  await expect(ctx.store.put("k", { last: [odd] })).rejects.toThrow("last.0.fee is a function: pass plain data");
  const alone: unknown[] = [];
  alone.push(alone);
  await expect(ctx.store.put("k", alone)).rejects.toThrow("0 is an object that contains itself: pass plain data");
  ctx.emitFill(odd as never);
  context.flush();
  const sent = { fillId: "f1", fee: { lost: "function" }, at: "1970-01-01T00:00:00.000Z" };
  expect(fills().flatMap(({ items }) => items)).toEqual([sent]);
});

describe("data over the limits of the host", () => {
  it("makes emitFill and store.put fail, and is left out of log lines", async () => {
    const { ctx, posted } = createHarness();
    expect(() => ctx.emitFill({ fillId: "x".repeat(LIMITS.batchChars) } as never)).toThrow("fill is too large: ");
    await expect(ctx.store.put("k", "x".repeat(LIMITS.requestChars))).rejects.toThrow("store value is too large: ");
    let deep: unknown = 1;
    for (let i = 0; i < 40; i++) deep = { deep };
    await expect(ctx.store.put("k", deep)).rejects.toThrow("nested too deeply: at most 30 levels");
    ctx.logger.info("page", { body: "x".repeat(LIMITS.eventChars) });
    expect(posted.at(-1)).toMatchObject({
      e: "log",
      fields: { body: expect.stringContaining("log field body is too large") as string },
    });
  });

  it("is measured as the host measures it: the host accepts everything that is sent", async () => {
    const { ctx, posted } = createHarness();
    const validator = createMessageValidator({
      clock: fakeClock(),
      redact: (text) => text,
      stalledMs: () => 0,
    });
    const prices = (count: number): number[] => Array.from({ length: count }, (_, i) => i % 10);
    for (let count = 1_000; count < 600_000; count = Math.floor(count * 1.7)) {
      ctx.logger.info("prices", { prices: prices(count) });
      void ctx.store.put("prices", prices(count)).catch(() => undefined);
      try {
        ctx.emitFill({ fillId: "1", prices: prices(count) } as never);
      } catch (error) {
        expect(String(error)).toMatch(/fill is too large: \d+ characters, at most 131072 are allowed/);
      }
    }
    await Promise.resolve();
    expect(posted.length).toBeGreaterThan(20);
    for (const message of posted) expect(validator.check(message)).toHaveProperty("kind", "event");
  });

  it("makes store.get and bars fail if it is a long key", async () => {
    const { ctx } = createHarness();
    await expect(ctx.store.get("k".repeat(70_000))).rejects.toThrow("key is too long: 70000 characters");
    await expect(ctx.bars("k".repeat(1_001))).rejects.toThrow("at most 1000 are allowed");
  });

  it("is avoided by splitting large fills over several messages", () => {
    const { ctx, context, fills, sent } = createHarness();
    for (let i = 0; i < 32; i++) ctx.emitFill({ fillId: String(i), raw: "x".repeat(10_000) } as never);
    context.flush();
    expect(sent()).toBe(32);
    for (const batch of fills()) expect(JSON.stringify(batch.items).length).toBeLessThan(LIMITS.batchChars);
  });

  it("never contains half of a secret after a log line was cut", () => {
    const { ctx, posted } = createHarness();
    ctx.logger.info(`${"x".repeat(LIMITS.logChars - 3)}s3cret`);
    expect(posted[0]?.message).not.toContain("s3c");
  });
});

describe("requests to the host", () => {
  it("are pending up to the limit; further requests are queued, and each is settled once", async () => {
    const { ctx, context, posted } = createHarness();
    const results = Array.from({ length: LIMITS.pendingRequests + 3 }, (_, i) => ctx.store.get(`k${i}`));
    expect(posted.filter(({ e }) => e === "request")).toHaveLength(LIMITS.pendingRequests);
    context.handle({ e: "response", id: 1, ok: true, value: "one" });
    expect(await results[0]).toBe("one");
    expect(posted.filter(({ e }) => e === "request")).toHaveLength(LIMITS.pendingRequests + 1);
    context.handle({ e: "response", id: 2, ok: false, value: "no room" });
    await expect(results[1]).rejects.toThrow("no room");
    context.handle({ e: "response", id: 2, ok: true });
  });

  it("are queued up to the limit, and one more is rejected", async () => {
    const { ctx } = createHarness();
    for (let i = 0; i < LIMITS.pendingRequests + LIMITS.requestQueue; i++) void ctx.store.get("k");
    await expect(ctx.store.get("k")).rejects.toThrow("requests are queued");
  });
});

describe("the context", () => {
  it("returns the connector's own secrets by name, and frozen options", () => {
    const { ctx } = createHarness();
    expect(ctx.secret("key")).toBe("s3cret");
    expect(() => ctx.secret("other")).toThrow('no secret "other"; [connector.auth] of v has key');
    expect(() => Object.assign(ctx.options["a"] as object, { b: 2 })).toThrow();
    expect(Object.isFrozen(ctx)).toBe(true);
  });

  it("has a logger that cuts long lines and converts fields to JSON data", () => {
    const { ctx, posted } = createHarness();
    ctx.logger.info("x".repeat(LIMITS.logChars + 1), { at: new Date(0) });
    expect(posted[0]?.message).toHaveLength(LIMITS.logChars);
    expect(posted[0]).toMatchObject({ fields: { at: "1970-01-01T00:00:00.000Z" } });
  });
});

describe("a number that JSON has not", () => {
  it.each([
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ])("%s arrives as text, and the host refuses the member by its name", (fee, text) => {
    const { ctx, context, fills } = createHarness();
    ctx.emitFill({ fillId: "f", fee, feeCurrency: null } as never);
    context.flush();
    expect(fills()[0]?.items).toEqual([{ fillId: "f", fee: text, feeCurrency: null }]);
    const all = { fillId: "f", venueOrderId: "o", symbol: "A", side: "buy", quantity: "1", price: "2", timestamp: 1 };
    expect(fillSchema.safeParse({ ...all, fee: text }).error?.issues).toMatchObject([
      { path: ["fee"], message: `must be a finite number or a decimal as text, not ${text}` },
    ]);
    expect(fillSchema.safeParse({ ...all, fee: null }).success).toBe(true);
  });
});

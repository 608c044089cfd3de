/** `ctx` inside the worker: fills in a window, questions in a queue, and each bound at N and at N + 1. */
import { describe, expect, it } from "vitest";
import { openContext } from "../../sandbox/adapter-context.ts";
import { LIMITS } from "../../src/protocol/messages.ts";
import { createMessageValidator } from "../../src/host/message-validator.ts";
import { fakeClock } from "../support/fake-clock.ts";

interface Said {
  readonly e: string;
  readonly from?: number;
  readonly fills?: readonly unknown[];
  readonly n?: number;
  readonly key?: string;
  readonly message?: string;
}

function made() {
  const said: Said[] = [];
  const context = openContext(
    { post: (message) => void said.push(message as Said) },
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
  const fills = (): readonly Said[] => said.filter(({ e }) => e === "fills");
  return {
    said,
    context,
    ctx: context.ctx,
    fills,
    sent: () => fills().reduce((sum, batch) => sum + (batch.fills?.length ?? 0), 0),
  };
}
function fill(i: number) {
  return { fillId: String(i) } as never;
}

describe("fills", () => {
  it("are numbered without a gap, in batches, up to the window", () => {
    const { ctx, context, fills, sent } = made();
    for (let i = 0; i < LIMITS.fillWindow + 50; i++) ctx.emitFill(fill(i));
    context.flush();
    expect(sent()).toBe(LIMITS.fillWindow);
    let next = 1;
    for (const batch of fills()) {
      expect(batch.from).toBe(next);
      expect(batch.fills?.length).toBeLessThanOrEqual(LIMITS.fillsPerBatch);
      next += batch.fills?.length ?? 0;
    }
    context.take({ e: "ack", n: 32 });
    expect(sent()).toBe(LIMITS.fillWindow + 32);
    context.take({ e: "ack", n: LIMITS.fillWindow });
    expect(sent()).toBe(LIMITS.fillWindow + 50);
  });

  it("are all posted at the end of a life, whatever the window", () => {
    const { ctx, context, sent } = made();
    for (let i = 0; i < 1_000; i++) ctx.emitFill(fill(i));
    context.drain();
    expect(sent()).toBe(1_000);
  });

  it("may wait up to the queue's limit, and one more throws to its author", () => {
    const { ctx } = made();
    for (let i = 0; i < LIMITS.fillQueue; i++) ctx.emitFill(fill(i));
    expect(() => ctx.emitFill(fill(1))).toThrow(`${LIMITS.fillQueue} fills wait`);
  });

  it("are copied when they are emitted: a later change does not reach them", () => {
    const { ctx, context, fills } = made();
    const mine = { fillId: "1", quantity: "1" };
    ctx.emitFill(mine as never);
    mine.quantity = "1000";
    context.flush();
    expect(fills()[0]?.fills).toEqual([{ fillId: "1", quantity: "1" }]);
  });

  it("that cannot be sent fail where they are emitted", () => {
    const cycle: Record<string, unknown> = {};
    cycle["a"] = cycle;
    expect(() => made().ctx.emitFill(cycle as never)).toThrow("circular");
  });
});

describe("what the host would end a life for", () => {
  it("fails where it is done, or is left out: a huge fill, value or log field", async () => {
    const { ctx, said } = made();
    expect(() => ctx.emitFill({ fillId: "x".repeat(LIMITS.fillsChars) } as never)).toThrow("a fill of");
    await expect(ctx.store.put("k", "x".repeat(LIMITS.askChars))).rejects.toThrow("a value to keep of");
    let deep: unknown = 1;
    for (let i = 0; i < 40; i++) deep = { deep };
    await expect(ctx.store.put("k", deep)).rejects.toThrow("nested more than 30 deep");
    ctx.logger.info("page", { body: "x".repeat(LIMITS.eventChars) });
    expect(said.at(-1)).toMatchObject({
      e: "log",
      fields: { leftOut: expect.stringContaining("fields of") as string },
    });
  });

  it("is measured as the host measures it: what is let out is let in", async () => {
    const { ctx, said } = made();
    const gate = createMessageValidator(fakeClock(), (text) => text);
    const prices = (count: number): number[] => Array.from({ length: count }, (_, i) => i % 10);
    for (let count = 1_000; count < 600_000; count = Math.floor(count * 1.7)) {
      ctx.logger.info("prices", { prices: prices(count) });
      void ctx.store.put("prices", prices(count)).catch(() => undefined);
      try {
        ctx.emitFill({ fillId: "1", prices: prices(count) } as never);
      } catch (error) {
        expect(String(error)).toMatch(/a fill of \d+ characters; 131072 at most/);
      }
    }
    await Promise.resolve();
    expect(said.length).toBeGreaterThan(20);
    for (const message of said) expect(gate.check(message)).toHaveProperty("event");
  });

  it("is refused in words: a key without end", async () => {
    const { ctx } = made();
    await expect(ctx.store.get("k".repeat(70_000))).rejects.toThrow("a key of 70000 characters");
    await expect(ctx.bars("k".repeat(1_001))).rejects.toThrow("1000 at most");
  });

  it("takes no more than fits into one message of many large fills", () => {
    const { ctx, context, fills, sent } = made();
    for (let i = 0; i < 32; i++) ctx.emitFill({ fillId: String(i), raw: "x".repeat(10_000) } as never);
    context.flush();
    expect(sent()).toBe(32);
    for (const batch of fills()) expect(JSON.stringify(batch.fills).length).toBeLessThan(LIMITS.fillsChars);
  });

  it("cuts no secret in two", () => {
    const { ctx, said } = made();
    ctx.logger.info(`${"x".repeat(LIMITS.logChars - 3)}s3cret`);
    expect(said[0]?.message).not.toContain("s3c");
  });
});

describe("questions", () => {
  it("are open a few at a time; the rest wait, and each is answered once", async () => {
    const { ctx, context, said } = made();
    const asked = Array.from({ length: LIMITS.openAsks + 3 }, (_, i) => ctx.store.get(`k${i}`));
    expect(said.filter(({ e }) => e === "ask")).toHaveLength(LIMITS.openAsks);
    context.take({ e: "answer", n: 1, ok: true, value: "one" });
    expect(await asked[0]).toBe("one");
    expect(said.filter(({ e }) => e === "ask")).toHaveLength(LIMITS.openAsks + 1);
    context.take({ e: "answer", n: 2, ok: false, value: "no room" });
    await expect(asked[1]).rejects.toThrow("no room");
    context.take({ e: "answer", n: 2, ok: true });
  });

  it("may wait up to the queue's limit, and one more is refused to its author", async () => {
    const { ctx } = made();
    for (let i = 0; i < LIMITS.openAsks + LIMITS.askQueue; i++) void ctx.store.get("k");
    await expect(ctx.store.get("k")).rejects.toThrow("questions wait already");
  });
});

describe("what it is given", () => {
  it("is its own secrets by name, and frozen options", () => {
    const { ctx } = made();
    expect(ctx.secret("key")).toBe("s3cret");
    expect(() => ctx.secret("other")).toThrow('no secret "other"; [connector.auth] of v has key');
    expect(() => Object.assign(ctx.options["a"] as object, { b: 2 })).toThrow();
    expect(Object.isFrozen(ctx)).toBe(true);
  });

  it("is a log that cuts long lines and takes no live objects", () => {
    const { ctx, said } = made();
    ctx.logger.info("x".repeat(LIMITS.logChars + 1), { at: new Date(0) });
    expect(said[0]?.message).toHaveLength(LIMITS.logChars);
    expect(said[0]).toMatchObject({ fields: { at: "1970-01-01T00:00:00.000Z" } });
  });
});

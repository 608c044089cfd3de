/** The lives of a connector on a clock that stands still, with far sides that the test plays. */
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/protocol/messages.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { QocError } from "../../src/domain/error.ts";
import { Connector } from "../../src/host/connector.ts";
import type { ConnectorOptions } from "../../src/host/connector-options.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, settle } from "../support/fake-transport.ts";
import { quietLog } from "../support/quiet-log.ts";

interface Scene {
  readonly clock: FakeClock;
  readonly connector: Connector;
  readonly lives: FakeTransport[];
  readonly states: string[];
  readonly fills: unknown[][];
  readonly log: ReturnType<typeof quietLog>;
  /** The newest life says hello and its venue lets it in. */
  up(): Promise<void>;
}

function scene(
  given: Partial<ConnectorOptions> & { readonly diesWhenKilled?: boolean; code?: () => string } = {},
): Scene {
  const clock = fakeClock();
  const log = quietLog();
  const lives: FakeTransport[] = [];
  const states: string[] = [];
  const fills: unknown[][] = [];
  const connector = new Connector({
    name: "venue",
    clock,
    log,
    random: () => 0.5,
    bundle: () => Promise.resolve({ code: given.code?.() ?? "1", map: "{}", digest: digestOf(given.code?.() ?? "1") }),
    acceptedDigest: () => undefined,
    quarantineReason: () => undefined,
    secrets: () => Promise.resolve({}),
    redact: (text) => text.replaceAll("s3cret", "[secret]"),
    options: {},
    tcp: [],
    transport: () => {
      const life = fakeTransport(given);
      lives.push(life);
      return life;
    },
    onFills: (_generation, batch) => Promise.resolve(void fills.push([...batch])),
    onRequest: () => new Promise(() => undefined),
    onState: (state, reason) => states.push(reason === undefined ? state : `${state}: ${reason.split("\n")[0] ?? ""}`),
    ...given,
  });
  const up = async (): Promise<void> => {
    await settle();
    lives.at(-1)?.hello();
    await settle();
    lives.at(-1)?.reply("connect", { ok: true });
    await settle();
  };
  return { clock, connector, lives, states, fills, log, up };
}

async function started(given: Parameters<typeof scene>[0] = {}): Promise<Scene & { life: FakeTransport }> {
  const made = scene(given);
  void made.connector.start();
  await made.up();
  expect(made.connector.facts.state).toBe("ready");
  return { ...made, life: made.lives[0] as FakeTransport };
}

/** Answers each ping until the test stops: the far side lives. */
function beat(life: FakeTransport, heapMb = 5): void {
  const pings = life.posted.filter(({ e }) => e === "ping");
  const last = pings.at(-1);
  if (last !== undefined) life.say({ e: "pong", n: last.n, heapMb });
}

describe("the handshake", () => {
  it.each([
    ["another SDK", { sdk: 2 }, "was built for SDK 2; this desk speaks 1", "quarantined"],
    ["another wire", { protocol: 9 }, "it speaks wire 9, this desk 1", "restarting"],
  ])("tells of %s in words", async (_name, hello, words, state) => {
    const { connector, lives } = scene();
    const start = connector.start();
    await settle();
    lives[0]?.hello(hello);
    await start;
    expect(connector.facts).toMatchObject({ state, lastError: expect.stringContaining(words) as string });
  });

  it("has a deadline, and a second try", async () => {
    const { connector, clock, lives, states } = scene();
    void connector.start();
    await settle();
    clock.advance(10_000);
    await settle();
    expect(connector.facts.lastError).toContain("venue.start did not answer in 10000 ms");
    expect(lives[0]?.kills).toBe(1);
    clock.advance(500);
    await settle();
    expect(lives).toHaveLength(2);
    expect(states[1]).toMatch(/^restarting/);
  });

  it("is refused to one that misbehaves while it starts", async () => {
    const { connector, lives } = scene();
    const start = connector.start();
    await settle();
    lives[0]?.say({ e: "what" });
    await start;
    expect(connector.facts).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("malformed event") as string,
    });
  });
});

describe("a venue that cannot be reached", () => {
  it("is tried again with growing waits, and never given up", async () => {
    const { connector, clock, lives, states } = scene();
    void connector.start();
    for (let i = 0; i < 12; i++) {
      await settle();
      lives.at(-1)?.hello();
      await settle();
      lives.at(-1)?.reply("connect", { ok: false, kind: "error", message: "ECONNREFUSED s3cret" });
      await settle();
      expect(connector.facts.state).toBe("restarting");
      clock.advance(30_000);
    }
    expect(lives.length).toBeGreaterThan(11);
    expect(states).toEqual(["starting", "restarting: connect: ECONNREFUSED [secret]"]);
  });
});

describe("a worker's thread", () => {
  it("that gives no sign for 3 s is unresponsive, takes no call, and is ended after 10", async () => {
    const { connector, clock, life, lives } = await started();
    beat(life);
    const order = connector.call("placeOrder", [{}]);
    order.catch(() => undefined);
    clock.advance(1_000);
    clock.advance(2_000);
    expect(connector.facts.state).toBe("unresponsive");
    await expect(connector.call("getQuote", ["X"])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
    clock.advance(7_000);
    await expect(order).rejects.toMatchObject({ code: expect.stringMatching(/CALL_DIED|CALL_TIMEOUT/) as string });
    await settle();
    expect(connector.facts).toMatchObject({ state: "restarting", lastError: "its thread did not answer for 10 s" });
    clock.advance(600);
    await settle();
    expect(lives).toHaveLength(2);
  });

  it("is found while nothing is called at all", async () => {
    const { connector, clock, life } = await started();
    beat(life);
    clock.advance(5_000);
    clock.advance(2_000);
    expect(connector.facts.state).toBe("unresponsive");
  });

  it("that answers late is ready again, and the old wait does not end it", async () => {
    const { connector, clock, life } = await started();
    clock.advance(2_100);
    expect(connector.facts.state).toBe("unresponsive");
    beat(life, 7);
    expect(connector.facts.state).toBe("ready");
    expect(connector.measures.memoryMb).toBe(7);
    for (let i = 0; i < 20; i++) {
      clock.advance(500);
      beat(life);
    }
    expect(connector.facts).toMatchObject({ state: "ready", restarts: 0 });
  });

  it("that cannot be ended is a zombie", async () => {
    const { connector, clock, life, states } = await started({ diesWhenKilled: false });
    const stop = connector.stop();
    await settle();
    life.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await stop;
    expect(connector.facts.state).toBe("zombie");
    expect(states.at(-1)).toContain("could not be ended in 5 s");
    await expect(connector.call("placeOrder", [{}])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
  });
});

describe("calls without an answer in time", () => {
  it("make it degraded after three, and ready with the next answer", async () => {
    const { connector, clock, life } = await started();
    for (let i = 0; i < 3; i++) {
      const quote = connector.call("getQuote", ["X"]);
      for (let s = 0; s < 10; s++) {
        clock.advance(500);
        beat(life);
      }
      await expect(quote).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
    }
    expect(connector.facts.state).toBe("degraded");
    const quote = connector.call("getQuote", ["X"]);
    life.reply("getQuote", { ok: true, value: 1 });
    await quote;
    expect(connector.facts.state).toBe("ready");
  });

  it("have an order's deadline of 10 s and a quote's of 5 s", async () => {
    const { connector, clock, life } = await started();
    const order = connector.call("placeOrder", [{}]);
    order.catch(() => undefined);
    let isOver = false;
    order.catch(() => (isOver = true));
    for (let ms = 0; ms < 9_999; ms += 500) {
      clock.advance(Math.min(500, 9_999 - ms));
      beat(life);
    }
    await settle();
    expect(isOver).toBe(false);
    clock.advance(1);
    await expect(order).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
  });

  it("may wait up to the limit, and one more is refused", async () => {
    const { connector } = await started();
    const calls = Array.from({ length: LIMITS.pendingCalls }, () => connector.call("getQuote", ["X"]));
    for (const call of calls) call.catch(() => undefined);
    await settle();
    expect(connector.measures.queueDepth).toBe(LIMITS.pendingCalls);
    await expect(connector.call("getQuote", ["X"])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
  });
});

describe("fills", () => {
  it("are kept in order and acknowledged once they are kept", async () => {
    const kept: Array<() => void> = [];
    const { life } = await started({ onFills: () => new Promise((resolve) => kept.push(resolve)) });
    life.say({ e: "fills", from: 1, fills: [{}, {}] });
    await settle();
    expect(life.posted.filter(({ e }) => e === "ack")).toEqual([]);
    kept[0]?.();
    await settle();
    expect(life.posted.filter(({ e }) => e === "ack")).toEqual([{ e: "ack", n: 2 }]);
  });

  it.each([
    ["again", 1],
    ["with a gap", 4],
  ])("numbered %s end the life", async (_name, from) => {
    const { connector, life, fills } = await started();
    life.say({ e: "fills", from: 1, fills: [{}, {}] });
    life.say({ e: "fills", from, fills: [{}] });
    await settle();
    expect(fills).toHaveLength(1);
    expect(connector.facts.state).toBe("quarantined");
  });

  it("that cannot be kept are not acknowledged, and end the life", async () => {
    const { connector, life } = await started({ onFills: () => Promise.reject(new Error("no space left")) });
    life.say({ e: "fills", from: 1, fills: [{}] });
    await settle();
    expect(life.posted.some(({ e }) => e === "ack")).toBe(false);
    expect(connector.facts.lastError).toContain("no space left");
  });

  it("posted before the end are kept before the life is over", async () => {
    const kept: Array<() => void> = [];
    const { connector, life } = await started({ onFills: () => new Promise((resolve) => kept.push(resolve)) });
    life.say({ e: "fills", from: 1, fills: [{}] });
    life.die("gone");
    await settle();
    expect(connector.facts.state).toBe("ready");
    kept[0]?.();
    await settle();
    expect(connector.facts.state).toBe("restarting");
  });
});

describe("questions", () => {
  it("may be open up to the limit, and one more ends the life", async () => {
    const { connector, life } = await started();
    for (let n = 1; n <= LIMITS.openAsks; n++) life.say({ e: "ask", n, what: "get", key: "k" });
    await settle();
    expect(connector.facts.state).toBe("ready");
    life.say({ e: "ask", n: LIMITS.openAsks + 1, what: "get", key: "k" });
    await settle();
    expect(connector.facts).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("questions at once") as string,
    });
    expect(life.isMuted).toBe(true);
  });
});

describe("the file that was accepted", () => {
  it("is asked for when it changed, and a restart by hand accepts it", async () => {
    let code = "one";
    const { connector, life, clock, up } = await started({ code: () => code });
    code = "two";
    life.die("crash");
    await settle();
    clock.advance(1_000);
    await settle();
    expect(connector.facts).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("is not the one that was accepted") as string,
    });
    const restart = connector.restart();
    await up();
    await restart;
    expect(connector.facts).toMatchObject({ state: "ready", digest: digestOf("two") });
  });

  it("is remembered over a start of the desk", async () => {
    const { connector, lives } = scene({ acceptedDigest: () => digestOf("another") });
    await connector.start();
    expect(connector.facts.state).toBe("quarantined");
    expect(lives).toHaveLength(0);
  });
});

describe("wishes", () => {
  it("stop ends an attempt that hangs, at once", async () => {
    const { connector, lives } = scene();
    const start = connector.start();
    await settle();
    lives[0]?.hello();
    await settle();
    await Promise.all([connector.stop(), start]);
    expect(connector.facts.state).toBe("stopped");
    expect(lives).toHaveLength(1);
    expect(lives[0]?.kills).toBeGreaterThan(0);
  });

  it("a stop after a restart leaves nothing running", async () => {
    const { connector, life, lives } = await started();
    const restart = connector.restart();
    const stop = connector.stop();
    await settle();
    life.reply("disconnect", { ok: true });
    await Promise.all([restart, stop]);
    expect(lives).toHaveLength(1);
    expect(connector.facts.state).toBe("stopped");
  });

  it("a stop while it waits for its next try forgets the try", async () => {
    const { connector, clock, life, lives } = await started();
    life.die("crash");
    await settle();
    expect(connector.facts.state).toBe("restarting");
    await connector.stop();
    clock.advance(60_000);
    await settle();
    expect(lives).toHaveLength(1);
  });

  it("quarantine by the operator lasts until a restart by hand", async () => {
    const { connector, life, up, states } = await started();
    const held = connector.quarantine("odd fills");
    await settle();
    life.reply("disconnect", { ok: true });
    await held;
    expect(states.at(-1)).toBe("quarantined: odd fills");
    const restart = connector.restart();
    await up();
    await restart;
    expect(connector.facts.state).toBe("ready");
  });

  it("a connector held over a restart of the desk does not start", async () => {
    const { connector, lives, states } = scene({ quarantineReason: () => "by the operator" });
    await connector.start();
    expect(states).toEqual(["quarantined: by the operator"]);
    expect(lives).toHaveLength(0);
  });
});

it("takes secrets out of what an adapter says of its failures", async () => {
  const { connector, life } = await started();
  const order = connector.call("placeOrder", [{}]);
  await settle();
  life.reply("placeOrder", { ok: false, kind: "rejection", message: "bad key s3cret", stack: "at s3cret" });
  expect(await order).toEqual({ ok: false, kind: "rejection", message: "bad key [secret]", stack: "at [secret]" });
  life.die("Error: s3cret");
  await settle();
  expect(connector.facts.lastError).toBe("Error: [secret]");
});

describe("a venue that does not answer", () => {
  it("at connect, while its thread does, is an outage however often, and no crash", async () => {
    const { connector, clock, lives } = scene();
    void connector.start();
    for (let i = 0; i < 5; i++) {
      await settle();
      const life = lives.at(-1) as FakeTransport;
      life.hello();
      await settle();
      for (let ms = 0; ms < 10_000; ms += 500) {
        clock.advance(500);
        beat(life);
      }
      await settle();
      expect(connector.facts).toMatchObject({
        state: "restarting",
        lastError: expect.stringContaining("connect did not answer") as string,
      });
      clock.advance(60_000);
    }
  });

  it("at connect, with a thread that does not either, is a crash, and given up after three", async () => {
    const { connector, clock, lives } = scene();
    void connector.start();
    for (let i = 0; i < 3; i++) {
      await settle();
      lives.at(-1)?.hello();
      await settle();
      clock.advance(10_000);
      await settle();
      if (i < 2) clock.advance(60_000);
    }
    expect(connector.facts.state).toBe("quarantined");
  });
});

describe("a goodbye", () => {
  it("of one that dies during it is the end: nothing comes back, and nothing more is sent", async () => {
    const { connector, clock, life, lives } = await started();
    const held = connector.quarantine("odd fills");
    await settle();
    await expect(connector.call("placeOrder", [{}])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
    expect(life.callsOf("placeOrder")).toEqual([]);
    life.die("crash");
    await held;
    clock.advance(60_000);
    await settle();
    expect(connector.facts.state).toBe("quarantined");
    expect(lives).toHaveLength(1);
  });

  it("whose last fills are long under way to the disk is no zombie", async () => {
    const { connector, clock, life, states } = await started({ onFills: () => new Promise(() => undefined) });
    life.say({ e: "fills", from: 1, fills: [{}] });
    const stop = connector.stop();
    await settle();
    life.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await stop;
    expect(states.at(-1)).toBe("stopped");
  });
});

describe("a stop", () => {
  it("in the same breath as a death is the end of it", async () => {
    const { connector, clock, life, lives } = await started();
    life.die("crash");
    await connector.stop();
    expect(connector.facts.state).toBe("stopped");
    clock.advance(60_000);
    await settle();
    expect(lives).toHaveLength(1);
  });
});

describe("a zombie", () => {
  it("gets no second life beside it, until its thread is gone after all", async () => {
    const { connector, clock, life, lives, up } = await started({ diesWhenKilled: false });
    const stop = connector.stop();
    await settle();
    life.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await stop;
    await expect(connector.restart()).rejects.toMatchObject({ code: "CONNECTOR_ZOMBIE" });
    await connector.quarantine("by hand");
    expect(connector.facts.state).toBe("zombie");
    expect(lives).toHaveLength(1);
    life.die("at last");
    await settle();
    const restart = connector.restart();
    await up();
    await restart;
    expect(connector.facts.state).toBe("ready");
  });
});

describe("a restart", () => {
  it("of one whose thread cannot be ended begins no second life beside it", async () => {
    const { connector, clock, life, lives } = await started({ diesWhenKilled: false });
    const restart = connector.restart();
    const refused = expect(restart).rejects.toMatchObject({ code: "CONNECTOR_ZOMBIE" });
    await settle();
    life.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await refused;
    expect(connector.facts.state).toBe("zombie");
    expect(lives).toHaveLength(1);
  });
});

describe("what happens around it", () => {
  it("a stop in the same breath as the start begins nothing", async () => {
    let bundled = 0;
    const { connector, lives } = scene({ bundle: () => Promise.reject(new Error(`bundled ${++bundled} times`)) });
    await Promise.all([connector.start(), connector.stop()]);
    expect([lives.length, bundled]).toEqual([0, 0]);
    expect(connector.facts).toMatchObject({ state: "stopped", restarts: 0 });
    expect(connector.facts).not.toHaveProperty("lastError");
  });

  it("a stop while the file is bundled begins no life", async () => {
    let bundled: () => void = () => undefined;
    const bundle = { code: "1", map: "{}", digest: digestOf("1") };
    const { connector, clock, lives } = scene({
      bundle: () => new Promise((resolve) => (bundled = () => resolve(bundle))),
    });
    const start = connector.start();
    await settle();
    const stop = connector.stop();
    bundled();
    await Promise.all([start, stop]);
    clock.advance(60_000);
    await settle();
    expect(lives).toHaveLength(0);
    expect(connector.facts.state).toBe("stopped");
  });

  it("a listener that throws is no end of it", async () => {
    const { connector, lives } = scene({
      onState: () => {
        throw new Error("the journal is full");
      },
    });
    void connector.start();
    await settle();
    lives[0]?.hello();
    await settle();
    lives[0]?.reply("connect", { ok: true });
    await settle();
    expect(connector.facts.state).toBe("ready");
    lives[0]?.die("crash");
    await connector.quarantine("x");
    expect(connector.facts.state).toBe("quarantined");
  });
});

describe("secrets", () => {
  it("that are missing ask a human: nothing is begun, and nothing tried again", async () => {
    const missing = new QocError("SECRET_MISSING", {
      connector: "venue",
      name: "key",
      source: "environment variable KEY",
    });
    const { connector, clock, lives } = scene({ secrets: () => Promise.reject(missing) });
    await connector.start();
    clock.advance(60_000);
    await settle();
    expect(connector.facts).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("environment variable KEY") as string,
    });
    expect(lives).toHaveLength(0);
  });

  it("in ids are taken out, and two ids stay two", async () => {
    const { life, fills } = await started();
    const ids = ["s3cret-1", "s3cret-2", "s3cret-1", "plain"];
    life.say({ e: "fills", from: 1, fills: ids.map((fillId) => ({ fillId, legs: [{ note: fillId }] })) });
    await settle();
    const kept = (fills[0] as { fillId: string; legs: { note: string }[] }[]).map(({ fillId }) => fillId);
    expect(JSON.stringify(fills)).not.toContain("s3cret");
    expect(new Set(kept).size).toBe(3);
    expect(kept[0]).toBe(kept[2]);
    expect(kept[3]).toBe("plain");
  });

  it("in an answer are taken out", async () => {
    const { connector, life } = await started();
    const order = connector.call("placeOrder", [{}]);
    await settle();
    life.reply("placeOrder", { ok: true, value: { venueOrderId: "s3cret", status: "acknowledged" } });
    const answer = await order;
    expect(answer).toMatchObject({
      ok: true,
      value: { venueOrderId: expect.stringMatching(/^\[secret\]#[0-9a-f]{12}$/) as string },
    });
    const { venueOrderId } = (answer as { value: { venueOrderId: string } }).value;
    connector.call("cancelOrder", [venueOrderId]).catch(() => undefined);
    await settle();
    expect(life.callsOf("cancelOrder")[0]).toMatchObject({ argumentList: [{ value: "s3cret" }] });
  });
});

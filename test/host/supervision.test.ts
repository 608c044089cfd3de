/** Supervision of a connector on a fake clock, with fake workers. */
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/protocol/limits.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { FillBatch } from "../../src/domain/ports.ts";
import { TurnSlices } from "../../src/host/turn-slices.ts";
import { Slots } from "../../src/lib/slots.ts";
import { Connector } from "../../src/host/connector.ts";
import type { ConnectorOptions } from "../../src/host/connector-options.ts";
import { sampleFill } from "../support/adapter-harness.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, settle } from "../support/fake-transport.ts";
import { quietLog } from "../support/quiet-log.ts";

interface Scenario {
  readonly clock: FakeClock;
  readonly connector: Connector;
  /** One per worker that was started. */
  readonly workers: FakeTransport[];
  readonly states: string[];
  readonly batches: FillBatch[];
  readonly log: ReturnType<typeof quietLog>;
  /** The latest worker completes its handshake and connects. */
  comeUp(): Promise<void>;
}

interface ScenarioOptions extends Partial<ConnectorOptions> {
  readonly exitsWhenKilled?: boolean;
  /** The adapter's code, read at each start. */
  readonly code?: () => string;
}

function scenario(options: ScenarioOptions = {}): Scenario {
  const clock = fakeClock();
  const log = quietLog();
  const workers: FakeTransport[] = [];
  const states: string[] = [];
  const batches: FillBatch[] = [];
  const code = (): string => options.code?.() ?? "1";
  const connector = new Connector({
    name: "venue" as ConnectorName,
    clock,
    log,
    random: () => 0.5,
    bundle: () => Promise.resolve({ code: code(), map: "{}", digest: digestOf(code()) }),
    acceptedDigest: () => undefined,
    quarantineReason: () => undefined,
    secrets: () => Promise.resolve({}),
    redact: (text) => text.replaceAll(/s3cret|0thers/g, "[secret]"),
    redactOwn: (text) => text.replaceAll("s3cret", "[secret]"),
    options: {},
    tcp: [],
    transport: () => {
      const worker = fakeTransport(options);
      workers.push(worker);
      return worker;
    },
    slices: new TurnSlices(clock),
    fillSink: { accept: (batch) => Promise.resolve(void batches.push(batch)) },
    pushSink: { reports: () => Promise.resolve(), activities: () => Promise.resolve(), quotes: () => undefined },
    requestHandler: { handle: () => new Promise(() => undefined) },
    onStateChange: ({ state, reason }) =>
      states.push(reason === undefined ? state : `${state}: ${reason.split("\n")[0] ?? ""}`),
    ...options,
  });
  const comeUp = async (): Promise<void> => {
    await settle();
    workers.at(-1)?.handshake();
    await settle();
    workers.at(-1)?.reply("connect", { ok: true });
    await settle();
  };
  return { clock, connector, workers, states, batches, log, comeUp };
}

async function startedScenario(options: ScenarioOptions = {}): Promise<Scenario & { worker: FakeTransport }> {
  const started = scenario(options);
  void started.connector.start();
  await started.comeUp();
  expect(started.connector.status.state).toBe("ready");
  return { ...started, worker: started.workers[0] as FakeTransport };
}

/** A fill sink that stores a batch when the test calls the next of `storeNext`. */
function manualFillSink() {
  const storeNext: Array<() => void> = [];
  return { storeNext, fillSink: { accept: () => new Promise<void>((resolve) => storeNext.push(resolve)) } };
}

describe("a stop during a start", () => {
  it("does not wait for the bundler, and ends it", async () => {
    let bundling: AbortSignal | undefined;
    const { connector, states } = scenario({
      bundle: (signal) => {
        bundling = signal;
        return new Promise(() => undefined);
      },
    });
    void connector.start();
    await settle();
    await connector.stop();
    expect([bundling?.aborted, states]).toEqual([true, ["starting", "stopped"]]);
  });

  it("does not wait until the connector is admitted", async () => {
    const { connector, workers, states } = scenario({ admit: () => new Promise(() => undefined) });
    void connector.start();
    await settle();
    workers[0]?.handshake();
    await settle();
    await connector.stop();
    expect([workers[0]?.kills !== 0, states]).toEqual([true, ["starting", "stopped"]]);
  });
});

describe("the handshake of a worker", () => {
  it.each([
    ["SDK version", { sdk: 2 }, "was built for SDK 2; this desk uses SDK 1", "quarantined"],
    ["protocol version", { protocol: 9 }, "it uses protocol version 9, this desk uses version 1", "restarting"],
  ])("with another %s fails, and the error names both versions", async (_name, handshake, message, state) => {
    const { connector, workers } = scenario();
    const start = connector.start();
    await settle();
    workers[0]?.handshake(handshake);
    await start;
    expect(connector.status).toMatchObject({ state, lastError: expect.stringContaining(message) as string });
  });

  it("times out after 10 s, and is tried again with a new worker", async () => {
    const { connector, clock, workers, states } = scenario();
    void connector.start();
    await settle();
    clock.advance(10_000);
    await settle();
    expect(connector.status.lastError).toContain("venue.start did not respond within 10000 ms");
    expect(workers[0]?.kills).toBe(1);
    clock.advance(500);
    await settle();
    expect(workers).toHaveLength(2);
    expect(states[1]).toMatch(/^restarting/);
  });

  it("does not complete if the worker sends a malformed event first: the connector is quarantined", async () => {
    const { connector, workers } = scenario();
    const start = connector.start();
    await settle();
    workers[0]?.receive({ e: "unknown" });
    await start;
    expect(connector.status).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("malformed event") as string,
    });
  });
});

describe("a venue that cannot be reached", () => {
  it("is tried again with growing waits, and the connector is never quarantined", async () => {
    const { connector, clock, workers, states } = scenario();
    void connector.start();
    for (let i = 0; i < 12; i++) {
      await settle();
      workers.at(-1)?.handshake();
      await settle();
      workers.at(-1)?.reply("connect", { ok: false, kind: "error", message: "ECONNREFUSED s3cret" });
      await settle();
      expect(connector.status.state).toBe("restarting");
      clock.advance(30_000);
    }
    expect(workers.length).toBeGreaterThan(11);
    expect(states).toEqual(["starting", "restarting: connect: ECONNREFUSED [secret]"]);
  });
});

describe("a worker", () => {
  it("that does not respond for 3 s is unresponsive, accepts no call, and is ended after 10 s", async () => {
    const { connector, clock, worker, workers } = await startedScenario();
    worker.replyToPing();
    const order = connector.invoke("placeOrder", [{}]);
    order.catch(() => undefined);
    clock.advance(1_000);
    clock.advance(2_000);
    expect(connector.status.state).toBe("unresponsive");
    await expect(connector.invoke("getQuote", ["X"])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
    clock.advance(7_000);
    await expect(order).rejects.toMatchObject({ code: expect.stringMatching(/CALL_DIED|CALL_TIMEOUT/) as string });
    await settle();
    expect(connector.status).toMatchObject({ state: "restarting", lastError: "its thread did not respond for 10 s" });
    clock.advance(600);
    await settle();
    expect(workers).toHaveLength(2);
  });

  it("that does not respond is noticed even if no method is called", async () => {
    const { connector, clock, worker } = await startedScenario();
    worker.replyToPing();
    clock.advance(5_000);
    clock.advance(2_000);
    expect(connector.status.state).toBe("unresponsive");
  });

  it("that replies late is ready again, and is not ended by the earlier timeout", async () => {
    const { connector, clock, worker } = await startedScenario();
    clock.advance(2_100);
    expect(connector.status.state).toBe("unresponsive");
    worker.replyToPing(7);
    expect(connector.status.state).toBe("ready");
    expect(connector.metrics.memoryMb).toBe(7);
    for (let i = 0; i < 20; i++) {
      clock.advance(500);
      worker.replyToPing();
    }
    expect(connector.status).toMatchObject({ state: "ready", restarts: 0 });
  });

  it("that cannot be ended makes the connector a zombie", async () => {
    const { connector, clock, worker, states } = await startedScenario({ exitsWhenKilled: false });
    const stop = connector.stop();
    await settle();
    worker.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await stop;
    expect(connector.status.state).toBe("zombie");
    expect(states.at(-1)).toContain("could not be ended in 5 s");
    await expect(connector.invoke("placeOrder", [{}])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
  });
});

describe("method calls", () => {
  it("make the connector degraded after three timeouts in a row, and ready with the next response", async () => {
    const { connector, clock, worker } = await startedScenario();
    for (let i = 0; i < 3; i++) {
      const quote = connector.invoke("getQuote", ["X"]);
      for (let s = 0; s < 10; s++) {
        clock.advance(500);
        worker.replyToPing();
      }
      await expect(quote).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
    }
    expect(connector.status.state).toBe("degraded");
    const quote = connector.invoke("getQuote", ["X"]);
    worker.reply("getQuote", { ok: true, value: 1 });
    await quote;
    expect(connector.status.state).toBe("ready");
  });

  it("that time out while the thread answers no ping name an endless loop, and others do not", async () => {
    const { connector, clock, worker } = await startedScenario();
    const order = connector.invoke("placeOrder", [{}]);
    order.catch(() => undefined);
    for (let ms = 0; ms < 10_000; ms += 500) {
      clock.advance(500);
      worker.replyToPing();
    }
    await expect(order).rejects.toThrow(/placeOrder did not respond within 10000 ms$/);
    const quote = connector.invoke("getQuote", ["X"]);
    quote.catch(() => undefined);
    for (let ms = 0; ms < 5_000; ms += 500) clock.advance(500);
    await expect(quote).rejects.toThrow(
      /getQuote did not respond within 5000 ms: its thread was busy while getQuote ran; look for an endless loop$/,
    );
  });

  it("time out after 10 s for placeOrder and after 5 s for getQuote", async () => {
    const { connector, clock, worker } = await startedScenario();
    const order = connector.invoke("placeOrder", [{}]);
    order.catch(() => undefined);
    let isOver = false;
    order.catch(() => (isOver = true));
    for (let ms = 0; ms < 9_999; ms += 500) {
      clock.advance(Math.min(500, 9_999 - ms));
      worker.replyToPing();
    }
    await settle();
    expect(isOver).toBe(false);
    clock.advance(1);
    await expect(order).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
  });

  it("wait for a response up to the limit, and one more is refused", async () => {
    const { connector } = await startedScenario();
    const calls = Array.from({ length: LIMITS.pendingCalls }, () => connector.invoke("getQuote", ["X"]));
    for (const call of calls) call.catch(() => undefined);
    await settle();
    expect(connector.metrics.queueDepth).toBe(LIMITS.pendingCalls);
    await expect(connector.invoke("getQuote", ["X"])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
  });
});

describe("starts", () => {
  it("of several connectors wait for each other until the adapter is loaded, and a stop ends the wait", async () => {
    const starts = new Slots(1);
    const [first, second, third] = [scenario({ starts }), scenario({ starts }), scenario({ starts })];
    for (const { connector } of [first, second, third]) void connector.start();
    await settle();
    expect([first, second, third].map(({ workers }) => workers.length)).toEqual([1, 0, 0]);
    await second.connector.stop();
    first.workers[0]?.handshake();
    await settle();
    // The first waits for its venue, and the others go on.
    expect(first.connector.status.state).toBe("starting");
    expect([second, third].map(({ workers }) => workers.length)).toEqual([0, 1]);
    third.workers[0]?.exit("gone");
    await settle();
    expect(third.connector.status.state).toBe("restarting");
    const fourth = scenario({ starts });
    void fourth.connector.start();
    await settle();
    expect(fourth.workers).toHaveLength(1);
  });
});

describe("fills", () => {
  it("are acknowledged in order once they are stored, those of one moment together", async () => {
    const { storeNext, fillSink } = manualFillSink();
    const { worker } = await startedScenario({ fillSink });
    const acknowledged = async () => {
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      return worker.posted.filter(({ e }) => e === "ack");
    };
    worker.receive({ e: "fills", first: 1, items: [sampleFill("1"), sampleFill("2")] });
    for (let i = 3; i <= 5; i++) worker.receive({ e: "fills", first: i, items: [sampleFill(String(i))] });
    storeNext[1]?.();
    expect(await acknowledged()).toEqual([]);
    storeNext[0]?.();
    expect(await acknowledged()).toEqual([{ e: "ack", last: 3 }]);
    for (const store of storeNext.slice(2)) store();
    expect(await acknowledged()).toEqual([
      { e: "ack", last: 3 },
      { e: "ack", last: 5 },
    ]);
  });

  it.each([
    ["a second time", 1],
    ["with a gap", 4],
  ])("numbered %s end the session: the connector is quarantined", async (_name, firstFill) => {
    const { connector, worker, batches } = await startedScenario();
    worker.receive({ e: "fills", first: 1, items: [sampleFill("1"), sampleFill("2")] });
    worker.receive({ e: "fills", first: firstFill, items: [sampleFill("3")] });
    await settle();
    expect(batches).toHaveLength(1);
    expect(connector.status.state).toBe("quarantined");
  });

  it("that cannot be stored are not acknowledged, and end the session", async () => {
    const { connector, worker } = await startedScenario({
      fillSink: { accept: () => Promise.reject(new Error("no space left")) },
    });
    worker.receive({ e: "fills", first: 1, items: [sampleFill("1")] });
    await settle();
    expect(worker.posted.some(({ e }) => e === "ack")).toBe(false);
    expect(connector.status.lastError).toContain("no space left");
  });

  it("sent before the worker ended are stored before the session ends", async () => {
    const { storeNext, fillSink } = manualFillSink();
    const { connector, worker } = await startedScenario({ fillSink });
    worker.receive({ e: "fills", first: 1, items: [sampleFill("1")] });
    worker.exit("gone");
    await settle();
    expect(connector.status.state).toBe("ready");
    storeNext[0]?.();
    await settle();
    expect(connector.status.state).toBe("restarting");
  });
});

describe("requests of the adapter", () => {
  it("may be pending up to the limit, and one more ends the session", async () => {
    const { connector, worker } = await startedScenario();
    for (let n = 1; n <= LIMITS.pendingRequests; n++)
      worker.receive({ e: "request", id: n, operation: "get", key: "k" });
    await settle();
    expect(connector.status.state).toBe("ready");
    worker.receive({ e: "request", id: LIMITS.pendingRequests + 1, operation: "get", key: "k" });
    await settle();
    expect(connector.status).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("concurrent requests") as string,
    });
    expect(worker.isMuted).toBe(true);
  });
});

describe("an adapter file", () => {
  it("that changed quarantines the connector, until a restart by the operator accepts it", async () => {
    let code = "one";
    const { connector, worker, clock, comeUp } = await startedScenario({ code: () => code });
    code = "two";
    worker.exit("crash");
    await settle();
    clock.advance(1_000);
    await settle();
    expect(connector.status).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("its adapter changed") as string,
    });
    const restart = connector.restart();
    await comeUp();
    await restart;
    expect(connector.status).toMatchObject({ state: "ready", digest: digestOf("two") });
  });

  it("that is not the one accepted before the desk started is not run", async () => {
    const { connector, workers } = scenario({ acceptedDigest: () => digestOf("another") });
    await connector.start();
    expect(connector.status.state).toBe("quarantined");
    expect(workers).toHaveLength(0);
  });
});

describe("operations in a row", () => {
  it("a stop ends a hanging start at once", async () => {
    const { connector, workers } = scenario();
    const start = connector.start();
    await settle();
    workers[0]?.handshake();
    await settle();
    await Promise.all([connector.stop(), start]);
    expect(connector.status.state).toBe("stopped");
    expect(workers).toHaveLength(1);
    expect(workers[0]?.kills).toBeGreaterThan(0);
  });

  it("a stop after a restart leaves no worker running", async () => {
    const { connector, worker, workers } = await startedScenario();
    const restart = connector.restart();
    const stop = connector.stop();
    await settle();
    worker.reply("disconnect", { ok: true });
    await Promise.all([restart, stop]);
    expect(workers).toHaveLength(1);
    expect(connector.status.state).toBe("stopped");
  });

  it("a stop while a restart is scheduled cancels the restart", async () => {
    const { connector, clock, worker, workers } = await startedScenario();
    worker.exit("crash");
    await settle();
    expect(connector.status.state).toBe("restarting");
    await connector.stop();
    clock.advance(60_000);
    await settle();
    expect(workers).toHaveLength(1);
  });

  it("a quarantine by the operator lasts until a restart by the operator", async () => {
    const { connector, worker, comeUp, states } = await startedScenario();
    const quarantine = connector.quarantine("odd fills");
    await settle();
    worker.reply("disconnect", { ok: true });
    await quarantine;
    expect(states.at(-1)).toBe("quarantined: odd fills");
    const restart = connector.restart();
    await comeUp();
    await restart;
    expect(connector.status.state).toBe("ready");
  });

  it("a connector that was quarantined before the desk started does not start", async () => {
    const { connector, workers, states } = scenario({ quarantineReason: () => "by the operator" });
    await connector.start();
    expect(states).toEqual(["quarantined: by the operator"]);
    expect(workers).toHaveLength(0);
  });
});

it("secrets in an adapter's errors are redacted", async () => {
  const { connector, worker } = await startedScenario();
  const order = connector.invoke("placeOrder", [{}]);
  await settle();
  worker.reply("placeOrder", { ok: false, kind: "rejection", message: "bad key s3cret", stack: "at s3cret" });
  expect(await order).toEqual({ ok: false, kind: "rejection", message: "bad key [secret]", stack: "at [secret]" });
  worker.exit("Error: s3cret");
  await settle();
  expect(connector.status.lastError).toBe("Error: [secret]");
});

describe("a connect that times out", () => {
  it("while the worker replies to pings is an outage, not a crash, however often it happens", async () => {
    const { connector, clock, workers } = scenario();
    void connector.start();
    for (let i = 0; i < 5; i++) {
      await settle();
      const worker = workers.at(-1) as FakeTransport;
      worker.handshake();
      await settle();
      for (let ms = 0; ms < 30_000; ms += 500) {
        clock.advance(500);
        worker.replyToPing();
      }
      await settle();
      expect(connector.status).toMatchObject({
        state: "restarting",
        lastError: expect.stringContaining("connect did not respond") as string,
      });
      clock.advance(60_000);
    }
  });

  it("while the worker does not reply to pings is a crash: quarantined after three", async () => {
    const { connector, clock, workers } = scenario();
    void connector.start();
    for (let i = 0; i < 3; i++) {
      await settle();
      workers.at(-1)?.handshake();
      await settle();
      clock.advance(30_000);
      await settle();
      if (i < 2) clock.advance(60_000);
    }
    expect(connector.status.state).toBe("quarantined");
  });
});

describe("a disconnect", () => {
  it("during which the worker exits ends the connector: no restart, and no further calls", async () => {
    const { connector, clock, worker, workers } = await startedScenario();
    const quarantine = connector.quarantine("odd fills");
    await settle();
    await expect(connector.invoke("placeOrder", [{}])).rejects.toMatchObject({ code: "CONNECTOR_NOT_READY" });
    expect(worker.callsOf("placeOrder")).toEqual([]);
    worker.exit("crash");
    await quarantine;
    clock.advance(60_000);
    await settle();
    expect(connector.status.state).toBe("quarantined");
    expect(workers).toHaveLength(1);
  });

  it("whose last fills are not on disk after 5 s does not make the connector a zombie", async () => {
    const { connector, clock, worker, states } = await startedScenario({
      fillSink: { accept: () => new Promise(() => undefined) },
    });
    worker.receive({ e: "fills", first: 1, items: [sampleFill("1")] });
    const stop = connector.stop();
    await settle();
    worker.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await stop;
    expect(states.at(-1)).toBe("stopped");
  });
});

describe("a stop", () => {
  it("in the same tick as the worker's exit leaves the connector stopped", async () => {
    const { connector, clock, worker, workers } = await startedScenario();
    worker.exit("crash");
    await connector.stop();
    expect(connector.status.state).toBe("stopped");
    clock.advance(60_000);
    await settle();
    expect(workers).toHaveLength(1);
  });
});

describe("a zombie", () => {
  it("is not restarted before its old worker has ended", async () => {
    const { connector, clock, worker, workers, comeUp } = await startedScenario({ exitsWhenKilled: false });
    const stop = connector.stop();
    await settle();
    worker.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await stop;
    await expect(connector.restart()).rejects.toMatchObject({ code: "CONNECTOR_ZOMBIE" });
    await connector.quarantine("by hand");
    expect(connector.status.state).toBe("zombie");
    expect(workers).toHaveLength(1);
    worker.exit("at last");
    await settle();
    const restart = connector.restart();
    await comeUp();
    await restart;
    expect(connector.status.state).toBe("ready");
  });
});

describe("a restart", () => {
  it("of a worker that cannot be ended starts no second worker", async () => {
    const { connector, clock, worker, workers } = await startedScenario({ exitsWhenKilled: false });
    const restart = connector.restart();
    const refused = expect(restart).rejects.toMatchObject({ code: "CONNECTOR_ZOMBIE" });
    await settle();
    worker.reply("disconnect", { ok: true });
    await settle();
    clock.advance(5_000);
    await refused;
    expect(connector.status.state).toBe("zombie");
    expect(workers).toHaveLength(1);
  });
});

describe("a start", () => {
  it("followed by a stop in the same tick bundles nothing and starts no worker", async () => {
    let bundled = 0;
    const { connector, workers } = scenario({ bundle: () => Promise.reject(new Error(`bundled ${++bundled} times`)) });
    await Promise.all([connector.start(), connector.stop()]);
    expect([workers.length, bundled]).toEqual([0, 0]);
    expect(connector.status).toMatchObject({ state: "stopped", restarts: 0 });
    expect(connector.status.lastError).toBeUndefined();
  });

  it("that is stopped while the file is bundled starts no worker", async () => {
    let bundled: () => void = () => undefined;
    const bundle = { code: "1", map: "{}", digest: digestOf("1") };
    const { connector, clock, workers } = scenario({
      bundle: () => new Promise((resolve) => (bundled = () => resolve(bundle))),
    });
    const start = connector.start();
    await settle();
    const stop = connector.stop();
    bundled();
    await Promise.all([start, stop]);
    clock.advance(60_000);
    await settle();
    expect(workers).toHaveLength(0);
    expect(connector.status.state).toBe("stopped");
  });

  it("succeeds although the state listener throws", async () => {
    const { connector, workers } = scenario({
      onStateChange: () => {
        throw new Error("the journal is full");
      },
    });
    void connector.start();
    await settle();
    workers[0]?.handshake();
    await settle();
    workers[0]?.reply("connect", { ok: true });
    await settle();
    expect(connector.status.state).toBe("ready");
    workers[0]?.exit("crash");
    await connector.quarantine("x");
    expect(connector.status.state).toBe("quarantined");
  });
});

describe("secrets", () => {
  it("that are missing quarantine the connector: no worker is started, and nothing is tried again", async () => {
    const missing = new QocError("SECRET_MISSING", {
      connector: "venue",
      name: "key",
      source: "environment variable KEY",
    });
    const { connector, clock, workers } = scenario({ secrets: () => Promise.reject(missing) });
    await connector.start();
    clock.advance(60_000);
    await settle();
    expect(connector.status).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("environment variable KEY") as string,
    });
    expect(workers).toHaveLength(0);
  });

  it("in the ids of fills are masked, and different ids stay different", async () => {
    const { worker, batches } = await startedScenario();
    const ids = ["s3cret-1", "s3cret-2", "s3cret-1", "plain"];
    worker.receive({
      e: "fills",
      first: 1,
      items: ids.map((fillId) => ({ ...sampleFill(fillId), feeCurrency: fillId })),
    });
    await settle();
    const storedIds = batches[0]?.fills.map(({ fillId }) => fillId) ?? [];
    expect(JSON.stringify(batches)).not.toContain("s3cret");
    expect(new Set(storedIds).size).toBe(3);
    expect(storedIds[0]).toBe(storedIds[2]);
    expect(storedIds[3]).toBe("plain");
  });

  it("in a result are masked, and unmasked in the arguments of the next call", async () => {
    const { connector, worker } = await startedScenario();
    const order = connector.invoke("placeOrder", [{}]);
    await settle();
    worker.reply("placeOrder", { ok: true, value: { venueOrderId: "s3cret", status: "acknowledged" } });
    const response = await order;
    expect(response).toMatchObject({
      ok: true,
      value: { venueOrderId: expect.stringMatching(/^\[secret\]#[0-9a-f]{12}$/) as string },
    });
    const { venueOrderId } = (response as { value: { venueOrderId: string } }).value;
    connector.invoke("cancelOrder", [venueOrderId]).catch(() => undefined);
    await settle();
    expect(worker.callsOf("cancelOrder")[0]).toMatchObject({ argumentList: [{ value: "s3cret" }] });
  });
});

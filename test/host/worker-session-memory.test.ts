/** A connector that is restarted often does not keep its ended sessions in memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { TurnSlices } from "../../src/host/turn-slices.ts";
import { Connector } from "../../src/host/connector.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, settle } from "../support/fake-transport.ts";
import { quietLog } from "../support/quiet-log.ts";

async function collect(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    // The target of a WeakRef that was dereferenced stays alive until the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}

it("the transport of an ended session is garbage collected", async () => {
  const clock = fakeClock();
  const transports: WeakRef<FakeTransport>[] = [];
  const connector = new Connector({
    name: "venue" as ConnectorName,
    clock,
    log: quietLog(),
    random: () => 0.5,
    bundle: () => Promise.resolve({ code: "1", map: "{}", digest: digestOf("1") }),
    acceptedDigest: () => undefined,
    quarantineReason: () => undefined,
    secrets: () => Promise.resolve({}),
    redact: (text) => text,
    redactOwn: (text) => text,
    options: {},
    tcp: [],
    transport: () => {
      const transport = fakeTransport();
      transports.push(new WeakRef(transport));
      return transport;
    },
    slices: new TurnSlices(clock),
    fillSink: { accept: () => Promise.resolve() },
    pushSink: { reports: () => Promise.resolve(), activities: () => Promise.resolve(), quotes: () => undefined },
    requestHandler: { handle: () => new Promise(() => undefined) },
    onStateChange: () => undefined,
  });
  const runSession = async (): Promise<void> => {
    await settle();
    const transport = transports.at(-1)?.deref();
    transport?.handshake();
    await settle();
    transport?.reply("connect", { ok: true });
    await settle();
    expect(connector.status.state).toBe("ready");
    transport?.exit("gone");
    await settle();
  };
  void connector.start();
  for (let n = 1; n < 8; n++) {
    await runSession();
    // Longer than the window in which crashes are counted.
    clock.advance(10 * 60_000);
  }
  await settle();
  expect(transports).toHaveLength(8);
  await collect();
  expect(transports.slice(0, -2).filter((transport) => transport.deref() !== undefined)).toEqual([]);
});

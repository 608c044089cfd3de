/** A connector that lives and dies for months holds none of its lives. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { digestOf } from "../../src/domain/digest.ts";
import { Connector } from "../../src/host/connector.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, settle } from "../support/fake-transport.ts";
import { quietLog } from "../support/quiet-log.ts";

async function collect(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    // What a weak reference was asked for stays until the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}

it("what a dead life spoke through is collected", async () => {
  const clock = fakeClock();
  const lives: WeakRef<FakeTransport>[] = [];
  const connector = new Connector({
    name: "venue",
    clock,
    log: quietLog(),
    random: () => 0.5,
    bundle: () => Promise.resolve({ code: "1", map: "{}", digest: digestOf("1") }),
    acceptedDigest: () => undefined,
    quarantineReason: () => undefined,
    secrets: () => Promise.resolve({}),
    redact: (text) => text,
    options: {},
    tcp: [],
    transport: () => {
      const life = fakeTransport();
      lives.push(new WeakRef(life));
      return life;
    },
    onFills: () => Promise.resolve(),
    onRequest: () => new Promise(() => undefined),
    onState: () => undefined,
  });
  const live = async (): Promise<void> => {
    await settle();
    const life = lives.at(-1)?.deref();
    life?.hello();
    await settle();
    life?.reply("connect", { ok: true });
    await settle();
    expect(connector.facts.state).toBe("ready");
    life?.die("gone");
    await settle();
  };
  void connector.start();
  for (let n = 1; n < 8; n++) {
    await live();
    // Further apart than what counts as one breakdown.
    clock.advance(10 * 60_000);
  }
  await settle();
  expect(lives).toHaveLength(8);
  await collect();
  expect(lives.slice(0, -2).filter((life) => life.deref() !== undefined)).toEqual([]);
});

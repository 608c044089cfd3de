/** Fills that an adapter emits in `disconnect` are stored, however many they are. */
import { rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { LIMITS } from "../../src/protocol/limits.ts";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";

const COUNT = LIMITS.emissionWindow * 2 + 7;
const ADAPTER = adapterSource(`
  async disconnect() {
    for (let n = 0; n < ${COUNT}; n++)
      this.ctx.emitFill({ fillId: "f-" + n, venueOrderId: "v", symbol: "X", side: "buy", quantity: "1", price: "1", timestamp: 1_700_000_000_000 });
  }
`);

describe.each(["worker", "process"] as const)("fills that are emitted in disconnect, in a %s,", (isolation) => {
  let harness: AdapterHarness | undefined;
  afterEach(async () => {
    await harness?.connector.stop();
    if (harness !== undefined) rmSync(harness.dir, { recursive: true, force: true });
    harness = undefined;
  });

  it("all arrive in order, beyond the window of unacknowledged fills", async () => {
    harness = await adapterHarness(ADAPTER, { isolation });
    await harness.connector.start();
    await harness.connector.stop();
    expect(harness.fills.map(({ fillId }) => fillId)).toEqual(Array.from({ length: COUNT }, (_, n) => `f-${n}`));
    expect(harness.states.at(-1)?.state).toBe("stopped");
  });
});

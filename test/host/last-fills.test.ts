/** What an adapter emits while it says goodbye is kept, however much of it and however slow the disk. */
import { rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { LIMITS } from "../../src/protocol/messages.ts";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";

const COUNT = LIMITS.fillWindow * 2 + 7;
const EMITS = adapterSource(`
  async disconnect() {
    for (let n = 0; n < ${COUNT}; n++)
      this.ctx.emitFill({ fillId: "f-" + n, venueOrderId: "v", symbol: "X", side: "buy", quantity: "1", price: "1", timestamp: 1_700_000_000_000 });
  }
`);

describe.each(["worker", "process"] as const)("fills emitted by disconnect, in a %s", (isolation) => {
  let made: AdapterHarness | undefined;
  afterEach(async () => {
    await made?.connector.stop();
    if (made !== undefined) rmSync(made.dir, { recursive: true, force: true });
    made = undefined;
  });

  it("all arrive, in order, beyond the window that holds for a life", async () => {
    made = await adapterHarness(EMITS, { isolation });
    await made.connector.start();
    await made.connector.stop();
    expect(made.fills.map((fill) => (fill as { fillId: string }).fillId)).toEqual(
      Array.from({ length: COUNT }, (_, n) => `f-${n}`),
    );
    expect(made.states.at(-1)?.state).toBe("stopped");
  });
});

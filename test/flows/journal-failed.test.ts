/** A journal that fails while the desk runs: what was not recorded was not sent, and the desk says so. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { OrderDetail } from "../../src/domain/orders/order-view.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop().catch(() => undefined);
  await discard(desk);
});

/** The price of this venue does not move, so that no approval fails for drift on a slow machine. */
function config(template: string): string {
  const disabled = template.replaceAll("enabled = true", "enabled = false");
  return `${disabled}\n[[connector]]\nname = "instant"\ntype = "custom"\nadapter = "./instant.ts"\n`;
}

function breakJournal(): void {
  const segment = join(desk.root, ".qoc/journal/000001.ndjson");
  renameSync(segment, `${segment}.away`);
}

const REASON =
  "the journal failed before this was on disk, so that nothing was sent; after the next start it is a proposal again, or unknown";

describe("a journal that fails", () => {
  it("shows no order as sent whose intent is not on disk", async () => {
    desk = await tempDesk({ files: { "instant.ts": adapterFixture("instant-venue") }, config });
    const order = { side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100", rationale: "test" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", order);
    breakJournal();
    await expect(desk.call("approve", { id, digest })).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
    const shown = await desk.call<OrderDetail>("orders show", { id });
    expect([shown.state, shown.untrusted.reason?.text]).toEqual(["cancelled", REASON]);
    const listed = await desk.call<readonly { id: string; state: string }[]>("orders list");
    expect(listed.map(({ state }) => state)).toEqual(["cancelled"]);
    expect(desk.open.desk.state.inFlight.size).toBe(0);
  });
});

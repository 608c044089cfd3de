/** A journal that fails while the desk runs: what was not recorded was not sent, and the desk says so. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Disk } from "../../src/domain/ports.ts";
import type { OrderDetail } from "../../src/domain/orders/order-view.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
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

function segmentOf({ root }: TempDesk): string {
  return join(root, ".qoc/journal/000001.ndjson");
}
function breakJournal(): void {
  renameSync(segmentOf(desk), `${segmentOf(desk)}.away`);
}
function mendJournal(): void {
  renameSync(`${segmentOf(desk)}.away`, segmentOf(desk));
}

/** A disk that is full after the approval of an order: of the records that are written with it, none is whole. */
function diskFullAfterApproval(): Disk {
  const disk = nodeDisk();
  return {
    ...disk,
    append: async (path, options) => {
      const file = await disk.append(path, options);
      const write = file.write.bind(file);
      return Object.assign(file, {
        write: async (data: string | Uint8Array) => {
          const bytes = Buffer.from(data);
          const approved = bytes.indexOf('"type":"order.approved"');
          if (approved === -1) return write(data);
          await write(bytes.subarray(0, bytes.indexOf("\n", approved) + 20));
          throw new Error("ENOSPC: no space left on device, write");
        },
      });
    },
  };
}

const REASON =
  "the journal failed before this was on disk, so that nothing was sent; after the next start it is a proposal again, cancelled or unknown";

describe("a journal that fails", () => {
  it("calls the outcome of an order unknown that its venue has, and finds it there after the next start", async () => {
    desk = await tempDesk();
    const order = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "100", rationale: "test" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", order);
    const { venues } = desk.open.desk;
    const { place } = venues;
    // The disk fills up while the venue has the order.
    Object.assign(venues, {
      place: async (cleared: Parameters<typeof place>[0]) => {
        const outcome = await place.call(venues, cleared);
        breakJournal();
        return outcome;
      },
    });
    const refused = await desk.call("approve", { id, digest }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "OUTCOME_UNKNOWN", exit: 6 });
    expect(String(refused)).toContain(
      "the venue acknowledged it, but that is not recorded: writing the journal failed",
    );
    mendJournal();
    await desk.stop();
    desk = await tempDesk({ again: { root: desk.root, home: desk.home } });
    await desk.reaches(id, "accepted");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });

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

  it("says that an order whose approval alone is on disk is cancelled after the next start, and so it is", async () => {
    const files = { "instant.ts": adapterFixture("instant-venue") };
    desk = await tempDesk({ files, config, disk: diskFullAfterApproval() });
    const order = { side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100", rationale: "test" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", order);
    await expect(desk.call("approve", { id, digest })).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
    const { untrusted } = await desk.call<OrderDetail>("orders show", { id });
    expect(untrusted.reason?.text).toMatch(/after the next start it is .*\bcancelled\b/);
    await desk.stop();
    desk = await tempDesk({ again: { root: desk.root, home: desk.home } });
    await desk.reaches(id, "cancelled");
    const again = await desk.call<OrderDetail>("orders show", { id });
    expect(again.untrusted.reason?.text).toBe("the desk stopped before it was sent");
    expect(again.fills).toEqual([]);
  });
});

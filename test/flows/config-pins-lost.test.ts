/** What pins a desk.toml: a connector without a mode does not become paper, and a deleted journal accepts nothing. */
import { rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { type GapRange, gapDigest } from "../../src/domain/authority/journal-head.ts";
import { LIVE, PAPER, brokerTable, openBrokerDesk, proposeToBroker } from "../support/broker-desk.ts";
import { type TempDesk, discard } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop().catch(() => undefined);
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

async function open(config: string, again?: TempDesk): Promise<TempDesk> {
  desk = await openBrokerDesk(config, again);
  return desk;
}

describe("a journal that was deleted", () => {
  it("pins no desk.toml before a human signs it", async () => {
    const first = await open(LIVE);
    await first.stop();
    rmSync(`${first.root}/.qoc/journal/000001.ndjson`);
    const again = await open(PAPER, first);
    const gap = await again.call("resume").catch((error: unknown) => (error as { data: { gap: GapRange } }).data.gap);
    await again.call("resume", { gap: gapDigest(gap as GapRange) });
    await again.call("resume");
    const order = await proposeToBroker(again);
    const approval = { id: order.id, digest: order.digest };
    await expect(again.call("approve", approval)).rejects.toMatchObject({ code: "CONFIG_NOT_PINNED" });
    await again.stop();
    const next = await open(PAPER, again);
    await expect(next.call("approve", approval)).rejects.toMatchObject({ code: "CONFIG_NOT_PINNED" });
    await next.call("reload");
    expect(await next.call("journal verify")).toMatchObject({ ok: true });
    expect(await next.call("approve", approval)).toMatchObject({ id: order.id });
  }, 90_000);
});

describe("a connector whose table states no mode", () => {
  it("comes back as paper only with a signature, also under another name", async () => {
    const first = await open(brokerTable(""));
    await first.stop();
    const removed = await open("", first);
    await removed.stop();
    const again = await open(PAPER, removed);
    expect(again.open.desk.config.connectors).toEqual([]);
    await again.stop();
    const renamed = await open(PAPER.replace("broker", "demo"), again);
    expect(renamed.open.desk.config.connectors).toEqual([]);
  });

  it("renamed at once waits for a signature", async () => {
    const first = await open(brokerTable(""));
    await first.stop();
    const renamed = await open(PAPER.replace("broker", "demo"), first);
    expect(renamed.open.desk.config.connectors.map(({ name }) => name)).not.toContain("demo");
  });
});

/** What an operator does in an emergency: halt, cancel everything, close positions; orders that reduce always pass. */
import { describe, expect, it, afterEach } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

interface Draft {
  id: string;
  digest: string;
  verdict: { decision: string; reasons: { guard: string }[] };
}

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const SMALL =
  '[[guard]]\nkey = "max-order-nav"\nmax_pct = 0.5\n[[guard]]\nkey = "max-order-quantity"\nmax_quantity = 2\n';

async function paperDesk(guards = ""): Promise<void> {
  desk = await tempDesk({
    config: (text) =>
      `${(text.split("\n# Guards are")[0] ?? "").replace("bar_seconds = 2", "bar_seconds = 0.5")}\n${guards}`,
  });
}
async function order(fields: Record<string, unknown>): Promise<Draft> {
  const draft = await desk.call<Draft>("orders propose", { connector: "paper", symbol: "SPX", ...fields });
  // The market of this desk is fast: the digest is that of a review of this moment.
  const { digest } = await desk.call<Draft>("approve", { id: draft.id, review: true });
  await desk.call("approve", { id: draft.id, digest });
  return draft;
}
const far = { side: "buy", quantity: "1", type: "limit", limitPrice: "100", timeInForce: "gtc" };

describe("the panic set", () => {
  it("cancel --all cancels every working order, or those of one symbol, and halt names what works", async () => {
    await paperDesk();
    const [spx, msft] = [await order(far), await order({ ...far, symbol: "MSFT", limitPrice: "1" })];
    const halted = await desk.call<{ working: { id: string; sentence: string }[] }>("halt", {
      words: ["gone", "to", "lunch"],
    });
    expect(halted).toMatchObject({ trading: "halted", reason: "gone to lunch" });
    expect(halted.working.map(({ id }) => id).toSorted()).toEqual([spx.id, msft.id].toSorted());
    await expect(desk.call("cancel", { all: true, connector: "papr" })).rejects.toMatchObject({
      code: "CONNECTOR_UNKNOWN",
      message: expect.stringContaining("did you mean paper?") as string,
    });
    expect(await desk.call("cancel", { all: true, symbol: "MSFT" })).toMatchObject([{ id: msft.id, error: null }]);
    expect(await desk.call("cancel", { all: true })).toMatchObject([{ id: spx.id, state: "cancelled", error: null }]);
    expect(await desk.call("cancel", { all: true })).toEqual([]);
    expect(desk.open.desk.state.trading.reason).toBe("gone to lunch");
  });

  it("positions close drafts the closing order, which passes every size limit, also under halt --reducing", async () => {
    await paperDesk();
    const bought = await order({ side: "buy", quantity: "8", type: "market" });
    await desk.reaches(bought.id, "filled");
    // An order in flight closes a part already.
    const working = await order({ ...far, side: "sell", quantity: "3", limitPrice: "99999" });
    const [rest] = await desk.call<Draft[]>("positions close", { symbol: "SPX" });
    expect(desk.open.desk.state.orders.get(rest?.id as never)?.terms.quantity).toBe("5");
    await desk.call("reject", { id: rest?.id });
    await desk.call("cancel", { id: working.id });
    (desk.open.desk.config as { guards: unknown }).guards = await guardsOf(SMALL);
    await desk.call("halt", { reducing: true });
    await desk.call("positions list");
    const more = await desk.call<Draft>("orders propose", { connector: "paper", symbol: "SPX", ...far, quantity: "8" });
    expect(more.verdict.reasons.map(({ guard }) => guard)).toContain("max-order-quantity");
    const [draft] = await desk.call<Draft[]>("positions close", { symbol: "SPX" });
    expect(draft?.verdict).toMatchObject({ decision: "allow", reasons: [] });
    const { digest } = await desk.call<Draft>("approve", { id: draft?.id, review: true });
    await desk.call("approve", { id: draft?.id, digest });
    await desk.reaches(draft?.id ?? "", "filled");
    await expect(desk.call("positions close", { all: true })).rejects.toMatchObject({ code: "POSITION_NOT_FOUND" });
    await expect(desk.call("positions close", {})).rejects.toMatchObject({ code: "USAGE" });
  });
});

/** The guards of a desk.toml, as a desk with these tables has them. */
async function guardsOf(tables: string): Promise<unknown> {
  const { nodeDisk } = await import("../../src/workspace/disk.ts");
  const { loadConfig } = await import("../../src/workspace/config.ts");
  await desk.write("other.toml", `${desk.read("desk.toml")}\n${tables}`);
  return (await loadConfig(nodeDisk(), `${desk.root}/other.toml`, `${desk.home}/none.toml`)).guards;
}

it("cancel --all goes on after an order that cannot be cancelled, and says which", async () => {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    config: (text) =>
      `${text.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const stays = await order({ ...far, connector: "v", symbol: "AAA", limitPrice: "200" });
  await desk.open.fleet.venues.quote("v", "SET:cancel:fails");
  const goes = await order(far);
  const results = await desk.call<{ id: string; error: string | null }[]>("cancel", { all: true });
  expect(results.map(({ id }) => id).toSorted()).toEqual([stays.id, goes.id].toSorted());
  expect(results.find(({ id }) => id === goes.id)?.error).toBeNull();
  expect(results.find(({ id }) => id === stays.id)?.error).toContain("refuses to cancel");
});

/** What a hostile connector can do to a whole desk with fills, at both levels. The order is to buy 10 AAA at 100. */
import { afterEach, describe, expect, it } from "vitest";
import type { OrderId } from "../../../src/domain/ids.ts";
import { FILLS_PER_HOUR } from "../../../src/trading/fills/fill-budget.ts";
import { adapterSource } from "../../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../../support/temp-desk.ts";

/** `code` runs before the acknowledgement, with the order and a function that emits changed fills of the order. */
interface FillAttack {
  readonly id: string;
  readonly title: string;
  readonly code: string;
  /** The state of the order and its filled quantity after the attack. */
  readonly order: readonly [state: string, filled: string];
  /** Positions in AAA and GME. */
  readonly positions: readonly [aaa: string, gme: string];
  /** The instruments that are blocked. */
  readonly blocked: readonly string[];
}

const UNTOUCHED = { order: ["accepted", "0"], positions: ["0", "0"] } as const;
const BLOCKED = { ...UNTOUCHED, blocked: ["evil/AAA"] };
const ATTACKS: readonly FillAttack[] = [
  { id: "H01", title: "a sell fill of a buy", code: `emit({ side: "sell" });`, ...BLOCKED },
  {
    id: "H02",
    title: "a fill of another symbol",
    code: `emit({ symbol: "GME" });`,
    ...UNTOUCHED,
    blocked: ["evil/AAA", "evil/GME"],
  },
  { id: "H03", title: "a price below zero", code: `emit({ price: "-5" });`, ...BLOCKED },
  { id: "H04", title: "a price worse than the limit", code: `emit({ price: "100.01" });`, ...BLOCKED },
  { id: "H05", title: "the year 2199", code: `emit({ timestamp: Date.UTC(2199, 0, 1) });`, ...BLOCKED },
  { id: "H06", title: "a time before the intent", code: `emit({ timestamp: Date.now() - 10_000 });`, ...BLOCKED },
  {
    id: "H07",
    title: "1,000 pieces of an order for 10",
    code: `emit({ quantity: "1000" });`,
    order: ["filled", "1000"],
    positions: ["1000", "0"],
    blocked: ["evil/AAA"],
  },
  {
    id: "H08",
    title: "a sell fill before the acknowledgement, without the client order id",
    code: `emit({ side: "sell", clientOrderId: undefined });`,
    ...BLOCKED,
  },
  {
    id: "H09",
    title: "50,000 pieces of an order that the desk did not send",
    code: `emit({ venueOrderId: "not-sent", clientOrderId: undefined, quantity: "50000" });`,
    ...UNTOUCHED,
    blocked: [],
  },
  {
    id: "H10",
    title: "a disputed correction, and then a bust of the fill",
    code: `emit({}); emit({ fillId: "F2", corrects: "F1", side: "sell" }); emit({ fillId: "F3", busts: "F1" });`,
    order: ["partially_filled", "0"],
    positions: ["0", "0"],
    blocked: [],
  },
  {
    id: "H11",
    title: "one fill id with other content",
    code: `emit({ quantity: "3" }); emit({ quantity: "9" });`,
    order: ["partially_filled", "3"],
    positions: ["3", "0"],
    blocked: [],
  },
];
const FLOODS: readonly { readonly id: string; readonly title: string; readonly fill: string }[] = [
  { id: "H21", title: "strays", fill: `{ fillId: "S" + i, venueOrderId: "S" + i, clientOrderId: undefined }` },
  {
    id: "H22",
    title: "strays of a symbol each",
    fill: `{ fillId: "S" + i, venueOrderId: "S", symbol: "S" + i, clientOrderId: undefined }`,
  },
  { id: "H23", title: "disputed fills", fill: `{ fillId: "S" + i, side: "sell" }` },
  { id: "H24", title: "disputed fills of a symbol each", fill: `{ fillId: "S" + i, symbol: "S" + i }` },
  { id: "H25", title: "fills in excess", fill: `{ fillId: "S" + i, quantity: "10" }` },
  { id: "H26", title: "one fill id with other content", fill: `{ quantity: String(i + 1) }` },
];

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** Opens a desk with the attacker and sends it the order. Returns the order's id. */
async function attacked(isolation: string, code: string): Promise<string> {
  const source = adapterSource(
    `async placeOrder(order: any): Promise<any> {
      const emit = (change: object) => this.ctx.emitFill({ fillId: "F1", venueOrderId: "V1", clientOrderId: order.clientOrderId, symbol: "AAA", side: "buy", quantity: "10", price: "100", timestamp: Date.now(), ...change });
      const fill = (change: object) => { try { emit(change); } catch {} };
      ${code}
      return { venueOrderId: "V1", status: "acknowledged" };
    }
    async getQuote(symbol: string) { return { symbol, bid: 99.9, ask: 100, timestamp: Date.now() }; }
    async getBuyingPower() { return 1_000_000; }`,
    "// @ts-nocheck",
  );
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\nisolation = "${isolation}"\n`;
  desk = await tempDesk({
    files: { "evil.ts": source, "calm.ts": adapterSource("") },
    config: (template) => `${template.split("\n# Guards are")[0]}${connector("evil")}${connector("calm")}`,
  });
  const terms = { connector: "evil", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "100" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...terms,
    rationale: "x",
  });
  await desk.call("approve", { id, digest }).catch(() => undefined);
  return id;
}
function held(symbol: string): string {
  return desk.open.desk.state.positions.get(`evil/${symbol}`)?.quantity.toFixed() ?? "0";
}

describe.each(["worker", "process"])("at level %s", (isolation) => {
  it.each(ATTACKS)("$id: $title", async ({ code, order, positions, blocked }) => {
    const id = await attacked(isolation, code);
    const { orders, disputes } = desk.open.desk.state;
    const found = orders.get(id as OrderId);
    expect([found?.state, found?.filled.toFixed()]).toEqual(order);
    expect([held("AAA"), held("GME")]).toEqual(positions);
    expect([...disputes.keys()]).toEqual(blocked);
  });

  it.each(FLOODS)("$id: a flood of $title is cut off", async ({ fill }) => {
    await attacked(isolation, `for (let i = 0; i < 20_000; i++) fill(${fill});`);
    const { venues } = desk.open.fleet;
    await expect.poll(() => venues.facts("evil")?.state).toBe("quarantined");
    const events = await desk.services.readEvents();
    const kept = events.filter(({ event }) => event.type === "fill.received" || event.type === "fill.conflicted");
    // The first fill of the order may fit it.
    expect(kept.length).toBeGreaterThanOrEqual(FILLS_PER_HOUR.misfit);
    expect(kept.length).toBeLessThanOrEqual(FILLS_PER_HOUR.misfit + 1);
    expect(venues.facts("calm")?.state).toBe("ready");
    await desk.settled();
    expect((await desk.call<readonly unknown[]>("inbox list")).length).toBeLessThan(8);
  });
});

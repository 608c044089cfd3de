/**
 * The events of ordinary trading days: orders proposed, approved, submitted, accepted and filled, and account marks.
 */
import { digestTerms } from "../../src/domain/digest.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import type { OrderTerms } from "../../src/domain/orders/order.ts";

/** Each is bought and sold in turn, so that positions are closed again. */
const SYMBOLS = 40;

function account(i: number): DeskEvent {
  return {
    type: "account.marked",
    connector: "paper",
    account: { nav: String(1_000_000 + i), cash: "900000", buyingPower: "900000", currency: "USD" },
    positions: [{ symbol: "SPX", quantity: "10", averagePrice: "2938.13", markPrice: "2940" }],
    venueTime: 1_570_000_000_000 + i * 1000,
    venueDate: "2019-10-10",
  } as unknown as DeskEvent;
}

function orderEvents(i: number): readonly DeskEvent[] {
  const terms = {
    connector: "paper",
    mode: "paper",
    symbol: `S${i % SYMBOLS}`,
    side: Math.floor(i / SYMBOLS) % 2 === 0 ? "buy" : "sell",
    quantity: "10",
    type: "limit",
    limitPrice: "100.5",
    timeInForce: "day",
  } as unknown as OrderTerms;
  const id = `20260705-${i}`;
  const digest = digestTerms(terms);
  const clientOrderId = `q1234abcd-${i}-zz`;
  const fill = (part: number) => ({
    fillId: `F${i}-${part}`,
    venueOrderId: `V${i}`,
    clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    quantity: "5",
    price: "100.25",
    at: 1_570_000_000_000 + i,
    fee: "0.01",
  });
  return [
    {
      type: "proposal.seen",
      id,
      path: `orders/pending/${id}.toml`,
      source: `side = "${terms.side}"\nsymbol = "${terms.symbol}"\nquantity = "10"\n`,
      terms,
      digest,
      rationale: "the trend holds",
      proposedBy: "agent:run-1",
      actor: "agent:run-1",
    },
    { type: "guards.evaluated", id, stage: "approve", digest, decision: "allow", reasons: [] },
    {
      type: "order.approved",
      id,
      digest,
      terms,
      clientOrderId,
      actor: "human",
      channel: "cli",
      expiresAt: 1_790_000_000_000,
      mid: "100.4",
    },
    { type: "order.submitting", id, clientOrderId, digest },
    { type: "order.accepted", id, venueOrderId: `V${i}` },
    { type: "fill.received", id, connector: "paper", fill: fill(1), generation: 1 },
    { type: "fill.received", id, connector: "paper", fill: fill(2), generation: 1 },
    account(i),
  ] as unknown as readonly DeskEvent[];
}

export function* orderEventsOf(count: number): Iterable<DeskEvent> {
  yield { type: "desk.created", format: 1, deskId: "bench" };
  yield { type: "desk.started", version: "0.0.0", machine: "m", nonce: "1234abcd" };
  let made = 2;
  for (let i = 1; ; i++) {
    for (const event of orderEvents(i)) {
      if (made === count) return;
      made += 1;
      yield event;
    }
  }
}

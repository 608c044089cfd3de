/** Drafts the orders that close positions. Each is a proposal like any other: a human approves it. */
import { type Decimal, ZERO, text } from "../../domain/decimal.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { suggestion } from "../../domain/ids.ts";
import { coverableQuantity, exposureOf, sellableQuantity } from "../../gate/exposure.ts";
import type { Desk } from "../desk.ts";
import { type ProposedOrder, proposeOrder } from "./propose.ts";

export interface CloseRequest {
  /** undefined: every position. */
  readonly symbol: string | undefined;
  readonly connector: string | undefined;
  readonly actor: Actor;
}

interface Closing {
  readonly connector: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: Decimal;
}

/**
 * Proposes a market order for the part of each position that no other order in flight closes.
 * @throws POSITION_NOT_FOUND if there is no position to close.
 */
export async function closePositions(desk: Desk, request: CloseRequest): Promise<readonly ProposedOrder[]> {
  const closings = closingsOf(desk, request);
  if (closings.length === 0) {
    const held = [...desk.state.positions.values()].filter(({ quantity }) => !quantity.eq(ZERO));
    const { symbol } = request;
    const others = held.map((position) => position.symbol).filter((name) => name !== symbol);
    throw new QocError("POSITION_NOT_FOUND", {
      symbol: symbol ?? "any symbol",
      suggestion: symbol === undefined ? "" : suggestion(symbol, others),
    });
  }
  const proposed: ProposedOrder[] = [];
  for (const { connector, symbol, side, quantity } of closings) {
    const document = { connector, symbol, side, quantity: text(quantity), type: "market" };
    proposed.push(await proposeOrder(desk, { ...document, rationale: "closes the position" }, request.actor));
  }
  return proposed;
}

function closingsOf({ state }: Pick<Desk, "state">, { symbol, connector }: CloseRequest): readonly Closing[] {
  return [...state.positions.values()].flatMap((position): readonly Closing[] => {
    if (symbol !== undefined && position.symbol !== symbol) return [];
    if (connector !== undefined && position.connector !== connector) return [];
    const exposure = exposureOf(state, position.connector, position.symbol, undefined);
    const [sell, buy] = [sellableQuantity(exposure), coverableQuantity(exposure)];
    const facts = { connector: position.connector, symbol: position.symbol };
    if (sell.gt(ZERO)) return [{ ...facts, side: "sell", quantity: sell }];
    return buy.gt(ZERO) ? [{ ...facts, side: "buy", quantity: buy }] : [];
  });
}

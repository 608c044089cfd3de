/** The units of an instrument that one contract stands for: its value is quantity × price × multiplier. */
import { JoinedKeys } from "../../lib/joined-keys.ts";
import { type Decimal, type DecimalText, ONE } from "../decimal.ts";
import type { ConnectorName } from "../ids.ts";
import { comparableSymbol } from "../orders/order.ts";

/** The venue stated another multiplier of an instrument than the journal has; without a record it is 1. */
export interface MultiplierStated {
  readonly type: "instrument.multiplier";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly multiplier: DecimalText;
}

/** By {@link multiplierKey}: all spellings of an instrument have one multiplier. */
export type Multipliers = Map<string, Decimal>;

export function multiplierKey(connector: string, symbol: string): string {
  return multiplierKeys.of(connector, comparableSymbol(symbol));
}

const multiplierKeys = new JoinedKeys((connector, name) => `${connector}/${name}`);

export function multiplierOf(
  { multipliers }: { readonly multipliers: ReadonlyMap<string, Decimal> },
  connector: string,
  symbol: string,
): Decimal {
  // Most desks have none.
  return multipliers.size === 0 ? ONE : (multipliers.get(multiplierKey(connector, symbol)) ?? ONE);
}

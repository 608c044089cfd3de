/** "Did you mean": the symbol of a connector that is nearest to a symbol that it does not list. */
import { suggestion } from "../../domain/ids.ts";
import { shownSymbol } from "../../domain/untrusted.ts";
import { resolvesWithin } from "../../lib/resolves-within.ts";
import type { Desk } from "../desk.ts";

/** A connector may answer with more than it is asked for. */
const FOUND_MAX = 50;
const WAIT_MS = 1_500;

/**
 * " (did you mean SPX?)"; an empty text if nothing is near, or if the connector lists the symbol itself. Asks the
 * connector, if it can search, and looks at the symbols that the desk has met there. Never rejects, and does not wait
 * long.
 */
export async function nearSymbol(
  desk: Pick<Desk, "clock" | "market" | "state" | "venues">,
  connector: string,
  symbol: string,
): Promise<string> {
  const found = await foundBy(desk, connector, symbol);
  const names = [...found, ...symbolsMet(desk, connector)];
  return names.includes(symbol) ? "" : suggestion(symbol, names);
}

async function foundBy(
  { clock, venues }: Pick<Desk, "clock" | "venues">,
  connector: string,
  symbol: string,
): Promise<readonly string[]> {
  let found: readonly { readonly symbol: string }[] | undefined;
  const searched = venues.search(connector, symbol, FOUND_MAX).then(
    (answer) => void (found = answer),
    () => undefined,
  );
  await resolvesWithin(clock, WAIT_MS, searched);
  // A symbol that cannot be shown as it is cannot be typed.
  const names = (found ?? []).slice(0, FOUND_MAX).map(({ symbol: name }) => name);
  return names.filter((name) => shownSymbol(name) === name);
}

/** Symbols that the connector is known to list. */
function symbolsMet({ market, state }: Pick<Desk, "market" | "state">, connector: string): readonly string[] {
  const listed = [...market.instruments].flatMap(([key, { instrument }]) =>
    key.startsWith(`${connector}/`) && instrument !== null ? [instrument.symbol] : [],
  );
  const held = [...state.positions.values()].filter((position) => position.connector === connector);
  return [...listed, ...held.map(({ symbol }) => symbol)];
}

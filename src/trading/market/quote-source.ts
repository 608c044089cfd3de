/** What one connector quotes and lists, for a simulated venue on its prices. */
import type { QuoteSource } from "../../domain/sdk.ts";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import type { Desk } from "../desk.ts";
import { instrumentOf } from "./instruments.ts";
import { currentQuote } from "./market-snapshot.ts";

export function quoteSource(desk: () => Desk, connector: string): QuoteSource {
  return {
    quote: async (symbol) => {
      const { at, receivedMono: _receivedMono, ...quote } = await currentQuote(desk(), connector, symbol);
      return omitUndefined({ ...quote, timestamp: at });
    },
    instrument: async (symbol) => {
      const instrument = await instrumentOf(desk(), connector, symbol);
      if (instrument === null || instrument === undefined) return instrument;
      const { orderTypes, timesInForce, orderFlags, ticks, ...terms } = instrument;
      return omitUndefined({
        ...terms,
        ticks: ticks && [...ticks],
        orderTypes: orderTypes && [...orderTypes],
        timesInForce: timesInForce && [...timesInForce],
        orderFlags: orderFlags && [...orderFlags],
      });
    },
  };
}

/** quotes get, positions list. */
import { z } from "zod";
import { UNNAMED, plainName } from "../domain/untrusted.ts";
import { positionViews } from "../trading/book-view.ts";
import { type Desk, iso } from "../trading/desk.ts";
import { markAll } from "../trading/snapshot.ts";
import { body, requireDesk } from "./command.ts";
import { untrustedSchemaFor, venueSource } from "./outside.ts";
import { isUnavailable, orUnavailable } from "./pending.ts";
import { connectorInScope, isInScope } from "./scope.ts";

/** The connector that a person named, or the only one. @throws CONNECTOR_UNKNOWN. */
export function connectorFor(desk: Desk, name: string): string {
  return connectorInScope(desk, "human", name, "connectors");
}

export const quotesGet = body({
  input: z.strictObject({ symbol: z.string(), connector: z.string().optional() }),
  output: z.looseObject({
    status: z.enum(["ready", "data_pending"]),
    symbol: z.string(),
    connector: z.string(),
    bid: z.string().optional(),
    ask: z.string().optional(),
    last: z.string().optional(),
    time: z.string().optional(),
    reason: z.string().optional(),
    untrusted: untrustedSchemaFor("what the connector said where it had none").nullish(),
  }),
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const connector = connectorInScope(desk, call.actor, input.connector, "quotes get");
    const quote = await orUnavailable(call, connector, () => desk.venues.quote(connector, input.symbol));
    if (isUnavailable(quote)) return { ...quote, symbol: input.symbol, connector };
    call.sources?.add(venueSource(connector, "quote", input.symbol));
    const { at, symbol, ...amounts } = quote;
    return { status: "ready", symbol: plainName(symbol) ?? UNNAMED, ...amounts, time: iso(at), connector };
  },
});

export const positionsList = body({
  input: z.strictObject({ connector: z.string().optional() }),
  output: z.array(z.looseObject({ connector: z.string(), symbol: z.string(), quantity: z.string() })),
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const { connector: wanted } = input;
    await markAll(desk);
    const views = positionViews(desk.state).filter(
      ({ connector }) => (wanted === undefined || connector === wanted) && isInScope(desk, call.actor, connector),
    );
    // One that was switched off may still hold something; one that nobody knows holds nothing, and is a slip of the pen.
    if (wanted !== undefined && views.length === 0) connectorInScope(desk, call.actor, wanted, "positions list");
    return views;
  },
});

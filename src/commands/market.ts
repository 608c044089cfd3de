/** quotes get, positions list. */
import { z } from "zod";
import { positionViews } from "../desk/book-view.ts";
import { type Desk, iso } from "../desk/desk.ts";
import { markAll } from "../desk/snapshot.ts";
import { body, hot } from "./command.ts";
import { connectorInScope, isInScope } from "./scope.ts";

/** The connector that a person named, or the only one. @throws CONNECTOR_UNKNOWN. */
export const connectorFor = (desk: Desk, name: string): string => connectorInScope(desk, "human", name, "connectors");

export const quotesGet = body({
  input: z.strictObject({ symbol: z.string(), connector: z.string().optional() }),
  output: z.looseObject({ symbol: z.string(), bid: z.string(), ask: z.string(), time: z.string() }),
  run: async (input, call) => {
    const { desk } = hot(call);
    const connector = connectorInScope(desk, call.actor, input.connector, "quotes get");
    const quote = await desk.venues.quote(connector, input.symbol);
    const { at, ...rest } = quote;
    return { ...rest, time: iso(at), connector };
  },
});

export const positionsList = body({
  input: z.strictObject({ connector: z.string().optional() }),
  output: z.array(z.looseObject({ connector: z.string(), symbol: z.string(), quantity: z.string() })),
  run: async (input, call) => {
    const { desk } = hot(call);
    const { connector: wanted } = input;
    if (wanted !== undefined && !isInScope(desk, call.actor, wanted)) connectorInScope(desk, call.actor, wanted, "positions list");
    await markAll(desk);
    return positionViews(desk.book).filter(
      ({ connector }) => (wanted === undefined || connector === wanted) && isInScope(desk, call.actor, connector),
    );
  },
});

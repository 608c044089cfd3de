/** quotes get, positions list. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import { positionViews } from "../desk/book-view.ts";
import { type Desk, iso } from "../desk/desk.ts";
import { markAll } from "../desk/snapshot.ts";
import { body, hot } from "./command.ts";

/** The connector that was named, or the only one. @throws CONNECTOR_UNKNOWN. */
export const connectorFor = (desk: Desk, name: string | undefined): string => {
  const names = desk.config.connectors.filter((connector) => connector.enabled).map((connector) => connector.name);
  if (name !== undefined) {
    if (!names.some((known) => known === name)) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: suggestion(name, names) });
    return name;
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw new QocError("INVALID_INPUT", { command: "quotes get", message: `name one with --connector (${names.join(", ")})` });
};

export const quotesGet = body({
  input: z.strictObject({ symbol: z.string(), connector: z.string().optional() }),
  output: z.looseObject({ symbol: z.string(), bid: z.string(), ask: z.string(), time: z.string() }),
  run: async (input, call) => {
    const { desk } = hot(call);
    const connector = connectorFor(desk, input.connector);
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
    await markAll(desk);
    return positionViews(desk.book).filter((position) => input.connector === undefined || position.connector === input.connector);
  },
});

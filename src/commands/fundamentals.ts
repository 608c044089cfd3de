/** fundamentals get: what a connector tells of a symbol's company or fund, as it tells it. */
import { z } from "zod";
import type { Fundamentals } from "../domain/fundamentals.ts";
import { connectorSource } from "../domain/untrusted.ts";
import { body, requireDesk } from "./command.ts";
import { untrustedSchemaFor, outsideText, venueSource } from "./outside.ts";
import { isUnavailable, orUnavailable, unavailable } from "./pending.ts";
import { connectorInScope } from "./scope.ts";

const WORDS_CHARACTERS_MAX = 16_000;

export const fundamentalsGet = body({
  input: z.strictObject({ symbol: z.string().min(1).max(40), connector: z.string().optional() }),
  output: z.looseObject({
    status: z.enum(["ready", "data_pending"]),
    symbol: z.string(),
    connector: z.string(),
    numbers: z.record(z.string(), z.string()).optional(),
    reason: z.string().optional(),
    untrusted: untrustedSchemaFor("what it says in words, a line each, or why it has nothing").nullable(),
  }),
  run: async ({ symbol, connector: named }, call) => {
    const { desk } = requireDesk(call);
    const connector = connectorInScope(desk, call.actor, named, "fundamentals get");
    const told = await orUnavailable(call, connector, () => desk.venues.fundamentals(connector, symbol));
    const about = { symbol, connector };
    if (told === undefined) return { ...unavailable(`connector ${connector} has no getFundamentals`), ...about };
    if (isUnavailable(told)) return { ...told, ...about };
    if (told === null || isEmpty(told))
      return { ...unavailable(`connector ${connector} has no fundamentals of ${symbol}`), ...about };
    call.sources?.add(venueSource(connector, "fundamentals", symbol));
    const words = told.words.map(({ name, text }) => `${name}: ${text}`).join("\n");
    const untrusted =
      words === "" ? null : outsideText(call, connectorSource(connector), words.slice(0, WORDS_CHARACTERS_MAX));
    return { status: "ready", ...about, numbers: told.numbers, untrusted };
  },
});

function isEmpty({ numbers, words }: Fundamentals): boolean {
  return Object.keys(numbers).length === 0 && words.length === 0;
}

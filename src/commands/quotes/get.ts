import * as z from "zod";
import { connectorSource, shownSymbol } from "../../domain/untrusted.ts";
import { quoteWords } from "../../domain/market/quote.ts";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import { iso } from "../../lib/time.ts";
import { currentQuote } from "../../trading/market/market-snapshot.ts";
import { nearSymbol } from "../../trading/market/near-symbols.ts";
import { flag, positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { connectorInScope } from "../connector-scope.ts";
import { isUnavailable, orUnavailable } from "../data-unavailable.ts";
import { type MarketData, renderUnavailable } from "../rendering/market-data.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";
import { untrustedSchemaFor, untrustedText, venueSource } from "../untrusted-text.ts";

const NAME = "quotes get";

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "desk",
  writes: [],
  summary: "get one quote from a connector",
  examples: ["qoc quotes get SPX", "qoc quotes get AAPL --connector paper --json"],
  exits: [5],
  input: () =>
    z.strictObject({
      symbol: positional(z.string(), "SYMBOL", "the venue's symbol"),
      connector: flag(z.string().optional(), "NAME", "which connector", { completes: "connector" }),
    }),
  output: () =>
    z.looseObject({
      status: z.enum(["ready", "data_pending"]),
      symbol: z.string(),
      connector: z.string(),
      bid: z.string().optional(),
      ask: z.string().optional(),
      last: z.string().optional(),
      time: z.string().optional(),
      validAsOf: z.string().optional(),
      reason: z.string().optional(),
      untrusted: untrustedSchemaFor("the connector's words about the quote, or its error").nullish(),
    }),
  mcp: { openWorld: true },
  run: async ({ symbol: requested, connector: name }, context): Promise<QuoteView> => {
    const { desk } = requireDesk(context);
    const connector = connectorInScope(desk, context.actor, { name, command: NAME });
    const quote = await orUnavailable(context, connector, () => currentQuote(desk, connector, requested));
    if (isUnavailable(quote)) {
      const reason = `${quote.reason}${await nearSymbol(desk, connector, requested)}`;
      return { ...quote, reason, symbol: requested, connector };
    }
    context.sources?.add(venueSource(connector, "quote", requested));
    const { at, asOf, symbol, bid, ask, last, bidSize, askSize } = quote;
    const amounts = omitUndefined({ bid, ask, last, bidSize, askSize });
    const validAsOf = asOf === undefined ? undefined : iso(asOf);
    const words = quoteWords(quote);
    const untrusted = words === undefined ? null : untrustedText(context, connectorSource(connector), words);
    const facts = { symbol: shownSymbol(symbol), ...amounts, time: iso(at), validAsOf, connector, untrusted };
    return { status: "ready", ...facts };
  },
  render: renderQuote,
});

interface QuoteView extends MarketData {
  readonly connector: string;
  readonly bid?: string;
  readonly ask?: string | undefined;
  readonly last?: string | undefined;
  readonly time?: string;
  /** When the venue last said that the quote is still valid. */
  readonly validAsOf?: string | undefined;
}

function renderQuote(quote: QuoteView, style: OutputStyle): readonly string[] {
  return quote.bid === undefined
    ? renderUnavailable(quote, style)
    : keyValueLines(style, [
        ["symbol", quote.symbol],
        ["bid", quote.bid],
        ["ask", quote.ask ?? "-"],
        ["last", quote.last ?? "-"],
        ["time", quote.time ?? "-"],
        ...(quote.validAsOf === undefined ? [] : [["still valid as of", quote.validAsOf] as const]),
        ["connector", quote.connector],
        ...(quote.untrusted === null || quote.untrusted === undefined ? [] : [["note", quote.untrusted.text] as const]),
      ]);
}

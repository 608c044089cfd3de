import * as z from "zod";
import type { Fundamentals } from "../../domain/market/fundamentals.ts";
import { connectorSource } from "../../domain/untrusted.ts";
import { flag, positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { connectorInScope } from "../connector-scope.ts";
import { isUnavailable, orUnavailable, unavailable } from "../data-unavailable.ts";
import { type MarketData, renderUnavailable } from "../rendering/market-data.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";
import { quoted } from "../rendering/terminal-text.ts";
import { untrustedSchemaFor, untrustedText, venueSource } from "../untrusted-text.ts";

const NAME = "fundamentals get";
const TEXT_CHARACTERS_MAX = 16_000;

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "desk",
  writes: [],
  summary: "get fundamentals of a company or a fund",
  description: "From a connector; returns data_pending with the reason if it has none.",
  examples: ["qoc fundamentals get AAPL --connector my-venue", "qoc fundamentals get AAPL --json"],
  exits: [5],
  input: () =>
    z.strictObject({
      symbol: positional(z.string().min(1).max(40), "SYMBOL", "the venue's symbol"),
      connector: flag(z.string().optional(), "NAME", "which connector", { completes: "connector" }),
    }),
  output: () =>
    z.looseObject({
      status: z.enum(["ready", "data_pending"]),
      symbol: z.string(),
      connector: z.string(),
      numbers: z.record(z.string(), z.string()).optional(),
      reason: z.string().optional(),
      untrusted: untrustedSchemaFor("its texts, a line each, or its message if it has none").nullable(),
    }),
  mcp: { openWorld: true },
  run: async ({ symbol, connector: name }, context): Promise<FundamentalsView> => {
    const { desk } = requireDesk(context);
    const connector = connectorInScope(desk, context.actor, { name, command: NAME });
    const fundamentals = await orUnavailable(context, connector, () => desk.venues.fundamentals(connector, symbol));
    const subject = { symbol, connector };
    if (fundamentals === undefined)
      return { ...unavailable(`connector ${connector} has no getFundamentals`), ...subject };
    if (isUnavailable(fundamentals)) return { ...fundamentals, ...subject };
    if (fundamentals === null || isEmpty(fundamentals))
      return { ...unavailable(`connector ${connector} has no fundamentals of ${symbol}`), ...subject };
    context.sources?.add(venueSource(connector, "fundamentals", symbol));
    const lines = fundamentals.words.map(({ name: field, text }) => `${field}: ${text}`).join("\n");
    const untrusted =
      lines === "" ? null : untrustedText(context, connectorSource(connector), lines.slice(0, TEXT_CHARACTERS_MAX));
    return { status: "ready", ...subject, numbers: fundamentals.numbers, untrusted };
  },
  render: renderFundamentals,
});

interface FundamentalsView extends MarketData {
  readonly connector: string;
  readonly numbers?: Readonly<Record<string, string>>;
}

function isEmpty({ numbers, words }: Fundamentals): boolean {
  return Object.keys(numbers).length === 0 && words.length === 0;
}

function renderFundamentals(view: FundamentalsView, style: OutputStyle): readonly string[] {
  if (view.numbers === undefined) return renderUnavailable(view, style);
  const text = view.untrusted?.text;
  return [
    ...keyValueLines(style, Object.entries(view.numbers)),
    ...(text === undefined ? [] : quoted(text, style.columns)),
  ];
}

/** Alpaca's streams of quotes: lists of messages, a sign-in by message, and a subscription for each symbol. */
import type { FakeQuote, Secrets } from "../../domain/sdk-kit.ts";
import * as z from "zod";
import { tryParseJson } from "../../lib/json.ts";
import { isoTime } from "./alpaca-others.ts";
import type { QuoteChannel, QuoteReply } from "./dialect.ts";

const PATH = /^\/(?:v2\/(?:iex|sip|delayed_sip)|v1beta3\/crypto\/us)$/;

const clientMessage = z.looseObject({
  action: z.enum(["auth", "subscribe", "unsubscribe"]),
  key: z.string().optional(),
  secret: z.string().optional(),
  quotes: z.array(z.string()).optional(),
});

/** Market data are numbers without quotes. They are written as text, because a number would lose digits. */
export function pricesText({ bid, ask, time }: FakeQuote, now: number): string {
  // A side without a price is 0.
  const [bidSize, askSize] = [bid === null ? 0 : 2, ask === null ? 0 : 3];
  return `"ap":${ask ?? "0"},"as":${askSize},"bp":${bid ?? "0"},"bs":${bidSize},"t":"${isoTime(time ?? now)}"`;
}

export const ALPACA_QUOTES: QuoteChannel = {
  hasPath: (path) => PATH.test(path),
  converse,
  nameOf: (symbol) => symbol,
  // The venue also sends several messages in one list, and binary frames.
  message: ({ symbol, quote, sequence, now }) => ({
    text: `[{"T":"t","S":"${symbol}","p":1.5},{"T":"q","S":"${symbol}",${pricesText(quote, now)},"c":["R"],"z":"C"}]`,
    isBinary: sequence % 2 === 1,
  }),
};

function converse(text: string | undefined, secrets: Secrets): QuoteReply {
  if (text === undefined) return reply({ T: "success", msg: "connected" });
  const parsed = clientMessage.safeParse(tryParseJson(text));
  if (!parsed.success) return reply({ T: "error", code: 400, msg: "invalid syntax" });
  const { action, key, secret, quotes = [] } = parsed.data;
  if (action !== "auth") {
    const changes = action === "subscribe" ? { subscribes: quotes } : { unsubscribes: quotes };
    return { ...reply({ T: "subscription", trades: [], quotes, bars: [] }), ...changes };
  }
  if (key !== secrets["api_key"] || secret !== secrets["api_secret"])
    return { ...reply({ T: "error", code: 402, msg: "auth failed" }), isRefused: true };
  return reply({ T: "success", msg: "authenticated" });
}

function reply(message: object): QuoteReply {
  return { send: [{ text: JSON.stringify([message]) }] };
}

/** Kraken's public stream of tickers, version 2, which needs no keys. */
import * as z from "zod";
import { tryParseJson } from "../../lib/json.ts";
import type { QuoteChannel, QuoteReply } from "./dialect.ts";

const clientMessage = z.strictObject({
  method: z.enum(["subscribe", "unsubscribe"]),
  params: z.strictObject({
    channel: z.literal("ticker"),
    symbol: z.array(z.string()).min(1),
    event_trigger: z.literal("bbo"),
    snapshot: z.literal(false),
  }),
});

export const KRAKEN_QUOTES: QuoteChannel = {
  hasPath: (path) => path === "/public/v2",
  converse,
  nameOf: (symbol) => symbol,
  // Amounts are numbers on this wire. They are written as text, because a number would lose digits.
  message: ({ symbol, quote: { bid, ask, last, time }, now }) => ({
    text:
      `{"channel":"ticker","type":"update","data":[{"symbol":"${symbol}","bid":${bid ?? "0"},"bid_qty":2,` +
      `"ask":${ask ?? "0"},"ask_qty":3,"last":${last},"volume":12.25,"vwap":${last},"low":${last},"high":${last},` +
      `"change":0,"change_pct":0,"timestamp":"${new Date(time ?? now).toISOString()}"}]}`,
  }),
};

function converse(text: string | undefined): QuoteReply {
  if (text === undefined) return { send: [{ text: '{"channel":"status","type":"update","data":[]}' }] };
  const parsed = clientMessage.safeParse(tryParseJson(text));
  if (!parsed.success) return { send: [{ text: '{"error":"Malformed request","success":false}' }] };
  const { method, params } = parsed.data;
  const send = params.symbol.map((symbol) => ({
    text: JSON.stringify({ method, result: { channel: "ticker", symbol }, success: true }),
  }));
  return method === "subscribe" ? { send, subscribes: params.symbol } : { send, unsubscribes: params.symbol };
}

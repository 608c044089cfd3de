/** Binance's streams of 24-hour tickers, which need no keys. */
import * as z from "zod";
import { tryParseJson } from "../../lib/json.ts";
import { idOf } from "./binance-requests.ts";
import type { QuoteChannel, QuoteReply } from "./dialect.ts";

const clientMessage = z.strictObject({
  method: z.enum(["SUBSCRIBE", "UNSUBSCRIBE"]),
  params: z.array(z.string().regex(/^[a-z0-9]+@ticker$/)).min(1),
  id: z.number(),
});

export const BINANCE_QUOTES: QuoteChannel = {
  hasPath: (path) => path === "/ws",
  converse,
  nameOf: idOf,
  message: ({ symbol, quote: { bid, ask, last, time }, now }) => ({
    text: JSON.stringify({
      e: "24hrTicker",
      E: time ?? now,
      s: idOf(symbol),
      c: last,
      b: bid ?? "0.00000000",
      B: "2",
      a: ask ?? "0.00000000",
      A: "3",
      O: now - 86_400_000,
      C: now,
    }),
  }),
};

function converse(text: string | undefined): QuoteReply {
  if (text === undefined) return { send: [] };
  const parsed = clientMessage.safeParse(tryParseJson(text));
  if (!parsed.success) return { send: [{ text: JSON.stringify({ error: { code: 2, msg: "Invalid request" } }) }] };
  const { method, params, id } = parsed.data;
  const names = params.map((name) => (name.split("@")[0] ?? "").toUpperCase());
  const send = [{ text: JSON.stringify({ result: null, id }) }];
  return method === "SUBSCRIBE" ? { send, subscribes: names } : { send, unsubscribes: names };
}

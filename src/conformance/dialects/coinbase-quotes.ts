/** Coinbase's public stream of market data, whose channels `ticker` and `heartbeats` need no keys. */
import * as z from "zod";
import { tryParseJson } from "../../lib/json.ts";
import type { QuoteChannel, QuoteReply } from "./dialect.ts";
import { idOf } from "./coinbase-requests.ts";

const clientMessage = z.strictObject({
  type: z.enum(["subscribe", "unsubscribe"]),
  channel: z.enum(["heartbeats", "ticker"]),
  product_ids: z.array(z.string()).optional(),
});

export const COINBASE_QUOTES: QuoteChannel = {
  hasPath: (path) => path === "/market-data",
  converse,
  nameOf: idOf,
  message: ({ symbol, quote: { bid, ask, last, time }, sequence, now }) => ({
    text: JSON.stringify({
      channel: "ticker",
      timestamp: new Date(time ?? now).toISOString().replace("Z", "123456Z"),
      sequence_num: sequence,
      events: [
        {
          type: "update",
          tickers: [
            {
              type: "ticker",
              product_id: idOf(symbol),
              price: last,
              best_bid: bid ?? "",
              best_bid_quantity: bid === null ? "" : "2",
              best_ask: ask ?? "",
              best_ask_quantity: ask === null ? "" : "3",
            },
          ],
        },
      ],
    }),
  }),
};

function converse(text: string | undefined): QuoteReply {
  if (text === undefined) return { send: [] };
  const parsed = clientMessage.safeParse(tryParseJson(text));
  if (!parsed.success) return { send: [{ text: '{"type":"error","message":"invalid message"}' }] };
  const { type, channel, product_ids: names = [] } = parsed.data;
  const send = [
    { text: JSON.stringify({ channel: "subscriptions", events: [{ subscriptions: { [channel]: names } }] }) },
  ];
  return type === "subscribe" ? { send, subscribes: names } : { send, unsubscribes: names };
}

/** After an approval: waits a few seconds for the fill, so that the person sees what happened. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { CommandSession } from "../command.ts";
import { lazy } from "../../lib/lazy.ts";

const ON_TERMINAL_S = 5;
const POLL_MS = 200;
const receiptFields = lazy(() => z.looseObject({ id: z.string(), state: z.string(), target: z.unknown().optional() }));
const orderFields = lazy(() =>
  z.looseObject({ state: z.string(), filled: z.string(), averagePrice: z.string().nullable() }),
);
const WORKING = new Set(["approved", "submitting", "accepted", "partially_filled"]);

/**
 * The receipt, with state, filled quantity and average price after the wait. `seconds` is `--wait`; without it a
 * terminal waits and a program does not. An order that still works keeps its state. The order is sent: a person who
 * stops waiting, and a desk that stops, still leave the receipt.
 */
export async function waitForFill(session: CommandSession, value: unknown, seconds?: unknown): Promise<unknown> {
  const wait = seconds === undefined ? (session.isTty && !session.flags.json ? ON_TERMINAL_S : 0) : Number(seconds);
  const receipt = receiptFields().safeParse(value);
  // A cancel has no fills.
  if (wait === 0 || !receipt.success || receipt.data.target !== undefined) return value;
  const { id } = receipt.data;
  try {
    for (let polls = Math.ceil((wait * 1000) / POLL_MS); ; polls--) {
      const order = orderFields().safeParse(await session.callDesk("orders show", { id }));
      if (!order.success) return value;
      const { state, filled, averagePrice } = order.data;
      if (!WORKING.has(state) || polls <= 0) return { ...receipt.data, state, filled, averagePrice };
      await sleep(POLL_MS, undefined, { signal: session.signal });
    }
  } catch {
    return value;
  }
}

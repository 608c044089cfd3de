/** The hooks of an author's fake venue: their names, what they return, and how their faults are reported. */
import * as z from "zod";
import type { Dialect } from "../../domain/sdk-kit.ts";
import { CaseUntried } from "../assert.ts";

export type HookName =
  | "start"
  | "orders"
  | "fill"
  | "setQuote"
  | "setClock"
  | "account"
  | "instrument"
  | "endOrder"
  | "rejectNext"
  | "trade"
  | "addActivities"
  | "setRate"
  | "setSessions";

/** Runs the author's module in a process of its own. */
export interface VenueProcess {
  /** The module's path, for messages. */
  readonly file: string;
  /**
   * Calls a function of the module, or reads a member that is data.
   * @throws FakeVenueFault if the hook throws or the process has ended; HookMissing if the module has no such hook.
   */
  call(hook: HookName | keyof Dialect, ...args: readonly unknown[]): Promise<unknown>;
  /** Returns why the process has ended or does not respond; undefined if it works. */
  findFault(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A fault of the author's fake venue. It says nothing about the adapter. */
export class FakeVenueFault extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`fault of the fake venue, not of the adapter: ${detail}`, options);
  }
}

/** The case cannot run without the hook. */
export class HookMissing extends CaseUntried {
  constructor(file: string, hook: HookName | keyof Dialect) {
    super(`${file} has no hook ${hook} in its default export; docs/connectors.md describes the hooks`);
  }
}

const amount = z.union([z.string(), z.number()]).transform(String);
const time = z.number().nullish();

export const addressesSchema = z.looseObject({
  url: z.url({ protocol: /^https?$/ }),
  stream: z.url({ protocol: /^(?:ws|http)s?$/ }).optional(),
});

export const ordersSchema = z.array(
  z.looseObject({
    venueOrderId: z.string(),
    clientOrderId: z.string(),
    symbol: z.string(),
    side: z.enum(["buy", "sell"]),
    quantity: amount,
    type: z.string(),
    timeInForce: z.string(),
    limitPrice: amount.optional(),
    stopPrice: amount.optional(),
    filledQuantity: amount,
    status: z.enum(["open", "partially_filled", "filled", "cancelled", "rejected", "expired"]),
  }),
);

export const fillSchema = z.looseObject({
  fillId: z.string(),
  timestamp: z.number().optional(),
  fee: amount.nullish(),
  feeCurrency: z.string().nullish(),
  liquidity: z.enum(["maker", "taker"]).optional(),
});

export const tradeSchema = fillSchema.extend({ venueOrderId: z.string(), clientOrderId: z.string().default("") });

export const quoteTimeSchema = z.looseObject({ timestamp: time }).nullish();

export const accountSchema = z.looseObject({
  buyingPower: amount,
  nav: amount.optional(),
  cash: amount.optional(),
  settledCash: amount.optional(),
  marginUsed: amount.optional(),
  unrealizedPnl: amount.optional(),
  currency: z.string().optional(),
  positions: z.array(
    z.looseObject({
      symbol: z.string(),
      quantity: amount,
      averagePrice: amount.optional(),
      markPrice: amount.optional(),
      currency: z.string().optional(),
    }),
  ),
});

export const instrumentSchema = z.looseObject({
  tickSize: amount,
  lotSize: amount,
  currency: z.string().optional(),
  multiplier: amount.optional(),
});

/** `false`: the venue has no such ending or answer. */
export const abilitySchema = z.boolean().optional();

/** For a hook whose result does not matter. */
export const doneSchema = z.unknown().transform(() => undefined);

/** @throws FakeVenueFault if the hook returned something else. */
export function parseHook<T>(file: string, hook: HookName | keyof Dialect, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const returned = JSON.stringify(value)?.slice(0, 200) ?? "undefined";
  throw new FakeVenueFault(`${file}: ${hook} returned ${returned}: ${issue?.path.join(".")} ${issue?.message}`);
}

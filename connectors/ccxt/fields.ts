/** Members of answers. An answer that lacks one is an error, and never an empty value. Pure. */
import type { Bar, Fill, Side } from "@qoc-app/sdk";
import { ZERO, amount } from "../amount.ts";
import { millisOfTime } from "../venue-time.ts";

export type Body = Readonly<Record<string, unknown>>;

/** @throws Error if the value is no object. */
export function bodyOf(value: unknown): Body {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("the answer is not an object");
  return value as Body;
}

/** @throws Error if the value is no list. */
export function listOf(value: unknown): readonly Body[] {
  if (!Array.isArray(value)) throw new Error("the answer is not a list");
  return value.map(bodyOf);
}

/** @throws Error for a member that is missing or empty. */
export function textIn(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string" || value === "") throw new Error(`the answer has no ${name}`);
  return value;
}

/** A member that an answer may lack: undefined if it is missing, null or empty. */
export function optionalTextIn(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** @throws Error for a member that is no decimal number. */
export function amountIn(body: Body, name: string): string {
  const value = textIn(body, name);
  if (!/^-?\d+(\.\d+)?([eE][-+]?\d{1,2})?$/.test(value)) throw new Error(`the answer has ${value} as ${name}`);
  return value;
}

/** As `amountIn`, for a member that an answer may lack: undefined if it is missing, null or empty. @throws Error. */
export function optionalAmountIn(body: Body, name: string): string | undefined {
  return optionalTextIn(body, name) === undefined ? undefined : amountIn(body, name);
}

/** The quantity of an order; undefined for an order by an amount of money, which some exchanges write as 0. */
export function quantityIn(body: Body, name: string): string | undefined {
  const quantity = amountIn(body, name);
  return amount(quantity).gt(ZERO) ? quantity : undefined;
}

/** The members that are not undefined. */
export function stated<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const found = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Whether the order was in the book; nothing if the answer does not say it. */
export function liquidityOf(isMaker: unknown): Pick<Fill, "liquidity"> {
  return typeof isMaker === "boolean" ? { liquidity: isMaker ? "maker" : "taker" } : {};
}

/** Milliseconds of a time, as a count or as text. @throws Error. */
export function millisIn(body: Body, name: string): number {
  const value = textIn(body, name);
  const ms = millisOfTime(value);
  if (ms === undefined) throw new Error(`the answer has ${value} as ${name}`);
  return ms;
}

/** As `millisIn`, for a time that an answer may lack: undefined if it is missing, null, empty or not above 0. */
export function optionalMillisIn(body: Body, name: string): number | undefined {
  const value = optionalTextIn(body, name);
  return value === undefined || /^-?0*\.?0*$|^-\d/.test(value) ? undefined : millisIn(body, name);
}

/** @throws Error. */
export function sideIn(body: Body, name: string): Side {
  const side = textIn(body, name).toLowerCase();
  if (side !== "buy" && side !== "sell") throw new Error(`the answer has ${side} as ${name}`);
  return side;
}

/** A bar whose prices and volume have the desk's names. @throws Error. */
export function barIn(body: Body, symbol: string, timestamp: number): Bar {
  return {
    symbol,
    timestamp,
    open: amountIn(body, "open"),
    high: amountIn(body, "high"),
    low: amountIn(body, "low"),
    close: amountIn(body, "close"),
    volume: amountIn(body, "volume"),
  };
}

/** Members of Alpaca's answers. Pure. */
import { millisOfTime } from "../venue-time.ts";
import type { ActivityEvent } from "./wire.ts";

/** Milliseconds of a time that Alpaca gives with up to nine decimals. @throws Error. */
export function millis(time: unknown): number {
  const ms = typeof time === "string" ? millisOfTime(time) : undefined;
  if (ms === undefined) throw new Error(`Alpaca sent ${JSON.stringify(time)} as a time`);
  return ms;
}

/** Alpaca leaves a member out, or sends null or "", for what an order has not. */
export function isStated(value: string | null | undefined): value is string {
  return value !== undefined && value !== null && value !== "";
}

/** What an activity is of. A member that is null or empty is not stated. */
export function detailsOf({ details }: Pick<ActivityEvent, "details">): Readonly<Record<string, string>> {
  const members = Object.entries(details ?? {}).filter(([, value]) => isStated(value as string | null));
  return Object.fromEntries(members) as Readonly<Record<string, string>>;
}

/** When it happened, or else when Alpaca said so. @throws Error. */
export function millisOfEvent({ executed_at, at }: Pick<ActivityEvent, "at" | "executed_at">): number {
  return millis(isStated(executed_at) ? executed_at : at);
}

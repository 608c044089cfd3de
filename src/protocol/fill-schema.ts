/**
 * Parses fills. Connectors can send ten thousands of fills at once, so a fill in canonical form (all amounts are
 * canonical decimal text) skips the zod schema. All other fills go through the schema, which converts or refuses them.
 */
import { isCanonical } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/venue.ts";
import { TIME_MS_MAX } from "./schemas.ts";

const NAME = /^[\x20-\x7e]{1,128}$/;
const REQUIRED_NAMES = ["fillId", "venueOrderId", "symbol"] as const;
const OPTIONAL_NAMES = ["clientOrderId", "feeCurrency", "busts", "corrects"] as const;
const AMOUNTS = ["quantity", "price"] as const;
const MEMBERS = new Set<string>([...REQUIRED_NAMES, ...OPTIONAL_NAMES, ...AMOUNTS, "side", "timestamp", "fee"]);

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}
function isTimeMs(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < TIME_MS_MAX;
}

/** Returns what the schema would return, or undefined if the fill is not in canonical form. */
export function parseCanonicalFill(raw: unknown): VenueFill | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const fill = raw as Record<string, unknown>;
  for (const member of Object.keys(fill)) if (!MEMBERS.has(member)) return undefined;
  if (!REQUIRED_NAMES.every((name) => isName(fill[name]))) return undefined;
  if (!OPTIONAL_NAMES.every((name) => !(name in fill) || isName(fill[name]))) return undefined;
  if (!AMOUNTS.every((name) => isCanonical(fill[name]))) return undefined;
  if ("fee" in fill && !isCanonical(fill["fee"])) return undefined;
  const { timestamp, ...members } = fill;
  const { quantity, side } = members as { quantity: string; side: unknown };
  if ((side !== "buy" && side !== "sell") || !isTimeMs(timestamp) || quantity === "0" || quantity.startsWith("-"))
    return undefined;
  return { ...members, at: timestamp } as unknown as VenueFill;
}

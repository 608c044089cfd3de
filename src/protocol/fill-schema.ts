/**
 * A fill as a connector says it. Bursts of fills are the one thing that comes by the ten thousand, so the usual one, whose
 * amounts are canonical text already, is taken as it stands; everything else goes through the shape, which corrects or refuses.
 */
import { isCanonical } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/venue.ts";
import { fillShape } from "./schemas.ts";

const NAME = /^[\x20-\x7e]{1,128}$/;
const NAMES = ["fillId", "venueOrderId", "symbol"] as const;
const MAYBE_NAMES = ["clientOrderId", "feeCurrency", "busts", "corrects"] as const;
const AMOUNTS = ["quantity", "price"] as const;
const MEMBERS = new Set<string>([...NAMES, ...MAYBE_NAMES, ...AMOUNTS, "side", "timestamp", "fee"]);

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}
function isMoment(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 7_258_118_400_000;
}

/** The same answer as the shape's, or undefined where the shape has to look. */
export function plainFill(raw: unknown): VenueFill | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const fill = raw as Record<string, unknown>;
  for (const member of Object.keys(fill)) if (!MEMBERS.has(member)) return undefined;
  if (!NAMES.every((name) => isName(fill[name]))) return undefined;
  if (!MAYBE_NAMES.every((name) => !(name in fill) || isName(fill[name]))) return undefined;
  if (!AMOUNTS.every((name) => isCanonical(fill[name]))) return undefined;
  if ("fee" in fill && !isCanonical(fill["fee"])) return undefined;
  const { timestamp, ...rest } = fill;
  const { quantity, side } = rest as { quantity: string; side: unknown };
  if ((side !== "buy" && side !== "sell") || !isMoment(timestamp) || quantity === "0" || quantity.startsWith("-"))
    return undefined;
  return { ...rest, at: timestamp } as unknown as VenueFill;
}

/** As zod's `safeParse`. */
export function parseFill(raw: unknown): ReturnType<typeof fillShape.safeParse> {
  const data = plainFill(raw);
  return data === undefined ? fillShape.safeParse(raw) : { success: true, data };
}

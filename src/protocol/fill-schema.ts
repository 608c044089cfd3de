/**
 * Parses fills. Connectors can send ten thousands of fills at once, so a fill in canonical form (all amounts are
 * canonical decimal text) skips the zod schema. All other fills go through the schema, which converts or refuses them.
 */
import { isCanonical } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/market/venue.ts";
import { TIME_MS_MAX } from "./schemas.ts";

const NAME = /^[\x20-\x7e]{1,128}$/;
const OPTIONAL_NAMES = ["clientOrderId", "feeCurrency", "busts", "corrects"] as const;
const REQUIRED = ["fillId", "venueOrderId", "symbol", "side", "quantity", "price", "timestamp"] as const;
const MEMBERS = new Set<string>([...REQUIRED, "fee", ...OPTIONAL_NAMES, "liquidity", "settlesAt"]);

/** One line of ASCII: the schema looks at what other texts contain. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}
function isAmount(value: unknown): value is string {
  return isCanonical(value);
}
export function isTimeMs(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < TIME_MS_MAX;
}

/** Texts of the last fill. Fills of one order agree in them, and share them, so that memory has each once. */
const last = { symbol: "", quantity: "", price: "", fee: "", feeCurrency: "" };

function shared(name: keyof typeof last, text: string): string {
  return last[name] === text ? last[name] : (last[name] = text);
}

/** Members in one order, with places for those of most fills: objects of one shape are read and written faster. */
function emptyFill(fill: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return "fee" in fill && "clientOrderId" in fill && "feeCurrency" in fill
    ? {
        fillId: "",
        venueOrderId: "",
        symbol: "",
        side: "",
        quantity: "",
        price: "",
        at: 0,
        fee: "",
        clientOrderId: "",
        feeCurrency: "",
      }
    : { fillId: "", venueOrderId: "", symbol: "", side: "", quantity: "", price: "", at: 0 };
}

/** Returns what the schema would return, or undefined if the fill is not in canonical form. */
export function parseCanonicalFill(raw: unknown): VenueFill | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const fill = raw as Record<string, unknown>;
  for (const member in fill) if (!MEMBERS.has(member)) return undefined;
  const { fillId, venueOrderId, symbol, side, quantity, price, timestamp } = fill;
  if (!isName(fillId) || !isName(venueOrderId) || !isName(symbol)) return undefined;
  if (side !== "buy" && side !== "sell") return undefined;
  if (!isAmount(quantity) || !isAmount(price) || !isTimeMs(timestamp)) return undefined;
  if (quantity === "0" || quantity.startsWith("-")) return undefined;
  const parsed = emptyFill(fill);
  parsed["fillId"] = fillId;
  parsed["venueOrderId"] = venueOrderId;
  parsed["symbol"] = shared("symbol", symbol);
  parsed["side"] = side === "buy" ? "buy" : "sell";
  parsed["quantity"] = shared("quantity", quantity);
  parsed["price"] = shared("price", price);
  parsed["at"] = timestamp;
  if ("fee" in fill) {
    if (!isAmount(fill["fee"])) return undefined;
    parsed["fee"] = shared("fee", fill["fee"]);
  }
  for (const name of OPTIONAL_NAMES) {
    if (!(name in fill)) continue;
    const text = fill[name];
    if (!isName(text)) return undefined;
    parsed[name] = name === "feeCurrency" ? shared(name, text) : text;
  }
  return addStatements(fill, parsed) ? (parsed as unknown as VenueFill) : undefined;
}

/** Returns false if a member is not in canonical form. */
function addStatements(fill: Readonly<Record<string, unknown>>, parsed: Record<string, unknown>): boolean {
  if ("liquidity" in fill) {
    const { liquidity } = fill;
    if (liquidity !== "maker" && liquidity !== "taker") return false;
    parsed["liquidity"] = liquidity;
  }
  if ("settlesAt" in fill) {
    if (!isTimeMs(fill["settlesAt"])) return false;
    parsed["settlesAt"] = fill["settlesAt"];
  }
  return true;
}

/**
 * Parses a proposed order into terms. The document is flat, or has the tables `[order]` and `[rationale]`; some fields
 * have two names, for example `action` and `side`. `workspace/proposals.ts` reads the file itself (TOML, YAML or JSON).
 */
import * as z from "zod";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import { DecimalError, type DecimalText, ZERO, parseNumber, parseText, text } from "../decimal.ts";
import { IdError, type ConnectorName, type SymbolName, suggestion, symbol } from "../ids.ts";
import {
  ORDER_TYPES,
  type OrderTerms,
  type OrderType,
  type OrderWishes,
  POSITION_INTENTS,
  type ProposalKind,
  SESSIONS,
  SIDES,
  TIMES_IN_FORCE,
  type TimeInForce,
} from "./order.ts";
import type {
  CancelDraft,
  CompleteDraft,
  DraftBase,
  OrderDraft,
  ProposalDraft,
  ReplaceDraft,
} from "./proposal-draft.ts";
import type { Mode } from "../market/venue.ts";

export type { CancelDraft, CompleteDraft, OrderDraft, ProposalDraft, ReplaceDraft } from "./proposal-draft.ts";

/** Largest proposal file, bytes. */
export const PROPOSAL_BYTES_MAX = 64 * 1024;
const RATIONALE_CHARS_MAX = 16_000;

export class ProposalError extends Error {}

/** The fields of a proposal's file. */
export const PROPOSAL_FIELDS = [
  "action",
  "side",
  "cancels",
  "replaces",
  "order_type",
  "type",
  "connector",
  "venue",
  "symbol",
  "quantity",
  "limit_price",
  "stop_price",
  "time_in_force",
  "session",
  "position_intent",
  "post_only",
  "rationale",
  "summary",
  "research_ref",
  "proposed_by",
  "proposed_at",
  "issue",
  "status",
  "id",
  "sources",
] as const;

/** The fields of the order itself: `[rationale]` cannot set them. */
const ORDER_FIELDS: readonly string[] = [
  ...PROPOSAL_FIELDS.slice(0, PROPOSAL_FIELDS.indexOf("rationale")),
  "id",
  "status",
];
/** Schemas skip this key, so a value under it would be ignored. */
const RESERVED_KEY = "__proto__";

function checkTable(value: unknown, message: string): Readonly<Record<string, unknown>> {
  const table = z.record(z.string(), z.unknown()).safeParse(value);
  if (!table.success) throw new ProposalError(message);
  if (Object.hasOwn(value as object, RESERVED_KEY))
    throw new ProposalError(`the key ${RESERVED_KEY} is not allowed; nothing in an order is ignored`);
  return table.data;
}

/** Accepts NaN and Infinity, so that the later error names the field that contains them. */
function isSingle(value: unknown): value is string | number | bigint | boolean {
  return (
    typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
  );
}

/** Moves the fields of `[order]` and `[rationale]` to the top level. Refuses duplicate fields. */
function flatten(document: unknown): Map<string, string | number> {
  const table = checkTable(document, "is not a table of fields");
  const fields = new Map<string, string | number>();
  const put = (key: string, value: unknown): void => {
    if (!isSingle(value)) throw new ProposalError(`${key} must be a single value`);
    if (!(PROPOSAL_FIELDS as readonly string[]).includes(key)) {
      throw new ProposalError(
        `unknown field ${JSON.stringify(key)}${suggestion(key, PROPOSAL_FIELDS)}; nothing in an order is ignored`,
      );
    }
    if (fields.has(key)) throw new ProposalError(`${key} is set twice`);
    fields.set(key, typeof value === "number" ? value : String(value));
  };
  for (const [key, value] of Object.entries(table)) {
    if (key === "order" || (key === "rationale" && typeof value === "object")) {
      for (const [inner, innerValue] of Object.entries(checkTable(value, `[${key}] must be a table`))) {
        if (key === "rationale" && ORDER_FIELDS.includes(inner))
          throw new ProposalError(`[rationale] contains ${inner}, a field of the order; move it to [order]`);
        put(inner, innerValue);
      }
    } else if (key === "sources") {
      fields.set(key, "");
    } else {
      put(key, value);
    }
  }
  return fields;
}

/** The trimmed text of the field, which has one of these names. */
function textOf(fields: Map<string, string | number>, names: readonly string[]): string | undefined {
  const present = names.filter((name) => fields.has(name));
  if (present.length > 1) throw new ProposalError(`${present.join(" and ")} are the same field; keep one`);
  const value = present[0] === undefined ? undefined : fields.get(present[0]);
  return value === undefined ? undefined : String(value).trim();
}

function choice<T extends string>(raw: string | undefined, name: string, allowed: readonly T[]): T {
  const found = optionalChoice(raw, name, allowed);
  if (found === undefined)
    throw new ProposalError(`${name.replace("order_type", "type")} is missing (one of ${allowed.join(", ")})`);
  return found;
}

function optionalChoice<T extends string>(raw: string | undefined, name: string, allowed: readonly T[]): T | undefined {
  if (raw === undefined || raw === "") return undefined;
  const word = raw.toLowerCase().replace("-", "_");
  const match = allowed.find((candidate) => candidate === word);
  if (match === undefined)
    throw new ProposalError(`${name} ${JSON.stringify(raw)} is not one of ${allowed.join(", ")}`);
  return match;
}

/** An exact amount above zero. A number without quotes may have at most 15 significant digits. */
function amount(fields: Map<string, string | number>, name: string): DecimalText | undefined {
  const raw = fields.get(name);
  if (raw === undefined || raw === "") return undefined;
  try {
    const value = typeof raw === "number" ? parseNumber(raw) : parseText(raw);
    if (!value.gt(ZERO)) throw new ProposalError(`${name} must be above zero, not ${raw}`);
    return text(value);
  } catch (error) {
    if (error instanceof DecimalError) throw new ProposalError(`${name} ${error.message}`, { cause: error });
    throw error;
  }
}

/** Whether an order of each type has a limit price and a stop price. */
const PRICES: Record<OrderType, { limit: boolean; stop: boolean }> = {
  market: { limit: false, stop: false },
  limit: { limit: true, stop: false },
  stop: { limit: false, stop: true },
  stop_limit: { limit: true, stop: true },
};

function checkPrice(type: OrderType, name: string, isRequired: boolean, value: DecimalText | undefined): void {
  const typeName = type.replace("_", "-");
  if (isRequired && value === undefined) throw new ProposalError(`a ${typeName} order needs ${name}`);
  if (!isRequired && value !== undefined) throw new ProposalError(`a ${typeName} order has no ${name}`);
}

/** @throws ProposalError with the name of the field and its problem. */
export function readProposal(document: unknown, stem: string): ProposalDraft {
  const fields = flatten(document);
  const id = textOf(fields, ["id"]);
  if (id !== undefined && id !== stem)
    throw new ProposalError(`id ${JSON.stringify(id)} is not the file's name ${JSON.stringify(stem)}`);
  const rationale = textOf(fields, ["rationale", "summary"]) ?? "";
  if (rationale.length > RATIONALE_CHARS_MAX)
    throw new ProposalError(`rationale has ${rationale.length} characters; the limit is ${RATIONALE_CHARS_MAX}`);
  const base: DraftBase = {
    rationale,
    proposedBy: textOf(fields, ["proposed_by"]) ?? "",
    connector: nonEmpty(textOf(fields, ["connector"])),
    venue: nonEmpty(textOf(fields, ["venue"])),
    researchRef: nonEmpty(textOf(fields, ["research_ref"])),
    issue: nonEmpty(textOf(fields, ["issue"])),
  };
  switch (readKind(fields)) {
    case "cancel":
      return readCancel(fields, base);
    case "replace":
      return readReplacement(fields, base);
    default:
      return { ...readOrder(fields), ...base };
  }
}

/** `action` is the side of an order, or `cancel` or `replace`, which the fields `cancels` and `replaces` also say. */
function readKind(fields: Map<string, string | number>): ProposalKind {
  const action = textOf(fields, ["action", "side"])?.toLowerCase();
  const names = [textOf(fields, ["cancels"]), textOf(fields, ["replaces"])].map(nonEmpty);
  const [cancels, replaces] = names;
  if (cancels !== undefined && replaces !== undefined)
    throw new ProposalError("cancels and replaces exclude each other; keep one");
  if (action === "cancel" || action === "replace") {
    const name = `${action}s`;
    if ((action === "cancel" ? cancels : replaces) === undefined)
      throw new ProposalError(`${name} is missing: the id of the order to ${action}`);
    return action;
  }
  return cancels !== undefined ? "cancel" : replaces !== undefined ? "replace" : "order";
}

/** The fields of an order that a cancel does not take: they are those of the order that it names. */
const TERMS_FIELDS = [
  "symbol",
  "quantity",
  "order_type",
  "type",
  "limit_price",
  "stop_price",
  "time_in_force",
  "session",
  "position_intent",
  "post_only",
] as const;

function readCancel(fields: Map<string, string | number>, base: DraftBase): CancelDraft {
  const extra = TERMS_FIELDS.find((name) => nonEmpty(textOf(fields, [name])) !== undefined);
  const action = textOf(fields, ["action", "side"]);
  if (action !== undefined && action.toLowerCase() !== "cancel")
    throw new ProposalError(`a cancel has the action "cancel", not ${JSON.stringify(action)}`);
  if (extra !== undefined) throw new ProposalError(`a cancel has no ${extra}: it cancels what is left of the order`);
  return { ...base, cancels: textOf(fields, ["cancels"]) ?? "" };
}

function readReplacement(fields: Map<string, string | number>, base: DraftBase): ReplaceDraft {
  const action = textOf(fields, ["action", "side"]);
  const side = action === undefined || action.toLowerCase() === "replace" ? undefined : action;
  const rawSymbol = nonEmpty(textOf(fields, ["symbol"]));
  const type = nonEmpty(textOf(fields, ["order_type", "type"]));
  const timeInForce = nonEmpty(textOf(fields, ["time_in_force"]));
  return {
    ...base,
    replaces: textOf(fields, ["replaces"]) ?? "",
    symbol: rawSymbol === undefined ? undefined : readSymbol(rawSymbol),
    side: side === undefined ? undefined : choice(side, "side", SIDES),
    quantity: amount(fields, "quantity"),
    type: type === undefined ? undefined : choice(type, "order_type", ORDER_TYPES),
    limitPrice: amount(fields, "limit_price"),
    stopPrice: amount(fields, "stop_price"),
    timeInForce: timeInForce === undefined ? undefined : choice(timeInForce, "time_in_force", TIMES_IN_FORCE),
    ...readWishes(fields),
  };
}

function readOrder(fields: Map<string, string | number>): Omit<OrderDraft, keyof DraftBase> {
  const type = choice(textOf(fields, ["order_type", "type"]), "order_type", ORDER_TYPES);
  const quantity = amount(fields, "quantity");
  if (quantity === undefined) throw new ProposalError("quantity is missing");
  const limitPrice = amount(fields, "limit_price");
  const stopPrice = amount(fields, "stop_price");
  checkPrices(type, limitPrice, stopPrice);
  const { postOnly, ...wishes } = readWishes(fields);
  if (postOnly === true) checkPostOnly(type);
  return {
    ...wishes,
    postOnly: postOnly === true ? true : undefined,
    symbol: readSymbol(textOf(fields, ["symbol"])),
    side: choice(textOf(fields, ["action", "side"]), "side", SIDES),
    quantity,
    type,
    timeInForce: optionalChoice(textOf(fields, ["time_in_force"]), "time_in_force", TIMES_IN_FORCE),
    limitPrice,
    stopPrice,
  };
}

function readWishes(fields: Map<string, string | number>): Omit<OrderWishes, "postOnly"> & { postOnly?: boolean } {
  const postOnly = optionalChoice(textOf(fields, ["post_only"]), "post_only", ["true", "false"]);
  return {
    session: optionalChoice(textOf(fields, ["session"]), "session", SESSIONS),
    positionIntent: optionalChoice(textOf(fields, ["position_intent"]), "position_intent", POSITION_INTENTS),
    ...(postOnly !== undefined && { postOnly: postOnly === "true" }),
  };
}

/** @throws ProposalError if an order that takes from the book must not. */
export function checkPostOnly(type: OrderType): void {
  if (type !== "limit")
    throw new ProposalError(`post_only needs a limit order: a ${type.replace("_", "-")} order takes from the book`);
}

/** @throws ProposalError if the prices are not those of the order type. */
export function checkPrices(
  type: OrderType,
  limitPrice: DecimalText | undefined,
  stopPrice: DecimalText | undefined,
): void {
  checkPrice(type, "limit_price", PRICES[type].limit, limitPrice);
  checkPrice(type, "stop_price", PRICES[type].stop, stopPrice);
}

/** Whether an order of the type has a limit price and a stop price. */
export function pricesOf(type: OrderType): { readonly limit: boolean; readonly stop: boolean } {
  return PRICES[type];
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function readSymbol(raw: string | undefined): SymbolName {
  if (raw === undefined || raw === "") throw new ProposalError("symbol is missing");
  try {
    return symbol(raw);
  } catch (error) {
    if (error instanceof IdError) throw new ProposalError(error.message, { cause: error });
    throw error;
  }
}

/** The fields of a connector that routing uses. */
export interface RouteTarget {
  readonly name: ConnectorName;
  readonly enabled: boolean;
  /** false: data only. */
  readonly orders: boolean;
  readonly venues: readonly string[];
  readonly mode: Mode;
}

export type Route = { readonly to: RouteTarget } | { readonly reason: string };

/**
 * Chooses the connector of a proposal: the connector that `connector` names; else the connector that has `venue` as its
 * name or in its list; else the only connector that takes orders.
 */
export function routeProposal(
  draft: { readonly connector?: string | undefined; readonly venue?: string | undefined },
  targets: readonly RouteTarget[],
): Route {
  const usable = targets.filter((target) => target.enabled && target.orders);
  const named = (name: string): Route => {
    const target = targets.find((candidate) => candidate.name === name);
    if (target === undefined)
      return {
        reason: `no connector is named ${name}${suggestion(
          name,
          targets.map((t) => t.name),
        )}`,
      };
    if (!target.enabled) return { reason: `connector ${name} is not enabled` };
    return target.orders ? { to: target } : { reason: `connector ${name} is data-only (orders = false)` };
  };
  if (draft.connector !== undefined) return named(draft.connector);
  if (draft.venue !== undefined) {
    if (targets.some((target) => target.name === draft.venue)) return named(draft.venue);
    const listing = usable.filter((target) => target.venues.includes(draft.venue ?? ""));
    if (listing.length === 1 && listing[0] !== undefined) return { to: listing[0] };
    if (listing.length > 1)
      return { reason: `venue ${draft.venue} is listed by ${listing.map((t) => t.name).join(" and ")}` };
  }
  if (usable.length === 1 && usable[0] !== undefined) return { to: usable[0] };
  const unlisted = draft.venue === undefined ? "" : `no connector lists venue ${draft.venue}; `;
  return {
    reason:
      unlisted +
      (usable.length === 0 ? "no connector takes orders" : `${usable.length} connectors take orders; name one`),
  };
}

/** Of an order that states none: `day`, or the first of these that the instrument takes. */
export function defaultTimeInForce(taken: readonly TimeInForce[] | undefined): TimeInForce {
  return TIMES_IN_FORCE.find((timeInForce) => taken?.includes(timeInForce) ?? true) ?? "day";
}

export function termsOf(draft: CompleteDraft, target: RouteTarget, protectionPrice?: DecimalText): OrderTerms {
  return omitUndefined({
    connector: target.name,
    mode: target.mode,
    symbol: draft.symbol,
    side: draft.side,
    quantity: draft.quantity,
    type: draft.type,
    limitPrice: draft.limitPrice,
    stopPrice: draft.stopPrice,
    timeInForce: draft.timeInForce,
    session: draft.session,
    positionIntent: draft.positionIntent,
    postOnly: draft.postOnly,
    protectionPrice,
  });
}

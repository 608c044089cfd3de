/** Calls one read method of an adapter as an author does by hand, and says what the desk takes of the answer. */
import type * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import type { Clock } from "../domain/ports.ts";
import { type AnswerMembers, type AnswerShape, CHANGES_VALUE, unknownMembers } from "../protocol/answer-shape.ts";
import { isStatedUnreadable } from "./unread-items.ts";
import type { Method } from "../protocol/messages.ts";
import {
  accountSchema,
  activitySchema,
  barSchema,
  fillSchema,
  fundamentalsSchema,
  instrumentSchema,
  positionSchema,
  quoteSchema,
  rateSchema,
  reportSchema,
  sessionSchema,
} from "../protocol/schemas.ts";
import { issueText } from "./answer-issue.ts";
import type { Connector } from "./connector.ts";
import { buyingPowerSchema } from "./venue-client.ts";

export interface MethodInspection {
  readonly connector: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly ms: number;
  /** What the adapter returned, as JSON data; absent if it threw or returned nothing. */
  readonly value?: unknown;
  /** Members that the desk does not know: it goes on without them. */
  readonly dropped: readonly string[];
  /** Why the desk refuses the answer; for fills and other lists, each element that it refuses. */
  readonly refused: readonly string[];
  /** What the adapter threw. */
  readonly error?: { readonly kind: string; readonly message: string; readonly stack?: string | undefined } | undefined;
}

interface ReadMethod {
  /** The first argument is a symbol: text, also if it consists of digits. */
  readonly takesSymbol?: boolean;
  /** By how many arguments the method is called. */
  readonly args: number;
  /** Of the answer, or of each element of it. */
  readonly schema: z.ZodType & Partial<AnswerMembers>;
  /** An item with the status `unknown` is no mistake. */
  readonly listsUnread?: boolean;
  readonly isList?: boolean;
  /** The list may be this member of an object, beside a cursor. */
  readonly page?: string;
  /** Used for arguments that are not given. */
  readonly defaults?: (now: number) => readonly unknown[];
}

const SEARCH_LIMIT = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** null: the venue does not know it. */
function orNull(shape: AnswerShape<unknown>): ReadMethod["schema"] {
  return Object.assign(shape.nullable(), { members: shape.members, changing: shape.changing });
}

/** The methods that change nothing at the venue. */
const READ_METHODS: Readonly<Partial<Record<Method, ReadMethod>>> = {
  getQuote: { args: 1, takesSymbol: true, schema: quoteSchema },
  getPositions: { args: 0, isList: true, schema: positionSchema },
  getBuyingPower: { args: 0, schema: buyingPowerSchema },
  getAccount: { args: 0, schema: accountSchema },
  getInstrument: { args: 1, takesSymbol: true, schema: orNull(instrumentSchema) },
  getOrder: { args: 1, schema: orNull(reportSchema) },
  getOpenOrders: { args: 0, isList: true, listsUnread: true, schema: reportSchema },
  getFills: {
    args: 2,
    isList: true,
    page: "fills",
    listsUnread: true,
    schema: fillSchema,
    defaults: (now) => [now - DAY_MS, { symbols: [] }],
  },
  getBars: {
    args: 2,
    takesSymbol: true,
    isList: true,
    schema: barSchema,
    defaults: () => [undefined, { resolution: "1d" }],
  },
  searchInstruments: {
    args: 2,
    takesSymbol: true,
    isList: true,
    schema: instrumentSchema,
    defaults: () => [undefined, SEARCH_LIMIT],
  },
  getActivities: {
    args: 2,
    isList: true,
    page: "activities",
    listsUnread: true,
    schema: activitySchema,
    defaults: (now) => [now - DAY_MS, null],
  },
  getRates: { args: 1, isList: true, schema: rateSchema },
  getSchedule: {
    args: 3,
    takesSymbol: true,
    isList: true,
    schema: sessionSchema,
    defaults: (now) => [undefined, now, now + DAY_MS],
  },
  getFundamentals: { args: 1, takesSymbol: true, schema: fundamentalsSchema },
};

export const READ_METHOD_NAMES: readonly string[] = Object.keys(READ_METHODS);

const LISTED_MAX = 20;

/**
 * @throws INVALID_INPUT for a method that is unknown or sends orders, and for wrong arguments; CONNECTOR_NOT_READY,
 * NOT_SUPPORTED, CALL_TIMEOUT, CALL_DIED.
 */
export async function inspectMethod(
  connector: Connector,
  name: string,
  call: { readonly method: string; readonly words: readonly string[]; readonly clock: Clock },
): Promise<MethodInspection> {
  const method = Object.hasOwn(READ_METHODS, call.method) ? READ_METHODS[call.method as Method] : undefined;
  if (method === undefined)
    throw invalid(`${call.method} is not a method that only reads; these are: ${READ_METHOD_NAMES.join(", ")}`);
  const { clock, words } = call;
  const args = argumentsOf(call.method, method, { words, now: clock.now() });
  const started = clock.monotonic();
  const response = await connector.invoke(call.method as Method, args);
  const facts = { connector: name, method: call.method, args, ms: Math.round((clock.monotonic() - started) * 10) / 10 };
  if (!response.ok) {
    const { kind, message, stack } = response;
    return { ...facts, dropped: [], refused: [], error: { kind, message, stack } };
  }
  return { ...facts, value: response.value, ...judge(method, response.value) };
}

/** JSON where a word is JSON, else the word; a symbol is always text, and an id alone asks for the venue's order. */
function argumentsOf(
  name: string,
  { args: count, takesSymbol = false, defaults = () => [] }: ReadMethod,
  { words, now }: { readonly words: readonly string[]; readonly now: number },
): readonly unknown[] {
  if (words.length > count) throw invalid(`${name} takes ${count} arguments, not ${words.length}`);
  const given = words.map((word, index) => (takesSymbol && index === 0 ? word : valueOf(name, word)));
  const args = Array.from({ length: count }, (_, index) => given[index] ?? defaults(now)[index]);
  if (args.includes(undefined)) throw invalid(`${name} needs ${takesSymbol ? "a symbol" : "an argument"}`);
  return args;
}

function valueOf(method: string, word: string): unknown {
  try {
    return JSON.parse(word) as unknown;
  } catch {
    if (method === "getOrder") return { venueOrderId: word };
    if (method !== "getFills" && method !== "getActivities") return word;
    const at = Date.parse(word);
    if (Number.isNaN(at))
      throw invalid(`${method}: ${JSON.stringify(word)} is not a time: type 2026-07-06, or ms since 1970`);
    return at;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function judge(method: ReadMethod, value: unknown): Pick<MethodInspection, "dropped" | "refused"> {
  if (value === undefined) return { dropped: [], refused: ["it returned nothing"] };
  const content = method.page === undefined || Array.isArray(value) ? value : memberOf(value, method.page);
  if (method.isList === true && !Array.isArray(content)) return { dropped: [], refused: ["it is not a list"] };
  const elements: readonly unknown[] = method.isList === true ? (content as readonly unknown[]) : [content];
  const dropped = new Set<string>();
  const refused: string[] = [];
  for (const [index, element] of elements.entries()) {
    if (method.listsUnread === true && isStatedUnreadable(element)) continue;
    const at = method.isList === true ? `[${index}] ` : "";
    const parsed = method.schema.safeParse(element);
    const { members = new Set(), changing = () => [] } = method.schema;
    const changes = changing(element);
    if (method.schema.members !== undefined)
      for (const member of unknownMembers(element, members)) if (!changes.includes(member)) dropped.add(member);
    if (parsed.success) continue;
    // The schema looks at members that it does not know only if all others are right.
    const words = new Set([
      ...parsed.error.issues.map((issue) => issueText(issue, element)),
      ...changes.map((member) => issueText({ path: [member], message: CHANGES_VALUE }, element)),
    ]);
    refused.push(...[...words].map((problem) => `${at}${problem}`));
  }
  const more = refused.length - LISTED_MAX;
  return {
    dropped: [...dropped],
    refused: [...refused.slice(0, LISTED_MAX), ...(more > 0 ? [`and ${more} more`] : [])],
  };
}

function invalid(message: string): QocError {
  return new QocError("INVALID_INPUT", { command: "connectors call", message });
}

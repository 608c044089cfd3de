/** Random legal answers of venues, with what they state kept beside them: the maps must arrive at the same. */
import fc from "fast-check";
import { expect } from "vitest";
import { parseJson } from "../../connectors/exact-json.ts";

/** A number that JSON writes without quotes. */
class Bare {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON whose numbers have their digits as they were made. A member that is undefined is left out. */
function jsonOf(value: unknown): string {
  if (value instanceof Bare) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonOf(member)}`).join(",")}}`;
}

/** As the connectors read it. */
export function received(payload: unknown): any {
  return parseJson(jsonOf(payload));
}

interface Digits {
  readonly units: bigint;
  readonly exponent: number;
}

function digitsOf(text: string): Digits {
  const [, sign = "", whole, fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === undefined) throw new Error(`${JSON.stringify(text)} is no decimal number`);
  return { units: BigInt(`${sign}${whole}${fraction}`), exponent: Number(exponent) - fraction.length };
}

/** The same text for all texts of one number. */
function exact(text: string): string {
  let { units, exponent } = digitsOf(text);
  if (units === 0n) return "0";
  for (; units % 10n === 0n; units /= 10n) exponent += 1;
  return `${units}e${exponent}`;
}

export function product(a: string, b: string): string {
  const [left, right] = [digitsOf(a), digitsOf(b)];
  return `${left.units * right.units}e${left.exponent + right.exponent}`;
}

export function sum(...texts: readonly string[]): string {
  const all = texts.map(digitsOf);
  const exponent = Math.min(0, ...all.map((each) => each.exponent));
  const units = all.map((each) => each.units * 10n ** BigInt(each.exponent - exponent));
  return `${units.reduce((a, b) => a + b, 0n)}e${exponent}`;
}

export function negative(text: string): string {
  if (digitsOf(text).units === 0n) return text;
  return text.startsWith("-") ? text.slice(1) : `-${text}`;
}

/** The nearest text with so many decimals. */
export function rounded(text: string, places: number): string {
  const { units, exponent } = digitsOf(text);
  const drop = -exponent - places;
  if (drop <= 0) return text;
  const scale = 10n ** BigInt(drop);
  const half = units < 0n ? -scale / 2n : scale / 2n;
  return `${(units + half) / scale}e-${places}`;
}

export function isAboveZero(text: string): boolean {
  return digitsOf(text).units > 0n;
}

/** Members that are amounts. */
const AMOUNTS: ReadonlySet<string> = new Set([
  ...["quantity", "filledQuantity", "averagePrice", "limitPrice", "price", "fee", "markPrice", "amount", "ratio"],
  ...["bid", "ask", "bidSize", "askSize", "last", "open", "high", "low", "close", "volume", "rate"],
  ...["nav", "cash", "buyingPower", "marginUsed", "settledCash", "unrealizedPnl", "total", "free", "costShare"],
  ...["tickSize", "lotSize", "marketLot", "minQuantity", "maxQuantity", "minNotional", "maxNotional", "multiplier"],
]);

/** With each amount as one text of its number, and without the words of what cannot be read. */
export function comparable(value: unknown, name = ""): unknown {
  if (typeof value === "string") return AMOUNTS.has(name) ? exact(value) : value;
  if (Array.isArray(value)) return value.map((each) => comparable(each, name));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const isUnreadable = members.some(([member, found]) => member === "status" && found === "unknown");
  const kept = isUnreadable ? members.filter(([member]) => member !== "reason") : members;
  return Object.fromEntries(kept.map(([member, found]) => [member, comparable(found, member)]));
}

/** What a venue sends, and what the map must make of it. */
export interface Stated {
  readonly payload: unknown;
  /** undefined for an item that is left out on purpose. */
  readonly expected: unknown;
}

interface Shape {
  safeParse(value: unknown): { readonly error?: { readonly issues: unknown } | undefined };
}

/** The answers of one kind, how a map reads them, and what the desk takes of it. */
export type Kind = [name: string, cases: fc.Arbitrary<Stated>, read: (payload: any) => unknown, shape?: Shape];

/** Cases of each kind. By hand: `PAYLOADS=20000 SEED=7 npx vitest run test/connectors/random-payloads`. */
export const RUNS = Number(process.env["PAYLOADS"] ?? "40");
export const SEED = Number(process.env["SEED"] ?? "20261130");

/** @throws AssertionError with the smallest payload of which the map makes something else, or what the desk refuses. */
export function tryPayloads(cases: fc.Arbitrary<Stated>, read: (payload: any) => unknown, shape?: Shape): void {
  const property = fc.property(cases, ({ payload, expected }) => {
    const found = read(received(payload));
    expect(comparable(found)).toEqual(comparable(expected));
    for (const item of Array.isArray(found) ? found : [found])
      if (item !== undefined && shape !== undefined && (item as { status?: string }).status !== "unknown")
        expect(shape.safeParse(item).error?.issues).toBeUndefined();
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
}

const DIGIT = fc.constantFrom(..."0123456789");
const digits = (minLength: number, maxLength: number) =>
  fc.array(DIGIT, { minLength, maxLength }).map((all) => all.join(""));

/** Digits of a whole number without zeros before it. */
const WHOLE = digits(1, 12).map((text) => text.replace(/^0+(?=\d)/, ""));

/** A decimal number that is not below zero, in any form: zeros at its end, and exponents of Go, Java and JavaScript. */
export const ANY: fc.Arbitrary<string> = fc.oneof(
  WHOLE,
  fc.tuple(WHOLE, digits(1, 8)).map((parts) => parts.join(".")),
  fc.tuple(WHOLE, digits(9, 18)).map((parts) => parts.join(".")),
  fc.constantFrom("0", "0.0", "0.00000000", "1", "1.00000000", "0.00000001"),
  fc
    .tuple(WHOLE, digits(0, 8), fc.constantFrom("e-07", "e-8", "E-5", "e+2", "e3", "E+08"))
    .map(([whole, fraction, exponent]) => `${whole}${fraction === "" ? "" : `.${fraction}`}${exponent}`),
);

export const POSITIVE: fc.Arbitrary<string> = ANY.filter(isAboveZero);

/** A positive number of few digits, so that a product of two has at most twelve decimals. */
export const SHORT: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 0, max: 99_999 }), digits(1, 6))
  .map(([whole, fraction]) => `${whole}.${fraction}`)
  .filter(isAboveZero);

export const SIGNED: fc.Arbitrary<string> = fc
  .tuple(ANY, fc.boolean())
  .map(([text, isBelow]) => (isBelow ? negative(text) : text));

/** With or without quotes. */
export function written(text: fc.Arbitrary<string>): fc.Arbitrary<{ readonly text: string; readonly json: unknown }> {
  return fc.tuple(text, fc.boolean()).map(([chosen, isBare]) => ({
    text: chosen,
    json: isBare ? new Bare(chosen) : chosen,
  }));
}

/** Present, null, or left out. */
export function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> {
  return fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });
}

export interface Moment {
  readonly ms: number;
  readonly text: string;
}

const OFFSETS = [
  ["Z", 0],
  ["z", 0],
  ["+00:00", 0],
  ["-05:00", -300],
  ["+05:45", 345],
  ["-0400", -240],
] as const;

/** A time of RFC 3339 with up to nine decimals. */
export const TIME: fc.Arbitrary<Moment> = fc
  .tuple(
    fc.integer({ min: 946_684_800, max: 4_102_444_799 }),
    fc.oneof(fc.constant(""), digits(1, 9)),
    fc.constantFrom(...OFFSETS),
  )
  .map(([seconds, fraction, [zone, minutes]]) => {
    const local = new Date((seconds + minutes * 60) * 1_000).toISOString().slice(0, 19);
    return {
      ms: seconds * 1_000 + Number(fraction.padEnd(3, "0").slice(0, 3)),
      text: `${local}${fraction === "" ? "" : `.${fraction}`}${zone}`,
    };
  });

/** A count since 1970 in milliseconds or microseconds, without quotes. */
export const COUNT: fc.Arbitrary<{ readonly ms: number; readonly json: unknown }> = fc
  .tuple(fc.integer({ min: 1_000_000_000_000, max: 4_000_000_000_000 }), fc.constantFrom("", "000", "999"))
  .map(([ms, micros]) => ({ ms, json: new Bare(`${ms}${micros}`) }));

/** Ids of any length that the desk takes, and numbers above 2^53. */
export const ID: fc.Arbitrary<string> = fc.oneof(
  fc.uuid(),
  fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String),
  fc.string({ minLength: 1, maxLength: 40 }).filter((text) => /^[\x21-\x7e]+$/.test(text)),
);

const VALUE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, "", [], {}, "0"),
  ANY.map((text) => new Bare(text)),
  fc.string({ maxLength: 6 }),
  fc.array(fc.string({ maxLength: 3 }), { maxLength: 2 }),
);

/** Members that no document names. */
export const MORE: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.dictionary(
  fc.constantFrom("zz_new", "zzLater", "zz-1", "ZZ"),
  VALUE,
  { maxKeys: 3 },
);

/** Those members that are not undefined or null. */
export function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}

/** Of an order or a trade at an exchange. */
export const SIDE: fc.Arbitrary<string> = fc.constantFrom("buy", "sell");

/** An order is filled in part if it is open and something is filled. */
export function stateOf(status: string, filled: string): string {
  return status === "open" && isAboveZero(filled) ? "partially_filled" : status;
}

/** What is expected of an order that cannot be read. */
export function unreadable<Names extends object>(names: Names): Names & { readonly status: "unknown" } {
  return { ...names, status: "unknown" };
}

/**
 * The guards of `desk.toml`: their keys, options, limits and defaults. The gate reads these; the config loader checks
 * them.
 */
import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import "../../lib/schema-words.ts";
import { type Decimal, parseNumber, parseText } from "../decimal.ts";
import { type Digest, isSymbol } from "../ids.ts";

/** An amount in desk.toml: a quoted decimal, or a number. */
export const decimalOption = lazy(() =>
  z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)?$/, "must be a number such as 5.0")])
    .transform((raw): Decimal => (typeof raw === "number" ? parseNumber(raw) : parseText(raw))),
);

/** A number of percent without quotes: 5.0 means 5 %. Text such as "5%" is refused. */
function percent(standard: number) {
  return z
    .number({ error: `must be a number of percent such as ${standard.toFixed(1)}, without quotes or a % sign` })
    .positive("must be above 0")
    .max(10_000, "must be at most 10000")
    .default(standard)
    .transform((raw): Decimal => parseNumber(raw));
}

const clockTime = lazy(() => z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "09:30"'));
const zones = lazy(() => new Set(Intl.supportedValuesOf("timeZone")));
const timeZone = lazy(() => z.string().refine(isTimeZone, 'must be an IANA time zone such as "America/New_York"'));
const symbols = lazy(() =>
  z.array(z.string().refine(isSymbol, "contains a character that symbols cannot have")).min(1),
);
const base = lazy(() => ({ enabled: z.boolean().default(true) }));
/**
 * account: the account of the order. desk: all accounts of the order's mode. Numerator and base have the same scope.
 */
const scope = lazy(() => z.enum(["account", "desk"]).default("account"));
export type GuardScope = z.output<ReturnType<typeof scope>>;

export function isTimeZone(name: string): boolean {
  // The first formatter of a process takes as long as the rest of desk.toml.
  if (zones().has(name)) return true;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Options of each built-in guard, keyed by its `key` in `[[guard]]`. */
export const guardOptions = lazy(
  () =>
    ({
      "max-order-nav": z.strictObject({
        key: z.literal("max-order-nav"),
        ...base(),
        scope: scope(),
        max_pct: percent(5),
      }),
      "max-position-nav": z.strictObject({
        key: z.literal("max-position-nav"),
        ...base(),
        scope: scope(),
        max_pct: percent(20),
      }),
      "day-loss-limit": z.strictObject({
        key: z.literal("day-loss-limit"),
        ...base(),
        scope: scope(),
        max_pct: percent(3),
      }),
      "buying-power": z.strictObject({ key: z.literal("buying-power"), ...base() }),
      "symbol-allowlist": z.strictObject({ key: z.literal("symbol-allowlist"), ...base(), symbols: symbols() }),
      "symbol-denylist": z.strictObject({
        key: z.literal("symbol-denylist"),
        ...base(),
        symbols: z.array(z.string().min(1)).min(1),
      }),
      "market-hours": z.strictObject({
        key: z.literal("market-hours"),
        ...base(),
        /** Defaults to `[workspace].timezone`. */
        tz: timeZone().optional(),
        open: clockTime().default("09:30"),
        close: clockTime().default("16:00"),
      }),
      "max-order-notional": z.strictObject({
        key: z.literal("max-order-notional"),
        ...base(),
        max_notional: decimalOption(),
      }),
      "max-order-quantity": z.strictObject({
        key: z.literal("max-order-quantity"),
        ...base(),
        max_quantity: decimalOption(),
      }),
      "price-collar": z.strictObject({ key: z.literal("price-collar"), ...base(), max_pct: percent(3) }),
      "quote-freshness": z.strictObject({
        key: z.literal("quote-freshness"),
        ...base(),
        max_age_s: z.number().positive().default(15),
      }),
      "order-rate": z.strictObject({
        key: z.literal("order-rate"),
        ...base(),
        max_per_minute: z.int().positive().default(60),
        max_per_day: z.int().positive().optional(),
      }),
      "duplicate-order": z.strictObject({
        key: z.literal("duplicate-order"),
        ...base(),
        window_s: z.number().nonnegative().default(600),
      }),
      "no-short": z.strictObject({ key: z.literal("no-short"), ...base() }),
      "gross-exposure": z.strictObject({
        key: z.literal("gross-exposure"),
        ...base(),
        scope: scope(),
        max_pct: percent(100),
      }),
      "max-open-orders": z.strictObject({
        key: z.literal("max-open-orders"),
        ...base(),
        max: z.int().positive().default(50),
      }),
    }) as const,
);

/** The options that are exact decimals. */
export const DECIMAL_OPTIONS: readonly string[] = ["max_pct", "max_notional", "max_quantity"];

export type GuardKey = keyof ReturnType<typeof guardOptions>;
export type GuardOptions<K extends GuardKey = GuardKey> = z.output<ReturnType<typeof guardOptions>[K]>;
/** A built-in guard as configured, in the order of desk.toml; `line` is its line in the file. */
export type BuiltInGuard = {
  [K in GuardKey]: { readonly kind: "built-in"; readonly line: number; readonly options: GuardOptions<K> };
}[GuardKey];
/** A guard that the operator wrote: a TypeScript file that exports a GuardAdapter class. */
export interface CustomGuard {
  readonly kind: "custom";
  readonly line: number;
  readonly key: string;
  readonly enabled: boolean;
  /** Absolute path. */
  readonly adapter: string;
  /** The digest of the bundled file that was accepted: a file with another one blocks. */
  readonly code?: Digest | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}
export type GuardConfig = BuiltInGuard | CustomGuard;

export const guardKeys = lazy(() => Object.keys(guardOptions()) as GuardKey[]);

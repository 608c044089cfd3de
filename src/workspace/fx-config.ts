/** `[fx]` of desk.toml: exchange rates, their sources and pegs. Everything here is the operator's statement. */
import * as z from "zod";
import "../lib/schema-words.ts";
import { type AssetPair, isSameCode } from "../domain/account/currency.ts";
import type { Table } from "../domain/config/config-tables.ts";
import { ZERO, text } from "../domain/decimal.ts";
import { type ExchangeRate, pairText } from "../domain/account/exchange-rate.ts";
import { decimalOption } from "../domain/config/guard-config.ts";
import { lazy } from "../lib/lazy.ts";

/** A pair whose quotes are a rate, at the connector that quotes it. */
export interface RateSource extends AssetPair {
  readonly connector: string;
  readonly symbol: string;
}

export interface FxConfig {
  readonly via: readonly RateSource[];
  readonly pegs: readonly AssetPair[];
  readonly rates: readonly ExchangeRate[];
}

const CODE = "[A-Z0-9]{2,10}";
const PAIR = new RegExp(`^(${CODE})/(${CODE})$`);
const COMPACT_PAIR = /^([A-Z]{3})([A-Z]{3})$/;
const PEG = new RegExp(`^(${CODE}) ?= ?(${CODE})$`);
const VIA = new RegExp(`^([^:]+):((${CODE})[/_-]?(${CODE}))$`);
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

function pairOfKey(key: string): AssetPair | undefined {
  const [, base, quote] = PAIR.exec(key) ?? COMPACT_PAIR.exec(key) ?? [];
  return base === undefined || quote === undefined || isSameCode(base, quote) ? undefined : { base, quote };
}

function isTime(at: string): boolean {
  return DATE.test(at) && Number.isFinite(Date.parse(at));
}

/** A date of TOML, or the same as text. A date without a time is midnight, UTC. */
const time = lazy(() =>
  z
    .union([z.string(), z.date().transform((date) => (date as Date).toISOString())])
    .refine(isTime, 'must be a date such as "2026-11-27", or a time with its offset'),
);

const rateSchema = lazy(() =>
  z.strictObject({
    rate: decimalOption().refine((rate) => rate.gt(ZERO), "must be above 0"),
    /** When the rate was true. */
    at: time(),
  }),
);

export const fxSchema = lazy(() =>
  z.strictObject({
    /** Connectors whose quotes of a pair are its rate: `kraken:EUR/USD`. */
    via: z.array(z.string().regex(VIA, 'must be "CONNECTOR:PAIR", such as "kraken:EUR/USD"')).max(20).default([]),
    pegs: z.array(z.string().regex(PEG, 'must be "CODE=CODE", such as "USDT=USD"')).max(20).default([]),
    rates: z
      .record(z.string(), rateSchema())
      .superRefine((rates, context) => {
        const message = 'must be a pair such as EURUSD or "EUR/USD"';
        for (const key of Object.keys(rates))
          if (pairOfKey(key) === undefined) context.addIssue({ code: "custom", path: [key], message });
      })
      .default({}),
  }),
);

/** The settings of a checked table. */
export function readFx({ via, pegs, rates }: z.output<ReturnType<typeof fxSchema>>): FxConfig {
  return {
    via: via.map((source) => {
      const [, connector = "", symbol = "", base = "", quote = ""] = VIA.exec(source) ?? [];
      return { connector, symbol, base, quote };
    }),
    pegs: pegs.map((peg) => {
      const [, base = "", quote = ""] = PEG.exec(peg) ?? [];
      return { base, quote };
    }),
    rates: Object.entries(rates).map(([key, { rate, at }]) => ({
      ...(pairOfKey(key) ?? { base: "", quote: "" }),
      bid: text(rate),
      ask: text(rate),
      at: Date.parse(at),
      origin: "configuration",
      source: "desk.toml",
    })),
  };
}

/** The table that the journal keeps. What is empty is left out, as in records of earlier versions. */
export function fxTable({ via, pegs, rates }: FxConfig): Table {
  return {
    via: via.length === 0 ? undefined : via.map(({ connector, symbol }) => `${connector}:${symbol}`),
    pegs: pegs.length === 0 ? undefined : pegs.map(({ base, quote }) => `${base}=${quote}`),
    rates:
      rates.length === 0
        ? undefined
        : Object.fromEntries(
            rates.map((rate) => [pairText(rate), { rate: rate.bid, at: new Date(rate.at).toISOString() }]),
          ),
  };
}

/** The settings of a table that {@link fxTable} made; undefined in records of earlier versions. */
export function fxOf(table: Table | undefined): FxConfig {
  return readFx(fxSchema().parse(table ?? {}));
}

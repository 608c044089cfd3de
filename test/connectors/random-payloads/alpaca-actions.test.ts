/** Corporate actions of Alpaca, whatever of their optional members is missing: carried out exactly, or shown. */
import fc from "fast-check";
import { it } from "vitest";
import { listedActivitiesOf } from "../../../connectors/alpaca/activities.ts";
import { activitySchema } from "../../../src/protocol/schemas.ts";
import {
  ID,
  MORE,
  POSITIVE,
  type Stated,
  TIME,
  negative,
  present,
  tryPayloads,
  written,
} from "../../support/random-payload.ts";

/** Present, null, empty, or left out. */
const OPTIONAL = fc.oneof(
  { weight: 4, arbitrary: written(POSITIVE) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, "") },
);
type Optional = { readonly text: string; readonly json: unknown } | null | undefined | "";

const jsonOf = (value: Optional): unknown => (typeof value === "object" && value !== null ? value.json : value);
const textOf = (value: Optional): string | undefined =>
  typeof value === "object" && value !== null ? value.text : undefined;

interface Parts {
  readonly rates: readonly [after: Optional, before: Optional];
  readonly units: readonly [after: Optional, before: Optional];
  readonly cash: Optional;
  readonly quantity: Optional;
  /** null or empty, of a member that is not stated. */
  readonly none: null | undefined | "";
  readonly isShort: boolean;
}

interface Action {
  readonly subtype?: string;
  readonly details: object;
  readonly members?: object;
  /** Besides the id, the time and the note; undefined members are not expected. */
  readonly expected: Readonly<Record<string, unknown>>;
}

const pairOf = ([after, before]: Parts["rates"]): [string, string] | undefined => {
  const [units, earlier] = [textOf(after), textOf(before)];
  return units === undefined || earlier === undefined ? undefined : [units, earlier];
};
const rated = ({ rates: [after, before] }: Parts) => ({ new_rate: jsonOf(after), old_rate: jsonOf(before) });
const signed = (value: Optional, isShort: boolean): unknown =>
  isShort && textOf(value) !== undefined ? negative(textOf(value) ?? "") : jsonOf(value);
const signedText = (value: Optional, isShort: boolean): string | undefined => {
  const text = textOf(value);
  return text === undefined || !isShort ? text : negative(text);
};

/** By its form, what Alpaca's document names, and what the desk must make of it. */
const ACTIONS: Readonly<Record<string, readonly [type: string, make: (parts: Parts) => Action]>> = {
  split: [
    "SPLIT",
    (parts) => {
      const { units, none, isShort } = parts;
      const [after, before] = units.map((each) => signed(each, isShort));
      const ratio = pairOf(parts.rates) ?? pairOf(units);
      const shown = { kind: "adjustment", symbol: "AAPL", quantity: signedText(units[0], isShort) };
      return {
        details: {
          symbol: "AAPL",
          new_symbol: none,
          alternate_symbol: none,
          ...rated(parts),
          new_qty: after,
          old_qty: before,
        },
        expected: ratio === undefined ? shown : { kind: "split", symbol: "AAPL", ratio },
      };
    },
  ],
  "split under another name": [
    "SPLIT",
    (parts) => {
      const ratio = pairOf(parts.rates);
      const names = { symbol: "OLD", newSymbol: "NEW" };
      return {
        subtype: "RSPLIT",
        details: { symbol: "OLD", new_symbol: "NEW", ...rated(parts) },
        expected: ratio === undefined ? { kind: "adjustment", ...names } : { kind: "rename", ...names, ratio },
      };
    },
  ],
  "split of units": [
    "SPLIT",
    (parts) => ({
      details: {
        old_symbol: "U",
        new_symbol: "S",
        alternate_symbol: "W",
        ...rated(parts),
        new_qty: jsonOf(parts.quantity),
      },
      expected: { kind: "adjustment", symbol: "U", newSymbol: "S", quantity: textOf(parts.quantity) },
    }),
  ],
  "stock dividend": [
    "DIV",
    ({ units, isShort }) => {
      const [after, before] = units.map((each) => signed(each, isShort));
      const ratio = pairOf(units);
      const shown = { kind: "adjustment", symbol: "T", quantity: signedText(units[0], isShort) };
      return {
        subtype: "SDIV",
        details: { symbol: "T", entitled_qty: before, new_qty: after, paid_qty: "1", rate: "0.1" },
        expected: ratio === undefined ? shown : { kind: "split", symbol: "T", ratio },
      };
    },
  ],
  "spin-off": [
    "SPIN",
    ({ rates, quantity }) => ({
      details: {
        ...{ source_symbol: "GE", new_symbol: "GEV", new_qty: jsonOf(quantity) },
        ...{ new_rate: jsonOf(rates[0]), source_rate: jsonOf(rates[1]) },
      },
      expected: {
        ...{ kind: "spinoff", symbol: "GE", newSymbol: "GEV", quantity: textOf(quantity) },
        ratio: textOf(quantity) === undefined ? pairOf(rates) : undefined,
      },
    }),
  ],
  merger: [
    "MA",
    ({ rates, quantity }) => {
      const ratio = textOf(quantity) === undefined ? pairOf(rates) : undefined;
      const isKnown = textOf(quantity) !== undefined || ratio !== undefined;
      const names = { symbol: "TWTR", newSymbol: "X" };
      return {
        subtype: "SCMA",
        details: {
          ...{ acquiree_symbol: "TWTR", acquirer_symbol: "X", acquiree_qty: "5", acquirer_qty: jsonOf(quantity) },
          ...{ acquirer_rate: jsonOf(rates[0]), acquiree_rate: jsonOf(rates[1]) },
        },
        expected: { kind: isKnown ? "merger" : "adjustment", ...names, quantity: textOf(quantity), ratio },
      };
    },
  ],
  "merger for cash": [
    "MA",
    ({ cash }) => ({
      subtype: "CMA",
      details: { acquiree_symbol: "TWTR", acquirer_symbol: "X", acquiree_qty: "5" },
      expected:
        textOf(cash) === undefined
          ? { kind: "adjustment", symbol: "TWTR", newSymbol: "X" }
          : { kind: "merger", symbol: "TWTR" },
    }),
  ],
  "new name": [
    "NC",
    ({ none }) => ({
      details: { old_symbol: "FB", new_symbol: "META", old_cusip: "1", new_cusip: none, position_qty: "3" },
      expected: { kind: "rename", symbol: "FB", newSymbol: "META" },
    }),
  ],
  rights: [
    "A_TYPE_OF_2031",
    ({ quantity }) => ({
      details: { source_symbol: "A", source_qty: "7", new_symbol: "A.RT", new_qty: jsonOf(quantity), rate: "0.5" },
      expected: { kind: "adjustment", symbol: "A", newSymbol: "A.RT", quantity: textOf(quantity) },
    }),
  ],
  "worthless removal": [
    "REORG",
    ({ quantity }) => ({
      subtype: "WRM",
      details: { symbol: "LEHM", removed_qty: jsonOf(quantity) },
      expected: {
        ...{ kind: "adjustment", symbol: "LEHM" },
        quantity: textOf(quantity) === undefined ? undefined : negative(textOf(quantity) ?? ""),
      },
    }),
  ],
  "end of an option": [
    "OPASN",
    ({ quantity, isShort }) => ({
      details: { symbol: "AAPL261218C00150000", group_id: "g" },
      members: { qty: signed(quantity, isShort) },
      expected: { kind: "adjustment", symbol: "AAPL261218C00150000", quantity: signedText(quantity, isShort) },
    }),
  ],
  transfer: [
    "ACATS",
    ({ quantity, isShort }) => ({
      details: { symbol: "AAPL", external_id: "e", request_id: "r" },
      members: { qty: signed(quantity, isShort) },
      expected: { kind: "transfer", symbol: "AAPL", quantity: signedText(quantity, isShort) },
    }),
  ],
  "tender of an offer": [
    "VOF",
    ({ none }) => ({
      subtype: "VTND",
      details: { source_symbol: "A", new_symbol: none },
      members: { qty: "12.5" },
      expected: { kind: "adjustment", symbol: "A", more: " qty 12.5" },
    }),
  ],
  redemption: [
    "REORG",
    ({ cash }) => ({
      details: { cusip: "912797", qty: "1000", cash_payout: jsonOf(cash), ca_id: "c" },
      expected: { kind: "adjustment", more: " qty 1000" },
    }),
  ],
};
const OF_MONEY = ["adjustment", "transfer"];

const ACTION = fc
  .record({
    ...{
      form: fc.constantFrom(...Object.keys(ACTIONS)),
      id: ID,
      at: TIME,
      more: MORE,
      rates: fc.tuple(OPTIONAL, OPTIONAL),
    },
    ...{ units: fc.tuple(OPTIONAL, OPTIONAL), cash: OPTIONAL, quantity: OPTIONAL, isShort: fc.boolean() },
    none: fc.constantFrom<null | undefined | "">(null, undefined, ""),
  })
  .map(({ form, id, at, more, ...parts }): Stated => {
    const [type = "", make = (): Action => ({ details: {}, expected: {} })] = ACTIONS[form] ?? [];
    const { subtype, details, members = {}, expected } = make(parts);
    const payload = {
      ...{ ...more, activity_type: type, activity_subtype: subtype ?? parts.none, event_id: "01M", ref_id: id },
      ...{ at: at.text, executed_at: parts.none, status: "executed", currency: "USD", previous_id: parts.none },
      ...{ net_amount: jsonOf(parts.cash), details: { ...more, ...details, system_date: "2026-11-30" }, ...members },
    };
    const { more: words = "", ...stated } = expected;
    const cash = textOf(parts.cash) ?? (OF_MONEY.includes(String(stated["kind"])) ? "0" : undefined);
    const note = [type, subtype, "executed"].filter((word) => word !== undefined).join(" ");
    const money = { amount: cash, currency: cash === undefined ? undefined : "USD" };
    return {
      payload,
      expected: [present({ id, timestamp: at.ms, note: `${note}${String(words)}`, ...stated, ...money })],
    };
  });

it("any corporate action of Alpaca is carried out with every digit, or shown with what is stated of it", () => {
  tryPayloads(ACTION, (event) => listedActivitiesOf(event), activitySchema);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, decimal, text } from "../../../src/domain/decimal.ts";
import { fillKey, laterVersion } from "../../../src/domain/fills/fill.ts";
import {
  CHANGES_KEPT,
  PositionRecord,
  adoptQuantity,
  averagePrice,
  costBasis,
  openPosition,
  unrealizedPnl,
} from "../../../src/domain/account/position.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { amount } from "../../support/journal-scenario.ts";

let made = 0;
function fillOf(side: "buy" | "sell", quantity: string, price: string, more: Partial<VenueFill> = {}): VenueFill {
  return {
    fillId: `f${++made}`,
    venueOrderId: "v",
    symbol: "AAPL",
    side,
    quantity: amount(quantity),
    price: amount(price),
    at: made,
    ...more,
  };
}
function buy(quantity: string, price: string, more?: Partial<VenueFill>): VenueFill {
  return fillOf("buy", quantity, price, more);
}
function sell(quantity: string, price: string, more?: Partial<VenueFill>): VenueFill {
  return fillOf("sell", quantity, price, more);
}

/** As the book does it: the later version of a fill counts, and the same one again is nothing. */
function positionOf(
  fills: readonly VenueFill[],
  start: PositionRecord = new PositionRecord("paper", "AAPL"),
): PositionRecord {
  const known = new Map<string, VenueFill>();
  for (const fill of fills) {
    const key = fillKey("paper", fill);
    const earlier = known.get(key);
    const counts = earlier === undefined ? fill : laterVersion(earlier, fill);
    if (counts === earlier) continue;
    known.set(key, counts);
    start.applyFill(key, counts, earlier);
  }
  return start;
}
function shownOr(amount: Decimal | undefined): string {
  return amount === undefined ? "unknown" : text(amount);
}
function shown(position: PositionRecord): Record<string, unknown> {
  return {
    quantity: text(position.quantity),
    pnl: text(position.realizedPnl),
    fees: [...position.fees].map(([currency, fee]) => `${text(fee)} ${currency}`.trim()).join(", ") || "0",
    lots: Array.from(position.lots, ({ quantity, price }) => `${text(quantity)}@${shownOr(price)}`),
  };
}

const first = buy("10", "100");
const second = sell("4", "110");
const EXAMPLES: readonly {
  name: string;
  fills: readonly VenueFill[];
  quantity: string;
  pnl: string;
  lots: readonly string[];
  fees?: string;
}[] = [
  { name: "nothing", fills: [], quantity: "0", pnl: "0", lots: [] },
  { name: "two lots", fills: [buy("10", "100"), buy("5", "120")], quantity: "15", pnl: "0", lots: ["10@100", "5@120"] },
  {
    name: "lots of one price that follow each other are one",
    fills: [buy("10", "100"), buy("5", "100"), buy("5", "120"), buy("2", "100"), sell("12", "130")],
    quantity: "10",
    pnl: "360",
    lots: ["3@100", "5@120", "2@100"],
  },
  {
    name: "the oldest lot is sold first",
    fills: [buy("10", "100"), buy("5", "120"), sell("4", "130")],
    quantity: "11",
    pnl: "120",
    lots: ["6@100", "5@120"],
  },
  {
    name: "a sale over two lots",
    fills: [buy("10", "100"), buy("5", "120"), sell("12", "130")],
    quantity: "3",
    pnl: "320",
    lots: ["3@120"],
  },
  { name: "flat", fills: [buy("10", "100"), sell("10", "90")], quantity: "0", pnl: "-100", lots: [] },
  { name: "short", fills: [sell("10", "100")], quantity: "-10", pnl: "0", lots: ["-10@100"] },
  {
    name: "short, covered with a profit",
    fills: [sell("10", "100"), buy("4", "90")],
    quantity: "-6",
    pnl: "40",
    lots: ["-6@100"],
  },
  {
    name: "short, covered with a loss",
    fills: [sell("10", "100"), sell("5", "80"), buy("15", "110")],
    quantity: "0",
    pnl: "-250",
    lots: [],
  },
  {
    name: "from long through zero to short",
    fills: [buy("10", "100"), sell("15", "110")],
    quantity: "-5",
    pnl: "100",
    lots: ["-5@110"],
  },
  {
    name: "from short through zero to long",
    fills: [sell("10", "100"), buy("12", "95"), sell("2", "96")],
    quantity: "0",
    pnl: "52",
    lots: [],
  },
  {
    name: "tenths and tiny prices, exact",
    fills: [buy("0.1", "0.3"), buy("0.2", "0.3"), sell("0.3", "0.1")],
    quantity: "0",
    pnl: "-0.06",
    lots: [],
  },
  {
    name: "fees and rebates, apart from profit",
    fills: [buy("10", "100", { fee: amount("1.05") }), sell("10", "101", { fee: amount("-0.05") })],
    quantity: "0",
    pnl: "10",
    lots: [],
    fees: "1",
  },
  { name: "the same fill twice", fills: [first, first, first], quantity: "10", pnl: "0", lots: ["10@100"] },
  {
    name: "a bust of the first fill replays the rest",
    fills: [first, second, buy("10", "100", { busts: first.fillId })],
    quantity: "-4",
    pnl: "0",
    lots: ["-4@110"],
  },
  {
    name: "a bust takes its fee along",
    fills: [buy("10", "100", { fillId: "F", fee: amount("2") }), buy("10", "100", { busts: "F", fee: amount("2") })],
    quantity: "0",
    pnl: "0",
    lots: [],
    fees: "0",
  },
  {
    name: "a bust before its fill",
    fills: [buy("10", "100", { busts: "G" }), buy("10", "100", { fillId: "G" })],
    quantity: "0",
    pnl: "0",
    lots: [],
  },
  {
    name: "a correction of price and quantity replays the rest",
    fills: [first, second, buy("8", "105", { corrects: first.fillId })],
    quantity: "4",
    pnl: "20",
    lots: ["4@105"],
  },
  {
    name: "a bust after a correction",
    fills: [first, second, buy("8", "105", { corrects: first.fillId }), buy("8", "105", { busts: first.fillId })],
    quantity: "-4",
    pnl: "0",
    lots: ["-4@110"],
  },
];

describe("a position", () => {
  it.each(EXAMPLES)("$name", ({ fills, quantity, pnl, lots, fees = "0" }) => {
    expect(shown(positionOf(fills))).toEqual({ quantity, pnl, fees, lots });
  });

  it("the opening balance of a position is closed first by the next sale", () => {
    const position = new PositionRecord("paper", "AAPL");
    openPosition(position, decimal("10"), decimal("50"));
    expect(shown(positionOf([buy("5", "60"), sell("12", "70")], position))).toMatchObject({
      quantity: "3",
      pnl: "220",
      lots: ["3@60"],
    });
  });

  it("adopting the venue's quantity adds no profit, also when the position is replayed", () => {
    const position = positionOf([first]);
    adoptQuantity(position, { quantity: decimal("7"), price: decimal("101"), at: 0 });
    expect(shown(position)).toMatchObject({ quantity: "7", pnl: "0", lots: ["7@101"] });
    position.applyFill(fillKey("paper", first), buy("10", "100", { busts: first.fillId }));
    expect(shown(position)).toMatchObject({ quantity: "7", pnl: "0", lots: ["7@101"] });
    adoptQuantity(position, { quantity: decimal("0"), price: decimal("0"), at: 0 });
    expect(shown(position)).toMatchObject({ quantity: "0", pnl: "0", lots: [] });
  });

  it("adopting the same quantity keeps the lots", () => {
    const position = positionOf([buy("10", "100"), buy("5", "120")]);
    adoptQuantity(position, { quantity: decimal("15"), price: decimal("1"), at: 0 });
    expect(shown(position)).toMatchObject({ lots: ["10@100", "5@120"] });
  });

  it("cost, average price and unrealized profit are correct for long and short positions", () => {
    const long = positionOf([buy("10", "100"), buy("5", "120")]);
    expect([shownOr(costBasis(long)), shownOr(averagePrice(long))]).toEqual(["1600", "106.66666667"]);
    expect(shownOr(unrealizedPnl(long, decimal("110")))).toBe("50");
    const short = positionOf([sell("10", "100")]);
    expect([shownOr(unrealizedPnl(short, decimal("90"))), shownOr(averagePrice(short))]).toEqual(["100", "100"]);
    expect(averagePrice(new PositionRecord("paper", "AAPL"))).toBeUndefined();
  });

  it.each(["0.0000000041", "0.000012345", "0.00000000123456789"])(
    "an average price of %s keeps its digits",
    (price) => {
      expect(shownOr(averagePrice(positionOf([buy("3", price)])))).toBe(price);
    },
  );

  it("a balance without an average price has no cost, and what it earns is not known", () => {
    const position = new PositionRecord("paper", "BTC/USD");
    openPosition(position, decimal("2"), undefined);
    expect([averagePrice(position), unrealizedPnl(position, decimal("50000"))]).toEqual([undefined, undefined]);
    positionOf([buy("1", "100"), sell("2", "60000")], position);
    expect([position.hasUnknownPnl, shown(position)]).toMatchObject([true, { pnl: "0", lots: ["1@100"] }]);
  });

  it.each([
    ["7", ["2@100", "5@120"]],
    ["4", ["4@120"]],
    ["18", ["10@100", "5@120", "3@unknown"]],
    ["-2", ["-2@unknown"]],
    ["0", []],
  ])("adopting %s without an average price keeps what is known", (quantity, lots) => {
    const position = positionOf([buy("10", "100"), buy("5", "120")]);
    adoptQuantity(position, { quantity: decimal(quantity), price: undefined, at: 0 });
    expect(shown(position)).toMatchObject({ quantity, pnl: "0", lots });
  });
});

describe("a split", () => {
  const ratioOf = (after: string, before: string) => ({ after: decimal(after), before: decimal(before) });

  it("keeps the cost of each lot, and a later sale has the same profit", () => {
    const position = positionOf([buy("10", "700"), buy("1", "100.01")]);
    position.split(ratioOf("7", "1"), made + 1);
    expect(shown(position)).toMatchObject({ quantity: "77", pnl: "0", lots: ["70@100", "7@14.28714286"] });
    expect(shownOr(costBasis(position))).toBe("7100.01");
    made += 2;
    const sold = positionOf([sell("70", "110"), sell("3", "20"), sell("4", "20")], position);
    // 70 × 10, and 7 × 20 - 100.01.
    expect(shown(sold)).toMatchObject({ quantity: "0", pnl: "739.99", lots: [] });
  });

  it("gives lots that add up to the split quantity, where no lot can be divided exactly", () => {
    const position = positionOf([buy("1", "10"), buy("1", "11"), buy("1", "12")]);
    position.split(ratioOf("1", "3"), made + 1);
    expect([text(position.quantity), shownOr(costBasis(position))]).toEqual(["1", "33"]);
  });

  it("is of what was held at its time: a correction replays it, and a fill of later is in the new units", () => {
    const [first, later] = [buy("10", "700"), buy("7", "101")];
    const position = positionOf([first, later]);
    position.split(ratioOf("7", "1"), later.at);
    expect(shown(position)).toMatchObject({ quantity: "77", lots: ["70@100", "7@101"] });
    position.applyFill(fillKey("paper", first), { ...first, corrects: first.fillId, quantity: amount("20") });
    expect(shown(position)).toMatchObject({ quantity: "147", lots: ["140@100", "7@101"] });
  });

  it("the other way round, of a short position and to nothing, loses no money", () => {
    const short = positionOf([sell("70", "10")]);
    short.split(ratioOf("1", "7"), made + 1);
    expect(shown(short)).toMatchObject({ quantity: "-10", lots: ["-10@70"] });
    expect(shownOr(unrealizedPnl(short, decimal("60")))).toBe("100");
    const dust = positionOf([buy("0.000000000000000001", "1")]);
    dust.split(ratioOf("1", "100"), made + 1);
    expect(shown(dust)).toMatchObject({ quantity: "0", lots: [] });
  });

  it("changes neither the cost nor the sum of profits, at any ratio, however the lots are sold", () => {
    const lots = fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 90_000 })), {
      minLength: 1,
    });
    const parts = fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 10 });
    fc.assert(
      fc.property(lots, fc.integer({ min: 1, max: 50 }), parts, (bought, after, sizes) => {
        const position = positionOf(bought.map(([quantity, cents]) => buy(String(quantity), String(cents / 100))));
        const cost = costBasis(position);
        position.split(ratioOf(String(after), "1"), made + 1);
        expect(shownOr(costBasis(position))).toBe(shownOr(cost));
        made += 2;
        for (const size of sizes)
          if (position.quantity.gt(decimal(String(size)))) positionOf([sell(String(size), "10")], position);
        const rest = text(position.quantity);
        positionOf([sell(rest, "10")], position);
        const all = bought.reduce((sum, [quantity]) => sum + quantity, 0) * after * 10;
        expect(shown(position)).toMatchObject({
          quantity: "0",
          pnl: text(decimal(String(all)).minus(cost ?? decimal("0"))),
        });
      }),
    );
  });
});

describe("fees", () => {
  const fee = (symbol: string, amountOfFee: string, feeCurrency: string) => ({
    ...{ symbol, fee: amount(amountOfFee), feeCurrency },
  });

  it("are kept by currency", () => {
    const fills = [buy("1", "9", fee("X/USD", "0.5", "USD")), sell("1", "9", fee("X/USD", "4000", "DOG"))];
    expect(shown(positionOf([...fills, buy("1", "9", fee("X/USD", "-0.1", "USD"))]))).toMatchObject({
      fees: "0.4 USD, 4000 DOG",
      quantity: "1",
    });
  });

  it.each([
    ["BTC/USD", "BTC", "1.499"],
    ["BTC-USDT", "btc", "1.499"],
    ["BTCUSDT", "BTC", "1.499"],
    ["BTC", "BTC", "1.499"],
    ["USDTUSD", "USD", "1.5"],
    ["BTC/USD", "USD", "1.5"],
    ["BTC/USD", "BNB", "1.5"],
    ["AAPL", "USD", "1.5"],
    ["USDX", "USD", "1.5"],
  ])("a buy of 1.5 %s with a fee of 0.001 %s leaves %s", (symbol, currency, quantity) => {
    const position = positionOf([buy("1.5", "100", fee(symbol, "0.001", currency))]);
    expect(shown(position)).toMatchObject({ quantity, pnl: "0", lots: [`${quantity}@100`] });
  });

  it("that come later lead to the same position, at any time and with reads in between", () => {
    const draft = fc.record({
      side: fc.constantFrom(buy, sell),
      quantity: fc.integer({ min: 1, max: 20 }),
      price: fc.integer({ min: 1, max: 9 }),
      fee: fc.constantFrom("0.5", "-0.25", "3"),
      feeCurrency: fc.constantFrom("BTC", "USD", "BNB"),
      delay: fc.nat(4),
      isRead: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 12 }), (drafts) => {
        const fills = drafts.map(({ side, quantity, price, fee: cost, feeCurrency }, n) =>
          side(String(quantity), String(price), { fillId: `f${n}`, ...fee("BTC/USD", cost, feeCurrency) }),
        );
        const late = new PositionRecord("paper", "BTC/USD");
        const messages = fills.flatMap((fill, n) => {
          const { fee: _, feeCurrency: __, ...bare } = fill;
          return [
            { at: n, run: () => late.applyFill(fill.fillId, bare) },
            { at: n + (drafts[n]?.delay ?? 0) + 0.5, run: () => late.completeFill(fill.fillId, fill) },
          ];
        });
        for (const [n, { run }] of messages.toSorted((a, b) => a.at - b.at).entries()) {
          run();
          if (drafts[n % drafts.length]?.isRead === true) shown(late);
        }
        const { fees, ...whole } = shown(positionOf(fills, new PositionRecord("paper", "BTC/USD")));
        const { fees: lateFees, ...later } = shown(late);
        expect(later).toEqual(whole);
        expect(String(lateFees).split(", ").toSorted()).toEqual(String(fees).split(", ").toSorted());
      }),
    );
  });

  it("in the traded asset beyond the position are owed, and a rebate adds to the position", () => {
    const all = [buy("1", "100"), sell("1", "110", fee("BTC/USD", "0.01", "BTC"))];
    expect(shown(positionOf(all))).toMatchObject({ quantity: "-0.01", pnl: "10", lots: ["-0.01@110"] });
    const rebate = [buy("1", "100", fee("BTC/USD", "-0.01", "BTC"))];
    expect(shown(positionOf(rebate))).toMatchObject({ quantity: "1.01", pnl: "0", lots: ["1@100", "0.01@100"] });
  });
});

describe("a position with more changes than are kept", () => {
  const draft = fc.record({
    side: fc.constantFrom(buy, sell),
    quantity: fc.integer({ min: 1, max: 9 }),
    price: fc.integer({ min: 1, max: 9 }),
    /** How many fills ago the fill was that this one changes; 0: a new fill. */
    changes: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(4 * CHANGES_KEPT)),
    isBust: fc.boolean(),
  });
  const drafts = fc.array(draft, { minLength: 3 * CHANGES_KEPT, maxLength: 5 * CHANGES_KEPT, size: "max" });

  it("has the quantity, lots and P&L of all its fills", () => {
    fc.assert(
      fc.property(drafts, (all) => {
        const position = positionOf(all.map(({ side, quantity, price }) => side(String(quantity), String(price))));
        const signed = ({ side, quantity }: (typeof all)[number]): number => (side === buy ? quantity : -quantity);
        const oracle = unitByUnit(all.map((each) => ({ signed: signed(each), cents: each.price * 100 })));
        expect(position.movements.length).toBeLessThan(2 * CHANGES_KEPT);
        expect([text(position.quantity), text(position.realizedPnl.times(decimal("100")))]).toEqual([
          String(oracle.quantity),
          String(oracle.pnlCents),
        ]);
        expect(shownOr(costBasis(position))).toBe(text(decimal(String(oracle.cost / 100))));
      }),
      { numRuns: 10 },
    );
  });

  it("has the quantity and the cash of the versions that count, however late corrections and busts come", () => {
    fc.assert(
      fc.property(drafts, (all) => {
        const position = new PositionRecord("paper", "AAPL");
        const counted: VenueFill[] = [];
        for (const { side, quantity, price, changes, isBust } of all) {
          const place = counted.length - changes;
          const known = changes === 0 ? undefined : counted[place];
          const fill = side(String(quantity), String(price));
          if (known === undefined) {
            counted.push(fill);
            position.applyFill(fill.fillId, fill);
            continue;
          }
          const key = known.corrects ?? known.busts ?? known.fillId;
          const change: VenueFill = isBust ? { ...known, busts: key } : { ...fill, corrects: key };
          counted[place] = change;
          position.applyFill(key, change, known);
          // Each look replays what a correction has changed.
          expect([...position.lots].every((lot) => !lot.quantity.eq(decimal("0")))).toBe(true);
        }
        let [quantity, cash] = [0, 0];
        for (const fill of counted) {
          if (fill.busts !== undefined) continue;
          const signed = fill.side === "buy" ? Number(fill.quantity) : -Number(fill.quantity);
          quantity += signed;
          cash -= signed * Number(fill.price);
        }
        const paid = costBasis(position)?.minus(position.realizedPnl) ?? decimal("0");
        expect([text(position.quantity), text(paid)]).toEqual([String(quantity), text(decimal(String(-cash)))]);
      }),
      { numRuns: 10 },
    );
  });

  it("adds a fee that comes later, and refuses a split from before its base", () => {
    const [first, ...others] = Array.from({ length: 3 * CHANGES_KEPT }, () => buy("1", "2"));
    if (first === undefined) throw new Error("no fill");
    const position = positionOf([first, ...others]);
    position.completeFill(fillKey("paper", first), { ...first, fee: amount("0.5"), feeCurrency: "USD" });
    expect([...position.fees].map(([currency, fee]) => [currency, text(fee)])).toEqual([["USD", "0.5"]]);
    expect([position.hasBaseAfter(first.at), position.hasBaseAfter(made)]).toEqual([true, false]);
  });
});

interface Unit {
  sign: 1 | -1;
  cents: number;
}

/** An oracle of another make: whole units in a queue, prices in whole cents, one unit at a time. */
function unitByUnit(trades: readonly { signed: number; cents: number }[]): {
  quantity: number;
  pnlCents: number;
  cost: number;
} {
  const queue: Unit[] = [];
  let pnlCents = 0;
  for (const { signed, cents } of trades) {
    const sign = signed > 0 ? 1 : -1;
    for (let i = 0; i < Math.abs(signed); i++) {
      if (queue[0] !== undefined && queue[0].sign !== sign) {
        const { cents: opened, sign: side } = queue.shift() as Unit;
        pnlCents += side * (cents - opened);
      } else queue.push({ sign, cents });
    }
  }
  return {
    quantity: queue.reduce((sum, { sign }) => sum + sign, 0),
    pnlCents,
    cost: queue.reduce((sum, { sign, cents }) => sum + sign * cents, 0),
  };
}

const trade = fc.record({
  signed: fc.integer({ min: -25, max: 25 }).filter((n) => n !== 0),
  cents: fc.integer({ min: 1, max: 100_000 }),
});
function asFill({ signed, cents }: { signed: number; cents: number }, more?: Partial<VenueFill>): VenueFill {
  return fillOf(signed > 0 ? "buy" : "sell", String(Math.abs(signed)), (cents / 100).toFixed(2), more);
}
function agrees(position: PositionRecord, trades: readonly { signed: number; cents: number }[]): void {
  const oracle = unitByUnit(trades);
  expect(text(position.quantity)).toBe(String(oracle.quantity));
  expect(position.realizedPnl.times(decimal("100")).eq(decimal(String(oracle.pnlCents)))).toBe(true);
  expect(
    costBasis(position)
      ?.times(decimal("100"))
      .eq(decimal(String(oracle.cost))),
  ).toBe(true);
}

describe("against the oracle", () => {
  it("positions agree with the oracle for any trades", () => {
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 30 }), (trades) =>
        agrees(positionOf(trades.map((one) => asFill(one))), trades),
      ),
      { numRuns: 500 },
    );
  });

  it("positions agree with the oracle for any trades with later busts and corrections", () => {
    const changed = fc.record({ trade, change: fc.constantFrom("none", "bust", "correct"), to: trade });
    fc.assert(
      fc.property(fc.array(changed, { maxLength: 20 }), (entries) => {
        const fills = entries.map((entry) => asFill(entry.trade));
        const later = entries.flatMap(({ change, to }, i) => {
          const { fillId } = fills[i] as VenueFill;
          return change === "bust"
            ? [asFill(to, { busts: fillId })]
            : change === "correct"
              ? [asFill(to, { corrects: fillId })]
              : [];
        });
        const counted = entries.flatMap((entry) =>
          entry.change === "bust" ? [] : [entry.change === "correct" ? entry.to : entry.trade],
        );
        agrees(positionOf([...fills, ...later, ...fills]), counted);
      }),
      { numRuns: 300 },
    );
  });
});

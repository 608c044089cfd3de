/** A change of the NAV is explained by price moves and trades; the rest is money that was paid in or out. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal, text } from "../../../src/domain/decimal.ts";
import { unexplainedChange } from "../../../src/domain/account/nav-change.ts";
import { TradeSums } from "../../../src/domain/account/trade-sums.ts";
import type { VenueAccount, VenueFill, VenuePosition } from "../../../src/domain/market/venue.ts";

type Held = readonly [quantity: number, mark?: number];

function positionsOf(held: Readonly<Record<string, Held>>): VenuePosition[] {
  return Object.entries(held).map(([symbol, [quantity, mark]]) => {
    const position = { symbol, quantity: text(decimal(String(quantity))) };
    return mark === undefined ? position : { ...position, markPrice: text(decimal(String(mark))) };
  });
}
function accountOf(nav: number, currency = "USD"): VenueAccount {
  const amount = text(decimal(String(nav)));
  return { nav: amount, cash: amount, buyingPower: amount, currency };
}
function fill(side: "buy" | "sell", quantity: number, price: number, more: Partial<VenueFill> = {}): VenueFill {
  const amounts = { quantity: String(quantity), price: String(price) } as Pick<VenueFill, "quantity" | "price">;
  return { fillId: `${side}-${quantity}-${price}`, venueOrderId: "o", symbol: "A", side, at: 1, ...amounts, ...more };
}

interface Case {
  readonly before: readonly [nav: number, held: Readonly<Record<string, Held>>];
  readonly now: readonly [nav: number, held: Readonly<Record<string, Held>>];
  readonly trades?: readonly VenueFill[];
}
function unexplained({ before, now, trades = [] }: Case): string | undefined {
  const positions = new Map(positionsOf(before[1]).map((position) => [position.symbol, position]));
  const base = { account: accountOf(before[0]), nav: decimal(String(before[0])), positions };
  const sums = new TradeSums();
  for (const trade of trades) sums.set(trade.fillId, trade);
  const change = unexplainedChange(base, { account: accountOf(now[0]), positions: positionsOf(now[1]), trades: sums });
  return change && text(change);
}

describe("the change of the NAV that nothing explains", () => {
  it.each<[string, Case, string | undefined]>([
    ["a deposit without a trade", { before: [1000, {}], now: [1500, {}] }, "500"],
    ["a price move", { before: [1000, { A: [10, 50] }], now: [1200, { A: [10, 70] }] }, "0"],
    [
      "a deposit between two fills",
      { before: [1000, {}], now: [1520, { A: [10, 52] }], trades: [fill("buy", 10, 50)] },
      "500",
    ],
    ["a buy at the mark", { before: [1000, {}], now: [1000, { A: [10, 50] }], trades: [fill("buy", 10, 50)] }, "0"],
    [
      "a sale of everything, whose mark is gone",
      { before: [1000, { A: [10, 50] }], now: [1100, {}], trades: [fill("sell", 10, 60)] },
      "0",
    ],
    [
      "a withdrawal beside a round trip with a loss",
      { before: [1000, {}], now: [400, {}], trades: [fill("buy", 10, 50), fill("sell", 10, 40)] },
      "-500",
    ],
    [
      "a fee of 2 %",
      { before: [1000, {}], now: [980, {}], trades: [fill("buy", 1, 50, { fee: "20" as never }), fill("sell", 1, 50)] },
      "0",
    ],
    [
      "a fill that arrives after the mark that contains it",
      { before: [1000, { A: [10, 50] }], now: [1010, { A: [10, 51] }], trades: [fill("buy", 10, 50)] },
      "0",
    ],
    ["a bust", { before: [1000, {}], now: [1000, {}], trades: [fill("buy", 10, 50, { busts: "x" })] }, "0"],
    ["coins that were paid in", { before: [1000, {}], now: [1500, { A: [10, 50] }] }, "500"],
    ["coins that were bought in the venue's own app", { before: [1000, {}], now: [1000, { A: [10, 50] }] }, "0"],
    ["coins that were paid out", { before: [1000, { A: [10, 50] }], now: [500, {}] }, "-500"],
    [
      "another spelling of the symbol in fills",
      {
        before: [1000, {}],
        now: [1000, { "B/USD": [10, 50] }],
        trades: [fill("buy", 10, 50, { symbol: "B-USD" })],
      },
      "0",
    ],
    ["half a percent", { before: [1000, {}], now: [1005, {}] }, "0"],
    ["a jump beside a position without a mark", { before: [1000, { A: [10] }], now: [1500, { A: [10] }] }, "500"],
    ["little beside a position without a mark", { before: [1000, { A: [10] }], now: [1004, { A: [10] }] }, "0"],
    ["a jump beside a mark that came", { before: [1000, { A: [10] }], now: [1500, { A: [10, 70] }] }, "500"],
    ["a jump beside a mark that went", { before: [1000, { A: [10, 50] }], now: [1500, { A: [10] }] }, "500"],
    [
      "a price move and a jump beside a position without a mark",
      { before: [1000, { A: [10, 50], B: [5] }], now: [1700, { A: [10, 70], B: [5] }] },
      "500",
    ],
    [
      "a buy of an instrument without a mark",
      { before: [1000, {}], now: [1000, { A: [10] }], trades: [fill("buy", 10, 50)] },
      "0",
    ],
  ])("%s", (_, change, expected) => expect(unexplained(change)).toBe(expected));

  it("is the deposit, whatever was traded at whatever price", () => {
    const trade = fc.record({ side: fc.constantFrom("buy", "sell"), quantity: fc.nat(50), price: fc.nat(200) });
    const marks = fc.record({ before: fc.integer({ min: 1, max: 200 }), now: fc.integer({ min: 1, max: 200 }) });
    fc.assert(
      fc.property(fc.array(trade), marks, fc.integer({ min: -50_000, max: 50_000 }), (trades, mark, deposit) => {
        const fills = trades.map(({ side, quantity, price }, n) =>
          fill(side as "buy" | "sell", quantity + 1, price + 1, { fillId: String(n) }),
        );
        let [cash, held] = [100_000 - 100 * mark.before + deposit, 100];
        for (const { side, quantity, price } of fills) {
          const signed = side === "buy" ? Number(quantity) : -Number(quantity);
          [cash, held] = [cash - signed * Number(price), held + signed];
        }
        // A closed position has no mark at the venue any more.
        const now: Readonly<Record<string, Held>> = held === 0 ? {} : { A: [held, mark.now] };
        const found = unexplained({
          before: [100_000, { A: [100, mark.before] }],
          now: [cash + held * mark.now, now],
          trades: fills,
        });
        expect(found).toBe(Math.abs(deposit) <= 500 ? "0" : String(deposit));
      }),
    );
  });
});

describe("what is held in another currency", () => {
  const held = (mark: string, more: Partial<VenuePosition> = {}): VenuePosition[] => [
    { symbol: "A", quantity: "100", markPrice: mark, currency: "EUR", ...more } as VenuePosition,
  ];
  const change = (now: number, { mark, rate }: { readonly mark: string; readonly rate: string | undefined }) => {
    const positions = new Map(held("50").map((position) => [position.symbol, position]));
    const base = { account: accountOf(10_000), nav: decimal("10000"), positions };
    const rateOf = (currency: string) => (currency === "EUR" && rate !== undefined ? decimal(rate) : undefined);
    const found = unexplainedChange(base, {
      account: accountOf(now),
      positions: held(mark),
      trades: undefined,
      rateOf,
    });
    return found && text(found);
  };

  it.each<[string, number, { mark: string; rate: string | undefined }, string]>([
    ["a price move, by the rate", 11_100, { mark: "60", rate: "1.1" }, "0"],
    ["a deposit beside a price move", 13_100, { mark: "60", rate: "1.1" }, "2000"],
    ["what a rate may have moved, up to 1 % of what is held", 10_054, { mark: "50", rate: "1.1" }, "0"],
    ["a jump without a rate, which no price move explains", 11_100, { mark: "60", rate: undefined }, "1100"],
  ])("%s", (_name, now, terms, expected) => expect(change(now, terms)).toBe(expected));

  it("a position that gets, or loses, its value is a jump that a human explains, and no profit", () => {
    const unvalued = [{ symbol: "A", quantity: "100" }] as const;
    const base = (account: VenueAccount) => ({
      account,
      nav: decimal(account.nav),
      positions: new Map(held("50").map((position) => [position.symbol, position])),
    });
    const [without, whole] = [{ ...accountOf(1_000), unvalued } as unknown as VenueAccount, accountOf(6_500)];
    const reading = { positions: held("50"), trades: undefined, rateOf: () => decimal("1.1") };
    const found = [
      unexplainedChange(base(without), { ...reading, account: whole }),
      unexplainedChange(base(whole), { ...reading, account: without }),
      unexplainedChange(base(without), { ...reading, account: without }),
    ];
    expect(found.map((amount) => amount && text(amount))).toEqual(["5500", "-5500", "0"]);
  });

  it("a purchase of what has no value takes its price out of the NAV, and needs no explanation", () => {
    const accountWith = (nav: number, quantity: string): VenueAccount =>
      ({ ...accountOf(nav), unvalued: [{ symbol: "A", quantity }] }) as unknown as VenueAccount;
    const [before, now] = [accountWith(1_000, "100"), accountWith(800, "110")];
    const positions = new Map(positionsOf({ A: [100] }).map((position) => [position.symbol, position]));
    const trades = new TradeSums();
    trades.set("a", fill("buy", 10, 20));
    const reading = { account: now, positions: positionsOf({ A: [110] }), trades };
    const change = unexplainedChange({ account: before, nav: decimal(before.nav), positions }, reading);
    expect(change && text(change)).toBe("0");
  });
});

describe("the sums of trades", () => {
  it("count each fill once: a correction, a bust, a later fee or a dispute replaces what was counted", () => {
    const sums = new TradeSums();
    const shown = () => [...sums.bySymbol.values()].map(({ traded, cost }) => `${text(traded)} for ${text(cost)}`);
    sums.set("a", fill("buy", 10, 50));
    sums.set("b", fill("sell", 4, 60));
    expect(shown()).toEqual(["6 for 260"]);
    sums.set("a", fill("buy", 8, 50, { fee: "1.5" as never }));
    expect([shown(), text(sums.feesIn("USD")), text(sums.feesIn("EUR"))]).toEqual([["4 for 160"], "1.5", "1.5"]);
    sums.set("b", fill("sell", 4, 60, { busts: "b" }));
    expect(shown()).toEqual(["8 for 400"]);
    sums.set("a", undefined);
    expect([shown(), text(sums.feesIn("USD")), sums.has("a")]).toEqual([["0 for 0"], "0", false]);
  });
});

/** New names and mergers: the position becomes the new one with its cost, and no profit is made up. Sums by hand. */
import { describe, expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { unexplainedChange } from "../../src/domain/account/nav-change.ts";
import { decimal, text } from "../../src/domain/decimal.ts";
import { averagePrice } from "../../src/domain/account/position.ts";
import type { VenueActivity } from "../../src/domain/market/venue.ts";
import { type HeldDraft, type JournalScenario, amount, scenario } from "../support/journal-scenario.ts";

const connector = "paper" as ConnectorName;
const ORDERS = ["activity, mark", "mark, activity"] as const;
type Order = (typeof ORDERS)[number];

/** A mark of the account, with the check of the NAV that a desk makes. */
function mark(tale: JournalScenario, cash: string, positions: readonly HeldDraft[]): void {
  const nav = positions.reduce(
    (sum, { quantity, markPrice }) => sum.plus(decimal(amount(quantity)).times(decimal(amount(markPrice ?? "0")))),
    decimal(amount(cash)),
  );
  const record = tale.state().accounts.get("paper");
  const money = { nav: text(nav), cash: amount(cash), buyingPower: amount(cash), currency: "USD" };
  if (record !== undefined) {
    const reading = {
      account: money,
      positions: positions.map((held) => ({
        ...held,
        quantity: amount(held.quantity),
        markPrice: amount(held.markPrice ?? "0"),
      })),
      trades: tale.state().trades.get("paper"),
    };
    const change = unexplainedChange(record.base, reading as never, { awaited: record.awaited });
    if (change !== undefined && !change.eq(record.unexplained))
      tale.event({ type: "nav.unexplained", connector, amount: text(change) });
  }
  tale.account("paper", { nav: text(nav), cash, positions });
}

/** 10,000 in cash; 100 OLD bought at 20, marked at 25. */
function holder(): JournalScenario {
  const tale = scenario().desk();
  mark(tale, "12000", []);
  tale.working("o1", { symbol: "OLD", quantity: "100", limitPrice: "20" }).fill("o1", { price: "20" });
  mark(tale, "10000", [{ symbol: "OLD", quantity: "100", markPrice: "25" }]);
  return tale.wait(1_000);
}

function act(tale: JournalScenario, activity: Omit<VenueActivity, "id" | "at">): void {
  tale.event({ type: "venue.activity", connector, activity: { id: "c1", at: tale.now, ...activity } });
}

interface Case {
  readonly activity: Omit<VenueActivity, "id" | "at">;
  readonly cash: string;
  readonly after: readonly HeldDraft[];
}

function play({ activity, cash, after }: Case, order: Order): JournalScenario {
  const tale = holder();
  if (order === "activity, mark") act(tale, activity);
  mark(tale.wait(1_000), cash, after);
  if (order === "mark, activity") act(tale, activity);
  mark(tale.wait(1_000), cash, after);
  return tale;
}

function book(tale: JournalScenario, symbol: string) {
  const position = tale.state().positions.get(`paper/${symbol}`);
  const average = position && averagePrice(position);
  return [position?.quantity.toFixed(), average?.toFixed(), position?.realizedPnl.toFixed()];
}

function account(tale: JournalScenario) {
  const { nav, dayOpenNav, unexplained } = tale.state().accounts.get("paper") ?? {};
  return [nav?.toFixed(), unexplained?.toFixed(), nav?.minus(dayOpenNav ?? decimal(amount("0"))).toFixed()];
}

describe.each(ORDERS)("in the order %s", (order) => {
  it("a new name moves quantity and cost, and changes no profit", () => {
    const activity = { kind: "rename", symbol: "OLD", newSymbol: "NEW" } as const;
    const tale = play({ activity, cash: "10000", after: [{ symbol: "NEW", quantity: "100", markPrice: "25" }] }, order);
    expect(book(tale, "OLD")).toEqual(["0", undefined, "0"]);
    expect(book(tale, "NEW")).toEqual(["100", "20", "0"]);
    expect(account(tale)).toEqual(["12500", "0", "500"]);
  });

  it("a merger for shares: 100 OLD of cost 2,000 become 40 NEW of cost 2,000", () => {
    const activity = { kind: "merger", symbol: "OLD", newSymbol: "NEW", quantity: amount("40") } as const;
    const tale = play(
      { activity, cash: "10000", after: [{ symbol: "NEW", quantity: "40", markPrice: "62.5" }] },
      order,
    );
    expect(book(tale, "NEW")).toEqual(["40", "50", "0"]);
    expect(account(tale)).toEqual(["12500", "0", "500"]);
  });

  it("a merger for shares and cash: 40 NEW and 500 in cash leave a cost of 1,500", () => {
    const cash = { amount: amount("500"), currency: "USD" };
    const activity = { kind: "merger", symbol: "OLD", newSymbol: "NEW", quantity: amount("40"), ...cash } as const;
    const tale = play({ activity, cash: "10500", after: [{ symbol: "NEW", quantity: "40", markPrice: "50" }] }, order);
    // 40 × 50 + 500 is what 100 OLD were worth: 2,500. Of the profit of 500, 500 is not realized.
    expect(book(tale, "NEW")).toEqual(["40", "37.5", "0"]);
    expect(account(tale)).toEqual(["12500", "0", "500"]);
  });

  it("cash above the cost is realized: 2,200 for a cost of 2,000 leave shares of cost 0", () => {
    const cash = { amount: amount("2200"), currency: "USD" };
    const activity = { kind: "merger", symbol: "OLD", newSymbol: "NEW", quantity: amount("10"), ...cash } as const;
    const tale = play({ activity, cash: "12200", after: [{ symbol: "NEW", quantity: "10", markPrice: "30" }] }, order);
    expect(book(tale, "OLD")).toEqual(["0", undefined, "200"]);
    expect(book(tale, "NEW")).toEqual(["10", "0", "0"]);
    expect(account(tale)).toEqual(["12500", "0", "500"]);
  });

  it("a merger for cash alone realizes 2,600 less the cost of 2,000", () => {
    const activity = { kind: "merger", symbol: "OLD", amount: amount("2600"), currency: "USD" } as const;
    const tale = play({ activity, cash: "12600", after: [] }, order);
    expect(book(tale, "OLD")).toEqual(["0", undefined, "600"]);
    const [nav, , result] = account(tale);
    expect([nav, result]).toEqual(["12600", "600"]);
    if (order === "activity, mark") expect(account(tale)[1]).toBe("0");
  });
});

it("a new name ends the blocks of the differences that it explains, and keeps shares of the new name", () => {
  const tale = holder();
  tale.working("n", { symbol: "NEW", quantity: "10", limitPrice: "24" }).fill("n", { price: "24" });
  tale.flagged("paper", "OLD", "100", "0").flagged("paper", "NEW", "10", "110");
  act(tale, { kind: "rename", symbol: "OLD", newSymbol: "NEW" });
  expect(tale.state().flagged.size).toBe(0);
  // (10 × 24 + 100 × 20) / 110, first in, first out: the lot of 24 was there first.
  const lots = tale.state().positions.get("paper/NEW")?.lots ?? [];
  expect(Array.from(lots, ({ quantity, price }) => [quantity.toFixed(), price?.toFixed()])).toEqual([
    ["10", "24"],
    ["100", "20"],
  ]);
});

it("a short position is carried over with what it was sold for", () => {
  const tale = scenario().desk().account("paper");
  tale.working("s", { symbol: "OLD", side: "sell", quantity: "10", limitPrice: "30" }).fill("s", { price: "30" });
  act(tale.wait(1_000), { kind: "merger", symbol: "OLD", newSymbol: "NEW", quantity: amount("-5") });
  expect(book(tale, "NEW")).toEqual(["-5", "60", "0"]);
});

it.each([
  ["shares of the other side", { kind: "merger", symbol: "OLD", newSymbol: "NEW", quantity: amount("-40") }],
  ["neither shares nor cash", { kind: "merger", symbol: "OLD", newSymbol: "NEW" }],
  ["another instrument", { kind: "rename", symbol: "ELSE", newSymbol: "NEW" }],
] as const)("a merger for %s moves nothing: the comparison of positions finds the difference", (_name, activity) => {
  const tale = holder();
  act(tale, activity);
  expect([book(tale, "OLD"), book(tale, "NEW")]).toEqual([
    ["100", "20", "0"],
    [undefined, undefined, undefined],
  ]);
});

it("an activity that arrives twice moves the position once", () => {
  const tale = holder();
  const activity = { kind: "merger", symbol: "OLD", newSymbol: "NEW", quantity: amount("40") } as const;
  act(tale, activity);
  act(tale, activity);
  expect(book(tale, "NEW")).toEqual(["40", "50", "0"]);
});

import { describe, expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { bookSnapshot, guardedOrder } from "../../src/gate/guard-runner.ts";
import { inputOf } from "../support/gate-case.ts";
import { amount, scenario } from "../support/journal-scenario.ts";

const held = [{ symbol: "AAPL", quantity: "2", markPrice: "100", averagePrice: "90" }];
function tale() {
  return scenario()
    .desk()
    .account("paper", { nav: "1000.10", cash: "500.05", buyingPower: "500.05", positions: held })
    .account("cash", { nav: "0.20", positions: [] })
    .working("a", { symbol: "MSFT", quantity: "1.5", limitPrice: "400" });
}

describe("bookSnapshot", () => {
  it("bookSnapshot has NAV, cash, positions and open orders, and the buying power of the order's own account", () => {
    expect(bookSnapshot(inputOf(tale(), {}, { venueNow: 7 }))).toEqual({
      nav: 1000.3,
      navText: "1000.3",
      cash: 500.25,
      buyingPower: 500.05,
      positions: [
        {
          connector: "paper",
          symbol: "AAPL",
          quantity: 2,
          quantityText: "2",
          averagePrice: 90,
          markPrice: 100,
          value: 200,
        },
      ],
      openOrders: [
        {
          clientOrderId: "q1-a",
          symbol: "MSFT",
          side: "buy",
          quantity: 1.5,
          quantityText: "1.5",
          type: "limit",
          limitPrice: 400,
          limitPriceText: "400",
          timeInForce: "day",
        },
      ],
      time: 7,
    });
  });

  it("bookSnapshot has positions that only the venue reports and no flat positions", () => {
    const positions = [{ symbol: "TSLA", quantity: "-1", markPrice: "200" }];
    const later = tale().filled("s", { side: "sell", quantity: "2" }).account("paper", { positions });
    expect(bookSnapshot(inputOf(later, {}, { venueNow: 7 })).positions).toEqual([
      { connector: "paper", symbol: "TSLA", quantity: -1, quantityText: "-1", markPrice: 200, value: -200 },
    ]);
  });

  it("bookSnapshot is deeply frozen and can be cloned to another thread", () => {
    const snapshot = bookSnapshot(inputOf(tale(), {}, { venueNow: 7 }));
    for (const part of [
      snapshot,
      snapshot.positions,
      snapshot.positions[0],
      snapshot.openOrders,
      snapshot.openOrders[0],
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(structuredClone(snapshot)).toEqual(snapshot);
  });

  it("bookSnapshot does not change with later events", () => {
    const input = inputOf(tale(), {});
    const { state } = input;
    const snapshot = bookSnapshot(input);
    state.accounts.clear();
    state.inFlight.clear();
    expect(snapshot.nav).toBe(1000.3);
    expect(snapshot.openOrders).toHaveLength(1);
  });
});

it("shows a guard nothing of connectors that take no orders or have another mode", () => {
  const routes = [{ connector: "cash", mode: "paper" as const }];
  expect(bookSnapshot(inputOf(tale(), { connector: "cash" }, { routes }))).toMatchObject({
    navText: "0.2",
    positions: [],
    openOrders: [],
  });
});

it("counts no rise of an account that no trade explains", () => {
  const raised = (amountOf: string) => {
    const event = { type: "nav.unexplained", connector: "cash" as ConnectorName, amount: amount(amountOf) } as const;
    return bookSnapshot(inputOf(tale().account("cash", { nav: "999000.2", positions: [] }).event(event), {}));
  };
  expect(raised("999000")).toMatchObject({ navText: "1000.3", nav: 1000.3, cash: 500.25 });
  expect(raised("-5")).toMatchObject({ navText: "1000000.3", cash: 999500.25 });
});

describe("guardedOrder", () => {
  it("guardedOrder has the notional; without a price it is infinite, so that any limit blocks", () => {
    const limit = guardedOrder(inputOf(tale(), { quantity: "3", limitPrice: "100" }));
    expect(limit).toMatchObject({ symbol: "AAPL", quantityText: "3", notional: 300 });
    expect(guardedOrder(inputOf(tale(), { type: "market" }, { quote: undefined })).notional).toBe(
      Number.POSITIVE_INFINITY,
    );
    const stop = guardedOrder(inputOf(tale(), { type: "stop", stopPrice: "110", protectionPrice: "113" }));
    expect(stop).toMatchObject({ stopPrice: 110, stopPriceText: "110" });
  });
});

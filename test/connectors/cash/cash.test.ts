import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Cash from "../../../connectors/cash/index.ts";
import { type Activity, ConnectRefused } from "../../../src/domain/sdk.ts";
import { CrashStore } from "../../support/crash-store.ts";
import { paperContext } from "../../support/paper-harness.ts";

const FIRST = { balances: { USD: "25000", EUR: "1200.50" }, currency: "USD" };
const NOW = Date.UTC(2026, 10, 28, 12);

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

async function open(options: object, store = new CrashStore()) {
  const activities: Activity[] = [];
  const cash = new Cash();
  await cash.connect(paperContext({ options: { ...options } }, { store, fills: [], log: [], activities }));
  return { cash, store, activities };
}

describe("a cash account", () => {
  it("states its balances in its own currency and in others, to the last digit", async () => {
    const { cash } = await open(FIRST);
    expect(await cash.getAccount()).toEqual({
      ...{ nav: "25000", cash: "25000", buyingPower: "0", currency: "USD" },
      balances: [{ currency: "EUR", total: "1200.5" }],
    });
    expect([await cash.getPositions(), await cash.getBuyingPower(), await cash.getActivities(0)]).toEqual([
      [],
      "0",
      [],
    ]);
    await expect(cash.getQuote("USD")).rejects.toThrow("no quotes");
  });

  it("reports an edit as one transfer of each currency, once, with the time of as_of", async () => {
    const { store } = await open(FIRST);
    vi.setSystemTime(NOW + 3_600_000);
    const balances = { USD: "20000.25", GBP: "10" };
    const edited = await open({ balances, currency: "USD", as_of: "2026-11-28T12:30Z" }, store);
    const at = NOW + 1_800_000;
    const expected = [
      { id: "edit-1-USD", kind: "transfer", amount: "-4999.75", currency: "USD", timestamp: at },
      { id: "edit-1-EUR", kind: "transfer", amount: "-1200.5", currency: "EUR", timestamp: at },
      { id: "edit-1-GBP", kind: "transfer", amount: "10", currency: "GBP", timestamp: at },
    ];
    expect(edited.activities).toMatchObject(expected);
    const again = await open({ balances, currency: "USD" }, store);
    expect(again.activities).toEqual([]);
    expect(await again.cash.getActivities(0)).toMatchObject(expected);
    expect(await again.cash.getActivities(at + 1)).toEqual([]);
  });

  it("gives an edit a time from the edit before until now", async () => {
    const { store } = await open(FIRST);
    vi.setSystemTime(NOW + 1000);
    const usd = (amount: string, asOf: string) => ({
      ...FIRST,
      balances: { USD: amount, EUR: "1200.50" },
      as_of: asOf,
    });
    const early = await open(usd("1", "2020-01-01"), store);
    expect(early.activities).toMatchObject([{ id: "edit-1-USD", timestamp: NOW }]);
    const late = await open(usd("2", "2030-01-01"), store);
    expect(late.activities).toMatchObject([{ id: "edit-2-USD", amount: "1", timestamp: NOW + 1000 }]);
  });

  it("an edit whose activity was not sent is still reported after a crash", async () => {
    const { store } = await open(FIRST);
    const killed = new CrashStore(store.disk);
    await open({ ...FIRST, balances: { USD: "1", EUR: "1200.50" } }, killed);
    const { cash } = await open({ ...FIRST, balances: { USD: "1", EUR: "1200.50" } }, new CrashStore(killed.disk));
    expect(await cash.getActivities(0)).toMatchObject([{ id: "edit-1-USD", amount: "-24999" }]);
  });

  it("refuses another currency than the account was created with", async () => {
    const { store } = await open(FIRST);
    await expect(open({ ...FIRST, currency: "EUR" }, store)).rejects.toThrow(ConnectRefused);
  });

  it.each([
    ["no balances", {}, "balances is undefined"],
    ["a number, whose digits may be lost", { balances: { USD: 25000 } }, "must be amounts in quotes"],
    ["an empty table", { balances: {} }, "must be amounts in quotes"],
    ["a wrong code", { balances: { usd: "1" } }, "must be amounts in quotes"],
    ["an amount with an exponent", { balances: { USD: "1e3" } }, "must be amounts in quotes"],
    ["two currencies without a word which is the account's", { balances: { USD: "1", EUR: "2" } }, "one of USD, EUR"],
    ["a currency without a balance", { balances: { USD: "1" }, currency: "EUR" }, "one of USD"],
    ["a time that does not exist", { balances: { USD: "1" }, as_of: "2026-13-01" }, "as_of is"],
    ["an unknown option", { balances: { USD: "1" }, rate: "1" }, "rate is not an option of cash"],
  ])("refuses %s", async (_name, options, message) => {
    await expect(open(options)).rejects.toThrow(message);
  });
});

/** Account cases: the money and positions that the guards calculate with. */
import { type Decimal, ZERO, decimal, floored, text } from "../../domain/decimal.ts";
import { assert, leaveOut, leaveUntried } from "../assert.ts";
import { tradeOutsideAdapter } from "../fill-assertions.ts";
import type { TestCase } from "../test-case.ts";
import type { ConformanceHarness } from "../harness.ts";
import { otherSymbol } from "../order-terms.ts";
import { readAccountOf, readOrFail, readUntil } from "../read-money.ts";
import { reaches } from "../venue/test-venue.ts";
import { FakeVenueFault } from "../venue/venue-hooks.ts";

function cents(amount: string): string {
  return text(floored(decimal(amount), 2));
}

function buyingPower(harness: ConformanceHarness): Promise<string> {
  return readOrFail("getBuyingPower", harness.calls.buyingPower("kit"));
}

type Held = readonly { readonly symbol: string; readonly quantity: string }[];

function heldOf(positions: Held, symbol: string): Decimal {
  return decimal(positions.find((position) => position.symbol === symbol)?.quantity ?? "0");
}

/** Fails the case if getPositions does not come to hold this quantity. */
async function assertHeld(
  harness: ConformanceHarness,
  symbol: string,
  quantity: Decimal,
  after: string,
): Promise<void> {
  const read = async (): Promise<Decimal> =>
    heldOf(await readOrFail("getPositions", harness.calls.positions("kit")), symbol);
  const held = await readUntil(harness, read, (value) => value.eq(quantity));
  assert(
    held.eq(quantity),
    `after ${after} the venue holds ${text(quantity)} ${symbol}, but getPositions returned ${text(held)}: request ` +
      `every position from the venue, under the desk's symbol, and keep the minus sign of a short position`,
  );
}

/** For an account that the kit only trades in: the position follows each trade, through 0 if the venue has shorts. */
async function assertPositionFollowsTrades(harness: ConformanceHarness): Promise<void> {
  const { symbol } = harness.settings;
  let held = heldOf((await harness.venue.readAccount()).positions, symbol);
  for (const [side, count] of [
    ["buy", "1"],
    ["sell", "3"],
  ] as const) {
    const made = await tradeOutsideAdapter(harness, side, count);
    if (made === undefined) continue;
    const quantity = decimal(made.quantity);
    held = side === "buy" ? held.plus(quantity) : held.minus(quantity);
    const stated = heldOf((await harness.venue.readAccount()).positions, symbol);
    if (!stated.eq(held))
      throw new FakeVenueFault(
        `after a ${side} of ${made.quantity} ${symbol} the hook account returned a position of ${text(stated)}, ` +
          `not of ${text(held)}`,
      );
    await assertHeld(harness, symbol, held, `a ${side} of ${made.quantity} ${symbol}`);
  }
  const other = otherSymbol(harness);
  const before = heldOf((await harness.venue.readAccount()).positions, other);
  const bought = await harness.venue.trade({
    symbol: other,
    side: "buy",
    quantity: harness.settings.quantity,
    price: "1",
  });
  if (bought === undefined) return;
  await assertHeld(harness, other, before.plus(decimal(bought.quantity)), `a buy of ${bought.quantity} ${other}`);
}

/** Fails the case if getBuyingPower does not come to return the venue's figure. */
async function assertVenueBuyingPower(harness: ConformanceHarness): Promise<void> {
  const { buyingPower: stated } = await harness.venue.readAccount();
  const returned = await readUntil(
    harness,
    () => buyingPower(harness),
    (power) => power === cents(stated),
  );
  assert(
    returned === cents(stated),
    `the venue's buying power is ${stated}, but getBuyingPower returned ${returned}: that looks like a placeholder; ` +
      `request it from the venue each time`,
  );
}

async function assertAccount(harness: ConformanceHarness): Promise<void> {
  const account = await readAccountOf(harness);
  const power = await buyingPower(harness);
  assert(
    cents(account.buyingPower) === power,
    `getAccount returned a buying power of ${account.buyingPower}, but getBuyingPower returned ${power}`,
  );
  if (!reaches(harness.level, "hooked")) return;
  // With a position, NAV and cash differ.
  await tradeOutsideAdapter(harness, "buy", "3");
  const stated = await harness.venue.readAccount();
  const { nav, cash } = stated;
  if (nav === undefined || cash === undefined)
    return leaveUntried("the hook account returned no nav or no cash: return both, because the adapter has getAccount");
  const isSame = (read: { readonly nav: string; readonly cash: string }): boolean =>
    cents(read.nav) === cents(nav) && cents(read.cash) === cents(cash);
  const later = await readUntil(harness, () => readAccountOf(harness), isSame);
  assert(
    isSame(later),
    `the venue's NAV is ${nav} and its cash ${cash}, but getAccount returned ${later.nav} and ${later.cash}`,
  );
  for (const member of ["settledCash", "marginUsed", "unrealizedPnl"] as const) {
    const [wanted, returned] = [stated[member], later[member]];
    assert(
      wanted === undefined || returned === undefined || decimal(returned).eq(decimal(wanted)),
      `the venue states ${wanted} as ${member}, but getAccount returned ${returned}: pass its figure on, or leave it out`,
    );
  }
}

const SMALLEST = "0.000000000000000001";

/** A position of the longest quantity that the venue takes. */
async function assertPositionKeepsDigits(harness: ConformanceHarness): Promise<void> {
  const { venue, settings, level } = harness;
  const { symbol } = settings;
  if (level !== "kit") await venue.describeInstrument(symbol, { tickSize: "0.01", lotSize: SMALLEST });
  const quantity =
    level === "kit" ? harness.kit.traits.longest.quantity : text(decimal(settings.quantity).plus(decimal(SMALLEST)));
  const before = heldOf((await venue.readAccount()).positions, symbol);
  const made = await venue.trade({ symbol, side: "buy", quantity, price: "1" });
  if (made === undefined) return leaveOut("the venue allows no trade by hand");
  await assertHeld(harness, symbol, before.plus(decimal(made.quantity)), `a buy of ${made.quantity} ${symbol}`);
}

/** Buys each symbol of the venue, more than a page of most venues has, and the last one by its smallest quantity. */
async function assertEveryPosition(harness: ConformanceHarness): Promise<void> {
  if (harness.level !== "kit") leaveOut("a venue of an author may not list this many symbols");
  const { symbols } = harness.kit.traits;
  const dust = symbols.at(-1) ?? harness.settings.symbol;
  const { lotSize } = await harness.venue.describeInstrument(dust);
  const bought: [symbol: string, quantity: string][] = [];
  for (const symbol of symbols) {
    const quantity = symbol === dust ? lotSize : "1";
    const made = await harness.kit.trade({ symbol, side: "buy", quantity, price: "100" });
    if (made !== undefined) bought.push([symbol, made.quantity]);
  }
  const positions = await readOrFail("getPositions", harness.calls.positions("kit"));
  const missing = bought.filter(([symbol, quantity]) => !heldOf(positions, symbol).eq(decimal(quantity)));
  const [[symbol, quantity] = []] = missing;
  assert(
    missing.length === 0,
    `the venue has ${bought.length} positions, but getPositions left out or changed ${missing.length}, such as ` +
      `${quantity} ${symbol}: return every position, also a small one`,
  );
}

export const ACCOUNT_CASES: readonly TestCase[] = [
  {
    id: "C149",
    group: "account",
    title: "a position keeps every digit",
    proves: "a position can be closed whole, to the last digit",
    needs: { venue: "hooked", declares: "exactDecimals" },
    run: assertPositionKeepsDigits,
  },
  {
    id: "C20",
    group: "account",
    title: "buying power is an amount",
    proves: "buying power is finite and not negative",
    run: async (harness) => {
      const power = await buyingPower(harness);
      assert(decimal(power).gte(ZERO), `getBuyingPower returned ${power}: buying power cannot be negative`);
    },
  },
  {
    id: "C21",
    group: "account",
    title: "buying power is the venue's figure",
    proves: "orders are checked against real money, not a placeholder",
    run: async (harness) => {
      if (reaches(harness.level, "hooked")) {
        await assertVenueBuyingPower(harness);
        await tradeOutsideAdapter(harness, "buy", "2");
        await assertVenueBuyingPower(harness);
        return;
      }
      const power = await buyingPower(harness);
      if (!harness.connector.status.methods.includes("placeOrder")) return;
      if (!harness.settings.orders) leaveUntried("certify.toml does not allow orders: set orders = true");
      assert(
        decimal(power).gt(ZERO),
        "getBuyingPower returned 0: that looks like a placeholder, and the desk would refuse every buy; " +
          "request it from the venue",
      );
    },
  },
  {
    id: "C22",
    group: "account",
    title: "positions have the required fields",
    proves: "every position can be read",
    run: async (harness) => {
      if (reaches(harness.level, "hooked")) await tradeOutsideAdapter(harness, "buy", "1");
      await readOrFail("getPositions", harness.calls.positions("kit"));
    },
  },
  {
    id: "C23",
    group: "account",
    title: "positions are the venue's",
    proves: "long and short positions are reported exactly",
    needs: { venue: "hooked" },
    run: async (harness) => {
      if (harness.level !== "kit") return assertPositionFollowsTrades(harness);
      const before = await readOrFail("getPositions", harness.calls.positions("kit"));
      assert(
        before.length === 0,
        `the venue has no positions, but getPositions returned ${before.map(({ symbol }) => symbol).join(", ")}`,
      );
      const [first, second] = [harness.settings.symbol, otherSymbol(harness)];
      const { hasShorts } = harness.kit.traits;
      const held = hasShorts ? "-2" : "2";
      await harness.kit.trade({ symbol: first, side: "buy", quantity: "3.25", price: "100.50" });
      await harness.kit.trade({ symbol: second, side: hasShorts ? "sell" : "buy", quantity: "2", price: "199.50" });
      const positions = await readOrFail("getPositions", harness.calls.positions("kit"));
      const of = (symbol: string): string =>
        positions.find((position) => position.symbol === symbol)?.quantity ?? "none";
      assert(
        of(first) === "3.25" && of(second) === held,
        `the venue's positions are 3.25 ${first} and ${held} ${second}, but getPositions returned ${of(first)} and ` +
          `${of(second)}: request ` +
          `them from the venue, and keep the minus sign of a short position`,
      );
    },
  },
  {
    id: "C156",
    group: "account",
    title: "every position is returned, also the smallest",
    proves: "the book has all that the account holds, however many and however small",
    needs: { venue: "hooked" },
    run: assertEveryPosition,
  },
  {
    id: "C24",
    group: "account",
    title: "getAccount agrees with getBuyingPower and the venue",
    proves: "both methods read the same account",
    needs: { methods: ["getAccount"] },
    run: assertAccount,
  },
  {
    id: "C25",
    group: "account",
    title: "an unreadable account is an error",
    proves: "a venue outage never looks like an empty account",
    needs: { venue: "proxied" },
    run: async (harness) => {
      for (const fault of [{ kind: "500" }, { kind: "html" }, { kind: "malformed" }] as const) {
        harness.venue.clearFaults();
        for (const route of ["account", "positions"] as const) harness.venue.armFault(route, fault, 100);
        const [power, positions] = [await harness.call("getBuyingPower"), await harness.call("getPositions")];
        const format = (value: unknown): string => JSON.stringify(value) ?? "undefined";
        assert(
          !power.ok,
          `the venue answered with ${fault.kind}, but getBuyingPower returned ` +
            `${power.ok ? format(power.value) : ""}: throw if the response cannot be read`,
        );
        const account = harness.connector.status.methods.includes("getAccount")
          ? await harness.call("getAccount")
          : undefined;
        assert(
          account?.ok !== true,
          `the venue answered with ${fault.kind}, but getAccount returned ` +
            `${account?.ok === true ? format(account.value) : ""}: ` +
            `throw if the response cannot be read`,
        );
        assert(
          !positions.ok,
          `the venue answered with ${fault.kind}, but getPositions returned ` +
            `${positions.ok ? format(positions.value) : ""}: throw if the response cannot be read`,
        );
      }
    },
  },
];

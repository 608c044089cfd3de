/** Account cases: the money and positions that the guards calculate with. */
import { accountSchema } from "../protocol/schemas.ts";
import { type Decimal, ZERO, decimal, floored, text } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import { assert, fail, leaveUntried } from "./assert.ts";
import type { TestCase } from "./test-case.ts";
import type { ConformanceHarness } from "./harness.ts";
import { placeAcknowledged, orderAtVenue, waitForFullFill } from "./place-orders.ts";

/** Awaits a parsed result; fails the case with the method's name if the call throws. */
async function readOrFail<T>(method: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    return fail(`${method}: ${messageOf(error)}`);
  }
}

function cents(amount: string): string {
  return text(floored(decimal(amount), 2));
}

function buyingPower(harness: ConformanceHarness): Promise<string> {
  return readOrFail("getBuyingPower", harness.calls.buyingPower("kit"));
}

/** Makes a trade at the venue without the adapter. */
function tradeOutsideAdapter(
  { kit: venue, ids }: ConformanceHarness,
  symbol: string,
  side: "buy" | "sell",
  quantity: string,
): void {
  const client_order_id = `external-${ids.random(4)}`;
  const order = venue.state.place({ client_order_id, symbol, side, quantity, type: "market", time_in_force: "day" });
  if (typeof order !== "string") venue.fillSilently(order);
}

/** For a venue whose account the kit cannot set: the position grows by what a filled buy bought. */
async function assertPositionFollowsFill(
  harness: ConformanceHarness,
  before: readonly { readonly symbol: string; readonly quantity: string }[],
): Promise<void> {
  const { symbol, quantity } = harness.settings;
  const held = (positions: typeof before): Decimal =>
    decimal(positions.find((position) => position.symbol === symbol)?.quantity ?? "0");
  harness.venue.filling = "manual";
  const placed = await placeAcknowledged(harness);
  await harness.venue.fillOrder(await orderAtVenue(harness, placed.order));
  await waitForFullFill(harness, placed);
  const after = await readOrFail("getPositions", harness.calls.positions("kit"));
  assert(
    held(after).minus(held(before)).eq(decimal(quantity)),
    `a buy of ${quantity} ${symbol} was filled, but getPositions returned ${text(held(before))} before and ` +
      `${text(held(after))} after it: return every position of the venue, under the desk's symbol`,
  );
}

export const ACCOUNT_CASES: readonly TestCase[] = [
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
      const power = await buyingPower(harness);
      if (harness.level !== "kit") {
        if (!harness.settings.orders) leaveUntried("certify.toml does not allow orders: set orders = true");
        assert(
          decimal(power).gt(ZERO),
          "getBuyingPower returned 0: that looks like a placeholder, and the desk would refuse every buy; " +
            "request it from the venue",
        );
        return;
      }
      const assertIsVenueFigure = (returned: string): void => {
        const { buying_power } = harness.kit.state.account();
        assert(
          returned === cents(buying_power ?? ""),
          `the venue's buying power is ${buying_power}, but getBuyingPower returned ${returned}: ` +
            `that looks like a placeholder; ` +
            `request it from the venue each time`,
        );
      };
      assertIsVenueFigure(power);
      tradeOutsideAdapter(harness, "AAPL", "buy", "2");
      assertIsVenueFigure(await buyingPower(harness));
    },
  },
  {
    id: "C22",
    group: "account",
    title: "positions have the required fields",
    proves: "every position can be read",
    run: async (harness) => {
      if (harness.level === "kit") tradeOutsideAdapter(harness, "AAPL", "buy", "1");
      await readOrFail("getPositions", harness.calls.positions("kit"));
    },
  },
  {
    id: "C23",
    group: "account",
    title: "positions are the venue's",
    proves: "long and short positions are reported exactly",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const before = await readOrFail("getPositions", harness.calls.positions("kit"));
      if (harness.level !== "kit") return assertPositionFollowsFill(harness, before);
      assert(
        before.length === 0,
        `the venue has no positions, but getPositions returned ${before.map(({ symbol }) => symbol).join(", ")}`,
      );
      tradeOutsideAdapter(harness, "AAPL", "buy", "3.25");
      tradeOutsideAdapter(harness, "MSFT", "sell", "2");
      const positions = await readOrFail("getPositions", harness.calls.positions("kit"));
      const of = (symbol: string): string =>
        positions.find((position) => position.symbol === symbol)?.quantity ?? "none";
      assert(
        of("AAPL") === "3.25" && of("MSFT") === "-2",
        `the venue's positions are 3.25 AAPL and -2 MSFT, but getPositions returned ${of("AAPL")} and ` +
          `${of("MSFT")}: request ` +
          `them from the venue, and keep the minus sign of a short position`,
      );
    },
  },
  {
    id: "C24",
    group: "account",
    title: "getAccount agrees with getBuyingPower and the venue",
    proves: "both methods read the same account",
    needs: { methods: ["getAccount"] },
    run: async (harness) => {
      const response = await harness.call("getAccount");
      if (!response.ok) return fail(`getAccount threw: ${response.message}`);
      const account = accountSchema.safeParse(response.value);
      if (!account.success)
        return fail(`getAccount returned ${JSON.stringify(response.value)}: ${account.error.issues[0]?.message ?? ""}`);
      const power = await buyingPower(harness);
      assert(
        cents(account.data.buyingPower) === power,
        `getAccount returned a buying power of ${account.data.buyingPower}, but getBuyingPower returned ${power}`,
      );
      if (harness.level !== "kit") return;
      tradeOutsideAdapter(harness, "AAPL", "buy", "3.25");
      const later = accountSchema.parse(
        await harness.call("getAccount").then((second) => (second.ok ? second.value : undefined)),
      );
      const { nav = "", cash = "" } = harness.kit.state.account();
      assert(
        cents(later.nav) === cents(nav) && cents(later.cash) === cents(cash),
        `the venue's NAV is ${nav} and its cash ${cash}, but getAccount returned ${later.nav} and ${later.cash}`,
      );
    },
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

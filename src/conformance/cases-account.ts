/** Account: the money that guards count with. */
import { accountShape } from "../protocol/schemas.ts";
import { ZERO, decimal, floored, text } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import { type Case, fail, must, skip } from "./test-case.ts";
import { type ConformanceHarness, usesVenue } from "./harness.ts";

/** What a method answers, parsed; the case fails with the reason where it cannot be read. */
async function read<T>(what: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    return fail(`${what}: ${messageOf(error)}`);
  }
}

function cents(amount: string): string {
  return text(floored(decimal(amount), 2));
}

function buyingPower(stand: ConformanceHarness): Promise<string> {
  return read("getBuyingPower", stand.ask.buyingPower("kit"));
}

/** A trade at the venue that the adapter had no part in. */
function byHand({ venue, ids }: ConformanceHarness, symbol: string, side: "buy" | "sell", quantity: string): void {
  const client_order_id = `by-hand-${ids.random(4)}`;
  const order = venue.book.place({ client_order_id, symbol, side, quantity, type: "market", time_in_force: "day" });
  if (typeof order !== "string") venue.fillSilently(order);
}

export const ACCOUNT_CASES: readonly Case[] = [
  {
    id: "C20",
    group: "account",
    title: "buying power is an amount",
    proves: "it is finite and not below zero",
    run: async (stand) => {
      const power = await buyingPower(stand);
      must(decimal(power).gte(ZERO), `getBuyingPower answered ${power}: it must not be below zero`);
    },
  },
  {
    id: "C21",
    group: "account",
    title: "buying power is no placeholder",
    proves: "an order is checked against money that is there",
    run: async (stand) => {
      const power = await buyingPower(stand);
      if (!usesVenue(stand.settings)) {
        if (!stand.settings.orders) skip("it takes no orders, and its venue is its own");
        must(
          decimal(power).gt(ZERO),
          "getBuyingPower answered 0: that looks like a placeholder, and each buy is refused for it; ask the venue",
        );
        return;
      }
      const mustBe = (seen: string): void => {
        const { buying_power } = stand.venue.book.account();
        must(
          seen === cents(buying_power ?? ""),
          `the venue's buying power is ${buying_power}, getBuyingPower answered ${seen}: that looks like a placeholder; ` +
            `ask the venue each time`,
        );
      };
      mustBe(power);
      byHand(stand, "AAPL", "buy", "2");
      mustBe(await buyingPower(stand));
    },
  },
  {
    id: "C22",
    group: "account",
    title: "positions have their shape",
    proves: "each holding can be read",
    run: async (stand) => void (await read("getPositions", stand.ask.positions("kit"))),
  },
  {
    id: "C23",
    group: "account",
    title: "positions are the venue's",
    proves: "what is held is seen, long and short, to the last digit",
    needs: { venue: true },
    run: async (stand) => {
      const before = await read("getPositions", stand.ask.positions("kit"));
      must(
        before.length === 0,
        `the venue holds nothing, and getPositions answered ${before.map(({ symbol }) => symbol).join(", ")}`,
      );
      byHand(stand, "AAPL", "buy", "3.25");
      byHand(stand, "MSFT", "sell", "2");
      const positions = await read("getPositions", stand.ask.positions("kit"));
      const of = (symbol: string): string =>
        positions.find((position) => position.symbol === symbol)?.quantity ?? "none";
      must(
        of("AAPL") === "3.25" && of("MSFT") === "-2",
        `the venue holds 3.25 AAPL and -2 MSFT; getPositions answered ${of("AAPL")} and ${of("MSFT")}: ask the venue, ` +
          `and keep the sign of a short`,
      );
    },
  },
  {
    id: "C24",
    group: "account",
    title: "getAccount agrees with getBuyingPower",
    proves: "both read the same account",
    needs: { methods: ["getAccount"] },
    run: async (stand) => {
      const answer = await stand.call("getAccount");
      if (!answer.ok) return fail(`getAccount threw: ${answer.message}`);
      const account = accountShape.safeParse(answer.value);
      if (!account.success)
        return fail(`getAccount answered ${JSON.stringify(answer.value)}: ${account.error.issues[0]?.message ?? ""}`);
      const power = await buyingPower(stand);
      must(
        cents(account.data.buyingPower) === power,
        `getAccount says ${account.data.buyingPower} may be spent, getBuyingPower ${power}`,
      );
      if (!usesVenue(stand.settings)) return;
      byHand(stand, "AAPL", "buy", "3.25");
      const later = accountShape.parse(
        await stand.call("getAccount").then((again) => (again.ok ? again.value : undefined)),
      );
      const { nav: worth = "", cash: left = "" } = stand.venue.book.account();
      must(
        cents(later.nav) === cents(worth) && cents(later.cash) === cents(left),
        `the venue's net worth is ${worth} and its cash ${left}; getAccount says ${later.nav} and ${later.cash}`,
      );
    },
  },
  {
    id: "C25",
    group: "account",
    title: "an account that cannot be read is an error",
    proves: "trouble at the venue never looks like an empty account",
    needs: { venue: true },
    run: async (stand) => {
      for (const fault of [{ kind: "500" }, { kind: "html" }, { kind: "malformed" }] as const) {
        stand.venue.noFaults();
        for (const route of ["account", "positions"] as const) stand.venue.fault(route, fault, 100);
        const [power, positions] = [await stand.call("getBuyingPower"), await stand.call("getPositions")];
        const shown = (value: unknown): string => JSON.stringify(value) ?? "nothing";
        must(
          !power.ok,
          `the venue answered ${fault.kind} and getBuyingPower ${power.ok ? shown(power.value) : ""}: throw when it cannot be read`,
        );
        const account = stand.connector.facts.methods.includes("getAccount")
          ? await stand.call("getAccount")
          : undefined;
        must(
          account?.ok !== true,
          `the venue answered ${fault.kind} and getAccount ${account?.ok === true ? shown(account.value) : ""}: ` +
            `throw when it cannot be read`,
        );
        must(
          !positions.ok,
          `the venue answered ${fault.kind} and getPositions ${positions.ok ? shown(positions.value) : ""}: throw when they cannot be read`,
        );
      }
    },
  },
];

/**
 * Guards count the money of the order's own account: no paper money beside a live account, and nothing that a feed
 * reports.
 */
import type { StatusView } from "../../src/domain/status-view.ts";
import { afterEach, describe, expect, it } from "vitest";
import { ZERO } from "../../src/domain/decimal.ts";
import type { QocError } from "../../src/domain/errors/error.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { AccountView } from "../../src/domain/account/account-view.ts";
import { observeRates } from "../../src/trading/account/exchange-rates.ts";
import { markAccount } from "../../src/trading/market/market-snapshot.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

function connector(name: string, lines: string): string {
  return `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./venue.ts"\n${lines}\n`;
}
/** The template's paper connector beside the connectors of the test. */
async function open(connectors: string): Promise<void> {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    config: (template) => `${template}${connectors}`,
  });
}
async function propose(name: string, quantity: string, symbol = "AAA") {
  const terms = { connector: name, side: "buy", symbol, quantity, type: "limit", limitPrice: "100", rationale: "x" };
  const { verdict } = await desk.call<{ verdict: { decision: string; reasons: { guard: string; message: string }[] } }>(
    "orders propose",
    terms,
  );
  return verdict;
}
async function set(name: string, setting: string): Promise<void> {
  await desk.open.fleet.venues.quote(name, `SET:${setting}`);
}
function guardsOf(verdict: { reasons: { guard: string }[] }): string[] {
  return verdict.reasons.map(({ guard }) => guard);
}

describe("a live account of 5,000 beside the paper connector's million", () => {
  it("blocks an order of three times the live account by every share of NAV", async () => {
    await open(connector("broker", `mode = "live"\n${LIVE_LINES}[connector.options]\nnav = "5000"${LIVE_GUARD}`));
    const verdict = await propose("broker", "150");
    expect(guardsOf(verdict)).toEqual(["max-order-nav", "max-position-nav"]);
    expect(verdict.reasons[0]?.message).toContain("of NAV 5,000.00 USD");
    expect((await propose("broker", "2")).decision).toBe("allow");
  });

  it("blocks after the live account has lost 80 % of its day's opening NAV", async () => {
    await open(connector("broker", `mode = "live"\n${LIVE_LINES}[connector.options]\nnav = "5000"${LIVE_GUARD}`));
    await set("broker", "nav:1000");
    await markAccount(desk.open.desk, "broker" as ConnectorName);
    expect(guardsOf(await propose("broker", "0.1"))).toEqual(["day-loss-limit"]);
  });
});

describe("a connector with orders = false", () => {
  const feed = (nav: string, currency = "USD") =>
    connector("feed", `mode = "paper"\norders = false\n[connector.options]\nnav = "${nav}"\ncurrency = "${currency}"`);

  it.each([
    ["1000000000000", "USD"],
    ["-2000000", "USD"],
    ["1", "EUR"],
  ])("changes no guard of another connector with a NAV of %s %s", async (nav, currency) => {
    const venue = connector("venue", 'mode = "paper"\n[connector.options]\nnav = "100000"');
    await open(`${venue}${feed(nav, currency)}`);
    expect((await propose("venue", "50")).decision).toBe("allow");
    expect(guardsOf(await propose("venue", "51", "BBB"))).toEqual(["max-order-nav"]);
  });
});

describe("a custom guard", () => {
  const LIMIT = `import type { BookSnapshot, GuardResult } from "@qoc-app/sdk";
export default class Limit {
  readonly key = "limit";
  readonly description = "the NAV allows it";
  evaluate(order: { notional: number }, book: BookSnapshot): GuardResult {
    const isSmall = order.notional <= book.nav / 20;
    return isSmall ? { result: "allow" } : { result: "block", reason: "NAV " + book.navText + ", cash " + book.cash };
  }
}
`;

  it("counts no rise of another account that no trade explains", async () => {
    const venue = (name: string) => connector(name, 'mode = "paper"\n[connector.options]\nnav = "1000"');
    desk = await tempDesk({
      files: { "venue.ts": adapterFixture("scripted-venue"), "limit.ts": LIMIT },
      config: () => `${venue("honest")}${venue("hostile")}\n[[guard]]\nkey = "limit"\nadapter = "./limit.ts"\n`,
    });
    const reason = { guard: "limit", message: expect.stringContaining("NAV 2000, cash 2000") as string };
    expect((await propose("honest", "2")).reasons).toMatchObject([reason]);
    await set("hostile", "nav:1000000000000");
    await markAccount(desk.open.desk, "hostile" as ConnectorName);
    expect((await propose("honest", "2", "BBB")).reasons).toMatchObject([reason]);
    expect((await propose("honest", "1", "CCC")).decision).toBe("allow");
  });
});

describe("a connector that is removed from desk.toml", () => {
  it("leaves the book, and its position can be written off", async () => {
    await open(connector("venue", 'mode = "paper"\n[connector.options]\nheld = "7"'));
    const again = { root: desk.root, home: desk.home };
    await desk.stop();
    desk = await tempDesk({
      again,
      config: (template) => `${template.split('\n[[connector]]\nname = "venue"')[0]}\n`,
    });
    const status = await desk.call<StatusView>("status");
    expect([status.book.nav, status.book.accounts.length]).toEqual(["1000000", 1]);
    expect(status.book.positions).toMatchObject([{ connector: "venue", symbol: "AAA", standing: "removed" }]);
    const snapshot = await desk.call<{ nav: string; path: string }>("snapshot");
    expect(snapshot.nav).toBe("1000000");
    expect(desk.read(snapshot.path)).not.toContain("AAA");
    await desk.call("resolve", { id: "venue/AAA", note: "the account is closed" });
    expect((await desk.call<StatusView>("status")).book.positions).toEqual([]);
  });
});

describe("an account in another currency", () => {
  const desks = ["dollars first", "euros first"];
  const euros = connector("euros", 'mode = "paper"\n[connector.options]\nnav = "1000000.07"\ncurrency = "EUR"');
  const dollars = connector("dollars", 'mode = "paper"\n[connector.options]\nnav = "500000.10"');
  const limit = '[[guard]]\nkey = "max-order-nav"\nmax_pct = 5.0\nscope = "desk"\n';

  it.each(desks)("does not stop the others, and counts to the cent once [fx] has a rate: %s", async (order) => {
    const tables = order === "dollars first" ? dollars + euros : euros + dollars;
    desk = await tempDesk({ files: { "venue.ts": adapterFixture("scripted-venue") }, config: () => tables + limit });
    const book = async () => (await desk.call<StatusView>("status")).book;
    expect(await book()).toMatchObject({ nav: "500000.1", currency: "USD", rates: [] });
    // 5 % of 500,000.10: the euros count nothing.
    expect((await propose("dollars", "250")).decision).toBe("allow");
    expect(guardsOf(await propose("dollars", "251", "BBB"))).toEqual(["max-order-nav"]);

    const today = new Date(desk.open.desk.clock.now()).toISOString().slice(0, 10);
    await desk.write("desk.toml", `${tables}${limit}[fx.rates]\nEURUSD = { rate = "1.0837", at = "${today}" }\n`);
    await desk.call("reload");
    const expected = { nav: "1583700.175859", currency: "USD" };
    expect(await book()).toMatchObject(expected);
    const agents = await desk.call<StatusView>("status", {}, { actor: "agent:interactive", channel: "mcp" });
    expect(agents.book).toMatchObject(expected);
    const snapshot = await desk.call<AccountView & { path: string }>("snapshot");
    expect(snapshot).toMatchObject({ ...expected, rates: [{ pair: "EUR/USD", rate: "1.0837", isStale: false }] });
    const file = desk.read(snapshot.path);
    expect(file).toContain('nav = "1583700.175859"');
    expect(file).toContain('nav_converted = "1083700.075859"');
    expect(file).not.toContain("unconverted");
    // 5 % of 500,000.10 + 1,000,000.07 × 1.0837 × 0.99 = 78,643.15.
    expect((await propose("dollars", "786", "CCC")).decision).toBe("allow");
    const { reasons } = await propose("dollars", "787", "DDD");
    expect(reasons[0]?.message).toContain("of NAV 1,572,863.18 USD (euros counts by EUR/USD 1.0837 of desk.toml");
  });

  it("counts by the quotes of the connector that [fx] via names, which are journaled", async () => {
    const via = '[fx]\nvia = ["dollars:EUR/USD"]\n';
    desk = await tempDesk({
      files: { "venue.ts": adapterFixture("scripted-venue") },
      config: () => dollars + euros + limit + via,
    });
    await set("dollars", "bid:1.08");
    await set("dollars", "ask:1.09");
    await observeRates(desk.open.desk, "dollars");
    expect([...desk.open.desk.state.rates.values()]).toMatchObject([{ bid: "1.08", ask: "1.09", source: "dollars" }]);
    expect((await desk.call<StatusView>("status")).book.nav).toBe("1580000.1756");
    const { seq } = desk.open.desk.state;
    await observeRates(desk.open.desk, "dollars");
    expect(desk.open.desk.state.seq).toBe(seq);
    await set("dollars", "bid:0");
    await observeRates(desk.open.desk, "dollars");
    expect([...desk.open.desk.state.rates.values()]).toMatchObject([{ bid: "1.08" }]);
  });
});

describe("money that moves without a trade", () => {
  it("makes the day's loss unknown until a human says what it was", async () => {
    await open(connector("venue", 'mode = "paper"\n[connector.options]\nnav = "100000"'));
    const mark = () => markAccount(desk.open.desk, "venue" as ConnectorName);
    await set("venue", "nav:95000");
    await mark();
    await desk.call("account flow", { connector: "venue", amount: "-5000", kind: "result", note: "an assignment" });
    expect(guardsOf(await propose("venue", "1", "AAA"))).toEqual(["day-loss-limit"]);
    await set("venue", "nav:1000000000");
    await mark();
    const raised = await propose("venue", "100", "RAISED");
    expect(guardsOf(raised)).toContain("max-order-nav");
    expect(raised.reasons.find(({ guard }) => guard === "max-order-nav")?.message).toContain(
      "of NAV 95,000.00 USD (without 999,905,000.00 USD at venue that no trade explains)",
    );
    await set("venue", "nav:105000");
    await mark();
    const { reasons } = await propose("venue", "1", "BBB");
    expect(reasons[0]?.message).toContain("changed by 10,000.00 USD that no trade");
    const status = await desk.call<StatusView>("status");
    expect(status.book.accounts.find((account) => account.connector === "venue")).toMatchObject({
      ...{ dayPnl: null, unexplained: "10000" },
    });
    await desk.call("account flow", { connector: "venue", amount: "10000", note: "a deposit" });
    expect((await propose("venue", "1", "CCC")).reasons[0]?.message).toContain("loss of 5,000.00 USD");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true, signatures: 2 });
  });

  it("is found beside fills, and what a human says explains its own amount", async () => {
    await open(connector("venue", 'mode = "paper"\n[connector.options]\nnav = "100000"\nfills = "on"'));
    const mark = () => markAccount(desk.open.desk, "venue" as ConnectorName);
    const account = () => desk.open.desk.state.accounts.get("venue");
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      ...{ connector: "venue", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "100" },
      rationale: "x",
    });
    await desk.call("approve", { id, digest });
    await expect.poll(() => desk.open.desk.state.positions.get("venue/AAA" as never)?.quantity.toFixed()).toBe("10");
    await set("venue", "held:10");
    await set("venue", "nav:110000");
    await mark();
    expect(account()?.unexplained.toFixed()).toBe("10000");
    expect((await propose("venue", "1", "BBB")).reasons[0]?.message).toContain(
      'say what it was: qoc account flow venue 10000 -m "what it was"',
    );
    expect(await desk.call("account flow", { connector: "venue", amount: "9000", note: "a wire" })).toMatchObject({
      unexplained: "1000",
    });
    await desk.call("account flow", { connector: "venue", amount: "1000", kind: "result", note: "interest" });
    expect(account()?.unexplained.toFixed()).toBe("0");
    await mark();
    expect(account()?.unexplained.toFixed()).toBe("0");
    expect(
      account()
        ?.nav.minus(account()?.dayOpenNav ?? ZERO)
        .toFixed(),
    ).toBe("1000");
  });

  it("is not what a resting order holds of the buying power, and is found beside one", async () => {
    const resting = adapterSource(`
      orders = new Map<string, number>();
      paid = 0;
      async getQuote(symbol: string) {
        if (symbol === "PAY") this.paid += 40_000;
        return { symbol, bid: 99, ask: 100, timestamp: Date.now() };
      }
      async getBuyingPower() {
        return 100_000 + this.paid - [...this.orders.values()].reduce((sum, held) => sum + held, 0);
      }
      async placeOrder(order: any) {
        this.orders.set("v" + this.orders.size, order.quantity * order.limitPrice);
        return { venueOrderId: "v" + (this.orders.size - 1), status: "acknowledged" };
      }
      async cancelOrder(id: string) { this.orders.delete(id); }`);
    desk = await tempDesk({
      files: { "venue.ts": resting },
      config: () => `${connector("venue", 'mode = "paper"')}[[guard]]\nkey = "day-loss-limit"\n`,
    });
    const unexplained = async (): Promise<string | undefined> => {
      await markAccount(desk.open.desk, "venue" as ConnectorName);
      return desk.open.desk.state.accounts.get("venue")?.unexplained.toFixed();
    };
    const order = { connector: "venue", side: "buy", symbol: "AAA", quantity: "50", type: "limit", limitPrice: "100" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      ...order,
      rationale: "x",
    });
    await desk.call("approve", { id, digest });
    expect(await unexplained()).toBe("0");
    expect(desk.open.desk.state.accounts.get("venue")?.nav.toFixed()).toBe("95000");
    await desk.open.fleet.venues.quote("venue", "PAY");
    expect(await unexplained()).toBe("35000");
    await desk.call("cancel", { id });
    expect(await unexplained()).toBe("40000");
    await desk.call("account flow", { connector: "venue", amount: "40000", note: "a wire" });
    expect(await unexplained()).toBe("0");
  });

  it("is not taken for profit beside a position without a mark, and a quote of that position explains it", async () => {
    const venue = adapterSource(`
      nav = 100_000;
      bid = 0;
      async getQuote(symbol: string) {
        const [what, amount] = symbol.split(":");
        if (what === "NAV") this.nav = Number(amount);
        if (what === "BID") this.bid = Number(amount);
        if (symbol === "HELD" && this.bid === 0) throw new Error("no quote of HELD");
        return { symbol, bid: this.bid || 99, ask: this.bid || 99, timestamp: Date.now() };
      }
      async getPositions() { return [{ symbol: "HELD", quantity: 100 }]; }
      async getBuyingPower() { return 50_000; }
      async getAccount() { return { nav: this.nav, cash: 50_000, buyingPower: 50_000, currency: "USD" }; }`);
    desk = await tempDesk({
      files: { "venue.ts": venue },
      config: () => `${connector("venue", 'mode = "paper"')}[[guard]]\nkey = "day-loss-limit"\n`,
    });
    const unexplained = async (...symbols: readonly string[]): Promise<string | undefined> => {
      for (const symbol of symbols) await desk.open.fleet.venues.quote("venue", symbol);
      await markAccount(desk.open.desk, "venue" as ConnectorName);
      return desk.open.desk.state.accounts.get("venue")?.unexplained.toFixed();
    };
    expect(await unexplained()).toBe("0");
    expect(await unexplained("NAV:110000")).toBe("10000");
    expect((await propose("venue", "1", "BBB")).reasons[0]?.message).toContain(
      "changed by 10,000.00 USD that no trade",
    );
    await desk.call("account flow", { connector: "venue", amount: "10000", note: "a wire" });
    expect(await unexplained("BID:500")).toBe("0");
    expect(await unexplained("NAV:120000", "BID:600")).toBe("0");
  });

  it("of a partly filled order only what is left of it holds buying power", async () => {
    const venue = adapterSource(`
      power = 100_000;
      held = 0;
      order: any;
      async getQuote(symbol: string) {
        if (symbol === "PAY") this.power += 3_000;
        if (symbol === "FILL") {
          this.held = 40;
          this.ctx.emitFill({
            fillId: "f1", clientOrderId: this.order.clientOrderId, venueOrderId: "v1", symbol: "AAA",
            side: "buy", quantity: 40, price: 100, timestamp: Date.now(),
          });
        }
        return { symbol, bid: 99, ask: 100, timestamp: Date.now() };
      }
      async getBuyingPower() { return this.power - (this.order === undefined ? 0 : 5_000); }
      async getPositions() {
        return this.held === 0 ? [] : [{ symbol: "AAA", quantity: 40, averagePrice: 100, markPrice: 100 }];
      }
      async placeOrder(order: any) {
        this.order = order;
        return { venueOrderId: "v1", status: "acknowledged" };
      }`);
    desk = await tempDesk({ files: { "venue.ts": venue }, config: () => connector("venue", 'mode = "paper"') });
    const unexplained = async (): Promise<string | undefined> => {
      await markAccount(desk.open.desk, "venue" as ConnectorName);
      return desk.open.desk.state.accounts.get("venue")?.unexplained.toFixed();
    };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      ...{ connector: "venue", side: "buy", symbol: "AAA", quantity: "50", type: "limit", limitPrice: "100" },
      rationale: "x",
    });
    await desk.call("approve", { id, digest });
    await desk.open.fleet.venues.quote("venue", "FILL");
    await desk.reaches(id, "partially_filled");
    expect(await unexplained()).toBe("0");
    // 10 of 50 are left and hold 1,000; of 3,000 that were paid in, 2,000 are more than orders explain.
    await desk.open.fleet.venues.quote("venue", "PAY");
    expect(await unexplained()).toBe("2000");
  });

  it("is what an activity of the venue says it is, before or after the mark, and a human's word for it counts once", async () => {
    const venue = adapterSource(`
      cash = 100_000;
      async getQuote(symbol: string) {
        const [word, amount] = symbol.split(":");
        if (word === "PAY") this.cash += Number(amount);
        if (word === "STATE") {
          const kind = amount.startsWith("-") ? "withdrawal" : "deposit";
          this.ctx.emitActivity({ id: symbol, kind, timestamp: Date.now() + 1_000, amount, currency: "USD" });
        }
        return { symbol, bid: 99, ask: 100, timestamp: Date.now() };
      }
      async getAccount() {
        return { nav: this.cash, cash: this.cash, buyingPower: this.cash, currency: "USD" };
      }`);
    desk = await tempDesk({
      files: { "venue.ts": venue },
      config: () => `${connector("venue", 'mode = "paper"')}[[guard]]\nkey = "day-loss-limit"\n`,
    });
    const { venues } = desk.open.fleet;
    const account = () => desk.open.desk.state.accounts.get("venue");
    const dayPnl = () =>
      account()
        ?.nav.minus(account()?.dayOpenNav ?? ZERO)
        .toFixed();
    const mark = () => markAccount(desk.open.desk, "venue" as ConnectorName);
    const state = async (amount: string) => {
      await venues.quote("venue", `STATE:${amount}`);
      await expect.poll(() => desk.open.desk.state.activities.has(`venue/STATE:${amount}`)).toBe(true);
    };
    // The mark first.
    await venues.quote("venue", "PAY:-60000.5");
    await mark();
    expect(guardsOf(await propose("venue", "1", "AAA"))).toEqual(["day-loss-limit"]);
    await state("-60000.5");
    expect([dayPnl(), account()?.unexplained.toFixed()]).toEqual(["0", "0"]);
    expect((await propose("venue", "1", "BBB")).decision).toBe("allow");
    // The activity first.
    await state("10000.25");
    await venues.quote("venue", "PAY:10000.25");
    await mark();
    expect([dayPnl(), account()?.unexplained.toFixed(), account()?.awaited]).toEqual(["0", "0", []]);
    const said = { connector: "venue", amount: "10000.25", note: "a wire" };
    await expect(desk.call("account flow", said)).rejects.toMatchObject({
      code: "FLOW_AMOUNT",
      message: expect.stringContaining("the venue itself stated a deposit of 10000.25") as string,
    });
    expect(dayPnl()).toBe("0");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });

  it.each([
    [{ amount: "0" }, "FLOW_AMOUNT", "the amount is 0", "type: qoc status"],
    [
      { amount: "-5000" },
      "FLOW_AMOUNT",
      "the amount of a deposit is above 0; money that left the account is a withdrawal",
      'qoc account flow venue 5000 --kind withdrawal -m "what it was"',
    ],
    [{ amount: "-1", kind: "withdrawal" }, "FLOW_AMOUNT", "the amount of a withdrawal is above 0", "qoc account flow"],
    [{ amount: "NaN" }, "INVALID_INPUT", '"NaN" is not a decimal number', "qoc help account flow"],
    [
      { amount: "5", currency: "EUR" },
      "FLOW_AMOUNT",
      "the account of venue is in USD, not in EUR",
      "AMOUNT_IN_USD --kind deposit",
    ],
    [{ amount: "5", connector: "venu" }, "CONNECTOR_UNKNOWN", "no connector venu", "qoc connectors list"],
    [{ amount: "5", connector: "late" }, "ACCOUNT_UNKNOWN", "late has not reported its account yet", "qoc connectors"],
  ])("refuses a flow of %j in words", async (change, code, message, hint) => {
    const late = connector("late", 'mode = "paper"\nenabled = false');
    await open(`${connector("venue", 'mode = "paper"\n[connector.options]\nnav = "100000"')}${late}`);
    const { seq } = desk.open.desk.state;
    await expect(desk.call("account flow", { connector: "venue", note: "a wire", ...change })).rejects.toSatisfy(
      (error: QocError) => error.code === code && error.message.includes(message) && error.hint.includes(hint),
    );
    expect(desk.open.desk.state.seq).toBe(seq);
  });
});

it("[account] currency that no account has is said with its line in status, doctor and the review", async () => {
  desk = await tempDesk({ config: (template) => template.replace('currency = "USD"', 'currency = "EUR"') });
  const line = desk.read("desk.toml").split("\n").indexOf('currency = "EUR"') + 1;
  const words = `desk.toml:${line}: [account] currency is EUR, and no account is in EUR`;
  const { config, book } = await desk.call<StatusView>("status");
  expect(config).toMatchObject([{ kind: "currency", text: expect.stringContaining(words) as string }]);
  expect([book.currency, book.nav]).toEqual(["USD", "1000000"]);
  expect(JSON.stringify(await desk.call("doctor"))).toContain(words);
  const order = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "100", rationale: "x" };
  const { id } = await desk.call<{ id: string }>("orders propose", order);
  expect(JSON.stringify(await desk.call("orders show", { id }))).toContain(words);
});

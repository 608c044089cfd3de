/** The whole loop of the desk on the wire formats of coin exchanges, by desk.toml alone; and what goes wrong. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Server, ServerResponse } from "node:http";
import { QocError } from "../../src/domain/errors/error.ts";
import type { FakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import { CCXT_ENV, type CcxtTable, openCcxtDesk, openExchange } from "../support/ccxt-desk.ts";
import { sameAnswer } from "../support/same-answer.ts";
import { type TempDesk, discard } from "../support/temp-desk.ts";

interface Proposed {
  readonly id: string;
  readonly digest: string;
  readonly verdict: { readonly decision: string; readonly reasons: readonly { code: string; message: string }[] };
}

describe.each([{ exchange: "binance", symbol: "BTC/USDT" }] as const)("on the fake venue of $exchange", (row) => {
  const { exchange, symbol } = row;
  const LIMIT = { connector: "coins", side: "buy", symbol, quantity: "10", type: "limit", limitPrice: "100.50" };
  const ORDER = { ...LIMIT, timeInForce: "gtc", rationale: "the halving" };
  let venue: FakeVenue;
  let desk: TempDesk;
  beforeAll(async () => {
    venue = await openExchange(exchange);
    desk = await openCcxtDesk({ exchange, venue: venue.url });
  });
  afterAll(async () => {
    await desk.stop();
    await discard(desk);
    await venue.close();
  });

  it("an order is proposed, approved, filled and held, in the text that was approved", async () => {
    const { id, digest, verdict } = await desk.call<Proposed>("orders propose", ORDER);
    expect(verdict).toEqual({ decision: "allow", reasons: [] });
    const receipt = await desk.call<Record<string, string>>("approve", { id, digest });
    await desk.reaches(id, "filled");
    expect(venue.orders).toMatchObject([
      { client_order_id: receipt["clientOrderId"], symbol, quantity: "10", limit_price: "100.5", time_in_force: "gtc" },
    ]);
    await expect
      .poll(async () => desk.call("positions list"))
      .toMatchObject([{ symbol, quantity: "10", currency: symbol.split("/")[1] }]);
  });

  it("a working order is cancelled with its symbol, as the exchange needs", async () => {
    const { id, digest } = await desk.call<Proposed>("orders propose", { ...ORDER, limitPrice: "98" });
    await desk.call("approve", { id, digest });
    await desk.call("cancel", { id });
    await desk.reaches(id, "cancelled");
    expect(venue.orders.at(-1)).toMatchObject({ status: "cancelled", limit_price: "98" });
  });

  it.each([
    ["a symbol that is not listed", { symbol: symbol.replace("BTC", "BTCC") }, `(did you mean ${symbol}?)`],
    ["a price off the tick", { limitPrice: "100.123" }, "100.123 is not a multiple of 0.01"],
    ["a quantity off the step", { quantity: "0.00055" }, "0.001"],
    ["an order below the minimum of money", { quantity: "0.001", limitPrice: "0.01" }, "the venue's minimum of 0.0001"],
    ["a flag that the exchange lacks", { session: "extended" }, "takes no order with session (it takes postOnly)"],
    ["a time in force that the exchange lacks", { timeInForce: "day" }, "gtc, ioc, fok"],
  ])("%s is blocked, and the reason names what to change", async (_name, terms, words) => {
    const outcome = await desk.call<Proposed>("orders propose", { ...ORDER, ...terms }).then(
      ({ verdict }) => verdict.reasons.map(({ message }) => message).join("; "),
      (error: unknown) => (error instanceof QocError ? `${error.message} ${error.hint}` : String(error)),
    );
    expect(outcome).toContain(words);
  });
});

describe("a connector to an exchange does not start", () => {
  const desks: TempDesk[] = [];
  const servers: Server[] = [];
  afterEach(async () => {
    for (const desk of desks.splice(0)) {
      await desk.stop();
      await discard(desk);
    }
    for (const server of servers.splice(0)) server.close();
  });

  async function serve(answer: (response: ServerResponse) => void) {
    const served = await sameAnswer(answer);
    servers.push(served.server);
    return served;
  }

  async function statusOf(table: CcxtTable, env: Record<string, string> = CCXT_ENV) {
    const desk = await openCcxtDesk(table, env);
    desks.push(desk);
    return desk.open.fleet.venues.status().find(({ name }) => name === "coins");
  }

  it("with wrong keys, and is not tried again", async () => {
    const venue = await openExchange("binance");
    const status = await statusOf({ exchange: "binance", venue: venue.url }, { ...CCXT_ENV, COIN_SECRET: "another" });
    expect(status).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("refused the keys: Invalid API-key") as string,
    });
    expect(JSON.stringify(status)).not.toContain("another");
    await venue.close();
  });

  it("without its keys, and names the variable", async () => {
    const status = await statusOf({ exchange: "binance", venue: "http://127.0.0.1:1" }, { COIN_KEY: "key" });
    expect(status).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("COIN_SECRET") as string,
    });
  });

  it("with an environment that there is not: the line of desk.toml names both", async () => {
    await expect(statusOf({ exchange: "binance", environment: "sandbox" })).rejects.toThrow(
      'options.environment: must be "paper" or "live"; it is "sandbox"',
    );
  });

  it("while the exchange is down, and is tried again", async () => {
    expect(await statusOf({ exchange: "binance", venue: "http://127.0.0.1:1" })).toMatchObject({
      state: "restarting",
      lastError: expect.stringContaining("Binance cannot be reached (ECONNREFUSED)") as string,
    });
  });

  it("if every request is redirected to another host, which never gets the key", async () => {
    const other = await serve((response) => response.end("{}"));
    const location = `http://localhost:${other.port}/`;
    const redirecting = await serve((response) => response.writeHead(307, { location }).end());
    const status = await statusOf({ exchange: "binance", venue: `http://127.0.0.1:${redirecting.port}` });
    expect(status?.state).toBe("restarting");
    expect(redirecting.headers).not.toEqual([]);
    expect(other.headers).toEqual([]);
  });

  it("if an answer of 200 holds an error", async () => {
    const error = JSON.stringify({ code: -1000, msg: "An unknown error occurred while processing the request." });
    const answer = { "content-type": "application/json" };
    const venue = await serve((response) => response.writeHead(200, answer).end(error));
    expect(await statusOf({ exchange: "binance", venue: `http://127.0.0.1:${venue.port}` })).toMatchObject({
      state: "restarting",
      lastError: expect.stringContaining("the answer has no serverTime") as string,
    });
  });

  it.each([
    ["kraken", "Kraken has no test network for spot trading; to practise"],
    ["coinbase", "its sandbox has fixed answers and no market; to practise"],
  ])("for paper trading at %s, and says what to do instead", async (exchange, words) => {
    const lastError = expect.stringContaining(words) as string;
    expect(await statusOf({ exchange })).toMatchObject({ state: "quarantined", lastError });
  });

  it("for an exchange that ccxt does not have, and names a near one", async () => {
    expect(await statusOf({ exchange: "binanc", more: '  currency = "USDT"' })).toMatchObject({
      lastError: expect.stringContaining('has no exchange "binanc" (did you mean binance?)') as string,
    });
  });
});

/** The whole loop of the desk on Alpaca's wire format, by desk.toml alone; and what goes wrong, in clear words. */
import { readdirSync, writeFileSync } from "node:fs";
import type { Server, ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import { command } from "../../src/commands/connectors/list.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import type { FakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import { ALPACA_ENV, ALPACA_SECRETS, type AlpacaTable, openAlpaca, openAlpacaDesk } from "../support/alpaca-desk.ts";
import { LIVE_GUARD } from "../support/live-table.ts";
import { sameAnswer } from "../support/same-answer.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

interface Proposed {
  readonly id: string;
  readonly digest: string;
  readonly verdict: { readonly decision: string; readonly reasons: readonly { code: string; message: string }[] };
}

const STYLE = { isTty: true, columns: 120, paint: (_shade: unknown, text: string) => text };

const ORDER = { connector: "alpaca", side: "buy", symbol: "AAPL", quantity: "10", rationale: "earnings" };
const LIMIT = { ...ORDER, type: "limit", limitPrice: "100.50" };

describe("on Alpaca's fake venue", () => {
  let venue: FakeVenue;
  let desk: TempDesk;
  /** The time at which the desk's clock is held; undefined: it goes on. */
  let stoppedAt: number | undefined;
  beforeAll(async () => {
    venue = await openAlpaca();
    const clock = { ...systemClock, monotonic: () => stoppedAt ?? systemClock.monotonic() };
    desk = await openAlpacaDesk({ venue: venue.url }, ALPACA_ENV, clock);
  });
  afterAll(async () => {
    await desk.stop();
    await discard(desk);
    await venue.close();
  });

  it("an order is proposed, reviewed, approved, filled, held, and in the snapshot", async () => {
    expect(venue.quoteStreams?.opened).toBe(0);
    const { id, digest, verdict } = await desk.call<Proposed>("orders propose", LIMIT);
    expect(verdict).toEqual({ decision: "allow", reasons: [] });
    const review = await desk.call("orders show", { id });
    expect(review).toMatchObject({ id, terms: { symbol: "AAPL", mode: "paper" } });
    const receipt = await desk.call<Record<string, string>>("approve", { id, digest });
    await desk.reaches(id, "filled");
    expect(venue.orders).toMatchObject([
      { client_order_id: receipt["clientOrderId"], quantity: "10", limit_price: "100.5", time_in_force: "day" },
    ]);
    expect(await desk.call("positions list")).toMatchObject([{ symbol: "AAPL", quantity: "10", currency: "USD" }]);
    await desk.call("snapshot");
    await desk.settled();
    const snapshots = await desk.call<{ path: string }[]>("snapshots list");
    const text = desk.read(snapshots[0]?.path ?? "");
    expect(text).toContain('"AAPL"');
    expect(text).toContain(`nav_usd = "${venue.state.account()["nav"] ?? ""}"`);
  });

  it("an agent works on an issue, a human approves, and the fill is in files, inbox and snapshot: desk.toml alone", async () => {
    const issue =
      '---\nid: "042"\ntitle: "A look at Microsoft"\nstatus: open\nsymbols: [MSFT]\n---\nBuy little of it.\n';
    writeFileSync(`${desk.root}/issues/042-a-look-at-microsoft.md`, issue);
    const { proposals, path } = await desk.call<{ proposals: string[]; path: string }>("run", { issue: "042" });
    const [small = "", large = ""] = proposals;
    expect(desk.read(path)).toContain("Looked at MSFT and proposed two orders");
    await expect(desk.call("approve", await shown(large))).rejects.toMatchObject({ code: "GUARD_BLOCKED" });
    await desk.call("approve", await shown(small));
    await desk.reaches(small, "filled");
    await desk.settled();
    const made = venue.orders.filter(({ symbol }) => symbol === "MSFT");
    expect(made).toMatchObject([{ status: "filled", side: "buy" }]);
    expect(desk.read(`orders/executed/${small}.toml`)).toContain(`# filled ${made[0]?.quantity ?? ""} @ `);
    expect(readdirSync(`${desk.root}/inbox`).filter((name) => name.includes("fill-MSFT-BUY"))).toHaveLength(1);
    const { path: snapshot } = await desk.call<{ path: string }>("snapshot");
    expect(desk.read(snapshot)).toContain('"MSFT"');
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });

  async function shown(id: string): Promise<{ readonly id: string; readonly digest: string }> {
    const { digest } = await desk.call<{ digest: string }>("orders show", { id });
    return { id, digest };
  }

  it("a coin is bought under its pair, and held under it although Alpaca's positions leave out the slash", async () => {
    const coin = { ...LIMIT, symbol: "BTC/USD", quantity: "0.001", limitPrice: "12100.50", timeInForce: "gtc" };
    const { id, digest } = await desk.call<Proposed>("orders propose", coin);
    await desk.call("approve", { id, digest });
    await desk.reaches(id, "filled");
    await expect
      .poll(async () => desk.call("positions list"))
      .toEqual(expect.arrayContaining([expect.objectContaining({ symbol: "BTC/USD", quantity: "0.001" })]));
  });

  it("an approval takes a quote that was streamed within the last second, and asks when the stream is silent", async () => {
    const order = { ...LIMIT, symbol: "SYM3", quantity: "1", limitPrice: "500.50" };
    const { id, digest } = await desk.call<Proposed>("orders propose", order);
    await expect.poll(() => venue.quoteStreams?.isSubscribed("SYM3")).toBe(true);
    stoppedAt = systemClock.monotonic();
    await venue.setQuote("SYM3", { bid: "499.12", ask: "500.25", last: "500" });
    const streamed = { connector: "alpaca", symbol: "SYM3", bid: "499.12", ask: "500.25" };
    await expect.poll(() => desk.call("status")).toMatchObject({ quotes: [streamed] });
    const asked = (): number => venue.requests.filter(({ path }) => path.includes("/SYM3/quotes/latest")).length;
    const before = asked();
    await desk.call("approve", { id, digest });
    await desk.reaches(id, "filled");
    expect(asked()).toBe(before);
    stoppedAt += 1_001;
    await desk.call("orders propose", order);
    expect(asked()).toBeGreaterThan(before);
    stoppedAt = undefined;
  });

  it("the connector is listed with the hosts that it reaches", async () => {
    const [listed] = await desk.call<object[]>("connectors list");
    expect(listed).toMatchObject({ name: "alpaca", hosts: ["127.0.0.1"] });
    const lines = command.render?.([{ ...listed, hosts: ["paper-api.alpaca.markets", "data.alpaca.markets"] }], STYLE);
    expect(lines).toContain("alpaca: reaches paper-api.alpaca.markets, data.alpaca.markets");
  });

  it.each([
    ["a symbol that Alpaca does not list", { symbol: "AAPLL" }, "alpaca does not list AAPLL (did you mean AAPL?)"],
    ["a price off the tick", { limitPrice: "100.123" }, "100.123 is not a multiple of 0.01"],
    [
      "a quantity off the lot",
      { symbol: "BTC/USD", quantity: "0.00055", limitPrice: "2000", timeInForce: "gtc" },
      "0.001",
    ],
    ["a quantity below the venue's minimum", { symbol: "BTC/USD", quantity: "0.0005", limitPrice: "2000" }, "0.001"],
    ["a time in force that the venue lacks", { symbol: "BTC/USD", quantity: "1", timeInForce: "day" }, "gtc, ioc"],
  ])("%s is blocked, and the reason names what to change", async (_name, terms, words) => {
    const outcome = await desk.call<Proposed>("orders propose", { ...LIMIT, ...terms }).then(
      ({ verdict }) => verdict.reasons.map(({ message }) => message).join("; "),
      (error: unknown) => (error instanceof QocError ? `${error.message} ${error.hint}` : String(error)),
    );
    expect(outcome).toContain(words);
  });
});

describe("a connector to Alpaca does not start", () => {
  let venue: FakeVenue;
  const desks: TempDesk[] = [];
  const servers: Server[] = [];
  beforeAll(async () => {
    venue = await openAlpaca();
  });
  afterEach(async () => {
    for (const desk of desks.splice(0)) {
      await desk.stop();
      await discard(desk);
    }
    for (const server of servers.splice(0)) server.close();
  });
  afterAll(() => venue.close());

  async function statusOf(table: Partial<AlpacaTable>, env: Record<string, string> = ALPACA_ENV) {
    const desk = await openAlpacaDesk({ venue: venue.url, ...table }, env);
    desks.push(desk);
    return desk.open.fleet.venues.status().find(({ name }) => name === "alpaca");
  }

  it("with wrong keys, and is not tried again", async () => {
    expect(await statusOf({}, { ...ALPACA_ENV, ALPACA_SECRET: "another" })).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("refused the keys (401)") as string,
    });
  });

  it("without its keys, and names the variable", async () => {
    expect(await statusOf({}, { ALPACA_KEY: ALPACA_SECRETS.api_key })).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("ALPACA_SECRET") as string,
    });
  });

  it("while the venue is down, and is tried again", async () => {
    const down = await statusOf({ venue: "http://127.0.0.1:1" });
    expect(down).toMatchObject({
      state: "restarting",
      lastError: expect.stringContaining("Alpaca cannot be reached (ECONNREFUSED)") as string,
    });
  });

  async function serve(answer: (response: ServerResponse) => void) {
    const served = await sameAnswer(answer);
    servers.push(served.server);
    return served;
  }

  it("if every request is redirected to another host, which never gets the keys", async () => {
    const other = await serve((response) => response.end("{}"));
    const location = `http://localhost:${other.port}/`;
    const redirecting = await serve((response) => response.writeHead(307, { location }).end());
    const status = await statusOf({
      venue: `http://127.0.0.1:${redirecting.port}`,
      more: 'hosts = ["127.0.0.1", "localhost"]',
    });
    expect(status?.state).toBe("restarting");
    expect(redirecting.headers[0]).toMatchObject({ "apca-api-key-id": ALPACA_SECRETS.api_key });
    expect(other.headers).toEqual([]);
  });

  it("if an answer of 200 holds an error", async () => {
    const error = JSON.stringify({ code: 50010000, message: "internal server error occurred" });
    const venueOfErrors = await serve((response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(error),
    );
    expect(await statusOf({ venue: `http://127.0.0.1:${venueOfErrors.port}` })).toMatchObject({
      state: "restarting",
      lastError: expect.stringContaining("request for the account") as string,
    });
  });

  it("if the account is of the other environment", async () => {
    const more = 'isolation = "process"';
    const status = await statusOf({ environment: "live", more, after: LIVE_GUARD });
    expect(status).toMatchObject({
      state: "quarantined",
      mode: "live",
      lastError: expect.stringContaining('environment = "live", and account PA3T0KIT0001 is a paper account') as string,
    });
  });

  it("live without what a live connector needs, and says everything that is missing", async () => {
    expect((await statusOf({ environment: "live" }))?.lastError).toBe(
      'connector alpaca is live and does not start; it needs isolation = "process" in its table; ' +
        'a [[guard]] with key = "max-order-notional"',
    );
  });

  it.each([
    ["no environment", (text: string) => text.replace(/environment = .*\n/, ""), "environment"],
    ["a mode", (text: string) => text.replace('type = "alpaca"', 'type = "alpaca"\nmode = "live"'), "mode"],
    ["no secret", (text: string) => text.replace(/api_secret = .*\n/, ""), "api_secret"],
    ["another host", (text: string) => text.replace(/venue = .*\n/, 'venue = "https://evil.example"\n'), "venue"],
    ["an unknown option", (text: string) => text.replace("venue =", "url ="), "url"],
  ])("with %s in its table, with the place in desk.toml", async (_name, edit, key) => {
    const table = `[[connector]]\nname = "alpaca"\ntype = "alpaca"\n[connector.auth]\napi_key = { env = "A" }
api_secret = { env = "B" }\n[connector.options]\nenvironment = "paper"\nvenue = "http://127.0.0.1:1"\n`;
    await expect(tempDesk({ config: () => edit(table) })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(key) as string,
    });
  });
});

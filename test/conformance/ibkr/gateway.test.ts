/** The connector to Interactive Brokers at a gateway that misbehaves as real ones do. */
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock, systemIds } from "../../../src/app/system.ts";
import { frameOf } from "../../../src/conformance/tws/frames.ts";
import { type TwsGateway, openTwsGateway } from "../../../src/conformance/tws/gateway.ts";
import { type AdapterHarness, adapterHarness } from "../../support/adapter-harness.ts";

const ADAPTER = fileURLToPath(new URL("../../../connectors/ibkr/index.ts", import.meta.url));
const ORDER = {
  clientOrderId: "q0123456789abcdef",
  symbol: "AAPL",
  side: "buy",
  quantity: 10,
  quantityText: "10",
  type: "limit",
  limitPrice: 50,
  limitPriceText: "50.00",
  timeInForce: "day",
} as const;

let gateway: TwsGateway;
const harnesses: AdapterHarness[] = [];
afterEach(async () => {
  await Promise.all(harnesses.splice(0).map(({ connector }) => connector.stop()));
  await gateway.close();
});

async function connectTo(address: string, options: Record<string, unknown> = {}): Promise<AdapterHarness> {
  const harness = await adapterHarness("", {
    file: ADAPTER,
    tcp: [address],
    memoryMb: 128,
    options: { environment: "paper", address, ...options },
  });
  harnesses.push(harness);
  await harness.connector.start();
  return harness;
}

async function start(options: Record<string, unknown> = {}, prepare: (gateway: TwsGateway) => void = () => undefined) {
  gateway = await openTwsGateway({ clock: systemClock, ids: systemIds });
  gateway.filling = "manual";
  prepare(gateway);
  return connectTo(gateway.url, options);
}

async function lastError(options: Record<string, unknown>, prepare?: (gateway: TwsGateway) => void) {
  const { connector } = await start(options, prepare);
  const { state, lastError: message = "" } = connector.status;
  return { state, message };
}

describe("a connector does not start", () => {
  it.each([
    ["at a live account as paper", {}, (one: TwsGateway) => void (one.accounts = ["U1234567"]), "is a live account"],
    ["at a paper account as live", { environment: "live" }, undefined, "is a paper account"],
    ["at another login's account", { account: "DU9" }, undefined, "has no account DU9: it has DU1234567"],
    ["at a login with several accounts", {}, (one: TwsGateway) => void (one.accounts = ["DU1", "DU2"]), "DU1, DU2"],
    ["at a gateway that is read-only", {}, (one: TwsGateway) => void (one.isReadOnly = true), "untick Read-Only API"],
  ])("%s, and is not tried again", async (_name, options, prepare, words) => {
    expect(await lastError(options, prepare)).toEqual({
      state: "quarantined",
      message: expect.stringContaining(words) as string,
    });
  });

  it("at a gateway that accepts the connection and answers nothing; the error says to restart it", async () => {
    expect(await lastError({}, (one) => void (one.isSilent = true))).toEqual({
      state: "restarting",
      message: expect.stringContaining("answers nothing: restart it") as string,
    });
  });

  it("at a port without a gateway; the error names what to start and what to compare", async () => {
    gateway = await openTwsGateway({ clock: systemClock, ids: systemIds });
    const address = gateway.url;
    await gateway.close();
    const harness = await connectTo(address);
    expect(harness.connector.status.lastError).toMatch(/ECONNREFUSED.*start TWS or IB Gateway.*address/s);
  });

  it("with a client id that another program uses", async () => {
    const first = await start();
    const second = await connectTo(gateway.url);
    expect(second.connector.status.lastError).toContain("client id 71 is in use");
    expect(first.connector.status.state).toBe("ready");
  });
});

describe("an order", () => {
  it("is not sent by a gateway that stopped answering, and none reaches it later", async () => {
    const { connector } = await start();
    gateway.isSilent = true;
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: false, kind: "not-sent" });
    expect(gateway.orders).toEqual([]);
  });

  it("is not sent while the gateway has lost IBKR, and is sent after that", async () => {
    const { connector, states } = await start();
    gateway.announce(1100, "Connectivity between IBKR and Trader Workstation has been lost.");
    await expect.poll(() => connector.status.state).toBe("degraded");
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: false, kind: "not-sent" });
    gateway.announce(1101, "Connectivity has been restored - data lost.");
    await expect.poll(() => connector.status.state).toBe("ready");
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: true });
    expect(states.map(({ state }) => state)).toContain("degraded");
    expect(gateway.orders).toHaveLength(1);
  });

  it("whose answer is cut off by 1100 is unknown, and is found by its own id", async () => {
    const { connector } = await start();
    gateway.armFault("place", { kind: "html", isDone: true });
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: false, kind: "error" });
    const { clientOrderId } = ORDER;
    await expect
      .poll(() => connector.invoke("getOrder", [{ clientOrderId }]))
      .toMatchObject({ ok: true, value: { clientOrderId, status: "open", quantity: "10", limitPrice: "50" } });
    expect(gateway.orders).toHaveLength(1);
  });

  it.each([
    [399, "Order Message: your order will not be placed at the exchange until 09:30"],
    [10_349, "Order TIF was set to DAY based on order preset."],
  ])("with the remark %s is no rejection", async (code, words) => {
    const { connector } = await start();
    gateway.armFault("place", { kind: "slow", ms: 200 });
    const pending = connector.invoke("placeOrder", [ORDER]);
    await expect.poll(() => gateway.orders.length).toBe(1);
    gateway.announce(code, words, 1);
    expect(await pending).toMatchObject({ ok: true });
  });

  it("with an id that the gateway knows is unknown, never rejected, and the next one has another id", async () => {
    const { connector } = await start();
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: true });
    gateway.armFault("place", { kind: "hang" });
    const pending = connector.invoke("placeOrder", [{ ...ORDER, clientOrderId: "q0000000000000001" }]);
    await expect.poll(() => gateway.requests.filter(({ route }) => route === "place").length).toBe(2);
    gateway.announce(103, "Duplicate order id", 2);
    expect(await pending).toMatchObject({ ok: false, kind: "error" });
    expect(await connector.invoke("placeOrder", [{ ...ORDER, clientOrderId: "q0000000000000002" }])).toMatchObject({
      ok: true,
    });
    const ids = gateway.requests.filter(({ route }) => route === "place").map(({ body }) => orderIdOf(body));
    expect(ids).toEqual(["1", "2", "3"]);
  });

  it("never has the id of an earlier one after a restart, whatever the gateway proposes", async () => {
    const { connector } = await start();
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: true });
    await connector.stop();
    gateway.nextValidId = 1;
    await connector.start();
    expect(await connector.invoke("placeOrder", [{ ...ORDER, clientOrderId: "q0000000000000001" }])).toMatchObject({
      ok: true,
    });
    expect(gateway.orders).toHaveLength(2);
  });

  it("off the step of its price is not sent, and the reason names the step", async () => {
    const { connector } = await start();
    const order = { ...ORDER, limitPrice: 50.005, limitPriceText: "50.005" };
    expect(await connector.invoke("placeOrder", [order])).toMatchObject({
      ok: false,
      kind: "not-sent",
      message: expect.stringContaining("50.005 is not a multiple of 0.01") as string,
    });
    expect(gateway.requests.filter(({ route }) => route === "place")).toEqual([]);
  });

  it("that was placed by hand is listed, and cannot be cancelled here", async () => {
    const { connector } = await start();
    gateway.state.place({ ...AT_VENUE, client_order_id: "" });
    const open = await connector.invoke("getOpenOrders", []);
    expect(open).toMatchObject({
      ok: true,
      value: [{ symbol: "AAPL", side: "sell", quantity: "3", limitPrice: "500" }],
    });
    const id = gateway.orders[0]?.order_id;
    expect(await connector.invoke("cancelOrder", [id])).toMatchObject({
      ok: false,
      message: expect.stringContaining("placed by hand") as string,
    });
  });
});

describe("contracts that the desk does not trade", () => {
  it("a combination and an option that has expired stop no list, and the combination is no fill", async () => {
    const { connector, fills } = await start({}, (one) => {
      const more = { symbol: "SPY", exchange: "SMART", currency: "USD" };
      one.unlisted.set("SYM3", { ...more, conId: 28_812_380, secType: "BAG" });
      one.unlisted.set("SYM4", { ...more, conId: 612_345_678, secType: "OPT" });
      for (const symbol of ["SYM3", "SYM4", "AAPL"]) one.state.place({ ...AT_VENUE, symbol, client_order_id: "" });
    });
    const named = ["SPY#28812380", "SPY#612345678", "AAPL"].map((symbol) => ({ symbol, quantity: "3" }));
    expect(await connector.invoke("getOpenOrders", [])).toMatchObject({ ok: true, value: named });
    for (const order of gateway.orders) gateway.fill(order, { quantity: "1", price: "2.5" });
    await expect.poll(() => fills.map(({ symbol }) => symbol).toSorted()).toEqual(["AAPL", "SPY#612345678"]);
    const stated = await connector.invoke("getFills", [0]);
    expect(stated).toMatchObject({ ok: true, value: [{ symbol: "SPY#612345678" }, { symbol: "AAPL" }] });
  });
});

const AT_VENUE = {
  symbol: "AAPL",
  side: "sell",
  quantity: "3",
  type: "limit",
  limit_price: "500",
  time_in_force: "day",
} as const;

function orderIdOf(body: unknown): string | undefined {
  return (body as { fields: string }).fields.split(" ")[1];
}

describe("fills and reports", () => {
  it("parts, a correction and the final state arrive in order, each with its commission", async () => {
    const { connector, fills, pushed } = await start();
    await connector.invoke("placeOrder", [ORDER]);
    const [order] = gateway.orders;
    if (order === undefined) throw new Error("the gateway has no order");
    gateway.fill(order, { quantity: "4", price: "49.5", fee: "1.05" });
    gateway.fill(order, { quantity: "4", price: "49.6", fee: "1.05", fillId: "0000e0d5.65440000.01.02" });
    gateway.fill(order, { quantity: "6", price: "49.9", fee: "-0.2" });
    await expect.poll(() => pushed.reports.at(-1)?.status).toBe("filled");
    expect(
      fills.map(({ fillId, quantity, price, fee, corrects }) => [fillId.slice(-5), quantity, price, fee, corrects]),
    ).toEqual([
      ["01.01", "4", "49.5", "1.05", undefined],
      ["01.02", "4", "49.6", "1.05", "0000e0d5.65440000.01.01"],
      ["01.01", "6", "49.9", "-0.2", undefined],
    ]);
  });

  it("a gateway that restarts with another login gets no order until a person has looked", async () => {
    const { connector, log } = await start();
    gateway.accounts = ["U7654321"];
    gateway.dropStreams();
    await expect.poll(() => log.text()).toContain("is a live account");
    expect(await connector.invoke("placeOrder", [ORDER])).toMatchObject({ ok: false, kind: "not-sent" });
    gateway.accounts = ["DU1234567"];
    await expect.poll(() => connector.status.state).toBe("ready");
    expect(gateway.orders).toEqual([]);
  });
});

describe("the connection", () => {
  it("to a gateway that closes each one is made again after longer and longer pauses", async () => {
    const { connector } = await start();
    const before = gateway.streamsOpened;
    gateway.onChange = () => {
      if (gateway.streams > 0) gateway.dropStreams();
    };
    gateway.dropStreams();
    await new Promise((resolve) => void systemClock.after(2_000, () => resolve(undefined)));
    expect(gateway.streamsOpened - before).toBeLessThanOrEqual(4);
    expect(connector.status.state).toBe("degraded");
  });

  it("to a gateway that falls silent ends after the first request without an answer, and another is made", async () => {
    const { connector } = await start();
    const before = gateway.streamsOpened;
    gateway.isSilent = true;
    expect(await connector.invoke("getPositions", [])).toMatchObject({ ok: false });
    await expect
      .poll(() => connector.status.lastError)
      .toContain("the gateway accepts bytes and answers nothing: restart it");
    gateway.isSilent = false;
    await expect.poll(() => connector.status.state).toBe("ready");
    expect(gateway.streamsOpened).toBeGreaterThan(before);
  });
});

describe("quotes", () => {
  it("after a lost link are asked for again, and the old subscription is ended", async () => {
    const { connector } = await start();
    await connector.invoke("getQuote", ["AAPL"]);
    gateway.announce(1100, "Connectivity between IBKR and Trader Workstation has been lost.");
    await expect.poll(() => connector.status.state).toBe("degraded");
    expect(await connector.invoke("getQuote", ["AAPL"])).toMatchObject({ ok: false });
    gateway.announce(1102, "Connectivity has been restored - data maintained.");
    await expect.poll(() => connector.status.state).toBe("ready");
    gateway.state.quotes.set("AAPL", { bid: "90", ask: "91", last: "90.5" });
    expect(await connector.invoke("getQuote", ["AAPL"])).toMatchObject({ ok: true, value: { bid: "90", ask: "91" } });
    expect(gateway.requests.map(({ path }) => path)).toContain("/cancelMktData");
  });

  it("that are late say so, and have the time of 15 minutes ago", async () => {
    const { connector } = await start({ market_data: "delayed" });
    const response = await connector.invoke("getQuote", ["AAPL"]);
    const late = { delayedMs: 900_000, timeSource: "received" };
    expect(response).toMatchObject({ ok: true, value: { bid: "99.5", ask: "100.5", feed: "delayed", ...late } });
    const { timestamp } = (response as { value: { timestamp: number } }).value;
    expect(Math.round((systemClock.now() - timestamp) / 60_000)).toBe(15);
  });

  it("of a gateway that stopped answering are an error, not the last price", async () => {
    const { connector } = await start();
    expect(await connector.invoke("getQuote", ["AAPL"])).toMatchObject({ ok: true });
    gateway.isSilent = true;
    expect(await connector.invoke("getQuote", ["AAPL"])).toMatchObject({ ok: false });
  });

  it("of a market without permission name what to subscribe to or to set", async () => {
    const { connector } = await start();
    gateway.armFault("quote", { kind: "hang" });
    const pending = connector.invoke("getQuote", ["AAPL"]);
    await expect.poll(() => gateway.requests.some(({ route }) => route === "quote")).toBe(true);
    // The id of the first request after those of connect and of the contract.
    gateway.announce(354, "Requested market data is not subscribed.", FIRST_SUBSCRIPTION);
    expect(await pending).toMatchObject({
      ok: false,
      message: expect.stringContaining('market_data = "delayed"') as string,
    });
  });
});

const FIRST_SUBSCRIPTION = 1_000_000_002;

describe("messages", () => {
  it("stay under TWS's limit of 50 a second: reads wait, and an order goes between them", async () => {
    const { connector } = await start();
    // The desk has asked for the instrument before it sends an order.
    await connector.invoke("getInstrument", ["AAPL"]);
    const before = gateway.requests.length;
    const times: number[] = [];
    gateway.onChange = () => {
      while (times.length < gateway.requests.length) times.push(systemClock.monotonic());
    };
    const reads = Array.from({ length: 200 }, () => connector.invoke("getInstrument", ["AAPL"]));
    await expect.poll(() => gateway.requests.length - before).toBeGreaterThan(30);
    const order = connector.invoke("placeOrder", [ORDER]);
    const answers = await Promise.all(reads);
    expect(answers.some((answer) => !answer.ok && answer.message.includes("50 messages a second"))).toBe(true);
    expect(await order).toMatchObject({ ok: true });
    // By the whole time: a busy machine delivers messages together that were sent apart.
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
    expect(times.length).toBeLessThanOrEqual(50 * (1 + seconds));
  });
});

describe("market data of a gateway", () => {
  it.each([
    ["1d", 24 * 60 * 60 * 1000],
    ["1h", 60 * 60 * 1000],
  ])("bars of %s come with their times and prices", async (resolution, step) => {
    const { connector } = await start();
    const { last } = gateway.state.quotes.get("AAPL") ?? {};
    const response = await connector.invoke("getBars", ["AAPL", { resolution }]);
    if (!response.ok) throw new Error(response.message);
    const bars = response.value as readonly { timestamp: number; close: string; volume: string }[];
    expect(bars).toHaveLength(3);
    expect(bars.map(({ close, volume }) => [Number(close), Number(volume)])).toEqual(
      bars.map(() => [Number(last), 100]),
    );
    expect(bars.slice(1).map(({ timestamp }, index) => timestamp - (bars[index]?.timestamp ?? 0))).toEqual([
      step,
      step,
    ]);
  });

  it("a search finds stocks by the start of their symbol", async () => {
    const { connector } = await start();
    expect(await connector.invoke("searchInstruments", ["AAP"])).toMatchObject({
      ok: true,
      value: [{ symbol: "AAPL", currency: "USD" }],
    });
  });
});

describe("the kit's gateway", () => {
  const price = ["BUY", "abc", "LMT", "x", "y"];
  it.each([
    ["of a negative length", Buffer.from([0xff, 0xff, 0xff, 0xfc])],
    [
      "for an order of no number",
      frameOf([3, 1, 265_598, "AAPL", "STK", "", "", "", "", "", "SMART", "", "USD", "", "", "", "", "", ...price]),
    ],
  ])("closes a connection at a message %s, and answers the next", async (_what, message) => {
    gateway = await openTwsGateway({ clock: systemClock, ids: systemIds });
    const greeting = Buffer.concat([Buffer.from("API\0"), frameOf(["v100..193"])]);
    const start = frameOf([71, 2, 1, ""]);
    for (const last of [message, start]) {
      const socket = connect(Number(gateway.url.split(":")[1]));
      socket.write(Buffer.concat(last === start ? [greeting, start] : [greeting, start, last]));
      if (last === start) expect(String(await once(socket, "data"))).toContain("193");
      else await once(socket.resume(), "close");
      socket.destroy();
    }
  });
});

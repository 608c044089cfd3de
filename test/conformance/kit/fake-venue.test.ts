/** The fake venue follows its protocol and produces exactly the armed faults. */
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { QOC_DIALECT } from "../../../src/conformance/dialects/qoc.ts";
import type { QuotingDialect } from "../../../src/conformance/dialects/dialect.ts";
import { type FakeVenue, openFakeVenue } from "../../../src/conformance/venue/fake-venue.ts";
import type { Fault } from "../../../src/conformance/venue/fake-venue-faults.ts";
import { systemClock, systemIds } from "../../../src/app/system.ts";

let venue: FakeVenue;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  venue = await openFakeVenue({ clock: systemClock, ids: systemIds });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await venue.close();
});

function parseJson(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function call(method: string, path: string, body?: unknown, key = venue.secrets["api_key"]) {
  const response = await fetch(`${venue.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(2_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parseJson(text) };
}

function order(overrides: object = {}) {
  return {
    client_order_id: "c-1",
    symbol: "AAPL",
    side: "buy",
    quantity: "2",
    type: "market",
    time_in_force: "day",
    ...overrides,
  };
}

it("closes a connection if a dialect's answer is invalid, also if it is sent later", async () => {
  await venue.close();
  const dialect: QuotingDialect = { ...QOC_DIALECT, write: () => ({ status: 200, headers: { "no header": "x" } }) };
  venue = await openFakeVenue({ clock: systemClock, ids: systemIds, dialect });
  venue.armFault("time", { kind: "slow", ms: 1 });
  for (let sent = 0; sent < 2; sent++) await expect(call("GET", "/time")).rejects.toThrow("fetch failed");
});

it("returns fills in pages of a hundred, the oldest first", async () => {
  const placed = venue.state.place({ ...order(), quantity: "250" } as never);
  if (typeof placed === "string") throw new Error(placed);
  const made = Array.from({ length: 250 }, (_, index) =>
    venue.fillSilently(placed, { quantity: "1", time: 1_000 + index }),
  );
  const ids: string[] = [];
  for (const size of [100, 100, 50]) {
    const after = ids.length === 0 ? "" : `&after=${ids.at(-1)}`;
    const { body } = await call("GET", `/fills?since=1000${after}`);
    expect(body).toHaveLength(size);
    ids.push(...body.map(({ fill_id }: { fill_id: string }) => fill_id));
  }
  expect(ids).toEqual(made.map(({ fill_id }) => fill_id));
});

it("takes a request twice with the fault duplicate, and answers with the second response", async () => {
  venue.armFault("place", { kind: "duplicate" });
  expect((await call("POST", "/orders", order())).status).toBe(409);
  venue.state.refusesDuplicates = false;
  venue.armFault("place", { kind: "duplicate" });
  expect((await call("POST", "/orders", order({ client_order_id: "c-2" }))).status).toBe(201);
  expect(venue.orders.map(({ client_order_id }) => client_order_id)).toEqual(["c-1", "c-2", "c-2"]);
});

it("returns an instrument's own steps and a quote's own time, and a price that is missing as null", async () => {
  venue.state.instruments.set("AAPL", { tick_size: "0.05", lot_size: "10" });
  venue.state.currency = "EUR";
  await venue.setQuote("AAPL", { bid: null, ask: "2", last: "1", time: 5 });
  expect((await call("GET", "/instruments/AAPL")).body).toEqual({
    symbol: "AAPL",
    tick_size: "0.05",
    lot_size: "10",
    currency: "EUR",
  });
  expect((await call("GET", "/quotes/AAPL")).body).toMatchObject({ bid: null, time: 5 });
  expect((await call("GET", "/quotes/BTC%2FUSD")).status).toBe(200);
});

/** Opens a stream; `events(n)` resolves with the first n events after the hello. */
async function openStream(key = venue.secrets["api_key"]) {
  const socket = new WebSocket(`${venue.stream}?key=${key}`);
  sockets.push(socket);
  const received: any[] = [];
  const waiters = new Set<() => void>();
  socket.on("message", (data: Buffer) => {
    received.push(JSON.parse(String(data)));
    for (const check of waiters) check();
  });
  const events = (count: number): Promise<any[]> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (received.length < count) return;
        waiters.delete(check);
        resolve(received.slice(0, count));
      };
      waiters.add(check);
      check();
    });
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  await events(1);
  expect(received.shift()).toEqual({ type: "hello" });
  return { events, closed };
}

describe("the protocol", () => {
  it("requires the API key in the header and on the stream", async () => {
    expect((await call("GET", "/time", undefined, "wrong")).status).toBe(401);
    await expect(openStream("wrong")).rejects.toThrow("401");
    expect(venue.requests.map(({ route, isAuthorized }) => [route, isAuthorized])).toEqual([
      ["time", false],
      ["stream", false],
    ]);
  });

  it("returns time, quotes, instruments and the account", async () => {
    expect(Math.abs((await call("GET", "/time")).body.time - Date.now())).toBeLessThan(5_000);
    expect((await call("GET", "/quotes/AAPL")).body).toMatchObject({
      symbol: "AAPL",
      bid: "99.50",
      ask: "100.50",
      last: "100.00",
    });
    expect(await call("GET", "/quotes/NO-SUCH")).toMatchObject({ status: 404, body: { error: "unknown symbol" } });
    expect((await call("GET", "/instruments/MSFT")).body).toEqual({
      symbol: "MSFT",
      tick_size: "0.01",
      lot_size: "0.001",
      currency: "USD",
    });
    expect((await call("GET", "/instruments/NO-SUCH")).status).toBe(404);
    expect((await call("GET", "/account")).body).toEqual({
      nav: "1000000",
      cash: "1000000",
      buying_power: "999749.75",
      currency: "USD",
      settled_cash: "999986.25",
      margin_used: "0",
      unrealized_pnl: "-7.125",
    });
    expect((await call("GET", "/positions")).body).toEqual([]);
    expect((await call("GET", "/nothing")).status).toBe(404);
  });

  it("acknowledges an order with an id of 19 digits and then sends its fill on the stream", async () => {
    const { events } = await openStream();
    const placed = await call("POST", "/orders", order());
    expect(placed).toMatchObject({
      status: 201,
      body: { order_id: "7000000000000000001", filled_quantity: "0", average_price: null, status: "open" },
    });
    const [fill, update] = await events(2);
    expect(fill).toMatchObject({
      type: "fill",
      fill_id: "8000000000000000001",
      order_id: "7000000000000000001",
      client_order_id: "c-1",
      quantity: "2",
      price: "100.50",
      fee: "0.01",
    });
    expect(update).toMatchObject({ type: "order", status: "filled", filled_quantity: "2", average_price: "100.5" });
    expect((await call("GET", "/positions")).body).toMatchObject([{ symbol: "AAPL", quantity: "2" }]);
    expect((await call("GET", "/account")).body).toMatchObject({ cash: "999798.99", nav: "999998.99" });
    const { type: _type, ...rest } = fill;
    expect((await call("GET", `/fills?since=${fill.time}`)).body).toEqual([rest]);
    expect((await call("GET", `/fills?since=${fill.time + 1}`)).body).toEqual([]);
  });

  it("keeps a limit order below the market open, and expires an IOC order that cannot fill", async () => {
    const { events } = await openStream();
    await call("POST", "/orders", order({ type: "limit", limit_price: "50" }));
    expect(await events(1)).toMatchObject([{ type: "order", client_order_id: "c-1", status: "open" }]);
    expect((await call("GET", "/orders?status=open")).body).toMatchObject([{ client_order_id: "c-1", status: "open" }]);
    await call(
      "POST",
      "/orders",
      order({ client_order_id: "c-2", type: "limit", limit_price: "50", time_in_force: "ioc" }),
    );
    expect((await events(2))[1]).toMatchObject({ type: "order", client_order_id: "c-2", status: "expired" });
    expect((await call("GET", "/orders?client_order_id=c-2")).body.status).toBe("expired");
    expect((await call("GET", "/orders?client_order_id=c-3")).status).toBe(404);
  });

  it("rejects orders without cash, with an unknown symbol, a reused id or amounts that are not strings", async () => {
    expect(await call("POST", "/orders", order({ quantity: "99999999" }))).toMatchObject({
      status: 422,
      body: { error: "insufficient funds" },
    });
    expect((await call("POST", "/orders", order({ symbol: "NO-SUCH" }))).status).toBe(422);
    expect((await call("POST", "/orders", order({ quantity: 2 }))).status).toBe(400);
    await call("POST", "/orders", order());
    expect(await call("POST", "/orders", order())).toMatchObject({
      status: 409,
      body: { order: { order_id: "7000000000000000001" } },
    });
    expect(venue.orders).toHaveLength(1);
  });

  it("cancels an open order once, and refuses unknown and closed orders", async () => {
    await call("POST", "/orders", order({ type: "limit", limit_price: "50" }));
    expect((await call("DELETE", "/orders/7000000000000000001")).status).toBe(204);
    expect(await call("DELETE", "/orders/7000000000000000001")).toMatchObject({
      status: 409,
      body: { error: "already cancelled" },
    });
    expect((await call("DELETE", "/orders/7000000000000000009")).status).toBe(404);
  });
});

describe("a faulty client", () => {
  it.each([
    ["an invalid URL", "GET // HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["an invalid percent-encoding", "GET /quotes/%E0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer KEY\r\n\r\n"],
    ["data that is not HTTP", "\u0000\u0001\r\n\r\n"],
    [
      "an upgrade request with an invalid URL",
      "GET // HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ],
    ["an incomplete body", "POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"],
  ])("%s does not affect other requests", async (_label, request) => {
    const socket = connect(Number(new URL(venue.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.end(request.replace("KEY", venue.secrets["api_key"] ?? ""));
    await new Promise((resolve) => socket.once("close", resolve).resume());
    expect((await call("GET", "/time")).status).toBe(200);
  });
});

describe("faults", () => {
  const placeWithFault = (fault: Fault) => {
    venue.armFault("place", fault);
    return call("POST", "/orders", order());
  };

  it.each([
    ["500", 500],
    ["html", 503],
    ["429", 429],
    ["401", 401],
  ] as const)("the fault %s answers with its status, with or without placing the order", async (kind, status) => {
    expect((await placeWithFault({ kind })).status).toBe(status);
    expect(venue.orders).toHaveLength(0);
    expect((await placeWithFault({ kind, isDone: true })).status).toBe(status);
    expect(venue.orders).toHaveLength(1);
  });

  it("the fault 429 has a retry-after header, and the fault html has an HTML body", async () => {
    expect((await placeWithFault({ kind: "429" })).headers.get("retry-after")).toBe("1");
    expect((await placeWithFault({ kind: "html" })).text).toContain("<html>");
  });

  it("the fault hang never responds, with or without placing the order", async () => {
    await expect(placeWithFault({ kind: "hang" })).rejects.toThrow("timeout");
    expect(venue.orders).toHaveLength(0);
    await expect(placeWithFault({ kind: "hang", isDone: true })).rejects.toThrow("timeout");
    expect(venue.orders).toHaveLength(1);
  });

  it("the fault reset closes the connection, with or without placing the order", async () => {
    await expect(placeWithFault({ kind: "reset" })).rejects.toThrow("fetch failed");
    expect(venue.orders).toHaveLength(0);
    await expect(placeWithFault({ kind: "reset", isDone: true })).rejects.toThrow("fetch failed");
    expect(venue.orders).toHaveLength(1);
  });

  it("the fault malformed answers truncated JSON, and the fault empty an empty object", async () => {
    const malformed = await placeWithFault({ kind: "malformed", isDone: true });
    expect([malformed.status, malformed.body]).toEqual([201, undefined]);
    expect(() => JSON.parse(malformed.text) as unknown).toThrow(SyntaxError);
    expect(await placeWithFault({ kind: "empty" })).toMatchObject({ status: 200, body: {} });
  });

  it("the fault slow delays the response by its time", async () => {
    const started = performance.now();
    expect((await placeWithFault({ kind: "slow", ms: 200 })).status).toBe(201);
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
  });

  it("a fault affects its own route, for its number of requests, until faults are cleared", async () => {
    venue.armFault("quote", { kind: "500" }, 2);
    venue.armFault("account", { kind: "500" }, 100);
    const statuses = [];
    for (const path of ["/quotes/AAPL", "/time", "/quotes/AAPL", "/quotes/AAPL", "/account"])
      statuses.push((await call("GET", path)).status);
    expect(statuses).toEqual([500, 200, 500, 200, 500]);
    venue.clearFaults();
    expect((await call("GET", "/account")).status).toBe(200);
  });

  it("a stream fault refuses the connection, and dropStreams terminates open streams", async () => {
    venue.armFault("stream", { kind: "reset" });
    await expect(openStream()).rejects.toThrow("503");
    const { closed } = await openStream();
    expect([venue.streams, venue.streamsOpened]).toEqual([1, 1]);
    venue.dropStreams();
    expect(await closed).toBe(1006);
  });

  it("sends the fill before the response if filling is before-ack", async () => {
    venue.filling = "before-ack";
    venue.armFault("place", { kind: "slow", ms: 500 });
    const { events } = await openStream();
    let isAcknowledged = false;
    const acknowledged = call("POST", "/orders", order()).then(() => (isAcknowledged = true));
    await events(1);
    expect(isAcknowledged).toBe(false);
    await acknowledged;
  });

  it("can duplicate and reorder fills, overfill an order and fill a cancelled order", async () => {
    venue.filling = "manual";
    const { events } = await openStream();
    await call("POST", "/orders", order());
    const [placed] = venue.orders;
    await call("DELETE", `/orders/${placed!.order_id}`);
    const silent = venue.fillSilently(placed!, { quantity: "1", price: "100", time: 5 });
    const pushed = venue.fill(placed!, { quantity: "4", price: "200" });
    venue.sendFill(silent);
    venue.sendFill({ ...pushed, quantity: "9" });
    const fills = (await events(4)).filter(({ type }) => type === "fill");
    expect(fills.map(({ fill_id, quantity }) => [fill_id, quantity])).toEqual([
      [pushed.fill_id, "4"],
      [silent.fill_id, "1"],
      [pushed.fill_id, "9"],
    ]);
    expect(placed).toMatchObject({ filled_quantity: "5", average_price: "180", status: "filled" });
  });

  it("shifts its clock by skewMs", async () => {
    venue.skewMs = 5 * 3_600_000;
    expect((await call("GET", "/quotes/AAPL")).body.time - Date.now()).toBeGreaterThan(4.9 * 3_600_000);
  });
});

/** The kit's venue keeps to its protocol, and misbehaves exactly as it is told. */
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type FakeVenue, openFakeVenue } from "../../src/conformance/fake-venue.ts";
import type { Fault } from "../../src/conformance/fake-venue-faults.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";

let venue: FakeVenue;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  venue = await openFakeVenue({ clock: systemClock, ids: systemIds });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await venue.close();
});

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function call(method: string, path: string, body?: unknown, key = venue.key) {
  const response = await fetch(`${venue.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(2_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

function order(more: object = {}) {
  return {
    client_order_id: "c-1",
    symbol: "AAPL",
    side: "buy",
    quantity: "2",
    type: "market",
    time_in_force: "day",
    ...more,
  };
}

/** A stream that keeps what it hears; `heard(n)` resolves with the first n events after the hello. */
async function openStream(key = venue.key) {
  const socket = new WebSocket(`${venue.stream}?key=${key}`);
  sockets.push(socket);
  const events: any[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data: Buffer) => {
    events.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  const heard = (count: number): Promise<any[]> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (events.length < count) return;
        waiting.delete(look);
        resolve(events.slice(0, count));
      };
      waiting.add(look);
      look();
    });
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  await heard(1);
  expect(events.shift()).toEqual({ type: "hello" });
  return { heard, closed };
}

describe("the protocol", () => {
  it("wants its key, in a header and on the stream", async () => {
    expect((await call("GET", "/time", undefined, "wrong")).status).toBe(401);
    await expect(openStream("wrong")).rejects.toThrow("401");
    expect(venue.requests.map(({ route, isAuthorized }) => [route, isAuthorized])).toEqual([
      ["time", false],
      ["stream", false],
    ]);
  });

  it("tells time, quotes, instruments and money", async () => {
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
      buying_power: "1000000",
      currency: "USD",
    });
    expect((await call("GET", "/positions")).body).toEqual([]);
    expect((await call("GET", "/nothing")).status).toBe(404);
  });

  it("acknowledges an order under 19 digits, then fills it over the stream", async () => {
    const { heard } = await openStream();
    const placed = await call("POST", "/orders", order());
    expect(placed).toMatchObject({
      status: 201,
      body: { order_id: "7000000000000000001", filled_quantity: "0", average_price: null, status: "open" },
    });
    const [fill, told] = await heard(2);
    expect(fill).toMatchObject({
      type: "fill",
      fill_id: "8000000000000000001",
      order_id: "7000000000000000001",
      client_order_id: "c-1",
      quantity: "2",
      price: "100.50",
      fee: "0.01",
    });
    expect(told).toMatchObject({ type: "order", status: "filled", filled_quantity: "2", average_price: "100.5" });
    expect((await call("GET", "/positions")).body).toMatchObject([{ symbol: "AAPL", quantity: "2" }]);
    expect((await call("GET", "/account")).body).toMatchObject({ cash: "999798.99", nav: "999998.99" });
    const { type: _type, ...rest } = fill;
    expect((await call("GET", `/fills?since=${fill.time}`)).body).toEqual([rest]);
    expect((await call("GET", `/fills?since=${fill.time + 1}`)).body).toEqual([]);
  });

  it("lets a far limit rest, and ends what cannot", async () => {
    const { heard } = await openStream();
    await call("POST", "/orders", order({ type: "limit", limit_price: "50" }));
    expect(await heard(1)).toMatchObject([{ type: "order", client_order_id: "c-1", status: "open" }]);
    expect((await call("GET", "/orders?status=open")).body).toMatchObject([{ client_order_id: "c-1", status: "open" }]);
    await call(
      "POST",
      "/orders",
      order({ client_order_id: "c-2", type: "limit", limit_price: "50", time_in_force: "ioc" }),
    );
    expect((await heard(2))[1]).toMatchObject({ type: "order", client_order_id: "c-2", status: "expired" });
    expect((await call("GET", "/orders?client_order_id=c-2")).body.status).toBe("expired");
    expect((await call("GET", "/orders?client_order_id=c-3")).status).toBe(404);
  });

  it("refuses what it must: no money, no such symbol, an id used before, numbers in place of text", async () => {
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

  it("cancels once, and not what is unknown or over", async () => {
    await call("POST", "/orders", order({ type: "limit", limit_price: "50" }));
    expect((await call("DELETE", "/orders/7000000000000000001")).status).toBe(204);
    expect(await call("DELETE", "/orders/7000000000000000001")).toMatchObject({
      status: 409,
      body: { error: "already cancelled" },
    });
    expect((await call("DELETE", "/orders/7000000000000000009")).status).toBe(404);
  });
});

describe("a peer that errs", () => {
  it.each([
    ["an address that is none", "GET // HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["an escape that is none", "GET /quotes/%E0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer KEY\r\n\r\n"],
    ["no HTTP at all", "\u0000\u0001\r\n\r\n"],
    ["an upgrade to nowhere", "GET // HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"],
    ["half a body", "POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"],
  ])("%s does the venue no harm", async (_what, text) => {
    const socket = connect(Number(new URL(venue.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.end(text.replace("KEY", venue.key));
    await new Promise((resolve) => socket.once("close", resolve).resume());
    expect((await call("GET", "/time")).status).toBe(200);
  });
});

describe("faults", () => {
  const spoilt = (fault: Fault) => {
    venue.armFault("place", fault);
    return call("POST", "/orders", order());
  };

  it.each([
    ["500", 500],
    ["html", 503],
    ["429", 429],
    ["401", 401],
  ] as const)("%s, with the order taken or not", async (kind, status) => {
    expect((await spoilt({ kind })).status).toBe(status);
    expect(venue.orders).toHaveLength(0);
    expect((await spoilt({ kind, isDone: true })).status).toBe(status);
    expect(venue.orders).toHaveLength(1);
  });

  it("asks for patience with 429, and answers a 503 in HTML", async () => {
    expect((await spoilt({ kind: "429" })).headers.get("retry-after")).toBe("1");
    expect((await spoilt({ kind: "html" })).text).toContain("<html>");
  });

  it("hangs with the order taken or not", async () => {
    await expect(spoilt({ kind: "hang" })).rejects.toThrow("timeout");
    expect(venue.orders).toHaveLength(0);
    await expect(spoilt({ kind: "hang", isDone: true })).rejects.toThrow("timeout");
    expect(venue.orders).toHaveLength(1);
  });

  it("cuts the connection with the order taken or not", async () => {
    await expect(spoilt({ kind: "reset" })).rejects.toThrow("fetch failed");
    expect(venue.orders).toHaveLength(0);
    await expect(spoilt({ kind: "reset", isDone: true })).rejects.toThrow("fetch failed");
    expect(venue.orders).toHaveLength(1);
  });

  it("answers half a JSON text, or an order that is none", async () => {
    const half = await spoilt({ kind: "malformed", isDone: true });
    expect([half.status, half.body]).toEqual([201, undefined]);
    expect(() => JSON.parse(half.text) as unknown).toThrow(SyntaxError);
    expect(await spoilt({ kind: "empty" })).toMatchObject({ status: 200, body: {} });
  });

  it("is late by so much", async () => {
    const started = performance.now();
    expect((await spoilt({ kind: "slow", ms: 200 })).status).toBe(201);
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
  });

  it("meets its own route, so many times, until it is cleared", async () => {
    venue.armFault("quote", { kind: "500" }, 2);
    venue.armFault("account", { kind: "500" }, 100);
    const statuses = [];
    for (const path of ["/quotes/AAPL", "/time", "/quotes/AAPL", "/quotes/AAPL", "/account"])
      statuses.push((await call("GET", path)).status);
    expect(statuses).toEqual([500, 200, 500, 200, 500]);
    venue.clearFaults();
    expect((await call("GET", "/account")).status).toBe(200);
  });

  it("refuses streams and cuts them", async () => {
    venue.armFault("stream", { kind: "reset" });
    await expect(openStream()).rejects.toThrow("503");
    const { closed } = await openStream();
    expect([venue.streams, venue.streamsOpened]).toEqual([1, 1]);
    venue.dropStreams();
    expect(await closed).toBe(1006);
  });

  it("fills before it acknowledges", async () => {
    venue.filling = "before-ack";
    venue.armFault("place", { kind: "slow", ms: 500 });
    const { heard } = await openStream();
    let isAcked = false;
    const acked = call("POST", "/orders", order()).then(() => (isAcked = true));
    await heard(1);
    expect(isAcked).toBe(false);
    await acked;
  });

  it("doubles, reorders, overfills, and fills what was cancelled", async () => {
    venue.filling = "manual";
    const { heard } = await openStream();
    await call("POST", "/orders", order());
    const [taken] = venue.orders;
    await call("DELETE", `/orders/${taken!.order_id}`);
    const silent = venue.fillSilently(taken!, { quantity: "1", price: "100", time: 5 });
    const told = venue.fill(taken!, { quantity: "4", price: "200" });
    venue.push({ type: "fill", ...silent });
    venue.push({ type: "fill", ...told, quantity: "9" });
    const events = (await heard(4)).filter(({ type }) => type === "fill");
    expect(events.map(({ fill_id, quantity }) => [fill_id, quantity])).toEqual([
      [told.fill_id, "4"],
      [silent.fill_id, "1"],
      [told.fill_id, "9"],
    ]);
    expect(taken).toMatchObject({ filled_quantity: "5", average_price: "180", status: "filled" });
  });

  it("tells a time that is not ours", async () => {
    venue.skewMs = 5 * 3_600_000;
    expect((await call("GET", "/quotes/AAPL")).body.time - Date.now()).toBeGreaterThan(4.9 * 3_600_000);
  });
});

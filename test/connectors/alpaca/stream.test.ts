/** Messages of the stream that are no plain fill: the connector then reads the fills by their activities. */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import AlpacaConnector from "../../../connectors/alpaca/index.ts";
import type { ConnectorContext, Fill } from "../../../src/domain/sdk.ts";

const AT = "2026-05-10T14:01:04.65Z";
const ACCOUNT = { account_number: "PA1", currency: "USD", status: "ACTIVE", equity: "1", cash: "1", buying_power: "1" };
const ANSWERS: Readonly<Record<string, object>> = {
  "/v2/account": ACCOUNT,
  "/v2/clock": { timestamp: AT },
  "/v2/assets": [],
};
const trade = (ref_id: string, more: object = {}, details: object = {}) => ({
  ...{ activity_type: "FILL", event_id: ref_id, ref_id, status: "executed", at: AT, executed_at: AT, currency: "USD" },
  ...{ qty: "1", price: "2", ...more },
  details: { symbol: "AAPL", asset_id: "a", order_id: "o", side: "buy", execution_type: "fill", ...details },
});

let server: Server;
let answers: Record<string, object>;
let activities: readonly object[] = [];
let stream: WebSocket | undefined;
let connector: AlpacaConnector;
let fills: Fill[];
let streams: readonly string[];
let warned: string;

beforeEach(async () => {
  [activities, fills, streams, warned] = [[], [], ["trade_updates"], ""];
  answers = { ...ANSWERS };
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://venue");
    const isEvents = pathname.endsWith("/events/activities");
    response.setHeader("content-type", isEvents ? "text/event-stream" : "application/json");
    // As the format allows: the data of an event on several lines, and both characters at their ends.
    const linesOf = (event: object) => JSON.stringify(event, undefined, 1).replaceAll(/^/gm, "data: ");
    const events = activities.map((event) => `${linesOf(event)}\n\n`.replaceAll("\n", "\r\n")).join("");
    response.end(isEvents ? events : JSON.stringify(answers[pathname] ?? {}));
  });
  new WebSocketServer({ server }).on("connection", (socket) => {
    stream = socket;
    socket.on("message", (data: Buffer) => {
      const isAuth = data.toString().includes('"auth"');
      const listening = { stream: "listening", data: { streams } };
      const reply = isAuth ? { stream: "authorization", data: { status: "authorized" } } : listening;
      socket.send(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connector = new AlpacaConnector();
  await connector.connect(contextOf());
});

function contextOf(): ConnectorContext {
  return {
    options: { environment: "paper", venue: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    secret: () => "key",
    store: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
    logger: {
      info: () => undefined,
      warn: (message: string, data: object) => (warned += JSON.stringify([message, data])),
    },
    link: () => undefined,
    emitFill: (fill: Fill) => fills.push(fill),
    emitReport: () => undefined,
  } as unknown as ConnectorContext;
}
afterEach(async () => {
  await connector.disconnect();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const LEGS = { id: "o", client_order_id: "x", status: "filled", symbol: "", side: "", asset_class: "", asset_id: "" };
const say = (event: string, order: object): void =>
  stream?.send(JSON.stringify({ stream: "trade_updates", data: { event, timestamp: AT, order } }));

it("a stream that Alpaca does not give is not taken for a quiet one", async () => {
  streams = [];
  stream?.terminate();
  await expect.poll(() => warned, { timeout: 5_000 }).toContain("Alpaca does not give trade updates to these keys");
});

it("the fills of an order of several legs are read by their activities", async () => {
  activities = [trade("leg-1", {}, { symbol: "AAPL250620C00100000" }), trade("leg-2", {}, { side: "sell" })];
  say("fill", { ...LEGS, filled_qty: "1" });
  await expect.poll(() => fills.map(({ fillId }) => fillId)).toEqual(["leg-1", "leg-2"]);
});

it("a trade that the venue cancels or corrects is read by its activity", async () => {
  const order = { ...LEGS, symbol: "AAPL", side: "buy", asset_class: "us_equity", filled_qty: "1" };
  activities = [
    trade("first"),
    trade("bust", { previous_id: "first" }, { execution_type: "trade_bust" }),
    trade("better", { previous_id: "second", price: "3" }, { execution_type: "trade_correct" }),
  ];
  say("trade_bust", order);
  await expect
    .poll(() => fills)
    .toMatchObject([
      { fillId: "first" },
      { fillId: "bust", busts: "first" },
      { fillId: "better", corrects: "second", price: "3" },
    ]);
});

it.each<[string, (of: AlpacaConnector) => Promise<unknown>]>([
  ["/v2/positions", (of) => of.getPositions()],
  ["/v2/orders", (of) => of.getOpenOrders()],
  ["/v2/assets", (of) => of.searchInstruments("apple", 5)],
  ["/v3/calendar/NYSE", (of) => of.getSchedule("AAPL", 1_800_000_000_000, 1_800_086_400_000)],
])("an answer of %s that is an object, or a list of nothing, is an error that says so", async (path, ask) => {
  const words = `Alpaca answered ${path} with something else than a list`;
  for (const entries of [{}, [null]]) {
    answers[path] = path.endsWith("NYSE") ? { calendar: entries } : entries;
    await expect(ask(connector)).rejects.toThrow(words);
  }
});

it.each([[{}], [{ rates: null }], [{ rates: { EURUSD: null } }]])(
  "an answer of rates with %j has no rate",
  async (answer) => {
    answers["/v1beta1/forex/latest/rates"] = answer;
    expect(await connector.getRates(["EUR/USD"])).toEqual([]);
  },
);

it("an account for paper alone trades on paper, and one of any other status is refused", async () => {
  const connected = async (status: string) => {
    answers["/v2/account"] = { ...ACCOUNT, status };
    const another = new AlpacaConnector();
    return another.connect(contextOf()).finally(() => another.disconnect());
  };
  expect(await connected("PAPER_ONLY")).toMatchObject({ mode: "paper", accountId: "PA1" });
  for (const status of ["ACCOUNT_CLOSED", "INACTIVE", "LIMITED"])
    await expect(connected(status)).rejects.toThrow(`account PA1 is ${status} at Alpaca, not ACTIVE`);
});

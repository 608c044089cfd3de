/** The whole loop of the desk at a gateway of Interactive Brokers, by desk.toml alone. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { type TwsGateway, openTwsGateway } from "../../src/conformance/tws/gateway.ts";
import { freePort } from "../support/free-port.ts";
import { type TempDesk, discard, tempDesk, withoutPaper } from "../support/temp-desk.ts";

interface Proposed {
  readonly id: string;
  readonly digest: string;
  readonly verdict: { readonly decision: string; readonly reasons: readonly { readonly message: string }[] };
}

const LIMIT = {
  connector: "ib",
  side: "buy",
  symbol: "AAPL",
  quantity: "10",
  type: "limit",
  limitPrice: "100.50",
  rationale: "earnings",
};

function tableOf(address: string): string {
  return `[[connector]]\nname = "ib"\ntype = "ibkr"\n  [connector.options]\n  environment = "paper"\n  address = "${address}"\n`;
}

let gateway: TwsGateway;
let desk: TempDesk;
beforeAll(async () => {
  gateway = await openTwsGateway({ clock: systemClock, ids: systemIds });
  desk = await tempDesk({ config: (template) => withoutPaper(template, tableOf(gateway.url)) });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
  await gateway.close();
});

it("an order is proposed, approved, filled with its commission, and held", async () => {
  const { id, digest, verdict } = await desk.call<Proposed>("orders propose", LIMIT);
  expect(verdict).toEqual({ decision: "allow", reasons: [] });
  const receipt = await desk.call<Record<string, string>>("approve", { id, digest });
  await desk.reaches(id, "filled");
  expect(gateway.orders).toMatchObject([
    { client_order_id: receipt["clientOrderId"], quantity: "10", limit_price: "100.5", time_in_force: "day" },
  ]);
  expect(await desk.call("positions list")).toMatchObject([{ symbol: "AAPL", quantity: "10", currency: "USD" }]);
  const status = desk.open.fleet.venues.status().find(({ name }) => name === "ib");
  expect(status).toMatchObject({ state: "ready", mode: "paper" });
});

it("a symbol that IBKR does not list is blocked, with a suggestion", async () => {
  const { verdict } = await desk.call<Proposed>("orders propose", { ...LIMIT, symbol: "MSFTX" });
  expect(verdict.decision).toBe("block");
  expect(verdict.reasons.map(({ message }) => message).join("; ")).toContain("did you mean MSFT?");
});

it("a gateway that is down at the start, and again later, is connected to once it answers", async () => {
  const port = await freePort();
  const open = () => openTwsGateway({ clock: systemClock, ids: systemIds, port });
  const other = await tempDesk({ config: (template) => withoutPaper(template, tableOf(`127.0.0.1:${port}`)) });
  const status = () => other.open.fleet.venues.status().find(({ name }) => name === "ib");
  const reaches = (state: string) => expect.poll(() => status()?.state).toBe(state);
  expect(status()).toMatchObject({
    state: "restarting",
    lastError: expect.stringMatching(/ECONNREFUSED.*start TWS or IB Gateway/s) as string,
  });
  const { verdict } = await other.call<Proposed>("orders propose", LIMIT);
  expect(verdict.decision).toBe("block");
  const first = await open();
  await reaches("ready");
  await first.close();
  await reaches("degraded");
  const second = await open();
  await reaches("ready");
  await other.stop();
  await discard(other);
  await second.close();
});

it("a price off the step is blocked, and the reason names the step", async () => {
  const { verdict } = await desk.call<Proposed>("orders propose", { ...LIMIT, limitPrice: "100.123" });
  expect(verdict.reasons.map(({ message }) => message).join("; ")).toContain("100.123 is not a multiple of 0.01");
});

it("the fills of a gateway that restarted while an order worked reach the desk", async () => {
  gateway.filling = "manual";
  const resting = { ...LIMIT, limitPrice: "99.60" };
  const { id, digest } = await desk.call<Proposed>("orders propose", resting);
  await desk.call("approve", { id, digest });
  const order = gateway.orders.at(-1);
  if (order === undefined) throw new Error("the gateway has no order");
  gateway.dropStreams();
  gateway.fillSilently(order, { quantity: "4" });
  await desk.reaches(id, "partially_filled");
  gateway.fill(order, { quantity: "6" });
  await desk.reaches(id, "filled");
});

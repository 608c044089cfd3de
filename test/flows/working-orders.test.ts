/** Working orders are followed by one list a cycle, at the venue's pace, and every state that is not so is said. */
import type { StatusView } from "../../src/domain/status-view.ts";
import { afterEach, describe, expect, it } from "vitest";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import { compareOpenOrders, followOrders, reconcileConnector } from "../../src/trading/orders/reconcile.ts";
import { command as showCommand } from "../../src/commands/orders/show.ts";
import { command as statusCommand } from "../../src/commands/status.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const NAME = "v" as ConnectorName;
let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

async function open(): Promise<void> {
  desk = await tempDesk({
    files: { "v.ts": adapterFixture("listing-venue") },
    config: (template) =>
      `${template.split("\n# Guards are")[0]?.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n`,
  });
}
async function working(quantity: string): Promise<OrderId> {
  const terms = {
    connector: "v",
    side: "buy",
    symbol: "AAA",
    quantity,
    type: "limit",
    limitPrice: "9",
    rationale: "x",
  };
  const { id, digest } = await desk.call<{ id: OrderId; digest: string }>("orders propose", terms);
  await desk.call("approve", { id, digest });
  return id;
}
async function pull(symbol: string) {
  return desk.open.fleet.venues.quote("v", symbol);
}
function follow(): Promise<void> {
  return followOrders(desk.open.desk, NAME);
}
async function status(): Promise<StatusView> {
  return desk.call<StatusView>("status");
}

it("many working orders cost one call a cycle", async () => {
  await open();
  for (let n = 1; n <= 5; n++) await working(String(n));
  const before = await pull("CALLS");
  await follow();
  const after = await pull("CALLS");
  expect([Number(after.bid) - Number(before.bid), Number(after.ask) - Number(before.ask)]).toEqual([1, 0]);
});

it("an order of another program is listed as external, and our own is not", async () => {
  await open();
  await working("1");
  await pull("FOREIGN");
  await compareOpenOrders(desk.open.desk, NAME);
  expect((await status()).externalOrders).toEqual([
    {
      ...{ connector: "v", venueOrderId: "x1", symbol: "AAA", side: "sell", quantity: "3", limitPrice: "20" },
      ...{ filled: "0", closedHere: null, unreadable: null },
    },
  ]);
  await pull("LOSE");
  await compareOpenOrders(desk.open.desk, NAME);
  expect((await status()).externalOrders).toEqual([]);
});

describe("an order of the list that cannot be read", () => {
  it("hides no other: those of others are shown so, and our own are followed", async () => {
    await open();
    const id = await working("1");
    await pull("UNREAD");
    await follow();
    expect((await status()).externalOrders).toMatchObject([
      { venueOrderId: "x2", symbol: "AAA", side: "buy", filled: null, unreadable: { text: "is HELD" } },
      { venueOrderId: "x3", filled: null, unreadable: { text: expect.stringContaining("quantity") as string } },
    ]);
    expect((await status()).connectors).toMatchObject([{ polls: null }]);
    expect(desk.open.desk.state.orders.get(id)?.state).toBe("accepted");
  });

  it("and is ours, is asked for, the others too, and the error names it", async () => {
    await open();
    await working("1");
    const other = await working("2");
    await pull("GARBLE");
    await pull("END2");
    await follow();
    expect((await status()).connectors).toMatchObject([
      { polls: { untrusted: { text: expect.stringContaining("order v1 is HELD") as string } } },
    ]);
    expect(desk.open.desk.state.orders.get(other)?.state).toBe("cancelled");
    expect((await status()).externalOrders).toEqual([]);
    await expect(reconcileConnector(desk.open.desk, NAME)).rejects.toThrow("order v1 is HELD");
  });
});

describe("an acknowledged order that its venue no longer knows", () => {
  it("is flagged after the third answer, in status, doctor and inbox, and asked for more rarely", async () => {
    await open();
    const id = await working("10");
    await pull("LOSE");
    for (let n = 0; n < 2; n++) await follow();
    expect((await status()).orders).toMatchObject([{ id, flags: [] }]);
    for (let n = 0; n < 5; n++) await follow();
    expect((await status()).orders).toMatchObject([{ id, state: "accepted", flags: ["missing"] }]);
    expect((await pull("CALLS")).ask).toBe("3");
    const { checks } = await desk.call<{ checks: { message: string }[] }>("doctor");
    expect(checks.map(({ message }) => message).join()).toContain(`${id} at v: its venue does not know it`);
    await desk.settled();
    expect(JSON.stringify(await desk.call("inbox list"))).toContain(`The venue does not know order ${id}`);
    await desk.call("resolve", { id, note: "the venue purged it" });
    expect(desk.open.desk.state.orders.get(id)?.state).toBe("cancelled");
    await desk.settled();
    expect(JSON.stringify(await desk.call("inbox list"))).toContain(`The venue did not know order ${id} for a while`);
  });
});

describe("an acknowledged order for which its venue answers with another symbol", () => {
  const inbox = async (): Promise<string> => {
    await desk.settled();
    return JSON.stringify(await desk.call("inbox list"));
  };

  it("is said to be so in status, order, doctor and inbox, is not called another program's, and can be resolved", async () => {
    await open();
    const id = await working("10");
    await pull("RENAME");
    for (let n = 0; n < 5; n++) await follow();
    const { orders, externalOrders } = await status();
    expect([orders, externalOrders]).toMatchObject([[{ id, state: "accepted", flags: ["misreported"] }], []]);
    expect((await pull("CALLS")).ask).toBe("3");
    const advice = `its venue answers with another symbol, side or id, so that nothing counts; look at the venue's own page, then: qoc resolve ${id} -m "what you saw"`;
    const wide = { isTty: true, columns: 400, paint: (_: unknown, text: string) => text };
    expect(statusCommand.render?.((await status()) as never, wide).join("\n")).toContain(advice);
    expect(showCommand.render?.((await desk.call("orders show", { id })) as never, wide).join("\n")).toContain(advice);
    const { checks } = await desk.call<{ checks: { message: string; fix?: string }[] }>("doctor");
    expect(checks).toContainEqual(
      expect.objectContaining({ fix: `compare with the venue's own page, then qoc resolve ${id} -m "what you saw"` }),
    );
    expect(await inbox()).toContain(`The venue answers for order ${id} with another one`);
    await desk.call("resolve", { id, note: "renamed to BBB, cancelled there" });
    expect(desk.open.desk.state.orders.get(id)?.state).toBe("cancelled");
    expect(await inbox()).toContain(`The venue answered for order ${id} with another one for a while`);
  });

  it("counts again when the venue answers for it again", async () => {
    await open();
    const id = await working("10");
    await pull("RENAME");
    for (let n = 0; n < 3; n++) await follow();
    expect((await status()).orders).toMatchObject([{ id, flags: ["misreported"] }]);
    await pull("UNNAME");
    await follow();
    expect((await status()).orders).toMatchObject([{ id, flags: [] }]);
    expect(await inbox()).toContain(`The venue answered for order ${id} with another one for a while`);
  });
});

describe("a venue that refuses polls", () => {
  it("is left alone as long as it asks, and the state is shown", async () => {
    await open();
    await working("1");
    await pull("LIMIT");
    await follow();
    const { polls } = desk.open.desk.market;
    expect(polls.waitMs("v")).toBeGreaterThan(60_000);
    const nextInSeconds = expect.toSatisfy((seconds: number) => seconds > 60 && seconds <= 90);
    expect((await status()).connectors).toMatchObject([{ polls: { failures: 1, nextInSeconds } }]);
    await expect(desk.open.fleet.venues.positions("v")).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  it("is degraded while every call fails, and ready when what failed succeeds", async () => {
    await open();
    await working("1");
    await pull("FAIL");
    for (let n = 0; n < 3; n++) await follow();
    expect((await status()).connectors).toMatchObject([{ state: "degraded", polls: { failures: 3 } }]);
    // A quote says nothing of the account.
    await pull("OK");
    expect((await status()).connectors).toMatchObject([{ state: "degraded" }]);
    await desk.open.fleet.venues.openOrders("v");
    expect((await status()).connectors).toMatchObject([{ state: "ready" }]);
  });
});

it("a malformed fill is refused and counted, and the others are kept", async () => {
  await open();
  const id = await working("10");
  await pull("BADFILL");
  await expect.poll(() => desk.open.desk.state.orders.get(id)?.filled.toFixed()).toBe("2");
  expect((await status()).connectors).toMatchObject([{ state: "ready", refusedFills: 1 }]);
  // A restart follows the correction of the adapter, so the count starts again.
  await desk.call("connectors restart", { name: "v" });
  expect((await status()).connectors).toMatchObject([{ state: "ready", refusedFills: 0 }]);
  expect(JSON.stringify(await desk.call("doctor"))).not.toContain("malformed fills");
});

it("a capability that the SDK does not have is said too", async () => {
  desk = await tempDesk({
    files: {
      "v.ts": adapterFixture("listing-venue").replace('mode: "paper",', 'mode: "paper", // @ts-ignore\n fast: true,'),
    },
    config: () => '[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n',
  });
  expect(await desk.call("connectors list")).toMatchObject([
    { state: "ready", unknownMembers: [{ method: "static capabilities", members: ["fast"] }] },
  ]);
});

it("a member that the SDK does not have is a warning of doctor and connectors list, and an error if it changes a value", async () => {
  await open();
  await pull("EXTRA");
  const { checks } = await desk.call<{ checks: { message: string }[] }>("doctor");
  expect(checks.map(({ message }) => message).join()).toContain('getQuote: the SDK has no "exchange"');
  expect(await desk.call("connectors list")).toContainEqual(
    expect.objectContaining({ name: "v", unknownMembers: [{ method: "getQuote", members: ["exchange"] }] }),
  );
  await expect(pull("SCALED")).rejects.toThrow("unit is not a member that the desk knows, and it changes a value");
});

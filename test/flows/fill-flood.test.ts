/** Connectors that send fills without a pause: nothing is lost, and no command waits for the files of a flood. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { OrderId } from "../../src/domain/ids.ts";
import { FILLS_PER_HOUR } from "../../src/trading/fills/fill-budget.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

/** A flood once made commands wait for minutes. The limit separates a wait from a hang; the bench measures waits. */
const WAIT_MS_MAX = 20_000;

let desk: TempDesk;
let isStopped = false;
afterEach(async () => {
  if (!isStopped) await desk.stop();
  isStopped = false;
  await discard(desk);
});

async function openDesk(): Promise<void> {
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\n`;
  desk = await tempDesk({
    files: { "flood.ts": adapterFixture("flooding-venue"), "calm.ts": adapterFixture("flooding-venue") },
    config: (template) => `${template.split("\n# Guards are")[0]}${connector("flood")}${connector("calm")}`,
  });
}
async function working(quantity: string, connector = "flood"): Promise<string> {
  const terms = { connector, side: "buy", symbol: "AAA", quantity, type: "limit", limitPrice: "100", rationale: "x" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", terms);
  await desk.call("approve", { id, digest });
  return id;
}
function ask(symbol: string, connector = "flood"): Promise<unknown> {
  return desk.open.fleet.venues.quote(connector, symbol);
}
function stateOf(connector: string): string | undefined {
  return desk.open.fleet.venues.facts(connector)?.state;
}
function orderOf(id: string) {
  return desk.open.desk.state.orders.get(id as OrderId);
}
function inbox(part: string): readonly string[] {
  return readdirSync(join(desk.root, "inbox")).filter((name) => name.includes(part));
}
async function timed(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return performance.now() - started;
}
describe("a flood of fills of orders that the desk did not send", () => {
  it("is cut off, kept up to the budget, shown as one item, and delays no command", async () => {
    await openDesk();
    const own = await working("10", "calm");
    await ask("FLOOD:stray:140000");
    const waits: number[] = [];
    // On a busy machine its worker may be unresponsive for some seconds.
    while (stateOf("flood") !== "quarantined") {
      waits.push(await timed(desk.call("orders show", { id: own })));
      waits.push(await timed(ask("AAA", "calm")));
    }
    waits.push(await timed(desk.call("journal verify")));
    waits.push(await timed(desk.call("inbox list")));
    expect(Math.max(...waits)).toBeLessThan(WAIT_MS_MAX);
    const { lastError } = desk.open.fleet.venues.facts("flood") ?? {};
    expect([stateOf("flood"), lastError]).toEqual(["quarantined", expect.stringContaining("within an hour")]);
    const events = await desk.services.readEvents();
    const strays = events.filter(({ event }) => event.type === "fill.received" && event.connector === "flood");
    expect(strays).toHaveLength(FILLS_PER_HOUR.misfit);
    await desk.settled();
    expect(inbox("-fill-")).toHaveLength(1);
    expect(desk.read(`inbox/${inbox("-fill-")[0]}`)).toMatch(/fills: "5000"[^]*Bought 5000 ZZZ in 5000 fills/);
    expect(stateOf("calm")).toBe("ready");
    await ask("FILL", "calm");
    await expect.poll(() => orderOf(own)?.filled.toFixed()).toBe("1");
    isStopped = true;
    expect(await timed(desk.stop())).toBeLessThan(WAIT_MS_MAX);
  });

  it("loses no fill of an order: after a restart by the operator the venue is asked for it", async () => {
    await openDesk();
    const id = await working("10");
    await ask("FLOOD:stray:6000");
    await expect.poll(() => stateOf("flood")).toBe("quarantined");
    expect(orderOf(id)?.filled.toFixed()).toBe("0");
    await desk.call("connectors restart", { name: "flood" });
    expect([stateOf("flood"), orderOf(id)?.filled.toFixed()]).toEqual(["ready", "1"]);
  });
});

it("a flood of fills that contradict an order is cut off, and its instrument stays blocked", async () => {
  await openDesk();
  const id = await working("10");
  await ask("FLOOD:sell:6000");
  await expect.poll(() => stateOf("flood")).toBe("quarantined");
  expect(desk.open.desk.state.disputes.get("flood/AAA")).toHaveLength(FILLS_PER_HOUR.misfit);
  expect(orderOf(id)?.filled.toFixed()).toBe("0");
  await desk.settled();
  expect(inbox("-fill-")).toHaveLength(1);
});

it("orders show, journal verify and a stop do not wait for inbox items", async () => {
  await openDesk();
  const id = await working("10");
  const inboxFiles = desk.open.desk.workspace.inbox;
  let started: () => void = () => undefined;
  const writing = new Promise<void>((resolve) => (started = resolve));
  // No inbox item is ever finished.
  inboxFiles.writeHostItem = () => {
    started();
    return new Promise(() => undefined);
  };
  await ask("FLOOD:stray:10");
  await writing;
  await ask("FILL");
  await expect.poll(() => orderOf(id)?.filled.toFixed()).toBe("1");
  expect(await desk.call("orders show", { id })).toMatchObject({ filled: "1" });
  expect(desk.read(`orders/approved/${id}.toml`)).toContain("filled 1 @ 100");
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  isStopped = true;
  await desk.stop();
});

it("20,000 fills of one order are all kept, in one inbox item and an order file of a few kilobytes", async () => {
  await openDesk();
  const id = await working("20000");
  await ask("FLOOD:own:20000");
  const waits: number[] = [];
  while (orderOf(id)?.state !== "filled") {
    waits.push(await timed(desk.call("orders show", { id })));
    await ask("AAA", "calm");
  }
  expect(Math.max(...waits)).toBeLessThan(WAIT_MS_MAX);
  expect(orderOf(id)?.fills.size).toBe(20_000);
  expect([...(orderOf(id)?.flags ?? [])]).toEqual([]);
  expect(stateOf("flood")).toBe("ready");
  await desk.settled();
  expect(inbox("-fill-")).toHaveLength(1);
  expect(desk.read(`inbox/${inbox("-fill-")[0]}`)).toMatch(/fills: "20000"[^]*The last 20 of 20000/);
  const file = join(desk.root, `orders/executed/${id}.toml`);
  expect(statSync(file).size).toBeLessThan(20_000);
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
});

/** An alert says what is so: when its condition ends, its title says that, also after a restart of the desk. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import type { Recorded } from "../../../src/domain/event.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import type { InstrumentFlagged } from "../../../src/domain/market/instrument-event.ts";
import type { HistoryEntry } from "../../../src/domain/orders/order-state.ts";
import { AlertWriter } from "../../../src/trading/projections/alerts.ts";
import { InboxBursts } from "../../../src/trading/projections/inbox-bursts.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { Inbox } from "../../../src/workspace/inbox.ts";
import { SCENARIO_START, scenario } from "../../support/journal-scenario.ts";

let root: string;
let inbox: Inbox;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "qoc-alerts-"));
  await nodeDisk().mkdir(join(root, "inbox"));
  inbox = new Inbox({ disk: nodeDisk(), root, clock: { now: () => SCENARIO_START } });
});
afterEach(() => rmSync(root, { recursive: true }));

/** A run of the desk, which takes the records after `from`. */
async function run(records: readonly Recorded[], from = 0): Promise<void> {
  const state = foldDeskState(records);
  const log = { error: (message: string) => expect.unreachable(message) } as never;
  const alerts = new AlertWriter({ log, state, workspace: { inbox } as never });
  const bursts = new InboxBursts(inbox, state);
  for (const recorded of records.slice(from)) {
    const { event } = recorded;
    const id = "id" in event && event.id !== null ? (event.id as OrderId) : undefined;
    if (event.type === "instrument.flagged") await bursts.write(bursts.take({ ...recorded, event }) ?? "");
    await alerts.writeOf(recorded, id)?.();
  }
}
async function titles(): Promise<readonly string[]> {
  return (await inbox.list()).map(({ title }) => title);
}

type Scenario = ReturnType<typeof scenario>;
const order = "a" as OrderId;
const start = (): Scenario => scenario().desk().account("paper");
const holding = (): Scenario =>
  scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity: "15", averagePrice: "100" }] });
const missing = (s: Scenario): Scenario => s.event({ type: "order.missing", id: order });
const agreed = (s: Scenario, symbol: string): Scenario =>
  s.event({ type: "instrument.agreed", connector: "paper" as ConnectorName, symbol });

interface Case {
  /** Begins the condition. */
  readonly begin: (s: Scenario) => Scenario;
  readonly end: (s: Scenario) => Scenario;
  readonly title: string;
  readonly after: string;
  readonly note: string;
}

const CASES: Readonly<Record<string, Case>> = {
  "an unknown order that its venue reports": {
    begin: (s) => s.proposed("a").approved("a").submitting("a").unknown("a"),
    end: (s) => s.reported("a", "expired"),
    title: "The outcome of order a is unknown",
    after: "The outcome of order a was unknown; it is settled",
    note: "Settled at 2026-07-06T14:00:07.000Z: the order was expired.",
  },
  "an unknown order that a human resolves": {
    begin: (s) => s.proposed("a").approved("a").submitting("a").unknown("a"),
    end: (s) => s.resolved("a"),
    title: "The outcome of order a is unknown",
    after: "The outcome of order a was unknown; it is settled",
    note: "Settled at 2026-07-06T14:00:07.000Z: the order was cancelled.",
  },
  "an unknown cancel that its venue took": {
    begin: (s) => s.working("a").proposed("b", { cancels: "a" }).approved("b").cancelling("a", "b").unknown("b"),
    end: (s) => s.cancelAccepted("a", "b"),
    title: "The outcome of the cancel of a is unknown",
    after: "The outcome of the cancel of a was unknown; it is settled",
    note: "Settled at 2026-07-06T14:00:11.000Z: the cancel was accepted.",
  },
  "a missing order that its venue reports again": {
    begin: (s) => missing(s.working("a")),
    end: (s) => s.reported("a", "open"),
    title: "The venue does not know order a",
    after: "The venue did not know order a for a while",
    note: "Settled at 2026-07-06T14:00:08.000Z: the order was accepted.",
  },
  "a misreported order that its venue reports again": {
    begin: (s) => s.working("a").event({ type: "order.misreported", id: order, reason: "it is of META" }),
    end: (s) => s.reported("a", "open"),
    title: "The venue answers for order a with another one",
    after: "The venue answered for order a with another one for a while",
    note: "Settled at 2026-07-06T14:00:08.000Z: the order was accepted.",
  },
  "a misreported order that a human resolves": {
    begin: (s) => s.working("a").event({ type: "order.misreported", id: order, reason: "it is of META" }),
    end: (s) => s.resolved("a"),
    title: "The venue answers for order a with another one",
    after: "The venue answered for order a with another one for a while",
    note: "Settled at 2026-07-06T14:00:08.000Z: the order was cancelled.",
  },
  "a connector that is ready again": {
    begin: (s) => s.connector("paper", "quarantined"),
    end: (s) => s.connector("paper", "starting").connector("paper", "ready"),
    title: "Connector paper is quarantined",
    after: "Connector paper was quarantined, and was ready again",
    note: "It was ready at 2026-07-06T14:00:05.000Z.",
  },
  "a position that agrees again": {
    begin: (s) => s.flagged("paper", "AAPL", "1", "2"),
    end: (s) => agreed(s, "AAPL"),
    title: "paper/AAPL: positions disagree",
    after: "paper/AAPL: positions disagreed",
    note: "Blocked no longer since 2026-07-06T14:00:04.000Z.",
  },
};

describe.each(Object.entries(CASES))("the alert of %s", (_name, { begin, end, title, after, note }) => {
  it("says that it is over, and keeps what a person wrote and set", async () => {
    const begun = begin(start());
    const taken = begun.records().length;
    await run(begun.records());
    expect(await titles()).toEqual([title]);
    const [name = ""] = readdirSync(join(root, "inbox"));
    const path = join(root, "inbox", name);
    const before = readFileSync(path, "utf8").replace(/^status: .*$/m, "status: done");
    writeFileSync(path, `${before}\nmy note\n`);
    await run(end(begun).records(), taken);
    expect(readFileSync(path, "utf8")).toBe(`${before.replaceAll(title, after)}\nmy note\n\n${note}\n`);
  });

  it("says it after the next start if the desk was killed before it changed the title", async () => {
    const begun = begin(start());
    await run(begun.records());
    // A connector that is ready says so at each start.
    if (title.startsWith("Connector")) return;
    const state = end(begun).state();
    const settle = (of: typeof state): Promise<void> =>
      new AlertWriter({ log: {} as never, state: of, workspace: { inbox } as never }).settleEarlier();
    await settle(foldDeskState(begin(start()).records()));
    expect(await titles()).toEqual([title]);
    await settle(state);
    expect(await titles()).toEqual([after]);
  });

  it("says it from the start if it is over when the alert is written", async () => {
    await run(end(begin(start())).records());
    expect(await titles()).toEqual([after]);
  });
});

it("the alert of a connector is not over because another is ready whose name is a part of its name", async () => {
  const begun = start().account("paper-2").connector("paper-2", "quarantined");
  const taken = begun.records().length;
  await run(begun.records());
  await run(begun.connector("paper", "ready").records(), taken);
  expect(await titles()).toEqual(["Connector paper-2 is quarantined"]);
});

it("the alert of several positions is over when none is blocked", async () => {
  const begun = start().flagged("paper", "AAPL", "1", "2").flagged("paper", "TSLA", "1", "2");
  const flagged = begun.records().filter(({ event }) => event.type === "instrument.flagged");
  const bursts = new InboxBursts(inbox, begun.state());
  const keys = flagged.map((recorded) => bursts.take(recorded as Recorded<InstrumentFlagged>));
  await bursts.write(keys[0] ?? "");
  const title = "paper: 2 positions disagree";
  expect(await titles()).toEqual([title]);
  const one = agreed(begun, "AAPL").records();
  await run(one, one.length - 1);
  expect(await titles()).toEqual([title]);
  const all = begun.cleared("paper", "TSLA", "2").records();
  await run(all, all.length - 1);
  expect(await titles()).toEqual(["paper: 2 positions disagreed"]);
});

it("the alert of a difference offers the ratio that explains it, and is over when a split leaves none", async () => {
  const begun = holding().flagged("paper", "AAPL", "15", "105");
  await run(begun.records());
  const [item] = await inbox.list();
  expect((await inbox.read(item?.path ?? "")).text).toContain("`qoc resolve paper/AAPL --split 7:1 -m");
  const split = begun.split("paper", "AAPL", ["7", "1"]).records();
  await run(split, split.length - 1);
  expect(await titles()).toEqual(["paper/AAPL: positions disagreed"]);
});

it("the alert of a split whose fraction was paid stays until the quantity is adopted", async () => {
  const begun = holding().flagged("paper", "AAPL", "15", "1").split("paper", "AAPL", ["1", "10"]);
  await run(begun.records());
  expect(await titles()).toEqual(["paper/AAPL: positions disagree"]);
  expect(begun.state().flagged.get("paper/AAPL" as never)).toMatchObject({ expected: "1.5", actual: "1" });
  const adopted = begun.cleared("paper", "AAPL", "1").records();
  await run(adopted, adopted.length - 1);
  expect(await titles()).toEqual(["paper/AAPL: positions disagreed"]);
});

it("a fill between the intent and the time-out leaves no alert of an unknown order", async () => {
  await run(start().proposed("a").approved("a").submitting("a").fill("a").unknown("a").records());
  expect(await titles()).toEqual(["The outcome of order a was unknown; it is settled"]);
});

it("a fill is not compared with the history of its order, which can have 100,000 entries", async () => {
  const all = start().working("a").fill("a", { quantity: "1" }).fill("a", { quantity: "1" });
  const [records, state] = [all.records(), all.state()];
  const alerts = new AlertWriter({ log: {} as never, state, workspace: { inbox } as never });
  const history = state.orders.get(order)?.history as unknown as HistoryEntry[];
  history.some = () => expect.unreachable("the history was searched");
  const [last] = records.slice(-1);
  expect(last?.event.type).toBe("fill.received");
  expect(last && alerts.writeOf(last, order)).toBeUndefined();
});

/** Profit and loss of a checkpoint, its archive and the records that follow: those of the whole journal. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unrealizedPnl } from "../../../src/domain/account/position.ts";
import { ZERO, decimal, isDecimal } from "../../../src/domain/decimal.ts";
import { type DeskState, applyEvent, emptyDeskState } from "../../../src/domain/desk-state.ts";
import type { FillFinding, Recorded } from "../../../src/domain/event.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { ledgerWithArchive } from "../../../src/trading/account/archived-ledger.ts";
import { KeptLedger } from "../../../src/trading/account/kept-ledger.ts";
import { type CumulativeProfit, type ProfitParts, emptyLedger } from "../../../src/trading/account/ledger-parts.ts";
import { ProfitLedger } from "../../../src/trading/account/profit-ledger.ts";
import {
  type CheckpointedDesk,
  appendWithCuts,
  checkpointCuts,
  openCheckpointed,
} from "../../support/checkpoint-harness.ts";
import { crashDisk } from "../../support/crash-disk.ts";
import { SCENARIO_START, amount, scenario } from "../../support/journal-scenario.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { type Step, journalOf, randomStep } from "../../support/random-journal.ts";

const DAY = 24 * 3_600_000;
const PAPER = "paper" as ConnectorName;
const EVERY_TRADE = {
  first: Number.NEGATIVE_INFINITY,
  last: Number.POSITIVE_INFINITY,
  isKept: () => true,
};

const marks = fc
  .record({
    nav: fc.integer({ min: 1_000, max: 9_000 }),
    price: fc.integer({ min: 90, max: 110 }),
    euros: fc.boolean(),
  })
  .map(({ nav, price, euros }): Step => {
    const positions = ["AAPL", "BTC/USD"].map((symbol) => ({ symbol, quantity: "4", markPrice: String(price) }));
    const balances = [{ currency: "EUR", total: "10", rate: `1.${price}` }];
    return euros
      ? (told) => told.account("euros", { nav: String(nav), currency: "EUR" })
      : (told) => told.account("paper", { nav: String(nav), positions, balances });
  });
const days = fc.tuple(marks, marks).map(([first, second]): Step => (told) => {
  told.wait(DAY);
  first(told);
  second(told);
});
const money = fc.integer({ min: -50, max: 50 }).map((value): Step => {
  const said = { type: "cash.moved", connector: PAPER, note: "said", actor: "human" } as const;
  return (told) =>
    told.event({ ...said, kind: value < 0 ? "withdrawal" : "deposit", amount: amount(String(value || 1)) });
});
const unexplained = fc.constantFrom("70", "0", "-20").map(
  (value): Step =>
    (told) =>
      told.event({ type: "nav.unexplained", connector: PAPER, amount: amount(value) }),
);
const flow = fc.nat(9).map(
  (n): Step =>
    (told) =>
      told.event({
        ...{ type: "venue.activity", connector: PAPER },
        activity: { id: `flow-${n}`, kind: "deposit", amount: amount("9"), currency: "USD", at: told.now },
      }),
);
const rate = fc.integer({ min: 100, max: 120 }).map((cents): Step => {
  const price = amount(`1.${cents}`);
  const pair = { base: "EUR", quote: "USD", bid: price, ask: price, source: "fx", origin: "quote" } as const;
  return (told) => told.event({ type: "fx.observed", ...pair, at: told.now });
});
const ledgerStep = fc.oneof(
  { weight: 4, arbitrary: marks },
  { weight: 6, arbitrary: days },
  { weight: 1, arbitrary: money },
  { weight: 1, arbitrary: unexplained },
  { weight: 1, arbitrary: flow },
  { weight: 1, arbitrary: rate },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((told) =>
      told.event({ type: "snapshot.taken", path: "snapshots/x.toml", nav: amount("1") }),
    ),
  },
);
const steps = fc.array(fc.oneof(randomStep, { weight: 3, arbitrary: ledgerStep }), {
  ...{ minLength: 20, maxLength: 80, size: "max" as const },
});

function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isDecimal(value)) return value.toFixed();
  if (value instanceof Map || value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** As a report reads it: with the point of now. */
function read({ archive, state, ledger }: CheckpointedDesk): unknown {
  new ProfitLedger(state, { currency: ledger.currency, trades: () => true }, ledger).finish();
  return plain(ledgerWithArchive(archive, ledger, EVERY_TRADE));
}

function whole(records: readonly Recorded[]): unknown {
  const state = emptyDeskState();
  const ledger = new ProfitLedger(state, { currency: "USD", trades: () => true });
  for (const recorded of records) {
    ledger.before(recorded);
    applyEvent(state, recorded);
    ledger.after(recorded);
  }
  ledger.finish();
  const { rows, points, trades } = ledger;
  return plain({ rows, points, trades });
}

/** The profit of every position of an account, added up from all of them. */
function fullSum(state: Readonly<DeskState>, connector: string): CumulativeProfit {
  const { account, positions } = state.accounts.get(connector) ?? {};
  const symbols = new Map<string, ProfitParts>();
  const incomplete = new Set<string>();
  for (const position of state.positions.values()) {
    if (position.connector !== connector) continue;
    const { markPrice } = positions?.get(position.symbol) ?? {};
    const value = markPrice === undefined ? undefined : unrealizedPnl(position, decimal(markPrice));
    const unrealized = position.quantity.eq(ZERO) ? ZERO : value;
    if (unrealized === undefined || position.hasUnknownPnl) incomplete.add(position.symbol);
    let fees = position.assetFeeCost;
    for (const [code, fee] of position.fees) if (code === "" || code === account?.currency) fees = fees.plus(fee);
    const parts = { realized: position.realizedPnl, unrealized: unrealized ?? ZERO, fees: ZERO.minus(fees) };
    symbols.set(position.symbol, parts);
  }
  return { symbols, incomplete };
}

const fillOf = (id: string | null, fill: Partial<VenueFill>, finding?: FillFinding): Step => {
  const rest = { side: "buy", quantity: amount("4"), price: amount("99"), at: SCENARIO_START } as const;
  const made: VenueFill = { fillId: "f", venueOrderId: "v-c", symbol: "MSFT", ...rest, ...fill };
  const common = { type: "fill.received", connector: PAPER, generation: 1 } as const;
  return (told) => told.event({ ...common, id: id as OrderId | null, fill: made, finding });
};
const mark: Step = (told) => told.account("paper");
const nextDay: Step = (told) => told.wait(DAY).account("paper");
const ofApple = fillOf("a", { fillId: "g", venueOrderId: "v-a", symbol: "AAPL" });
/** After a fill of another order, an order claims a fill of before the mark. */
const CLAIMED: readonly Step[] = [
  (told) => told.working("a", { symbol: "AAPL" }),
  fillOf(null, { fee: amount("1") }, { kind: "external", misfits: [] }),
  mark,
  ofApple,
  (told) => told.working("c", { symbol: "MSFT" }),
  nextDay,
];
/** A correction spells the symbol differently. */
const RESPELLED: readonly Step[] = [
  (told) => told.working("a", { symbol: "AAPL" }).working("c", { symbol: "MSFT" }),
  fillOf("c", {}),
  mark,
  fillOf("c", { fillId: "fc", corrects: "f", symbol: "msft", fee: amount("1") }),
  nextDay,
];

/** Events that change a position between two marks: the sum before the first of them counts. */
const CHANGES: readonly string[] = ["fill.received", "instrument.cleared", "instrument.agreed", "position.adopted"];

describe("the sum of an account at a mark", () => {
  it("is that of all its positions, though only those that change are kept, over random journals", () => {
    let [closed, changed] = [0, 0];
    fc.assert(
      fc.property(steps, (random) => {
        const state = emptyDeskState();
        const parts = emptyLedger("USD");
        const ledger = new ProfitLedger(state, { currency: "USD", trades: () => false }, parts);
        const atMark = new Map<string, CumulativeProfit>();
        for (const recorded of journalOf(random).records()) {
          const { event } = recorded;
          const connector = "connector" in event ? event.connector : "";
          if (CHANGES.includes(event.type) && parts.rows.has(connector) && !atMark.has(connector))
            atMark.set(connector, fullSum(state, connector));
          const date = state.accounts.get(connector)?.venueDate ?? "9999";
          const isClosed = event.type === "account.marked" && event.venueDate > date;
          const sum = atMark.get(connector) ?? fullSum(state, connector);
          ledger.before(recorded);
          if (isClosed) expect(plain(parts.closed.get(connector))).toEqual(plain(sum));
          if (isClosed) closed += 1;
          if (isClosed && atMark.has(connector)) changed += 1;
          applyEvent(state, recorded);
          ledger.after(recorded);
          if (event.type === "account.marked") atMark.delete(connector);
        }
      }),
      { numRuns: 100, examples: [[CLAIMED], [RESPELLED]] },
    );
    expect(closed).toBeGreaterThan(100);
    expect(changed).toBeGreaterThan(100);
  });
});

describe("the ledger of a checkpoint", () => {
  it("is that of the whole journal, over random journals, checkpoints and starts", async () => {
    const archived = { rows: 0, points: 0, trades: 0 };
    await fc.assert(
      fc.asyncProperty(steps, checkpointCuts(160), async (random, places) => {
        const records = journalOf(random).records();
        const disk = crashDisk();
        const { desk } = await appendWithCuts(disk, records, places);
        await desk.journal.close();
        const again = await openCheckpointed(disk);
        expect([again.from, again.errors]).toEqual([records.length, []]);
        await again.journal.close();
        expect(read(again)).toEqual(whole(records));
        for (const layer of again.archive.layers) {
          archived.rows += again.archive.values(layer, "profitRows").length;
          archived.points += again.archive.values(layer, "valuePoints").length;
          archived.trades += again.archive.values(layer, "trades").length;
        }
      }),
      { numRuns: 30 },
    );
    expect(archived.rows).toBeGreaterThan(50);
    expect(archived.points).toBeGreaterThan(100);
    expect(archived.trades).toBeGreaterThan(30);
  });

  it("keeps two rows of each account and no point in memory, however many days there were", async () => {
    const told = scenario().desk();
    for (let day = 0; day < 100; day++) told.account("paper", { nav: String(1000 + day) }).wait(DAY);
    const desk = await openCheckpointed(crashDisk());
    for (const recorded of told.records()) desk.append(recorded);
    await desk.checkpoints.write();
    expect([desk.ledger.rows.get("paper")?.length, desk.ledger.points.length]).toEqual([2, 0]);
  });

  it("reads the trades of the layers that have some of the dates alone", async () => {
    const told = scenario().desk().account("paper");
    const desk = await openCheckpointed(crashDisk());
    const start = told.now;
    for (let n = 0; n < 5; n++) {
      const before = told.records().length;
      told.filled(`o${n}`).wait(10 * DAY);
      for (const recorded of told.records().slice(n === 0 ? 0 : before)) desk.append(recorded);
      await desk.checkpoints.write();
    }
    const sections: string[] = [];
    const archive = {
      layers: desk.archive.layers,
      values: (...[layer, name]: Parameters<typeof desk.archive.values>) => {
        if (name === "trades") sections.push(String(layer.number));
        return desk.archive.values(layer, name);
      },
    };
    const range = { first: start + 19 * DAY, last: start + 22 * DAY };
    const isKept = (at: number): boolean => at >= range.first && at <= range.last;
    const { trades } = ledgerWithArchive(archive, desk.ledger, { ...range, isKept });
    expect([trades.map(({ id }) => id), sections]).toEqual([["o2"], ["3"]]);
  });
});

it("a ledger that fails is not kept, and the state goes on", () => {
  const log = quietLog();
  const state = emptyDeskState();
  const parts = emptyLedger("USD");
  const kept = new KeptLedger(state, parts, log);
  const fold = kept.beside((recorded) => applyEvent(state, recorded));
  const records = scenario().desk().account("paper").account("paper", { venueDate: "2027-01-01" }).records();
  for (const recorded of records.slice(0, -1)) fold(recorded);
  expect(kept.plan().rest().value).toMatchObject({ currency: "USD" });
  parts.closed.get = () => {
    throw new Error("no memory");
  };
  for (const recorded of records.slice(-1)) fold(recorded);
  expect([state.seq, kept.plan().rest().value]).toEqual([records.length, null]);
  expect(log.lines.map(({ message }) => message)).toEqual([
    "profit and loss are not followed; reports read the whole journal: no memory",
  ]);
});

/** Row 3: fills from a worker until they are on disk, compared with bare batches that are hashed and appended. */
import { createHash } from "node:crypto";
import { createWriteStream, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { systemClock } from "../../src/app/system.ts";
import { DiskArchive } from "../../src/bus/archive.ts";
import { openBus } from "../../src/bus/bus.ts";
import { openCheckpointer } from "../../src/bus/checkpointer.ts";
import { openJournal } from "../../src/bus/journal.ts";
import { ArchivedMap } from "../../src/domain/archived-map.ts";
import { applyEvent, emptyDeskState } from "../../src/domain/desk-state.ts";
import { digestTerms, sha256Hex } from "../../src/domain/digest.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import type { OrderTerms } from "../../src/domain/orders/order.ts";
import { KeptLedger } from "../../src/trading/account/kept-ledger.ts";
import { emptyLedger } from "../../src/trading/account/ledger-parts.ts";
import type { Desk } from "../../src/trading/desk.ts";
import { recordFills } from "../../src/trading/fills/record-fill.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { adapterHarness, adapterSource } from "../support/adapter-harness.ts";
import { quietLog } from "../support/quiet-log.ts";
import { type Row, SHORT, longestStall, median } from "./measure.ts";

const FILLS = SHORT ? 20_000 : 100_000;
const ORDERS = 1_000;
const FILL = `{ fillId: String(i), venueOrderId: "V" + (i % ${ORDERS}), symbol: "SPX", side: i % 2 === 0 ? "buy" : "sell", quantity: "1", price: "2938.13", timestamp: 1_570_000_000_000 + i, fee: "0.01", feeCurrency: "USD", clientOrderId: "q1-own-" + (i % ${ORDERS}) }`;
/** The connector of the test harness. */
const CONNECTOR = "harness";

/** The orders of the fills, which the venue has acknowledged. */
function* orderEvents(): Iterable<DeskEvent> {
  for (let i = 0; i < ORDERS; i++) {
    const id = `20261001-${i}`;
    const terms = {
      ...{ connector: CONNECTOR, mode: "paper", symbol: "SPX", side: i % 2 === 0 ? "buy" : "sell" },
      ...{ quantity: String(FILLS / ORDERS), type: "market", timeInForce: "day" },
    } as unknown as OrderTerms;
    const digest = digestTerms(terms);
    const path = `orders/pending/${id}.toml`;
    const proposal = { path, source: "", terms, digest, rationale: "", proposedBy: "human", actor: "human" };
    yield { type: "proposal.seen", id, ...proposal } as unknown as DeskEvent;
    yield { type: "order.submitting", id, clientOrderId: `q1-own-${i}`, digest } as unknown as DeskEvent;
    yield { type: "order.accepted", id, venueOrderId: `V${i}` } as unknown as DeskEvent;
  }
}

interface FillsOptions {
  /** The fills are of the desk's orders, and checkpoints are written; otherwise of no order, and everything is kept. */
  readonly isOwn: boolean;
}

/** A desk as the program opens it, as far as fills use it. */
async function openDesk(root: string, { isOwn }: FillsOptions) {
  const log = quietLog();
  const [disk, clock] = [nodeDisk(), systemClock];
  const state = emptyDeskState();
  const { journal } = await openJournal({ disk, dir: join(root, "journal"), clock, log });
  if (journal === undefined) throw new Error("no journal");
  const kept = new KeptLedger(state, emptyLedger("USD"), log);
  const bus = openBus(
    journal,
    kept.beside((recorded) => applyEvent(state, recorded)),
    log,
  );
  const dir = join(root, "checkpoints");
  const checkpoints = openCheckpointer({
    ...{ disk, dir, clock, log, journal, state, kept, version: "1.0.0", deskId: "bench", from: 0 },
    archive: new DiskArchive({ disk, dir, onDamage: (error) => log.error(error.message) }),
    others: { authors: new ArchivedMap("authors") },
    sign: sha256Hex,
    mayWrite: () => true,
  });
  if (isOwn) bus.subscribe("commit", (recorded) => checkpoints.take(recorded));
  const fillBudgets = { spend: () => undefined, reset: () => undefined };
  // Its venue has a time of its own.
  const venues = { facts: () => ({ mode: "paper", capabilities: { simulatedTime: true } }) };
  const desk = { state, log, clock, venues, fillBudgets, publish: bus.publish, commit: bus.commit } as unknown as Desk;
  if (isOwn) for (const event of orderEvents()) bus.publish(event);
  await journal.flush();
  return { desk, journal, checkpoints };
}

interface MeasuredFills {
  /** Fills a second. */
  readonly rate: number;
  /** ms. */
  readonly stall: number;
}

async function ourFills({ isOwn }: FillsOptions): Promise<MeasuredFills> {
  const { desk, journal, checkpoints } = await openDesk(temp(), { isOwn });
  let stored = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const harness = await adapterHarness(
    adapterSource(
      `async cancelOrder() { for (let i = 0; i < ${FILLS}; i++) { this.ctx.emitFill(${FILL}); if (i % 512 === 0) await new Promise((r) => setImmediate(r)); } }`,
    ),
    {
      memoryMb: 256,
      onFills: async (batch) => {
        await recordFills(desk, batch);
        stored += batch.fills.length;
        // The harness keeps what it has received; a desk does not.
        harness.fills.length = 0;
        if (stored === FILLS) done();
      },
    },
  );
  await harness.connector.start();
  const started = performance.now();
  const stall = await longestStall(async () => {
    harness.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
    await all;
  });
  const rate = FILLS / ((performance.now() - started) / 1000);
  await harness.connector.stop();
  if (isOwn) await checkpoints.close();
  await journal.close();
  const [{ filled } = { filled: undefined }] = desk.state.orders.values();
  if (isOwn && filled?.toFixed() !== String(FILLS / ORDERS)) throw new Error("fills were lost");
  return { rate, stall };
}
function temp(): string {
  return mkdtempSync(join(tmpdir(), "qoc-bench-"));
}

async function rawFills(): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(
    `const { workerData: { port } } = require("node:worker_threads"); let sent = 0, acked = 0;
    const go = () => {
      while (sent < ${FILLS} && sent - acked < 256) {
        const fills = [];
        for (let k = 0; k < 32; k++) { const i = sent++; fills.push(${FILL}); }
        port.postMessage(fills);
      }
    };
    port.on("message", (n) => { acked = n; go(); });`,
    { eval: true, workerData: { port: port2 }, transferList: [port2] },
  );
  const out = createWriteStream(join(temp(), "fills.ndjson"));
  let taken = 0;
  let hash = "";
  const started = performance.now();
  await new Promise<void>((resolve) => {
    port1.on("message", (fills: object[]) => {
      let text = "";
      for (const fill of fills) {
        const line = JSON.stringify({ ...fill, hash });
        hash = createHash("sha256").update(line).digest("hex");
        text += `${line}\n`;
      }
      out.write(text);
      taken += fills.length;
      port1.postMessage(taken);
      if (taken >= FILLS) resolve();
    });
    port1.postMessage(0);
  });
  await new Promise((resolve) => out.end(resolve));
  const rate = FILLS / ((performance.now() - started) / 1000);
  await worker.terminate();
  return rate;
}

const ROUNDS = SHORT ? 1 : 3;

/** Row 3: fills of no order, all of which stay in memory; and fills of the desk's orders, with checkpoints. */
export async function fillsThroughput(): Promise<readonly Row[]> {
  const floors: number[] = [];
  const kept: MeasuredFills[] = [];
  const own: MeasuredFills[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    floors.push(await rawFills());
    kept.push(await ourFills({ isOwn: false }));
    own.push(await ourFills({ isOwn: true }));
  }
  return [
    rowOf("fills", "fills to disk", kept, floors),
    rowOf("own fills", "own fills, with checkpoints", own, floors),
  ];
}

function rowOf(name: string, what: string, runs: readonly MeasuredFills[], floors: readonly number[]): Row {
  const floor = median(floors);
  const rate = median(runs.map((run) => run.rate));
  const ratios = runs.map((run, i) => run.rate / (floors[i] ?? Number.NaN));
  const stall = median(runs.map((run) => run.stall));
  return {
    n: 3,
    name,
    what: `${what}; longest stall ${stall.toFixed(0)} ms`,
    floor: "raw batches, stringify, sha256, append",
    ours: `${(rate / 1000).toFixed(0)} k/s`,
    base: `${(floor / 1000).toFixed(0)} k/s`,
    ratio: rate / floor,
    spread: Math.max(...ratios) / Math.min(...ratios),
    target: ">= 0.5, stall <= 15 ms",
  };
}

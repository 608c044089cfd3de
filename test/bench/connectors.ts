/** Rows 3, 5 and 8, the cost of process isolation, and a hundred connectors at once. */
import { createHash } from "node:crypto";
import { createWriteStream, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { openBus } from "../../src/bus/bus.ts";
import { openJournal } from "../../src/bus/journal.ts";
import { recordFills } from "../../src/trading/fills/record-fill.ts";
import { KeptLedger } from "../../src/trading/account/kept-ledger.ts";
import { emptyLedger } from "../../src/trading/account/ledger-parts.ts";
import type { Desk } from "../../src/trading/desk.ts";
import { applyEvent, emptyDeskState } from "../../src/domain/desk-state.ts";
import { residentMb } from "../../src/app/processes.ts";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import {
  type AdapterHarness,
  type AdapterHarnessOptions,
  adapterSource,
  adapterHarness,
} from "../support/adapter-harness.ts";
import { quietLog } from "../support/quiet-log.ts";
import { type Row, SHORT, longestStall, median, quantile, ratioOf, timed, us } from "./measure.ts";

const FILLS = SHORT ? 20_000 : 100_000;
const FILL = `{ fillId: String(i), venueOrderId: "V" + (i % 1000), symbol: "SPX", side: i % 2 === 0 ? "buy" : "sell", quantity: "1", price: "2938.13", timestamp: 1_570_000_000_000 + i, fee: "0.01", feeCurrency: "USD", clientOrderId: "q1-" + i + "-1" }`;
function temp(): string {
  return mkdtempSync(join(tmpdir(), "qoc-bench-"));
}
async function up(source: string, options: AdapterHarnessOptions = {}): Promise<AdapterHarness> {
  const harness = await adapterHarness(source, options);
  await harness.connector.start();
  if (harness.connector.status.state !== "ready") throw new Error(harness.connector.status.lastError);
  return harness;
}

/** Row 3: fills from a worker until they are on disk, compared with bare batches that are hashed and appended. */
export async function fillsThroughput(): Promise<Row> {
  const floors: number[] = [];
  const runs: { readonly rate: number; readonly stall: number }[] = [];
  for (let i = 0; i < 3; i++) {
    floors.push(await rawFills());
    runs.push(await ourFills());
  }
  const floor = median(floors);
  const rate = median(runs.map((run) => run.rate));
  const ratios = runs.map((run, i) => run.rate / (floors[i] ?? Number.NaN));
  const stall = median(runs.map((run) => run.stall));
  return {
    n: 3,
    name: "fills",
    what: `fills to disk; longest stall ${stall.toFixed(0)} ms`,
    floor: "raw batches, stringify, sha256, append",
    ours: `${(rate / 1000).toFixed(0)} k/s`,
    base: `${(floor / 1000).toFixed(0)} k/s`,
    ratio: rate / floor,
    spread: Math.max(...ratios) / Math.min(...ratios),
    target: ">= 0.5, stall <= 15 ms",
  };
}

async function ourFills(): Promise<{ rate: number; stall: number }> {
  const log = quietLog();
  const state = emptyDeskState();
  const { journal } = await openJournal({ disk: nodeDisk(), dir: join(temp(), "journal"), clock: systemClock, log });
  if (journal === undefined) throw new Error("no journal");
  const ledger = new KeptLedger(state, emptyLedger("USD"), log);
  const fold = ledger.beside((recorded) => applyEvent(state, recorded));
  const bus = openBus(journal, fold, log);
  const fillBudgets = { spend: () => undefined, reset: () => undefined };
  const desk = { state, log, fillBudgets, publish: bus.publish, commit: bus.commit } as unknown as Desk;
  let kept = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const harness = await up(
    adapterSource(
      `async cancelOrder() { for (let i = 0; i < ${FILLS}; i++) { this.ctx.emitFill(${FILL}); if (i % 512 === 0) await new Promise((r) => setImmediate(r)); } }`,
    ),
    {
      memoryMb: 256,
      onFills: async (batch) => {
        await recordFills(desk, batch);
        kept += batch.fills.length;
        if (kept === FILLS) done();
      },
    },
  );
  const started = performance.now();
  const stall = await longestStall(async () => {
    harness.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
    await all;
  });
  const rate = FILLS / ((performance.now() - started) / 1000);
  await harness.connector.stop();
  await journal.close();
  return { rate, stall };
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

/** Row 5: calls to one connector while another one spins, compared with no spinning connector. */
export async function spinning(): Promise<Row> {
  const other = await up(adapterSource(""));
  const call = () => other.connector.invoke("getQuote", ["X"]);
  const rounds = SHORT ? 3_000 : 20_000;
  await timed(2_000, call);
  const p99 = (times: readonly number[]): number => quantile(times, 0.99);
  const alone = await timed(rounds, call);
  const spinner = await up(adapterSource("async cancelOrder() { for (;;); }"));
  spinner.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
  const beside = await timed(rounds, call);
  await Promise.all([other.connector.stop(), spinner.connector.stop()]);
  return {
    n: 5,
    name: "spinning",
    what: "another's call while one spins, p99",
    floor: "the same with none spinning",
    ours: us(p99(beside)),
    base: us(p99(alone)),
    ...ratioOf(beside, alone, p99),
    target: "<= 2, < 20 ms",
  };
}

const SKELETON = adapterSource("");
async function resident(): Promise<number> {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return (await residentMb(process.pid)) ?? 0;
}

/** Row 8: memory of one more connector, compared with one more empty worker. */
export async function memoryOfOne(): Promise<Row> {
  const count = SHORT ? 4 : 20;
  const before = await resident();
  const empty = Array.from({ length: count }, () => new Worker("setInterval(() => {}, 1e9)", { eval: true, env: {} }));
  await Promise.all(empty.map((worker) => new Promise((resolve) => worker.once("online", resolve))));
  const emptyMb = ((await resident()) - before) / count;
  await Promise.all(empty.map((worker) => worker.terminate()));
  const between = await resident();
  const harnesses = await Promise.all(Array.from({ length: count }, () => up(SKELETON, { memoryMb: 256 })));
  const oursMb = ((await resident()) - between) / count;
  await Promise.all(harnesses.map(({ connector }) => connector.stop()));
  return {
    n: 8,
    name: "memory",
    what: `one more connector: ${(oursMb - emptyMb).toFixed(1)} MB more than the floor`,
    floor: "an empty worker",
    ours: `${oursMb.toFixed(1)} MB`,
    base: `${emptyMb.toFixed(1)} MB`,
    ratio: oursMb / emptyMb,
    spread: 1,
    target: "+ <= 8 MB",
  };
}

/** The cost of process isolation compared with worker isolation. */
export async function levels(): Promise<string> {
  const lines = [
    "| level | start to ready, p50 | call, p50 | call, p99 | 1,000 calls at once | memory |",
    "|---|---|---|---|---|---|",
  ];
  for (const isolation of ["worker", "process"] as const) {
    const starts: number[] = [];
    for (let i = 0; i < 12; i++) {
      const started = performance.now();
      const harness = await up(SKELETON, { isolation });
      starts.push(performance.now() - started);
      await harness.connector.stop();
    }
    const before = await resident();
    const harness = await up(SKELETON, { isolation, memoryMb: 256 });
    const call = () => harness.connector.invoke("getQuote", ["X"]);
    await timed(2_000, call);
    const calls = await timed(SHORT ? 2_000 : 10_000, call);
    const bursts = await timed(20, async () => {
      for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 250 }, call));
    });
    const memory = isolation === "worker" ? (await resident()) - before : childPss();
    await harness.connector.stop();
    lines.push(
      `| ${isolation} | ${median(starts).toFixed(0)} ms | ${us(median(calls))} | ${us(quantile(calls, 0.99))} | ${median(bursts).toFixed(0)} ms | ${memory.toFixed(0)} MB |`,
    );
  }
  return lines.join("\n");
}

/** Proportional set size of the only child process, MB: memory shared with this process counts in part. */
function childPss(): number {
  const [pid = ""] = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) / 1024;
}

/** A hundred connectors at the same time. */
export async function hundred(): Promise<string> {
  const lines = ["| a hundred at once | all ready | memory | call, p50 | call, p99 |", "|---|---|---|---|---|"];
  for (const isolation of ["worker", "process"] as const) {
    const before = await resident();
    const started = performance.now();
    const harnesses = await Promise.all(Array.from({ length: 100 }, () => up(SKELETON, { isolation, memoryMb: 256 })));
    const readyMs = performance.now() - started;
    const memory = isolation === "worker" ? (await resident()) - before : Number.NaN;
    const calls: number[] = [];
    for (let round = 0; round < 50; round++) {
      for (const { connector } of harnesses) calls.push(...(await timed(1, () => connector.invoke("getQuote", ["X"]))));
    }
    await Promise.all(harnesses.map(({ connector }) => connector.stop()));
    const held = Number.isNaN(memory) ? "see above, each" : `${memory.toFixed(0)} MB`;
    lines.push(
      `| ${isolation} | ${readyMs.toFixed(0)} ms | ${held} | ${us(median(calls))} | ${us(quantile(calls, 0.99))} |`,
    );
  }
  return lines.join("\n");
}

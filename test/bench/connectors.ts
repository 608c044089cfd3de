/** Rows 5 and 8, the cost of process isolation, and a hundred connectors at once. */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { residentMb } from "../../src/app/processes.ts";
import {
  type AdapterHarness,
  type AdapterHarnessOptions,
  adapterSource,
  adapterHarness,
} from "../support/adapter-harness.ts";
import { type Row, SHORT, median, quantile, ratioOf, timed, us } from "./measure.ts";

async function up(source: string, options: AdapterHarnessOptions = {}): Promise<AdapterHarness> {
  const harness = await adapterHarness(source, options);
  await harness.connector.start();
  if (harness.connector.status.state !== "ready") throw new Error(harness.connector.status.lastError);
  return harness;
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

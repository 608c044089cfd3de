/**
 * `npm run bench`: measures each row as a ratio to a floor measured in the same run. Absolute times depend on the
 * machine; the ratios depend on the code.
 */
import type { SigningRequest } from "../../src/domain/authority.ts";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { openJournal } from "../../src/bus/journal.ts";
import { scanJournal } from "../../src/bus/journal-read.ts";
import { openReplay } from "../../src/bus/replay.ts";
import type { Clock } from "../../src/domain/ports.ts";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { quietLog } from "../support/quiet-log.ts";
import { fillsThroughput, hundred, levels, memoryOfOne, spinning } from "./connectors.ts";
import { commandsBesideFills } from "./flood.ts";
import { type Row, SHORT, inTurn, median, say, us } from "./measure.ts";
import { mcpCalls } from "./mcp.ts";
import { orderEventsOf } from "./orders-scenario.ts";
import { PACKAGE_ROOT, adapterOnWorker, instantVenue } from "./harness.ts";

const rows: Row[] = [];

const ORDER = {
  clientOrderId: "q1-1-1",
  symbol: "SPX",
  side: "buy",
  quantity: 10,
  quantityText: "10",
  type: "limit",
  limitPrice: 3000,
  limitPriceText: "3000",
  timeInForce: "day",
};

function rawEcho() {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(
    `const{workerData:{port}}=require("node:worker_threads");port.on("message",(m)=>port.postMessage({id:m.id,value:{venueOrderId:"1",status:"acknowledged"}}))`,
    { eval: true, workerData: { port: port2 }, transferList: [port2] },
  );
  let id = 0;
  const open = new Map<number, () => void>();
  port1.on("message", (message: { id: number }) => {
    open.get(message.id)?.();
    open.delete(message.id);
  });
  const call = (): Promise<void> =>
    new Promise((resolve) => {
      id += 1;
      open.set(id, resolve);
      port1.postMessage({ id, method: "placeOrder", args: [ORDER] });
    });
  return { call, close: () => worker.terminate() };
}

/** Row 1: one call to a connector, compared with a bare request and reply. */
async function rpc(): Promise<void> {
  const raw = rawEcho();
  const harness = await adapterOnWorker();
  const times = await inTurn(5_000, () => harness.call("placeOrder", [ORDER]), raw.call);
  rows.push({
    n: 1,
    what: "call to a worker, p50",
    floor: "raw postMessage request and reply",
    ours: us(median(times.a)),
    base: us(median(times.b)),
    ratio: median(times.a) / median(times.b),
    target: "<= 1.6",
  });
  await harness.stop();
  await raw.close();
}

/**
 * Row 2: from approve to acknowledgement, compared with two flushes and a raw round trip. Row 4: order 10,000 compared
 * with order 10.
 */
async function approvals(): Promise<void> {
  const desk = await tempDesk(instantVenue);
  const raw = rawEcho();
  const disk = nodeDisk();
  const { journal } = await openJournal({
    disk,
    dir: join(mkdtempSync(join(tmpdir(), "qoc-bench-")), "journal"),
    clock: systemClock,
    log: quietLog(),
  });
  const flush = (): Promise<void> | undefined =>
    journal?.append({ type: "order.accepted", id: "x" as never, venueOrderId: "y" as never }, { durable: true })
      .committed;
  const floor = async (): Promise<void> => {
    await flush();
    await raw.call();
    await flush();
  };
  const first = await series(desk, 0, 300, floor);
  rows.push({
    n: 2,
    what: "approve to ack, p50",
    floor: "two flushes and a raw round trip",
    ours: us(median(first.ours)),
    base: us(median(first.floor)),
    ratio: median(first.ours) / median(first.floor),
    target: "<= 1.5",
  });
  say("  10,000 orders ...");
  await series(desk, 300, SHORT ? 300 : 9_700, undefined);
  const late = await series(desk, 10_000, 300, floor);
  const early = median(first.ours) / median(first.floor);
  rows.push({
    n: 4,
    what: "order 10,000 against order 10",
    floor: "the first 300 orders, per floor",
    ours: us(median(late.ours)),
    base: us(median(first.ours)),
    ratio: median(late.ours) / median(late.floor) / early,
    target: "<= 1.2",
  });
  await desk.stop();
  await discard(desk);
  await raw.close();
}

async function series(
  desk: TempDesk,
  from: number,
  count: number,
  floor: (() => Promise<unknown>) | undefined,
): Promise<{ ours: number[]; floor: number[] }> {
  const ours: number[] = [];
  const base: number[] = [];
  for (let i = 0; i < count; i++) {
    const made = await desk.call<{ id: string; digest: string }>("orders propose", {
      side: "buy",
      symbol: `S${(from + i) % 50}`,
      quantity: "1",
      type: "limit",
      limitPrice: "100",
      rationale: "bench",
    });
    if (floor === undefined && i % 10 !== 0) {
      await desk.call("reject", { id: made.id });
      continue;
    }
    // Projections are written after the response; those of the previous order must not count for this one.
    await desk.settled();
    while (desk.open.desk.state.inFlight.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // The review and the client's signature come before the decision that is measured.
    const { signing } = await desk.call<{ signing: SigningRequest }>("approve", { id: made.id, review: true });
    const signed = { shown: signing.statement.shown, authority: await desk.sign(signing) };
    let started = performance.now();
    await desk.call("approve", { id: made.id, digest: made.digest, ...signed });
    ours.push(performance.now() - started);
    if (floor === undefined) continue;
    started = performance.now();
    await floor();
    base.push(performance.now() - started);
  }
  return { ours: ours.slice(Math.min(30, ours.length / 10)), floor: base.slice(Math.min(30, base.length / 10)) };
}

/** Row 6: a start with 100,000 records, compared with parsing and hashing each line of the same file. */
async function restart(): Promise<void> {
  const dir = join(mkdtempSync(join(tmpdir(), "qoc-bench-")), "journal");
  const disk = nodeDisk();
  let now = Date.UTC(2026, 6, 5);
  const clock: Clock = { ...systemClock, now: () => (now += 10) };
  const { journal } = await openJournal({ disk, dir, clock, log: quietLog() });
  for (const event of orderEventsOf(100_000)) journal?.append(event);
  await journal?.close();
  const lines = readFileSync(join(dir, "000001.ndjson"), "utf8");
  const segments = await scanJournal(disk, dir);
  const text = segments.segments.map((name) => readFileSync(join(dir, name), "utf8")).join("") || lines;
  const floor = async (): Promise<void> => {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      createHash("sha256").update(line).digest("hex");
      JSON.parse(line);
    }
  };
  const ours = async (): Promise<void> => {
    const { state, take } = openReplay();
    await scanJournal(disk, dir, { take });
    if (state.seq !== 100_000) throw new Error("the fold lost records");
  };
  const times = await inTurn(10, ours, floor);
  rows.push({
    n: 6,
    what: "start with 100,000 records",
    floor: "JSON.parse and sha256 of each line",
    ours: `${median(times.a).toFixed(0)} ms`,
    base: `${median(times.b).toFixed(0)} ms`,
    ratio: median(times.a) / median(times.b),
    target: "<= 2",
  });
}

/** Row 7: whole processes. */
async function processes(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "qoc-bench-"));
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  const bin = join(PACKAGE_ROOT, "bin/qoc.mjs");
  const desk = join(home, "desk");
  execFileSync(process.execPath, [bin, "init", desk], { env, stdio: "ignore" });
  execFileSync(process.execPath, [bin, "up", "--detach", "-C", desk], { env, stdio: "ignore" });
  const run = (args: readonly string[]) => async (): Promise<void> => {
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  };
  const empty = run(["-e", "0"]);
  for (const [what, args, target] of [
    ["qoc status, desk up", [bin, "status", "--json", "-C", desk], "<= 2.5"],
    ["qoc --help", [bin, "--help"], "<= 2"],
  ] as const) {
    const times = await inTurn(20, run(args), empty);
    rows.push({
      n: 7,
      what,
      floor: "node -e 0",
      ours: `${median(times.a).toFixed(0)} ms`,
      base: `${median(times.b).toFixed(0)} ms`,
      ratio: median(times.a) / median(times.b),
      target,
    });
  }
  execFileSync(process.execPath, [bin, "down", "-C", desk], { env, stdio: "ignore" });
}

const only = process.argv.slice(2);
const measures: Readonly<Record<string, () => Promise<unknown>>> = {
  rpc,
  approvals,
  fills: async () => rows.push(await fillsThroughput()),
  spinning: async () => rows.push(await spinning()),
  flood: async () => rows.push(await commandsBesideFills()),
  restart,
  processes,
  memory: async () => rows.push(await memoryOfOne()),
  mcp: async () => rows.push(...(await mcpCalls())),
};
for (const [name, measure] of Object.entries(measures)) {
  if (only.length > 0 && !only.includes(name)) continue;
  say(`${name} ...`);
  await measure();
}
process.stdout.write(
  `Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? ""}, ${process.platform}\n\n`,
);
process.stdout.write("| row | what | ours | floor | | ratio | target |\n|---|---|---|---|---|---|---|\n");
for (const row of rows)
  process.stdout.write(
    `| ${row.n} | ${row.what} | ${row.ours} | ${row.base} | ${row.floor} | ${row.ratio.toFixed(2)} | ${row.target} |\n`,
  );
for (const [name, measure] of Object.entries({ levels, hundred })) {
  if (only.length > 0 && !only.includes(name)) continue;
  say(`${name} ...`);
  process.stdout.write(`\n${await measure()}\n`);
}

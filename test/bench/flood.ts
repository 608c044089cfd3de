/** Row 10: the wait of a command while another connector sends fills, log lines or output without a pause. */
import { setTimeout as sleep } from "node:timers/promises";
import type { OrderId } from "../../src/domain/ids.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { type Row, SHORT, quantile, ratioOf } from "./measure.ts";

const FILLS = SHORT ? 10_000 : 95_000;
const CALLS = SHORT ? 300 : 1_000;
/** What the fixture writes. */
const LINES = { log: "3 k log lines/s", bytes: "8 MB/s of log lines", output: "10 k lines of output/s" } as const;
const LINES_MS = SHORT ? 1_000 : 4_000;

async function working(desk: TempDesk, connector: string, quantity: number): Promise<string> {
  const terms = { connector, side: "buy", symbol: "AAA", quantity: String(quantity), type: "limit", limitPrice: "100" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...terms,
    rationale: "x",
  });
  await desk.call("approve", { id, digest });
  return id;
}

/** Calls a command again and again, with pauses. Returns the wait of each call, ms. */
async function waits(desk: TempDesk, id: string, goesOn: (calls: number) => boolean): Promise<number[]> {
  const times: number[] = [];
  while (goesOn(times.length)) {
    const started = performance.now();
    await desk.call("orders show", { id });
    times.push(performance.now() - started);
    await sleep(2);
  }
  return times;
}

function p99(times: readonly number[]): number {
  return quantile(times, 0.99);
}

interface Waits {
  readonly beside: readonly number[];
  readonly alone: readonly number[];
}

function row(name: string, rate: string, { beside, alone }: Waits): Row {
  return {
    n: 10,
    name,
    what: `a command's wait during ${rate}, p99; longest ${Math.max(...beside).toFixed(0)} ms`,
    floor: "the same with none flooding",
    ours: `${p99(beside).toFixed(1)} ms`,
    base: `${p99(alone).toFixed(1)} ms`,
    ...ratioOf(beside, alone, p99),
    target: "<= 3, <= 50 ms",
  };
}

export async function commandsBesideFloods(): Promise<readonly Row[]> {
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\n`;
  const desk = await tempDesk({
    files: { "flood.ts": adapterFixture("flooding-venue"), "calm.ts": adapterFixture("flooding-venue") },
    config: (template) => `${template.split("\n# Guards are")[0]}${connector("flood")}${connector("calm")}`,
  });
  const calm = await working(desk, "calm", 10);
  const flooded = await working(desk, "flood", FILLS);
  await waits(desk, calm, (calls) => calls < 100);
  const alone = await waits(desk, calm, (calls) => calls < CALLS);
  const rows: Row[] = [];
  for (const kind of ["log", "bytes", "output"] as const) {
    await desk.open.fleet.venues.quote("flood", `FLOOD:${kind}:${LINES_MS}`);
    const until = performance.now() + LINES_MS;
    const beside = await waits(desk, calm, () => performance.now() < until);
    if (!isReady(desk)) break;
    rows.push(row(kind, LINES[kind], { beside, alone }));
    await sleep(300);
  }
  if (isReady(desk)) {
    const fills = await fillsRow(desk, { calm, flooded, alone });
    // The rate is that of all fills.
    if (isReady(desk)) rows.unshift(fills);
  }
  await desk.stop();
  await discard(desk);
  return rows;
}

/** A stalled host cuts the connector off, so that on a busy machine the other rows are left out. */
function isReady(desk: TempDesk): boolean {
  const { state, lastError } = desk.open.fleet.venues.facts("flood") ?? { state: "gone" };
  if (state !== "ready") console.error(`  SKIPPED: the flooding connector is ${state}: ${lastError ?? ""}`);
  return state === "ready";
}

interface Flooded {
  readonly calm: string;
  readonly flooded: string;
  readonly alone: readonly number[];
}

async function fillsRow(desk: TempDesk, { calm, flooded, alone }: Flooded): Promise<Row> {
  await desk.open.fleet.venues.quote("flood", `FLOOD:own:${FILLS}`);
  const started = performance.now();
  const order = desk.open.desk.state.orders.get(flooded as OrderId);
  const beside = await waits(desk, calm, () => order?.state !== "filled" && isReady(desk));
  const rate = FILLS / ((performance.now() - started) / 1000);
  return row("fills", `${(rate / 1000).toFixed(0)} k fills/s`, { beside, alone });
}

/** Shared by all benchmarks: rows, quantiles, and timing of two functions in turn. */
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface Row {
  /** The row of the table of targets. */
  readonly n: number;
  /** Identifies the row among those of its number; the same in every run. */
  readonly name: string;
  /** For people; may state figures. */
  readonly what: string;
  readonly floor: string;
  readonly ours: string;
  readonly base: string;
  readonly ratio: number;
  /** The largest ratio of the parts of the measurement by the smallest; 1 if it has one part. */
  readonly spread: number;
  readonly target: string;
}
/** Few rounds: it shows that the benchmarks run, and little else. */
export const SHORT = process.argv.includes("--short");

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
/** The ratio of the medians, and its spread over thirds of the measurement. */
export function ratioOf(
  ours: readonly number[],
  floor: readonly number[],
  of: (values: readonly number[]) => number = median,
): Pick<Row, "ratio" | "spread"> {
  const part = (values: readonly number[], third: number): readonly number[] =>
    values.slice(Math.floor((values.length * third) / 3), Math.floor((values.length * (third + 1)) / 3));
  const parts = [0, 1, 2].map((third) => of(part(ours, third)) / of(part(floor, third)));
  return { ratio: of(ours) / of(floor), spread: Math.max(...parts) / Math.min(...parts) };
}
export function us(ms: number): string {
  return `${(ms * 1000).toFixed(0)} us`;
}
export function say(line: string): void {
  return void process.stderr.write(`${line}\n`);
}

/** Times A and B in turn, so that a change of the machine's speed affects both. */
export async function inTurn(
  rounds: number,
  a: () => Promise<unknown>,
  b: () => Promise<unknown>,
): Promise<{ a: number[]; b: number[] }> {
  const times: { a: number[]; b: number[] } = { a: [], b: [] };
  for (let i = 0; i < rounds; i++) {
    for (const [name, run] of [
      ["a", a],
      ["b", b],
    ] as const) {
      const started = performance.now();
      await run();
      times[name].push(performance.now() - started);
    }
  }
  return { a: times.a.slice(rounds / 10), b: times.b.slice(rounds / 10) };
}

/** The longest delay of the event loop while `work` ran, ms. */
export async function longestStall(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.max / 1e6 - 1;
}

/** Returns the duration of each call, ms. */
export async function timed(rounds: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return times;
}

/**
 * The table of a run, the same as JSON, and the comparison with the result that was kept last. Ratios are compared, not
 * times: they were measured in one run each.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { tryParseJson } from "../../src/lib/json.ts";
import { PACKAGE_ROOT } from "./harness.ts";
import { withKeptTable } from "./kept-table.ts";
import { type Row, SHORT } from "./measure.ts";

const KEPT = join(PACKAGE_ROOT, "test/bench/kept.json");
const README = join(PACKAGE_ROOT, "README.md");
const LATEST = join(PACKAGE_ROOT, "test/.bench/latest.json");

interface Report {
  readonly machine: string;
  readonly node: string;
  readonly at: string;
  /** Processes that waited for a core when the run began. */
  readonly load: number;
  readonly short: boolean;
  readonly rows: readonly Row[];
}

function keptReport(): Report | undefined {
  try {
    return tryParseJson(readFileSync(KEPT, "utf8")) as Report | undefined;
  } catch {
    return undefined;
  }
}

export function startReport(): Omit<Report, "rows"> {
  return {
    machine: `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"}, ${process.platform}`,
    node: process.versions.node,
    at: new Date().toISOString(),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    short: SHORT,
  };
}

/** Prints the table and writes the JSON; with `--keep` also as the kept result, and as README's table. */
export function finishReport(started: Omit<Report, "rows">, rows: readonly Row[]): void {
  const report: Report = { ...started, rows };
  const kept = keptReport();
  const text = `${JSON.stringify(report, undefined, 2)}\n`;
  mkdirSync(dirname(LATEST), { recursive: true });
  writeFileSync(LATEST, text);
  if (process.argv.includes("--keep")) keep(withKept(report, kept));
  process.stdout.write(`${[heading(report, kept), "", ...table(rows, kept)].join("\n")}\n`);
}

function keep(report: Report): void {
  writeFileSync(KEPT, `${JSON.stringify(report, undefined, 2)}\n`);
  if (!report.short) writeFileSync(README, withKeptTable(readFileSync(README, "utf8"), report.rows));
}

/** A run of some rows keeps the others, unless they were measured on another machine or in the other form. */
function withKept(report: Report, kept: Report | undefined): Report {
  if (kept?.machine !== report.machine || kept.node !== report.node || kept.short !== report.short) return report;
  const measured = new Set(report.rows.map(keyOf));
  return { ...report, rows: [...kept.rows.filter((row) => !measured.has(keyOf(row))), ...report.rows] };
}

function heading({ node, machine, load, short }: Report, kept: Report | undefined): string {
  const form = short ? ", short form" : "";
  const other = kept === undefined || kept.machine === machine ? "" : `; the kept result is of ${kept.machine}`;
  return `Node ${node}, ${machine}, load ${load}${form}${other}`;
}

function table(rows: readonly Row[], kept: Report | undefined): readonly string[] {
  const before = new Map(kept?.rows.map((row) => [keyOf(row), row.ratio]));
  return [
    "| row | what | ours | floor | | ratio | spread | kept | change | target |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...rows.map((row) => {
      const known = before.get(keyOf(row));
      const change = known === undefined ? ["", ""] : [known.toFixed(2), `${(row.ratio / known).toFixed(2)} x`];
      const cells = [row.n, row.what, row.ours, row.base, row.floor, row.ratio.toFixed(2), row.spread.toFixed(2)];
      return `| ${[...cells, ...change, row.target].join(" | ")} |`;
    }),
  ];
}

function keyOf({ n, name }: Pick<Row, "n" | "name">): string {
  return `${n} ${name}`;
}

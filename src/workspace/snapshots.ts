/** snapshots/: the book as TOML, named by its time, and run summaries as Markdown. */
import { parse } from "smol-toml";
import { z } from "zod";
import type { Disk } from "../domain/ports.ts";
import { writeNote } from "./frontmatter.ts";
import { LAYOUT } from "./layout.ts";
import { slugOf } from "../lib/slug.ts";

export interface SnapshotPosition {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly averagePrice: string | null;
  readonly markPrice: string | null;
  readonly unrealizedPnl: string | null;
}

export interface SnapshotFacts {
  /** ISO, UTC. */
  readonly time: string;
  readonly nav: string;
  readonly cash: string;
  readonly realizedPnl: string;
  readonly unrealizedPnl: string;
  readonly connectors: readonly string[];
  readonly stale: readonly string[];
  readonly positions: readonly SnapshotPosition[];
}

function list(items: readonly string[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;
}

function render(facts: SnapshotFacts): string {
  const meta = [
    "[meta]",
    `timestamp = "${facts.time}"`,
    `nav_usd = "${facts.nav}"`,
    `cash_usd = "${facts.cash}"`,
    `realized_pnl = "${facts.realizedPnl}"`,
    `unrealized_pnl = "${facts.unrealizedPnl}"`,
    `connectors = ${list(facts.connectors)}`,
    ...(facts.stale.length === 0 ? [] : [`stale = ${list(facts.stale)}`]),
  ];
  const positions = facts.positions.flatMap((position) => [
    "",
    "[[position]]",
    `connector = ${JSON.stringify(position.connector)}`,
    `symbol = ${JSON.stringify(position.symbol)}`,
    `quantity = "${position.quantity}"`,
    ...(position.averagePrice === null ? [] : [`avg_cost = "${position.averagePrice}"`]),
    ...(position.markPrice === null ? [] : [`mark = "${position.markPrice}"`]),
    ...(position.unrealizedPnl === null ? [] : [`pnl_open = "${position.unrealizedPnl}"`]),
  ]);
  return `${[...meta, ...positions].join("\n")}\n`;
}

const NAME = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z(-\d+)?\.toml$/;

/** Writes one and removes the oldest days beyond `daysMax`; of the days that are kept nothing is removed. */
export async function writeSnapshot(
  disk: Disk,
  root: string,
  facts: SnapshotFacts,
  daysMax: number,
): Promise<{ path: string; text: string }> {
  const text = render(facts);
  const stem = `${facts.time.slice(0, 19).replaceAll(":", "-")}Z`;
  for (let n = 1; ; n++) {
    const path = `${LAYOUT.snapshots}/${stem}${n === 1 ? "" : `-${n}`}.toml`;
    if ((await disk.facts(`${root}/${path}`)) !== undefined) continue;
    await disk.create(`${root}/${path}`, text);
    await prune(disk, root, daysMax);
    return { path, text };
  }
}

async function names(disk: Disk, root: string): Promise<readonly string[]> {
  return (await disk.list(`${root}/${LAYOUT.snapshots}`))
    .filter((entry) => entry.kind === "file" && NAME.test(entry.name))
    .map((entry) => entry.name)
    .toSorted();
}

async function prune(disk: Disk, root: string, daysMax: number): Promise<void> {
  const all = await names(disk, root);
  const days = [...new Set(all.map((name) => name.slice(0, 10)))];
  const old = new Set(days.slice(0, Math.max(0, days.length - daysMax)));
  for (const name of all) if (old.has(name.slice(0, 10))) await disk.remove(`${root}/${LAYOUT.snapshots}/${name}`);
}

const metaShape = z.looseObject({
  meta: z.looseObject({ timestamp: z.string(), nav_usd: z.string(), cash_usd: z.string() }),
});

/** Newest first. A file that is not one of ours is left out. */
export async function listSnapshots(
  disk: Disk,
  root: string,
): Promise<readonly { path: string; time: string; nav: string; cash: string }[]> {
  const rows: { path: string; time: string; nav: string; cash: string }[] = [];
  for (const name of (await names(disk, root)).toReversed()) {
    const path = `${LAYOUT.snapshots}/${name}`;
    try {
      const { meta } = metaShape.parse(parse(await disk.readText(`${root}/${path}`)));
      rows.push({ path, time: meta.timestamp, nav: meta.nav_usd, cash: meta.cash_usd });
    } catch {
      // Someone else's file under our naming pattern is not a snapshot of ours.
      continue;
    }
  }
  return rows;
}

export interface RunSummary {
  /** ISO, UTC. */
  readonly stamp: string;
  readonly task: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly text: string;
}

/** `snapshots/YYYYMMDD-HHMM-<task>.md`. */
export async function writeRunSummary(
  disk: Disk,
  root: string,
  summary: RunSummary,
): Promise<{ path: string; text: string }> {
  const text = writeNote({ fields: summary.facts, body: `${summary.text.trimEnd()}\n` });
  const stamp = `${summary.stamp.slice(0, 10).replaceAll("-", "")}-${summary.stamp.slice(11, 16).replace(":", "")}`;
  for (let n = 1; ; n++) {
    const path = `${LAYOUT.snapshots}/${stamp}-${slugOf(summary.task)}${n === 1 ? "" : `-${n}`}.md`;
    if ((await disk.facts(`${root}/${path}`)) !== undefined) continue;
    await disk.create(`${root}/${path}`, text);
    return { path, text };
  }
}

/** snapshots/: the desk's book as TOML, and summaries of agent runs as Markdown. The file names start with the time. */
import { parse } from "smol-toml";
import * as z from "zod";
import type { Disk } from "../domain/ports.ts";
import { slugOf } from "../lib/slug.ts";
import { quoteString } from "../lib/invisible-characters.ts";
import type { WrittenFile } from "./file-write.ts";
import { writeNote } from "./frontmatter.ts";
import { LAYOUT, type WorkspaceRoot } from "./layout.ts";

export interface SnapshotPosition {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly averagePrice: string | null;
  readonly markPrice: string | null;
  readonly unrealizedPnl: string | null;
}

export interface SnapshotContents {
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

function tomlList(items: readonly string[]): string {
  return `[${items.map((item) => quoteString(item)).join(", ")}]`;
}

function renderSnapshot(contents: SnapshotContents): string {
  const meta = [
    "[meta]",
    `timestamp = "${contents.time}"`,
    `nav_usd = "${contents.nav}"`,
    `cash_usd = "${contents.cash}"`,
    `realized_pnl = "${contents.realizedPnl}"`,
    `unrealized_pnl = "${contents.unrealizedPnl}"`,
    `connectors = ${tomlList(contents.connectors)}`,
    ...(contents.stale.length === 0 ? [] : [`stale = ${tomlList(contents.stale)}`]),
  ];
  const positions = contents.positions.flatMap((position) => [
    "",
    "[[position]]",
    `connector = ${quoteString(position.connector)}`,
    `symbol = ${quoteString(position.symbol)}`,
    `quantity = "${position.quantity}"`,
    ...(position.averagePrice === null ? [] : [`avg_cost = "${position.averagePrice}"`]),
    ...(position.markPrice === null ? [] : [`mark = "${position.markPrice}"`]),
    ...(position.unrealizedPnl === null ? [] : [`pnl_open = "${position.unrealizedPnl}"`]),
  ]);
  return `${[...meta, ...positions].join("\n")}\n`;
}

const NAME = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z(-\d+)?\.toml$/;

const metaSchema = z.looseObject({
  meta: z.looseObject({ timestamp: z.string(), nav_usd: z.string(), cash_usd: z.string() }),
});

export interface SnapshotEntry {
  readonly path: string;
  readonly time: string;
  readonly nav: string;
  readonly cash: string;
}

export interface RunSummary {
  /** ISO, UTC. */
  readonly stamp: string;
  readonly task: string;
  /** Undefined facts are left out. */
  readonly facts: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export class SnapshotStore {
  readonly #disk: Disk;
  readonly #root: string;

  constructor({ disk, root }: WorkspaceRoot) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Writes a snapshot and removes all snapshots of the oldest days, so that `daysMax` days with snapshots remain. */
  async write(contents: SnapshotContents, daysMax: number): Promise<WrittenFile> {
    const stem = `${contents.time.slice(0, 19).replaceAll(":", "-")}Z`;
    const file = await this.#create(stem, ".toml", renderSnapshot(contents));
    await this.#prune(daysMax);
    return file;
  }

  /** Lists the snapshots, newest first. Other files with such a name are left out. */
  async list(): Promise<readonly SnapshotEntry[]> {
    const entries: SnapshotEntry[] = [];
    for (const name of (await this.#names()).toReversed()) {
      const path = `${LAYOUT.snapshots}/${name}`;
      try {
        const { meta } = metaSchema.parse(parse(await this.#disk.readText(`${this.#root}/${path}`)));
        entries.push({ path, time: meta.timestamp, nav: meta.nav_usd, cash: meta.cash_usd });
      } catch {
        continue;
      }
    }
    return entries;
  }

  /** Writes `snapshots/YYYYMMDD-HHMM-<task>.md`. */
  async writeRunSummary(summary: RunSummary): Promise<WrittenFile> {
    const text = writeNote({ fields: definedFields(summary.facts), body: `${summary.text.trimEnd()}\n` });
    const date = summary.stamp.slice(0, 10).replaceAll("-", "");
    const time = summary.stamp.slice(11, 16).replace(":", "");
    return this.#create(`${date}-${time}-${slugOf(summary.task)}`, ".md", text);
  }

  /** Appends `-2`, `-3` and so on to the stem if the name is taken. */
  async #create(stem: string, extension: string, text: string): Promise<WrittenFile> {
    for (let n = 1; ; n++) {
      const path = `${LAYOUT.snapshots}/${stem}${n === 1 ? "" : `-${n}`}${extension}`;
      if ((await this.#disk.facts(`${this.#root}/${path}`)) !== undefined) continue;
      await this.#disk.create(`${this.#root}/${path}`, text);
      return { path, text };
    }
  }

  async #names(): Promise<readonly string[]> {
    return (await this.#disk.list(`${this.#root}/${LAYOUT.snapshots}`))
      .filter((entry) => entry.kind === "file" && NAME.test(entry.name))
      .map((entry) => entry.name)
      .toSorted();
  }

  async #prune(daysMax: number): Promise<void> {
    const names = await this.#names();
    const days = [...new Set(names.map((name) => name.slice(0, 10)))];
    const expired = new Set(days.slice(0, Math.max(0, days.length - daysMax)));
    for (const name of names)
      if (expired.has(name.slice(0, 10))) await this.#disk.remove(`${this.#root}/${LAYOUT.snapshots}/${name}`);
  }
}

function definedFields(facts: RunSummary["facts"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

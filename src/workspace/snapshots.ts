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
  readonly currency: string | null;
}

export interface SnapshotAccount {
  readonly connector: string;
  readonly currency: string;
  readonly nav: string;
  readonly cash: string;
  /** The account is part of the sums. */
  readonly isInSum: boolean;
}

export interface SnapshotProfit {
  readonly currency: string;
  readonly realized: string;
  readonly unrealized: string;
}

export interface SnapshotContents {
  /** ISO, UTC. */
  readonly time: string;
  /** Of NAV and cash. */
  readonly currency: string;
  /** null if the accounts cannot be added up. */
  readonly nav: string | null;
  readonly cash: string | null;
  readonly accounts: readonly SnapshotAccount[];
  readonly profit: readonly SnapshotProfit[];
  readonly fees: readonly { readonly amount: string; readonly currency: string }[];
  readonly connectors: readonly string[];
  readonly stale: readonly string[];
  readonly positions: readonly SnapshotPosition[];
}

function tomlList(items: readonly string[]): string {
  return `[${items.map((item) => quoteString(item)).join(", ")}]`;
}

function renderSnapshot(contents: SnapshotContents): string {
  const { currency, nav, cash } = contents;
  const profit = contents.profit.find((line) => line.currency === currency);
  const unconverted = contents.accounts.filter(({ isInSum }) => !isInSum);
  const meta = [
    "[meta]",
    `timestamp = "${contents.time}"`,
    `currency = ${quoteString(currency)}`,
    ...(nav === null ? [] : [`nav = "${nav}"`]),
    ...(cash === null ? [] : [`cash = "${cash}"`]),
    // The documented keys name the dollar, so they stand for dollars only.
    ...(currency !== "USD" || nav === null ? [] : [`nav_usd = "${nav}"`]),
    ...(currency !== "USD" || cash === null ? [] : [`cash_usd = "${cash}"`]),
    `realized_pnl = "${profit?.realized ?? "0"}"`,
    `unrealized_pnl = "${profit?.unrealized ?? "0"}"`,
    `fees = ${tomlList(contents.fees.map((fee) => `${fee.amount} ${fee.currency}`))}`,
    `connectors = ${tomlList(contents.connectors)}`,
    ...(contents.stale.length === 0 ? [] : [`stale = ${tomlList(contents.stale)}`]),
    ...(unconverted.length === 0
      ? []
      : [`unconverted = ${tomlList(unconverted.map((account) => `${account.connector}: ${account.currency}`))}`]),
  ];
  const accounts = contents.accounts.flatMap((account) => [
    "",
    "[[account]]",
    `connector = ${quoteString(account.connector)}`,
    `currency = ${quoteString(account.currency)}`,
    `nav = "${account.nav}"`,
    `cash = "${account.cash}"`,
  ]);
  const otherProfit = contents.profit
    .filter((line) => line.currency !== currency)
    .flatMap((line) => [
      "",
      "[[profit]]",
      `currency = ${quoteString(line.currency)}`,
      `realized_pnl = "${line.realized}"`,
      `unrealized_pnl = "${line.unrealized}"`,
    ]);
  const positions = contents.positions.flatMap((position) => [
    "",
    "[[position]]",
    `connector = ${quoteString(position.connector)}`,
    `symbol = ${quoteString(position.symbol)}`,
    `quantity = "${position.quantity}"`,
    ...(position.currency === null ? [] : [`currency = ${quoteString(position.currency)}`]),
    ...(position.averagePrice === null ? [] : [`avg_cost = "${position.averagePrice}"`]),
    ...(position.markPrice === null ? [] : [`mark = "${position.markPrice}"`]),
    ...(position.unrealizedPnl === null ? [] : [`pnl_open = "${position.unrealizedPnl}"`]),
  ]);
  return `${[...meta, ...accounts, ...otherProfit, ...positions].join("\n")}\n`;
}

const NAME = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z(-\d+)?\.toml$/;

const metaSchema = z.looseObject({
  meta: z.looseObject({
    timestamp: z.string(),
    currency: z.string().default("USD"),
    nav: z.string().optional(),
    cash: z.string().optional(),
    /** Snapshots of earlier versions have these keys alone. */
    nav_usd: z.string().optional(),
    cash_usd: z.string().optional(),
  }),
});

export interface SnapshotEntry {
  readonly path: string;
  readonly time: string;
  readonly currency: string;
  readonly nav: string | null;
  readonly cash: string | null;
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
        const [nav, cash] = [meta.nav ?? meta.nav_usd ?? null, meta.cash ?? meta.cash_usd ?? null];
        entries.push({ path, time: meta.timestamp, currency: meta.currency, nav, cash });
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

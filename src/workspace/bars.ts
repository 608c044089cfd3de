/** research/prices/bars/: the operator's price bars, one CSV file for each symbol with a header line. */
import { DecimalError, parseText, text } from "../domain/decimal.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import type { Bar } from "../domain/sdk.ts";
import { LAYOUT, type WorkspaceRoot } from "./layout.ts";

const BYTES_MAX = 8 * 1024 * 1024;
const COLUMN_NAMES: Readonly<Record<string, readonly string[]>> = {
  timestamp: ["date", "time", "timestamp", "datetime"],
  open: ["open", "o"],
  high: ["high", "h"],
  low: ["low", "l"],
  close: ["close", "c", "price"],
  volume: ["volume", "vol", "v"],
};

export class BarStore {
  readonly #disk: Disk;
  readonly #root: string;

  constructor({ disk, root }: WorkspaceRoot) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Reads a symbol's bars, oldest first; empty if there is no file. @throws NOTE_INVALID with the line. */
  async read(symbol: string): Promise<readonly Bar[]> {
    if (!/^[A-Za-z0-9^][A-Za-z0-9.:_^=-]{0,39}$/.test(symbol)) return [];
    const path = `${LAYOUT.bars}/${symbol}.csv`;
    if ((await this.#disk.facts(`${this.#root}/${path}`))?.kind !== "file") return [];
    return parseBars(await this.#disk.readText(`${this.#root}/${path}`, BYTES_MAX), { path, symbol });
  }
}

function parseBars(csv: string, { path, symbol }: { readonly path: string; readonly symbol: string }): readonly Bar[] {
  const [header = "", ...rows] = csv.split(/\r?\n/);
  const columns = header
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const column = (field: string): number => columns.findIndex((name) => COLUMN_NAMES[field]?.includes(name) === true);
  const fail = (line: number, message: string): never => {
    throw new QocError("NOTE_INVALID", { path: `${path} line ${line}`, message });
  };
  if (column("timestamp") < 0 || column("close") < 0) fail(1, "the header must have at least date and close");
  const bars = rows.flatMap((row, index): readonly Bar[] => {
    if (row.trim() === "") return [];
    const cells = row.split(",");
    const cell = (field: string): string | undefined => cells[column(field)]?.trim();
    return [parseBar(symbol, cell, (message) => fail(index + 2, message))];
  });
  return bars.toSorted((a, b) => Number(a.timestamp) - Number(b.timestamp));
}

function parseBar(symbol: string, cell: (field: string) => string | undefined, fail: (message: string) => never): Bar {
  const amount = (field: string, fallback?: string): string => {
    try {
      return text(parseText(cell(field) ?? fallback ?? ""));
    } catch (error) {
      return fail(`${field}: ${error instanceof DecimalError ? error.message : String(error)}`);
    }
  };
  const timestamp = Date.parse(cell("timestamp") ?? "");
  if (!Number.isFinite(timestamp)) fail(`date: ${JSON.stringify(cell("timestamp"))} is not a date`);
  const close = amount("close");
  const bar: Bar = {
    symbol,
    timestamp,
    open: amount("open", close),
    high: amount("high", close),
    low: amount("low", close),
    close,
  };
  const volume = cell("volume");
  if (volume !== undefined && volume !== "") bar.volume = amount("volume");
  return bar;
}

/** The operator's own price bars: `research/prices/bars/<symbol>.csv`, a header line, then one bar a line. */
import { DecimalError, parseText, text } from "../domain/decimal.ts";
import { QocError } from "../domain/error.ts";
import type { Bar } from "../domain/sdk.ts";
import type { Disk } from "../domain/ports.ts";
import { LAYOUT } from "./layout.ts";

const BYTES_MAX = 8 * 1024 * 1024;
const NAMES: Readonly<Record<string, readonly string[]>> = {
  timestamp: ["date", "time", "timestamp", "datetime"],
  open: ["open", "o"],
  high: ["high", "h"],
  low: ["low", "l"],
  close: ["close", "c", "price"],
  volume: ["volume", "vol", "v"],
};

/** Oldest first; empty where there is no such file. @throws NOTE_INVALID with the line. */
export async function readBars(disk: Disk, root: string, symbol: string): Promise<readonly Bar[]> {
  if (!/^[A-Za-z0-9^][A-Za-z0-9.:_^=-]{0,39}$/.test(symbol)) return [];
  const path = `${LAYOUT.bars}/${symbol}.csv`;
  if ((await disk.facts(`${root}/${path}`))?.kind !== "file") return [];
  const [header = "", ...lines] = (await disk.readText(`${root}/${path}`, BYTES_MAX)).split(/\r?\n/);
  const columns = header
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const column = (field: string): number => columns.findIndex((name) => NAMES[field]?.includes(name) === true);
  const fail = (line: number, message: string): never => {
    throw new QocError("NOTE_INVALID", { path: `${path} line ${line}`, message });
  };
  if (column("timestamp") < 0 || column("close") < 0) fail(1, "the header needs at least date and close");
  const bars = lines.flatMap((row, index): readonly Bar[] =>
    row.trim() === "" ? [] : [readBar(symbol, row.split(","), column, (message) => fail(index + 2, message))],
  );
  return bars.toSorted((a, b) => Number(a.timestamp) - Number(b.timestamp));
}

function readBar(
  symbol: string,
  cells: readonly string[],
  column: (field: string) => number,
  fail: (message: string) => never,
): Bar {
  const cell = (field: string): string | undefined => cells[column(field)]?.trim();
  const amount = (field: string, standard?: string): string => {
    try {
      return text(parseText(cell(field) ?? standard ?? ""));
    } catch (error) {
      return fail(`${field}: ${error instanceof DecimalError ? error.message : String(error)}`);
    }
  };
  const timestamp = Date.parse(cell("timestamp") ?? "");
  if (!Number.isFinite(timestamp)) fail(`date: ${JSON.stringify(cell("timestamp"))} is not a date`);
  const close = amount("close");
  return {
    symbol,
    timestamp,
    open: amount("open", close),
    high: amount("high", close),
    low: amount("low", close),
    close,
    ...(cell("volume") === undefined || cell("volume") === "" ? {} : { volume: amount("volume") }),
  };
}

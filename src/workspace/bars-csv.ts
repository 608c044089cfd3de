/**
 * Reads bars from CSV. Whatever could mean two things is refused with its line, because a bar that is read wrong looks
 * like any other bar.
 */
import { type Decimal, DecimalError, ZERO, decimal, max, min, parseText, text } from "../domain/decimal.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Bar } from "../domain/sdk.ts";
import { counted } from "../lib/counted.ts";

const COLUMN_NAMES = {
  timestamp: ["date", "time", "timestamp", "datetime"],
  open: ["open", "o"],
  high: ["high", "h"],
  low: ["low", "l"],
  close: ["close", "c", "price"],
  volume: ["volume", "vol", "v"],
} as const;
type ColumnName = keyof typeof COLUMN_NAMES;

/** Prices that were adjusted in floating point may leave the range of their bar by a rounding error. */
const ROUNDING = decimal("0.000001");
const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/;

/** The time of a row as it is written, before the rows together decide whether they are days or times. */
interface WrittenTime {
  readonly line: number;
  /** Midnight UTC of the written day. */
  readonly day: number;
  readonly isMidnight: boolean;
  /** Undefined if the time has no zone. */
  readonly instant: number | undefined;
}
interface CsvRow {
  readonly time: WrittenTime;
  readonly bar: Omit<Bar, "timestamp">;
}
type Fail = (line: number, message: string) => never;

/** Returns the bars of a file, oldest first. @throws BARS_INVALID with the path and the line. */
export function parseBars(csv: string, { path, symbol }: { readonly path: string; readonly symbol: string }): Bar[] {
  const fail: Fail = (line, message) => {
    throw new QocError("BARS_INVALID", { path, line, message });
  };
  const [header = "", ...lines] = csv.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (csv.trim() === "") fail(1, "the file is empty");
  const columns = readHeader(header, (message) => fail(1, message));
  const rows = lines.flatMap((line, index): readonly CsvRow[] => {
    if (line.trim() === "") return [];
    const failHere = (message: string): never => fail(index + 2, message);
    const cells = readCells(line, columns.length, failHere);
    const cell = (name: ColumnName): string => cells[columns.indexOf(name)] ?? "";
    return [{ time: readTime(cell("timestamp"), index + 2, failHere), bar: readBar(symbol, cell, failHere) }];
  });
  if (rows.length === 0) fail(1, "the file has a header and no bars");
  const timestamps = resolveTimes(rows, fail);
  return rows
    .map(({ bar }, index) => ({ ...bar, timestamp: timestamps[index] ?? 0 }))
    .toSorted((a, b) => a.timestamp - b.timestamp);
}

/** Returns the field of each column; undefined for a column that is not read. */
function readHeader(header: string, fail: (message: string) => never): readonly (ColumnName | undefined)[] {
  const names = header.split(",").map((name) => unquoted(name).toLowerCase());
  const fields = Object.keys(COLUMN_NAMES) as ColumnName[];
  const columns = names.map((name) =>
    fields.find((field) => (COLUMN_NAMES[field] as readonly string[]).includes(name)),
  );
  for (const field of fields) {
    const same = names.filter((_name, index) => columns[index] === field);
    if (same.length > 1) fail(`the header has ${same.length} columns for ${field}: ${same.join(", ")}; leave one`);
  }
  const missing = (["timestamp", "close"] as const).filter((field) => !columns.includes(field));
  if (missing.length > 0) {
    const isUnnamed = names[0] === "" && missing.includes("timestamp");
    fail(
      `the header must have at least date and close, separated by commas${isUnnamed ? "; the first column has no name" : ""}`,
    );
  }
  return columns;
}

/** A whole cell in quotes is the cell; a quoted cell with a comma has more parts and is refused by their number. */
function unquoted(cell: string): string {
  const trimmed = cell.trim();
  return /^"([^"]*)"$/.exec(trimmed)?.[1]?.trim() ?? trimmed;
}

function readCells(line: string, count: number, fail: (message: string) => never): readonly string[] {
  const cells = line.split(",").map(unquoted);
  while (cells.length > count && cells.at(-1) === "") cells.pop();
  if (cells.length > count)
    fail(`the row has ${counted(cells.length, "cell")} and the header ${count}; write 1234.5, not 1.234,5 or 1,234.5`);
  if (cells.length < count) fail(`the row has ${counted(cells.length, "cell")} and the header ${count}`);
  return cells;
}

function readTime(cell: string, line: number, fail: (message: string) => never): WrittenTime {
  const parts = TIME.exec(cell);
  if (parts === null) return fail(`date: ${JSON.stringify(cell)} is not a date${timeHint(cell)}`);
  const [, year = "", month = "", date = "", hour = "00", minute = "00", second = "00", zone] = parts;
  const day = Date.parse(`${year}-${month}-${date}T00:00:00Z`);
  // Without the second condition, 30 February is 1 March.
  if (!Number.isFinite(day) || new Date(day).getUTCDate() !== Number(date))
    return fail(`date: ${JSON.stringify(cell)} is not a day of the calendar`);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return fail(`date: ${JSON.stringify(cell)} is not a time of the day`);
  const offset = zone === undefined || zone === "UTC" ? "Z" : zone;
  const instant = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}${offset}`);
  if (!Number.isFinite(instant)) return fail(`date: ${JSON.stringify(cell)} has an unknown offset`);
  const isMidnight = Number(hour) === 0 && Number(minute) === 0 && Number(second) === 0;
  return { line, day, isMidnight, instant: zone === undefined ? undefined : instant };
}

function timeHint(cell: string): string {
  if (/^\d+(\.\d+)?$/.test(cell)) return " but a number, as a spreadsheet or a Unix clock has it; write 2020-01-31";
  if (/^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}/.test(cell)) return "; day and month could be either way: write 2020-01-31";
  return "; write 2020-01-31 or 2020-01-31T15:30:00Z";
}

/**
 * Bars that are all at midnight, whatever the zone, are days: the written day counts. All others are instants, which
 * need a zone.
 */
function resolveTimes(rows: readonly CsvRow[], fail: Fail): readonly number[] {
  const isDaily = rows.every(({ time }) => time.isMidnight);
  const lines = new Map<number, number>();
  return rows.map(({ time: { line, day, instant } }) => {
    if (!isDaily && instant === undefined)
      return fail(line, "date: the time has no zone; write Z or an offset after each time: 2020-01-31T09:30:00-05:00");
    const at = isDaily ? day : (instant ?? day);
    const earlier = lines.get(at);
    if (earlier !== undefined) fail(line, `date: line ${earlier} has the same date`);
    lines.set(at, line);
    return at;
  });
}

function readBar(
  symbol: string,
  cell: (name: ColumnName) => string,
  fail: (message: string) => never,
): Omit<Bar, "timestamp"> {
  const amount = (field: ColumnName): Decimal | undefined => {
    if (cell(field) === "" && field !== "close") return undefined;
    try {
      return parseText(cell(field));
    } catch (error) {
      return fail(`${field}: ${error instanceof DecimalError ? error.message : String(error)}`);
    }
  };
  const close = amount("close") ?? ZERO;
  const open = amount("open") ?? close;
  const high = amount("high") ?? max(open, close);
  const low = amount("low") ?? min(open, close);
  if (high.lt(low)) fail(`high ${text(high)} is below low ${text(low)}`);
  for (const [name, price] of [["open", open] as const, ["close", close] as const]) {
    const tolerance = price.abs().times(ROUNDING);
    if (price.gt(high.plus(tolerance))) fail(`${name} ${text(price)} is above high ${text(high)}`);
    if (price.lt(low.minus(tolerance))) fail(`${name} ${text(price)} is below low ${text(low)}`);
  }
  const volume = amount("volume");
  if (volume?.lt(ZERO) === true) fail(`volume ${text(volume)} is below zero`);
  const prices = { symbol, open: text(open), high: text(high), low: text(low), close: text(close) };
  return volume === undefined ? prices : { ...prices, volume: text(volume) };
}

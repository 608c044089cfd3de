/**
 * research/fx/: exchange rates that the operator or the data hub puts there, for display only: no command writes there.
 * A file has the format of the European Central Bank (eurofxref-hist.csv, eurofxref.csv): `Date` and codes in the first
 * line, then for each day the price of one euro.
 */
import { DecimalError, type DecimalText, ZERO, parseText, text } from "../domain/decimal.ts";
import type { ExchangeRate } from "../domain/account/exchange-rate.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { messageOf } from "../domain/errors/error.ts";
import { quoteString } from "../lib/invisible-characters.ts";
import { FileCache } from "./file-cache.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";

const BYTES_MAX = 4 * 1024 * 1024;
const FILES_MAX = 20;
const CODE = /^[A-Z]{3,10}$/;
/** Cells of currencies without a rate on that day. */
const NO_RATE = ["", "N/A"];
/** Of one file. */
const PROBLEMS_MAX = 3;
const SHOWN_CHARS = 30;

/** The rates of one file, and why others of its rates, or all, are not read: path, line and words. */
interface FileRates {
  readonly rates: readonly ExchangeRate[];
  readonly problems: readonly string[];
}

export class RateFiles {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #cache: FileCache<FileRates>;

  constructor(options: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> }) {
    this.#disk = options.disk;
    this.#root = options.root;
    this.#cache = new FileCache(options, (path) => this.#load(path));
  }

  /** The newest rates of each file. */
  async read(): Promise<readonly ExchangeRate[]> {
    return (await this.readWithProblems()).rates;
  }

  /** Both of the files as they are now. */
  async readWithProblems(): Promise<FileRates> {
    const files = await this.#readAll();
    return { rates: files.flatMap(({ rates }) => rates), problems: files.flatMap(({ problems }) => problems) };
  }

  /** What the files have that is not read, for example `research/fx/ecb.csv:2: USD: "1,07" is no rate`. */
  async problems(): Promise<readonly string[]> {
    return (await this.readWithProblems()).problems;
  }

  async #readAll(): Promise<readonly FileRates[]> {
    const paths = (await listFolder({ disk: this.#disk, root: this.#root }, LAYOUT.rates))
      .filter(({ name }) => name.endsWith(".csv"))
      .map(({ name }) => `${LAYOUT.rates}/${name}`)
      .toSorted();
    const unread = paths.slice(FILES_MAX).map((path) => `${path}: is not read: ${FILES_MAX} files are read`);
    return [...(await this.#cache.all(paths.slice(0, FILES_MAX))), { rates: [], problems: unread }];
  }

  async #load(path: string): Promise<FileRates> {
    try {
      return parseRates(await this.#disk.readText(`${this.#root}/${path}`, BYTES_MAX), path);
    } catch (error) {
      return { rates: [], problems: [`${path}: ${messageOf(error)}`] };
    }
  }
}

/** The rates of the newest day. */
function parseRates(csv: string, path: string): FileRates {
  const lines = csv
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map(cellsOf);
  const [[first = "", ...codes] = []] = lines;
  if (first.toLowerCase() !== "date")
    return { rates: [], problems: [`${path}:1: the first line must be Date and codes such as USD, with commas`] };
  const problems: string[] = [];
  let [newest, line] = [Number.NEGATIVE_INFINITY, 0];
  for (const [index, [day = ""]] of lines.entries()) {
    if (index === 0 || day === "") continue;
    const at = timeOf(day);
    if (Number.isNaN(at)) problems.push(`${path}:${index + 1}: ${quoted(day)} is not a date such as 2026-11-27`);
    if (at > newest) [newest, line] = [at, index];
  }
  if (line === 0 && problems.length === 0) problems.push(`${path}:2: no line has a date`);
  if (line === 0) return { rates: [], problems: problems.slice(0, PROBLEMS_MAX) };
  const [, ...cells] = lines[line] ?? [];
  const rates = codes.flatMap((quote, index): readonly ExchangeRate[] => {
    const cell = cells[index] ?? "";
    const rate = rateOf(cell);
    if (rate !== undefined && CODE.test(quote))
      return [{ base: "EUR", quote, bid: rate, ask: rate, at: newest, origin: "file", source: path }];
    if (NO_RATE.includes(cell)) return [];
    problems.push(
      rate === undefined
        ? `${path}:${line + 1}: ${quoted(quote)}: ${quoted(cell)} is no rate`
        : `${path}:1: ${quoted(quote)} is no code of a currency`,
    );
    return [];
  });
  if (cells.length > codes.length && cells.slice(codes.length).some((cell) => cell !== ""))
    problems.push(`${path}:${line + 1}: has more rates than the first line has codes`);
  return { rates, problems: problems.slice(0, PROBLEMS_MAX) };
}

/** `2026-11-27`, or `27 November 2026` in the file of one day. NaN for other text. */
function timeOf(day: string): number {
  return Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(day) ? day : `${day} UTC`);
}

function quoted(text: string): string {
  return quoteString(text.slice(0, SHOWN_CHARS));
}

function cellsOf(line: string): readonly string[] {
  return line.split(",").map((cell) => cell.trim());
}

function rateOf(cell: string): DecimalText | undefined {
  try {
    const rate = parseText(cell);
    return rate.gt(ZERO) ? text(rate) : undefined;
  } catch (error) {
    if (error instanceof DecimalError) return undefined;
    throw error;
  }
}

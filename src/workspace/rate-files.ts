/**
 * research/fx/: exchange rates that the operator or the data hub puts there, for display only: no command writes there.
 * A file has the format of the European Central Bank (eurofxref-hist.csv, eurofxref.csv): `Date` and codes in the first
 * line, then for each day the price of one euro.
 */
import { DecimalError, type DecimalText, ZERO, parseText, text } from "../domain/decimal.ts";
import type { ExchangeRate } from "../domain/account/exchange-rate.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { FileCache } from "./file-cache.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";

const BYTES_MAX = 4 * 1024 * 1024;
const FILES_MAX = 20;
const CODE = /^[A-Z]{3,10}$/;

export class RateFiles {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #cache: FileCache<readonly ExchangeRate[]>;

  constructor(options: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> }) {
    this.#disk = options.disk;
    this.#root = options.root;
    this.#cache = new FileCache(options, (path) => this.#load(path));
  }

  /** The newest rates of each file. A file that cannot be read has none. */
  async read(): Promise<readonly ExchangeRate[]> {
    const names = (await listFolder({ disk: this.#disk, root: this.#root }, LAYOUT.rates))
      .filter(({ kind, name }) => kind === "file" && name.endsWith(".csv"))
      .map(({ name }) => `${LAYOUT.rates}/${name}`);
    return (await this.#cache.all(names.toSorted().slice(0, FILES_MAX))).flat();
  }

  async #load(path: string): Promise<readonly ExchangeRate[]> {
    try {
      return parseRates(await this.#disk.readText(`${this.#root}/${path}`, BYTES_MAX), path);
    } catch {
      return [];
    }
  }
}

/** The rates of the newest day; empty if the text has another format. */
export function parseRates(csv: string, path: string): readonly ExchangeRate[] {
  const [header = "", ...lines] = csv.split("\n");
  const [first, ...codes] = cellsOf(header);
  if (first?.toLowerCase() !== "date") return [];
  let [newest, values]: [number, readonly string[]] = [Number.NEGATIVE_INFINITY, []];
  for (const line of lines) {
    const [day = "", ...cells] = cellsOf(line);
    // `2026-11-27`, or `27 November 2026` in the file of one day.
    const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(day) ? day : `${day} UTC`);
    if (at > newest) [newest, values] = [at, cells];
  }
  return codes.flatMap((quote, index): readonly ExchangeRate[] => {
    const rate = rateOf(values[index] ?? "");
    if (rate === undefined || !CODE.test(quote)) return [];
    return [{ base: "EUR", quote, bid: rate, ask: rate, at: newest, origin: "file", source: path }];
  });
}

function cellsOf(line: string): readonly string[] {
  return line.split(",").map((cell) => cell.trim());
}

/** `N/A` and an empty cell are no rate. */
function rateOf(cell: string): DecimalText | undefined {
  try {
    const rate = parseText(cell);
    return rate.gt(ZERO) ? text(rate) : undefined;
  } catch (error) {
    if (error instanceof DecimalError) return undefined;
    throw error;
  }
}

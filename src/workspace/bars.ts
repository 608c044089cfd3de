/** research/prices/bars/: the operator's price bars, one CSV file for each symbol with a header line. */
import type { Disk } from "../domain/ports.ts";
import type { Bar } from "../domain/sdk.ts";
import { symbolFileStem } from "../domain/market/symbol-file.ts";
import { parseBars } from "./bars-csv.ts";
import { LAYOUT, type WorkspaceRoot } from "./layout.ts";

const BYTES_MAX = 8 * 1024 * 1024;

/** The path of a symbol's file. */
export function barsPath(symbol: string): string {
  return `${LAYOUT.bars}/${symbolFileStem(symbol)}.csv`;
}

export class BarStore {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #folder: string;

  constructor({ disk, root }: WorkspaceRoot, folder: string = LAYOUT.bars) {
    this.#disk = disk;
    this.#root = root;
    this.#folder = folder;
  }

  /** Reads a symbol's bars, oldest first; empty if there is no file. @throws BARS_INVALID with the line. */
  async read(symbol: string): Promise<readonly Bar[]> {
    const path = `${this.#folder}/${symbolFileStem(symbol)}.csv`;
    if ((await this.#disk.facts(`${this.#root}/${path}`))?.kind !== "file") return [];
    // On a disk that ignores case, the file of `BTC` must not answer for `btc`.
    const names = await this.#disk.list(`${this.#root}/${this.#folder}`);
    if (!names.some(({ name }) => `${this.#folder}/${name}` === path)) return [];
    return parseBars(await this.#disk.readText(`${this.#root}/${path}`, BYTES_MAX), { path, symbol });
  }
}

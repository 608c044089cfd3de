/**
 * The market data farms that the gateway has lost. It answers while one is lost, and states no change of its prices;
 * which instruments a farm serves it does not say.
 */
const LOST = 2103;
const BACK = [2104, 2108];

export class DataFarms {
  readonly #lost = new Set<string>();

  /** `message`: such as `Market data farm connection is broken:usfarm`. */
  take(code: number, message: string): void {
    const farm = message.slice(message.lastIndexOf(":") + 1).trim();
    if (code === LOST) this.#lost.add(farm);
    else if (BACK.includes(code)) this.#lost.delete(farm);
  }

  get areAllThere(): boolean {
    return this.#lost.size === 0;
  }
}

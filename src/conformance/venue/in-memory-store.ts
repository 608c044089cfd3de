/** Serves `ctx.store` and `ctx.bars` during a case: values are kept in memory, and a case can make requests fail. */
import type { AdapterRequestHandler } from "../../host/adapter-requests.ts";
import type { AdapterRequest } from "../../protocol/messages.ts";

/** Returns the bars of a symbol, oldest first. */
export type ReadBars = (symbol: string) => Promise<readonly unknown[]>;

export class InMemoryStore implements AdapterRequestHandler {
  readonly #values = new Map<string, unknown>();
  readonly #bars: ReadBars;
  /** Store requests received so far, including failed ones. */
  requestCount = 0;
  /** This many of the next store requests fail. */
  failuresRemaining = 0;

  constructor(bars: ReadBars) {
    this.#bars = bars;
  }

  async handle({ operation, key, value }: AdapterRequest): Promise<unknown> {
    if (operation === "bars") return this.#bars(key);
    if (operation === "quote" || operation === "instrument") throw new Error("the kit has no other connector");
    this.requestCount += 1;
    if (this.failuresRemaining > 0) {
      this.failuresRemaining -= 1;
      throw new Error("injected failure of the kit's store");
    }
    if (operation === "get") return this.#values.get(key);
    this.#values.set(key, value);
    return undefined;
  }
}

/** Serves `ctx.store` and `ctx.bars` during a case: values are kept in memory, and a case can make requests fail. */
import type { AdapterRequestHandler } from "../host/adapter-requests.ts";
import type { AdapterRequest } from "../protocol/messages.ts";

export class InMemoryStore implements AdapterRequestHandler {
  readonly #values = new Map<string, unknown>();
  /** Store requests received so far, including failed ones. */
  requestCount = 0;
  /** This many of the next store requests fail. */
  failuresRemaining = 0;

  async handle({ operation, key, value }: AdapterRequest): Promise<unknown> {
    if (operation === "bars") return [];
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

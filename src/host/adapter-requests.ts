/** Handles what adapters request from the host: values of their store, the operator's bars, and another's quotes. */
import type { Clock } from "../domain/ports.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import type { AdapterRequest } from "../protocol/messages.ts";
import type { QuoteSource } from "../domain/sdk.ts";
import type { ConnectorStore } from "./connector-store.ts";

export interface AdapterRequestHandler {
  /** Rejects with an error whose message is returned to the adapter. */
  handle(request: AdapterRequest): Promise<unknown>;
}

export interface AdapterRequestSources {
  readonly clock: Pick<Clock, "monotonic" | "after">;
  readonly store: ConnectorStore;
  readonly bars: (symbol: string) => Promise<unknown>;
  /** The connector that `quotes` names; undefined: desk.toml names no connector. */
  readonly source: QuoteSource | undefined;
}

/** A file of bars is parsed whole, so an adapter that asks again and again must not keep the desk busy with it. */
const REST_PER_READ = 3;
const REST_MS_MAX = 1_000;

/** The requests of one connector. Its bars are read one after the other, with a rest of three times the read. */
export function createRequestHandler({ clock, store, bars, source }: AdapterRequestSources): AdapterRequestHandler {
  const reads = new SerialQueue();
  let restMs = 0;
  const readBars = async (symbol: string): Promise<unknown> => {
    if (restMs >= 1) await new Promise<void>((resolve) => void clock.after(restMs, resolve));
    const started = clock.monotonic();
    try {
      return await bars(symbol);
    } finally {
      restMs = Math.min(REST_MS_MAX, (clock.monotonic() - started) * REST_PER_READ);
    }
  };
  return {
    handle: async ({ operation, key, value }) => {
      switch (operation) {
        case "get":
          return store.get(key);
        case "put":
          return store.put(key, value);
        case "bars":
          return reads.run(() => readBars(key));
        case "quote":
        case "instrument":
          if (source === undefined) throw new Error("desk.toml names no connector in quotes");
          return source[operation](key);
      }
    },
  };
}

/** Handles what adapters request from the host: values of their store and the operator's bars. */
import type { AdapterRequest } from "../protocol/messages.ts";
import type { ConnectorStore } from "./connector-store.ts";

export interface AdapterRequestHandler {
  /** Rejects with an error whose message is returned to the adapter. */
  handle(request: AdapterRequest): Promise<unknown>;
}

export interface AdapterRequestSources {
  readonly store: ConnectorStore;
  readonly bars: (symbol: string) => Promise<unknown>;
}

export function createRequestHandler({ store, bars }: AdapterRequestSources): AdapterRequestHandler {
  return {
    handle: ({ operation, key, value }) => {
      if (operation === "get") return store.get(key);
      return operation === "put" ? store.put(key, value) : bars(key);
    },
  };
}

/** The methods of a worker's adapter as functions: calls go out, and the responses that were checked come in. */
import { wrap } from "comlink";
import { METHODS, type Method } from "../protocol/messages.ts";
import type { Transport } from "./transport.ts";

export type RemoteMethod = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * Adds one Comlink proxy for each method. They are kept for the whole session: Comlink sends the worker a release
 * message when the last proxy is collected. Comlink is used in one direction: the worker exposes methods and the host
 * calls them; no host object is ever given to the worker. Returns a function that passes a checked response to Comlink.
 */
export function wrapAdapter(
  methods: Map<Method, RemoteMethod>,
  transport: Pick<Transport, "post">,
): (response: unknown) => void {
  let onMessage: (event: { data: unknown }) => void = () => undefined;
  const remote = wrap<Record<Method, RemoteMethod>>({
    addEventListener: (_type: string, listener: unknown) => {
      onMessage = listener as (event: { data: unknown }) => void;
    },
    removeEventListener: () => undefined,
    postMessage: (message: unknown) => transport.post(message),
    start: () => undefined,
  } as unknown as Parameters<typeof wrap>[0]);
  for (const method of METHODS) methods.set(method, remote[method] as unknown as RemoteMethod);
  return (response) => onMessage({ data: response });
}

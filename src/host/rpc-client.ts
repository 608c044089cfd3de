/** Calls into a life, by Comlink: the worker exposes, the host wraps, and nothing of the host ever crosses. */
import { wrap } from "comlink";
import { METHODS, type Method } from "../protocol/messages.ts";
import type { Transport } from "./transport.ts";

export type RemoteMethod = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * Adds one proxy a method, made once and held: Comlink would tell the worker to stop when the last of them is collected. What it
 * answers with takes an answer that the port gate let through.
 */
export function wrapAdapter(
  callers: Map<Method, RemoteMethod>,
  transport: Pick<Transport, "post">,
): (answer: unknown) => void {
  let listener: (event: { data: unknown }) => void = () => undefined;
  const remote = wrap<Record<Method, RemoteMethod>>({
    addEventListener: (_type: string, given: unknown) => {
      listener = given as (event: { data: unknown }) => void;
    },
    removeEventListener: () => undefined,
    postMessage: (message: unknown) => transport.post(message),
    start: () => undefined,
  } as unknown as Parameters<typeof wrap>[0]);
  for (const method of METHODS) callers.set(method, remote[method] as unknown as RemoteMethod);
  return (answer) => listener({ data: answer });
}

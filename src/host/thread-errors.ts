/**
 * Reads what a thread threw. Node's own reader throws in this process if the copy cannot be read, for example because
 * the thread has a larger stack and copied an object that is nested more deeply: the process would end.
 */
import { Worker } from "node:worker_threads";

const BYTES_MAX = 256 * 1024;
const UNREADABLE = "it threw an object that cannot be read";

type ErrorReader = (this: { emit(name: "error", error: unknown): unknown }, serialized: unknown) => void;
type Readers = Record<symbol, ErrorReader>;

let isInstalled = false;

/** Call before a thread of others starts. @throws Error if this version of Node has another reader. */
export function readThreadErrors(): void {
  if (isInstalled) return;
  const prototype = Worker.prototype as unknown as Readers;
  const name = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === "kOnErrorMessage");
  const read = name === undefined ? undefined : prototype[name];
  if (name === undefined || read === undefined)
    throw new Error(
      `Node ${process.version} reads errors of threads in a way that is not known: use Node 20, 22 or 24`,
    );
  prototype[name] = function (serialized) {
    this.emit("error", thrownFrom(read, serialized));
  };
  isInstalled = true;
}

function thrownFrom(read: ErrorReader, serialized: unknown): unknown {
  if (!(serialized instanceof Uint8Array) || serialized.byteLength > BYTES_MAX) return UNREADABLE;
  let thrown: unknown;
  try {
    read.call({ emit: (_name, error) => (thrown = error) }, serialized);
    return thrown;
  } catch {
    return UNREADABLE;
  }
}

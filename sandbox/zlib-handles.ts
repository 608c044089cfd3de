/**
 * Makes the native objects behind node:zlib safe. Each stream has one as a member, whose methods trust what Node
 * passes: any other call ends the process, or reads and writes memory that is no longer the adapter's, also of other
 * connectors. The same happens to bytes whose memory moves while a thread of the pool compresses them.
 */
import * as zlib from "node:zlib";
import {
  type AnyFunction,
  Bytes,
  apply,
  defineProperty,
  deleteProperty,
  getPrototypeOf,
  isSafeInteger,
  kindOf,
  lengthOf,
  partOf,
  setBytes,
} from "./byte-views.ts";

/** A native object, or its prototype. */
type Handle = Readonly<Record<string, unknown>>;

interface WriteRequest {
  readonly flush: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

interface HandleState {
  /** What is left of both sides after a write, as the native object wrote it. No other code has this list. */
  readonly left: Uint32Array;
  /** Where Node reads it. */
  readonly shown: unknown;
  isClosed: boolean;
  /** What a thread of the pool writes now, and where Node reads it. */
  pending: { readonly bytes: Uint8Array; readonly length: number; readonly to: Uint8Array } | undefined;
}

/** Each native class, with its highest value of `flush`. Node 24 has Zstandard. */
const STREAMS: readonly (readonly [name: string, flushMax: number])[] = [
  ["Deflate", zlib.constants.Z_BLOCK],
  ["BrotliCompress", zlib.constants.BROTLI_OPERATION_EMIT_METADATA],
  ["BrotliDecompress", zlib.constants.BROTLI_OPERATION_EMIT_METADATA],
  ["ZstdCompress", 2],
  ["ZstdDecompress", 2],
];

const METHODS = ["init", "write", "writeSync", "params", "reset", "close"] as const;

const Words = Uint32Array;
const states = new WeakMap<Handle, HandleState>();
const [getState, setState] = [states.get as AnyFunction, states.set as AnyFunction];

/** Call before any adapter code runs, and before prototypes are frozen. */
export function guardZlibHandles(): void {
  for (const [name, flushMax] of STREAMS) {
    const Stream = (zlib as unknown as Record<string, (new () => { readonly _handle: Handle }) | undefined>)[name];
    if (Stream !== undefined) guardPrototype(getPrototypeOf(new Stream()._handle) as Handle, flushMax);
  }
}

function guardPrototype(prototype: Handle, flushMax: number): void {
  const native = Object.fromEntries(METHODS.map((name) => [name, prototype[name] as AnyFunction]));
  for (const [name, value] of Object.entries(guardedMethods(native, flushMax)))
    defineProperty(prototype, name, { value, writable: false, configurable: false });
  // A class makes native objects that were not started.
  for (let holder: object | null = prototype; holder !== null && holder !== Object.prototype;) {
    for (const name of ["constructor", "asyncReset"])
      if (!deleteProperty(holder, name)) throw new Error(`${name} of a native class could not be removed`);
    holder = getPrototypeOf(holder);
  }
}

function guardedMethods(native: Readonly<Record<string, AnyFunction>>, flushMax: number) {
  const { init, write, writeSync, params, reset, close } = native as Readonly<
    Record<(typeof METHODS)[number], AnyFunction>
  >;
  return {
    init(this: Handle, ...args: unknown[]): unknown {
      return apply(init, this, withOwnList(this, args));
    },
    write(this: Handle, ...args: unknown[]): void {
      const state = idleState(this);
      const { flush, from, to } = writeRequest(args, flushMax);
      const [input, length] = [new Bytes(lengthOf(from)), lengthOf(to)];
      apply(setBytes, input, [from]);
      state.pending = { bytes: new Bytes(length), length, to };
      apply(write, this, [flush, input, 0, lengthOf(from), state.pending.bytes, 0, length]);
    },
    writeSync(this: Handle, ...args: unknown[]): void {
      const state = idleState(this);
      const { flush, from, to } = writeRequest(args, flushMax);
      apply(writeSync, this, [flush, from, 0, lengthOf(from), to, 0, lengthOf(to)]);
      showLeft(state);
    },
    params(this: Handle, level: unknown, strategy: unknown): void {
      idleState(this);
      if (!isSafeInteger(level) || !isSafeInteger(strategy)) throw refused();
      apply(params, this, [level, strategy]);
    },
    reset(this: Handle): void {
      idleState(this);
      apply(reset, this, []);
    },
    close(this: Handle): void {
      const state = stateOf(this);
      if (state.isClosed) return;
      state.isClosed = true;
      apply(close, this, []);
    },
  };
}

/** The arguments of `init`: its list is one of this module, and its function first copies what was written. */
function withOwnList(handle: Handle, args: unknown[]): unknown[] {
  let at = 0;
  while (at < args.length && typeof args[at] !== "function") at += 1;
  const done = args[at];
  if (typeof done !== "function" || at === 0 || apply(getState, states, [handle]) !== undefined) throw refused();
  const state: HandleState = { left: new Words(2), shown: args[at - 1], isClosed: false, pending: undefined };
  apply(setState, states, [handle, state]);
  args[at - 1] = state.left;
  args[at] = function (this: unknown): unknown {
    takeOutput(state);
    return apply(done, this, []);
  };
  return args;
}

/** Copies what a thread of the pool wrote to where Node reads it. */
function takeOutput(state: HandleState): void {
  const { pending } = state;
  state.pending = undefined;
  if (pending === undefined) return;
  showLeft(state);
  const written = partOf(pending.bytes, 0, pending.length - (state.left[0] as number));
  if (written !== undefined && lengthOf(written) <= lengthOf(pending.to)) apply(setBytes, pending.to, [written]);
}

function showLeft({ left, shown }: HandleState): void {
  if (apply(kindOf, shown, []) !== "Uint32Array") return;
  (shown as Uint32Array)[0] = left[0] as number;
  (shown as Uint32Array)[1] = left[1] as number;
}

function stateOf(handle: Handle): HandleState {
  const state = apply(getState, states, [handle]) as HandleState | undefined;
  if (state === undefined) throw refused();
  return state;
}

/** @throws TypeError while a thread of the pool works with the native object, and after its end. */
function idleState(handle: Handle): HandleState {
  const state = stateOf(handle);
  if (state.isClosed || state.pending !== undefined) throw refused();
  return state;
}

/** @throws TypeError if the native object would end the process, or for bytes that are not there. */
function writeRequest(args: readonly unknown[], flushMax: number): WriteRequest {
  const flush = args[0];
  if (!isSafeInteger(flush) || (flush as number) < 0 || (flush as number) > flushMax) throw refused();
  const from = args[1] === null ? new Bytes(0) : partOf(args[1], args[2], args[3]);
  const to = partOf(args[4], args[5], args[6]);
  if (from === undefined || to === undefined) throw refused();
  return { flush: flush as number, from, to };
}

function refused(): TypeError {
  return new TypeError("the native object of a zlib stream can be used by its stream only");
}

/**
 * Makes web streams of bytes safe. The state of a stream is a member of it, and its native code trusts the places and
 * lengths there: a changed one makes it read and write memory outside of the stream's. A stream of bytes is read as any
 * other here, not into memory of its reader, which is the only use of that native code.
 */
import { Buffer } from "node:buffer";
import { types } from "node:util";
import { type AnyFunction, apply, bytesOf, classOf, defineProperty, getOwnPropertyDescriptor } from "./byte-views.ts";

const { isProxy } = types;
const PlainBuffer = classOf(Buffer);

interface Branch {
  readonly controller: ReadableStreamDefaultController;
  isCancelled: boolean;
  reason: unknown;
}

/** Call before any adapter code runs, and after the members of lists were made constant. */
export function guardByteStreams(): void {
  const refuse = (): never => {
    throw refused();
  };
  ReadableStreamBYOBReader.prototype.read = async () => refuse();
  ReadableStreamBYOBRequest.prototype.respond = refuse;
  ReadableStreamBYOBRequest.prototype.respondWithNewView = refuse;
  ReadableStream.prototype.tee = teeOf(ReadableStream);
  guardEnqueue();
}

function guardEnqueue(): void {
  const { prototype } = ReadableByteStreamController;
  const real = prototype.enqueue as AnyFunction;
  let controller: object | undefined;
  void new ReadableStream({ type: "bytes", start: (made) => void (controller = made) });
  const symbols = Object.getOwnPropertySymbols(controller);
  const [kind, state] = ["kType", "kState"].map((name) => symbols.find((key) => String(key) === `Symbol(${name})`));
  if (kind === undefined || state === undefined) throw new Error("the runtime's streams have no known state");
  prototype.enqueue = function (this: object, chunk: unknown): void {
    if (!isUnchanged(this, kind, state)) throw refused();
    const bytes = bytesOf(chunk, PlainBuffer);
    // The runtime takes the getters of its members from there.
    defineProperty(bytes, "constructor", { value: PlainBuffer });
    apply(real, this, [bytes]);
  } as typeof prototype.enqueue;
}

/** Whether nothing that the runtime reads calls code of an adapter, and no reader waits with memory of its own. */
function isUnchanged(controller: unknown, kind: symbol, key: symbol): boolean {
  const state = membersOf(memberOf(controller, key), ["closeRequested", "pendingPullIntos", "queue", "stream"]);
  const ofStream = membersOf(memberOf(state?.["stream"], key), ["state", "reader"]);
  if (ofStream === undefined || memberOf(state?.["pendingPullIntos"], "length") !== 0) return false;
  const { reader } = ofStream;
  return reader === undefined || memberOf(reader, kind) === "ReadableStreamDefaultReader";
}

/** Undefined if one of them is missing, or if to read it would call code. */
function membersOf(holder: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const members = { __proto__: null } as unknown as Record<string, unknown>;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const descriptor = descriptorOf(holder, name);
    if (descriptor === undefined || !("value" in descriptor)) return undefined;
    members[name] = descriptor.value;
  }
  return members;
}

function memberOf(holder: unknown, name: PropertyKey): unknown {
  return descriptorOf(holder, name)?.value as unknown;
}

function descriptorOf(holder: unknown, name: PropertyKey): PropertyDescriptor | undefined {
  const isObject = typeof holder === "object" && holder !== null && !isProxy(holder);
  return isObject ? getOwnPropertyDescriptor(holder, name) : undefined;
}

/** Two streams of what one reader reads. The runtime's own reads a stream of bytes into memory of its own. */
function teeOf(Stream: typeof ReadableStream): typeof ReadableStream.prototype.tee {
  const { getReader } = Stream.prototype;
  return function (this: ReadableStream): [ReadableStream, ReadableStream] {
    const reader = apply(getReader, this, []) as ReadableStreamDefaultReader;
    const branches: Branch[] = [];
    const pull = pullFor(reader, branches);
    const branch = (): ReadableStream => {
      let own: Branch | undefined;
      return new Stream({
        start: (controller) => {
          own = { controller: controller as ReadableStreamDefaultController, isCancelled: false, reason: undefined };
          branches.push(own);
        },
        pull,
        cancel: async (reason) => {
          Object.assign(own as Branch, { isCancelled: true, reason });
          if (branches.every(({ isCancelled }) => isCancelled))
            await reader.cancel(branches.map((each) => each.reason));
        },
      });
    };
    return [branch(), branch()];
  };
}

/** Reads once for both branches, whichever asks first. */
function pullFor(reader: ReadableStreamDefaultReader, branches: readonly Branch[]): () => Promise<void> {
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    const { done, value } = await reader.read();
    reading = undefined;
    for (const { controller, isCancelled } of branches)
      if (!isCancelled) {
        if (done) controller.close();
        else controller.enqueue(value);
      }
  };
  return () => (reading ??= read());
}

function refused(): TypeError {
  return new TypeError("a stream of bytes is not read into memory of its reader here: use getReader() without a mode");
}

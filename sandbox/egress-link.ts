/**
 * The connector's end of its egress port. An adapter may get hold of everything here: it has no authority beyond the
 * messages, and the egress thread checks each of them.
 */
import { EGRESS_LIMITS, type EgressReply, type EgressRequest } from "../src/protocol/egress-messages.ts";

export interface EgressPort {
  /** The bytes of the message are handed over and must not be used afterwards. */
  post(message: EgressRequest): void;
  onMessage(listener: (reply: EgressReply) => void): void;
}

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, "id"> : never;
export type EgressOpening = WithoutId<Extract<EgressRequest, { type: "fetch" | "websocket" | "tcp" }>>;
type Listener = (reply: EgressReply) => void;

export class EgressLink {
  readonly #port: EgressPort;
  readonly #listeners = new Map<number, Listener>();
  /** Messages of ids that wait until another id is free. */
  readonly #waiting = new Map<number, EgressRequest[]>();
  #lastId = 0;

  constructor(port: EgressPort) {
    this.#port = port;
    port.onMessage((reply) => this.#listeners.get(reply.id)?.(reply));
  }

  /** Starts an exchange, now or when another one has ended, and returns its id. */
  open(opening: EgressOpening, listener: Listener): number {
    this.#lastId += 1;
    const id = this.#lastId;
    const message = { ...opening, id } as EgressRequest;
    if (this.#listeners.size - this.#waiting.size >= EGRESS_LIMITS.openIds) this.#waiting.set(id, [message]);
    else this.#port.post(message);
    this.#listeners.set(id, listener);
    return id;
  }

  /** Does nothing if the id is closed. */
  send(message: EgressRequest): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting !== undefined) waiting.push(message);
    else if (this.#listeners.has(message.id)) this.#port.post(message);
  }

  /** Ends the exchange without a reply. */
  abort(id: number): void {
    if (this.#listeners.has(id) && !this.#waiting.has(id)) this.#port.post({ type: "abort", id });
    this.release(id);
  }

  /** Frees the id. */
  release(id: number): void {
    this.#waiting.delete(id);
    if (!this.#listeners.delete(id)) return;
    const [next] = this.#waiting;
    if (next === undefined || this.#listeners.size - this.#waiting.size >= EGRESS_LIMITS.openIds) return;
    this.#waiting.delete(next[0]);
    for (const message of next[1]) this.#port.post(message);
  }
}

/** A copy with memory of its own: the bytes of a message are handed over to another thread. */
export function copyBytes(source: ArrayBufferView | ArrayBufferLike): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const copy = new Uint8Array(view.byteLength);
  copy.set(view);
  return copy;
}

interface Outgoing {
  readonly d: Uint8Array;
  readonly post: (d: Uint8Array) => void;
  readonly done: () => void;
}

/** Sends bytes of one id while it has credit, and queues the others. */
export class CreditSender {
  readonly #overhead: number;
  readonly #queue: (Outgoing | (() => void))[] = [];
  readonly #unacknowledged: { readonly size: number; readonly done: () => void }[] = [];
  #left: number = EGRESS_LIMITS.windowBytes;
  #acknowledged = 0;
  #bufferedBytes = 0;

  /** `overhead` is added to the size of each message. */
  constructor(overhead = 0) {
    this.#overhead = overhead;
  }

  /** Bytes that are not yet written to the socket. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Calls `post` when there is credit, and `done` when the bytes are written to the socket. */
  send(d: Uint8Array, post: (d: Uint8Array) => void, done: () => void): void {
    this.#bufferedBytes += d.byteLength;
    this.#queue.push({ d, post, done });
    this.#flush();
  }

  /** Calls `run` when everything before it was posted. */
  afterQueue(run: () => void): void {
    this.#queue.push(run);
    this.#flush();
  }

  addCredit(n: number): void {
    this.#left += n;
    this.#acknowledged += n;
    for (let [first] = this.#unacknowledged; first !== undefined; [first] = this.#unacknowledged) {
      if (this.#acknowledged < first.size) break;
      this.#acknowledged -= first.size;
      this.#bufferedBytes -= first.size - this.#overhead;
      this.#unacknowledged.shift();
      first.done();
    }
    this.#flush();
  }

  #flush(): void {
    while (this.#left > 0 || typeof this.#queue[0] === "function") {
      const next = this.#queue.shift();
      if (next === undefined) return;
      if (typeof next === "function") {
        next();
        continue;
      }
      const size = next.d.byteLength + this.#overhead;
      this.#left -= size;
      this.#unacknowledged.push({ size, done: next.done });
      next.post(next.d);
    }
  }
}

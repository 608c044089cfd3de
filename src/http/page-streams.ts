/**
 * The event streams of pages: one for each session. A stream names what changed, at most four times a second, and the
 * page reads it by commands. A page that does not read keeps a bounded number of names here, and is then sent a gap.
 */
import type { ServerResponse } from "node:http";
import type { Recorded } from "../domain/event.ts";
import type { Clock } from "../domain/ports.ts";
import { topicsOf } from "./change-topics.ts";

const FLUSH_MS = 250;
const HEARTBEAT_MS = 15_000;
/** Records that a page which comes back may have missed. */
const RING_SIZE = 1_000;
/** More names than a page shows: it reads everything again. */
const TOPICS_MAX = 200;

interface RingEntry {
  readonly seq: number;
  readonly topics: readonly string[];
}

interface OpenStream {
  readonly session: string;
  readonly response: ServerResponse;
  readonly topics: Set<string>;
  isGap: boolean;
  isScheduled: boolean;
  stopHeartbeat: () => void;
}

export interface StreamStart {
  readonly session: string;
  /** The last record that the page knows; undefined: none. */
  readonly after: number | undefined;
  /** The first event, without `seq`. */
  readonly hello: Readonly<Record<string, unknown>>;
}

export class PageStreams {
  readonly #clock: Pick<Clock, "after">;
  readonly #ring: RingEntry[] = [];
  #next = 0;
  #seq: number;
  /** By session. */
  readonly #streams = new Map<string, OpenStream>();

  /** `seq`: the last record on disk when the desk started. */
  constructor(clock: Pick<Clock, "after">, seq: number) {
    this.#clock = clock;
    this.#seq = seq;
  }

  get count(): number {
    return this.#streams.size;
  }

  /** Takes each record once it is on disk. */
  take({ seq, event }: Recorded): void {
    const topics = topicsOf(event);
    this.#seq = seq;
    this.#ring[this.#next] = { seq, topics };
    this.#next = (this.#next + 1) % RING_SIZE;
    for (const stream of this.#streams.values()) this.#add(stream, topics);
  }

  /** Opens the stream of a session on a response; the earlier one of this session ends. */
  open(response: ServerResponse, { session, after, hello }: StreamStart): void {
    this.#finish(session, "replaced", {});
    const stream: OpenStream = {
      session,
      response,
      topics: new Set(),
      isGap: false,
      isScheduled: false,
      stopHeartbeat: () => undefined,
    };
    this.#streams.set(session, stream);
    response.once("close", () => this.#remove(stream));
    this.#send(stream, "hello", { seq: this.#seq, ...hello });
    this.#beat(stream);
    if (after !== undefined && after < this.#seq) this.#catchUp(stream, after);
  }

  /** Ends the stream of a session that has ended. */
  end(session: string, reason: string): void {
    this.#finish(session, "ended", { reason });
  }

  /** The desk stops. */
  stop(): void {
    for (const session of this.#streams.keys()) this.#finish(session, "stopping", {});
  }

  #catchUp(stream: OpenStream, after: number): void {
    const missed = this.#ring.filter(({ seq }) => seq > after);
    // Every record after the first of the ring is in it.
    const isWhole = missed.length < this.#ring.length || this.#ring.some(({ seq }) => seq === after + 1);
    if (isWhole) for (const { topics } of missed) this.#add(stream, topics);
    else {
      stream.isGap = true;
      this.#schedule(stream);
    }
  }

  #add(stream: OpenStream, topics: readonly string[]): void {
    if (topics.length === 0) return;
    if (!stream.isGap) for (const topic of topics) stream.topics.add(topic);
    if (stream.topics.size > TOPICS_MAX) {
      stream.topics.clear();
      stream.isGap = true;
    }
    this.#schedule(stream);
  }

  #schedule(stream: OpenStream): void {
    if (stream.isScheduled) return;
    stream.isScheduled = true;
    this.#clock.after(FLUSH_MS, () => this.#flush(stream));
  }

  /** A page that reads slowly is sent the next names when it has read the last ones. */
  #flush(stream: OpenStream): void {
    if (this.#streams.get(stream.session) !== stream) return;
    if (stream.response.writableNeedDrain) {
      stream.response.once("drain", () => this.#flush(stream));
      return;
    }
    stream.isScheduled = false;
    const { isGap, topics } = stream;
    if (isGap) this.#send(stream, "gap", { seq: this.#seq });
    else this.#send(stream, "changed", { seq: this.#seq, topics: [...topics] });
    stream.isGap = false;
    topics.clear();
  }

  #beat(stream: OpenStream): void {
    stream.stopHeartbeat = this.#clock.after(HEARTBEAT_MS, () => {
      if (!stream.response.writableNeedDrain) stream.response.write(":\n\n");
      this.#beat(stream);
    });
  }

  #send({ response }: OpenStream, event: string, data: Readonly<Record<string, unknown>>): void {
    response.write(`id: ${this.#seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #finish(session: string, event: string, data: Readonly<Record<string, unknown>>): void {
    const stream = this.#streams.get(session);
    if (stream === undefined) return;
    this.#remove(stream);
    this.#send(stream, event, data);
    stream.response.end();
  }

  #remove(stream: OpenStream): void {
    stream.stopHeartbeat();
    if (this.#streams.get(stream.session) === stream) this.#streams.delete(stream.session);
  }
}

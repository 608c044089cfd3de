/**
 * The `fetch` of an adapter: the request is made by the egress thread; `Request` and `Response` are the runtime's
 * classes.
 */
import { EGRESS_LIMITS, type EgressReply, type HeaderList } from "../src/protocol/egress-messages.ts";
import { CreditSender, type EgressLink, copyBytes } from "./egress-link.ts";
import { type Hosts, assertHost } from "./hosts-check.ts";
import { type RequestFacts, plainRequest } from "./plain-request.ts";
import { type ResponseMaker, responseMaker } from "./whole-response.ts";

type Reply<T extends EgressReply["type"]> = Extract<EgressReply, { type: T }>;
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const NO_BODY: readonly number[] = [204, 205, 304];
const PART_BYTES = 64 * 1024;

/** A body that is sent with the request, or in parts after it. */
interface RequestBody {
  /** In memory of their own: they are handed over. */
  readonly bytes?: Uint8Array | undefined;
  readonly parts?: AsyncIterable<Uint8Array> | undefined;
  /** Of `parts`; -1 if it is unknown. */
  readonly length: number;
}

export function createFetch(link: EgressLink, hosts: Hosts): Fetch {
  const respond = responseMaker();
  return async function fetch(input, init) {
    const plain = plainRequest(input, init);
    const request = plain === undefined ? new Request(targetOf(input), init) : undefined;
    const facts = plain ?? factsOf(request as Request);
    assertHost(hosts, facts);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const body = request === undefined ? textBody(init?.body) : await bodyOf(request, init?.body);
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => new FetchExchange({ link, facts, body, signal, respond, resolve, reject }));
  };
}

function factsOf({ url, method, headers, redirect }: Request): RequestFacts {
  const { hostname } = new URL(url);
  return { url, hostname, method, headers: [...headers] as unknown as HeaderList, redirect };
}

/** An object with a `url` is accepted as an address. It is read once: it could return another address the next time. */
function targetOf(input: string | URL | Request): string | URL | Request {
  const isLike = typeof input === "object" && input !== null && !(input instanceof Request) && "url" in input;
  return isLike ? String(input.url) : input;
}

async function bodyOf(request: Request, given: unknown): Promise<RequestBody | undefined> {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const text = textBody(given);
  if (text !== undefined) return text;
  if (request.body === null) return undefined;
  const isStream =
    given === undefined || given === null || (typeof given === "object" && Symbol.asyncIterator in given);
  if (isStream) return { parts: request.body as AsyncIterable<Uint8Array>, length: -1 };
  return withBytes(new Uint8Array(await request.arrayBuffer()));
}

const encoder = new TextEncoder();

function textBody(given: unknown): RequestBody | undefined {
  return typeof given === "string" ? withBytes(encoder.encode(given)) : undefined;
}

function withBytes(bytes: Uint8Array): RequestBody {
  if (bytes.byteLength <= EGRESS_LIMITS.inlineBodyBytes) return { bytes, length: bytes.byteLength };
  return { parts: partsOf(bytes), length: bytes.byteLength };
}

async function* partsOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES);
}

interface ExchangeOptions {
  readonly link: EgressLink;
  readonly facts: RequestFacts;
  readonly body: RequestBody | undefined;
  readonly signal: AbortSignal | null | undefined;
  readonly respond: ResponseMaker;
  resolve(response: Response): void;
  reject(error: unknown): void;
}

class FetchExchange {
  readonly #options: ExchangeOptions;
  readonly #id: number;
  readonly #sender: CreditSender;
  readonly #chunks: Uint8Array[] = [];
  #controller: ReadableByteStreamController | undefined;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #isReleased = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { link, facts, body, signal } = options;
    const { url, method, headers, redirect } = facts;
    this.#sender = new CreditSender();
    this.#id = link.open(
      {
        type: "fetch",
        url,
        method,
        headers,
        redirect,
        bodyLength: body?.parts === undefined ? undefined : body.length,
        d: body?.bytes,
      },
      (reply) => this.#receive(reply),
    );
    signal?.addEventListener("abort", this.#onAbort);
    if (body?.parts !== undefined) void this.#sendParts(body.parts);
  }

  readonly #onAbort = (): void => {
    this.#options.link.abort(this.#id);
    this.#finish();
    this.#fail(this.#options.signal?.reason);
  };

  #receive(reply: EgressReply): void {
    if (reply.type === "response") this.#respond(reply);
    else if (reply.type === "data") this.#add(reply.d);
    else if (reply.type === "end") this.#end();
    else if (reply.type === "credit") this.#sender.addCredit(reply.n);
    else if (reply.type === "error") {
      this.#finish();
      this.#fail(failureOf(reply));
    }
  }

  #respond(reply: Reply<"response">): void {
    const { status, d, isLast } = reply;
    try {
      const isBodiless = NO_BODY.includes(status) || (isLast && d === undefined);
      const content = isBodiless ? null : isLast ? ((d ?? null) as Uint8Array<ArrayBuffer> | null) : this.#stream();
      if (d !== undefined && !isLast) this.#add(d);
      const response = this.#options.respond(reply, content);
      if (isLast) this.#finish();
      this.#options.resolve(response);
    } catch (error) {
      // A status or a header that the runtime's class refuses.
      this.#options.link.abort(this.#id);
      this.#finish();
      this.#options.reject(new TypeError("fetch failed", { cause: error }));
    }
  }

  #stream(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      type: "bytes",
      start: (controller) => void (this.#controller = controller as ReadableByteStreamController),
      pull: () => this.#pull(),
      cancel: () => {
        this.#options.link.abort(this.#id);
        this.#finish();
      },
    }) as ReadableStream<Uint8Array>;
  }

  /** Passes one chunk on and returns its credit; waits for it if there is no chunk yet. */
  async #pull(): Promise<void> {
    while (this.#chunks.length === 0 && !this.#isEnded) await new Promise<void>((resolve) => (this.#wake = resolve));
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#options.link.send({ type: "credit", id: this.#id, n: chunk.byteLength });
      this.#controller?.enqueue(chunk as Uint8Array<ArrayBuffer>);
    }
    if (this.#isEnded && this.#chunks.length === 0) this.#close();
  }

  #close(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.close();
    controller?.byobRequest?.respond(0);
  }

  #add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wakePull();
  }

  /** Returns false if no `pull` is waiting. */
  #wakePull(): boolean {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
    return wake !== undefined;
  }

  #end(): void {
    this.#finish();
    this.#isEnded = true;
    // A waiting `pull` closes the stream itself.
    if (!this.#wakePull() && this.#chunks.length === 0) this.#close();
  }

  #fail(error: unknown): void {
    this.#options.reject(error);
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.error(error);
    this.#isEnded = true;
    this.#wakePull();
  }

  #finish(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#options.link.release(this.#id);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  async #sendParts(parts: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const part of parts)
        for (let at = 0; at < part.byteLength; at += PART_BYTES) {
          if (this.#isReleased) return;
          const d = copyBytes(part.subarray(at, at + PART_BYTES));
          await new Promise<void>((resolve) =>
            this.#sender.send(d, (bytes) => this.#options.link.send({ type: "data", id: this.#id, d: bytes }), resolve),
          );
        }
      this.#options.link.send({ type: "end", id: this.#id });
    } catch (error) {
      this.#options.link.abort(this.#id);
      this.#finish();
      this.#fail(error);
    }
  }
}

function failureOf({ message, code, syscall }: Reply<"error">): TypeError {
  const cause = Object.assign(new Error(message), code === undefined ? {} : { code }, syscall ? { syscall } : {});
  return new TypeError("fetch failed", { cause });
}

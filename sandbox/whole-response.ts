/**
 * Responses whose whole body has arrived. The runtime's class makes a stream of each body, which takes longer than all
 * else that a short request needs in this thread. Most adapters read the text or the JSON once; for anything else a
 * response is handed over to the runtime's class.
 */
import type { HeaderList } from "../src/protocol/egress-messages.ts";

export interface ResponseFacts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
  readonly url: string;
  readonly redirected: boolean;
}

/** @throws RangeError, TypeError for what the runtime's class refuses. */
export type ResponseMaker = (facts: ResponseFacts, body: Uint8Array<ArrayBuffer> | ReadableStream | null) => Response;

const PLAIN_STATUS_TEXT = /^[\t -~]*$/;
/** The first byte of a byte order mark in UTF-8. */
const MARK = 0xef;

/** Call before the adapter is loaded, which may change the classes. */
export function responseMaker(): ResponseMaker {
  const WholeResponse = wholeResponseClass();
  return (facts, body) => {
    const isPlain = facts.status >= 200 && facts.status <= 599 && PLAIN_STATUS_TEXT.test(facts.statusText);
    if (isPlain && body instanceof Uint8Array) return new WholeResponse(facts, body) as unknown as Response;
    return runtimeResponse(facts, headersOf(facts), body);
  };
}

function headersOf({ headers }: ResponseFacts): Headers {
  return new Headers(headers as [string, string][]);
}

function runtimeResponse(facts: ResponseFacts, headers: Headers, body: unknown): Response {
  const { status, statusText } = facts;
  const content = body as ConstructorParameters<typeof Response>[0];
  return withFacts(new Response(content, { status, statusText, headers }), facts);
}

/** Members that only the runtime's own `fetch` can set. */
function withFacts(response: Response, facts: Pick<ResponseFacts, "url" | "redirected">): Response {
  const clone = response.clone.bind(response);
  return Object.defineProperties(response, {
    url: { value: facts.url },
    redirected: { value: facts.redirected },
    type: { value: "basic" },
    clone: { value: () => withFacts(clone(), facts) },
  });
}

function wholeResponseClass() {
  const decoder = new TextDecoder();

  class WholeResponse {
    readonly #facts: ResponseFacts;
    readonly #bytes: Uint8Array<ArrayBuffer>;
    readonly #headers: Headers;
    #isUsed = false;
    #handedOver: Response | undefined;

    /** The same response as one of the runtime's class. */
    static readonly handOver = (response: WholeResponse): Response => response.#handOver();

    constructor(facts: ResponseFacts, bytes: Uint8Array<ArrayBuffer>) {
      this.#facts = facts;
      this.#bytes = bytes;
      this.#headers = headersOf(facts);
    }

    get status(): number {
      return this.#facts.status;
    }
    get ok(): boolean {
      return this.#facts.status < 300;
    }
    get statusText(): string {
      return this.#facts.statusText;
    }
    get headers(): Headers {
      return this.#headers;
    }
    get url(): string {
      return this.#facts.url;
    }
    get redirected(): boolean {
      return this.#facts.redirected;
    }
    get type(): string {
      return "basic";
    }
    get bodyUsed(): boolean {
      return this.#handedOver?.bodyUsed ?? this.#isUsed;
    }

    text(): Promise<string> {
      const isRuntimes = this.#handedOver !== undefined || this.#isUsed || this.#bytes[0] === MARK;
      if (isRuntimes) return this.#handOver().text();
      this.#isUsed = true;
      return Promise.resolve(decoder.decode(this.#bytes));
    }

    async json(): Promise<unknown> {
      return JSON.parse(await this.text()) as unknown;
    }

    #handOver(): Response {
      if (this.#handedOver !== undefined) return this.#handedOver;
      this.#handedOver = runtimeResponse(this.#facts, this.#headers, this.#bytes);
      // It refuses a second reading.
      if (this.#isUsed) void this.#handedOver.text();
      return this.#handedOver;
    }
  }

  inheritMembers(WholeResponse.prototype, WholeResponse.handOver);
  return WholeResponse;
}

/** Makes the prototype's objects instances of the runtime's class: members that they lack are those of `handOver`. */
function inheritMembers<T extends object>(prototype: T, handOver: (response: T) => Response): void {
  Object.setPrototypeOf(prototype, Response.prototype);
  Object.defineProperty(prototype, "constructor", { value: Response });
  for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(Response.prototype))) {
    if (Object.hasOwn(prototype, name)) continue;
    const member = (response: T): unknown => (handOver(response) as unknown as Record<string, unknown>)[name];
    if (get !== undefined)
      Object.defineProperty(prototype, name, {
        get: function (this: T) {
          return member(this);
        },
      });
    else if (typeof value === "function")
      Object.defineProperty(prototype, name, {
        value: function (this: T, ...args: unknown[]) {
          return Reflect.apply(member(this) as () => unknown, handOver(this), args);
        },
      });
  }
}

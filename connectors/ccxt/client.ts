/**
 * Signed requests to an exchange. ccxt signs; everything else is done here, because ccxt rounds amounts, repeats
 * requests, and has errors that do not say whether an order can still exist.
 */
import { NotSent, RateLimited } from "@qoc-app/sdk";
import { parseJson } from "../exact-json.ts";
import type { Exchange, SignedRequest } from "./ccxt.ts";
import { CallQueue } from "./call-queue.ts";

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** The group of ccxt's endpoints, which says how the request is signed. */
  readonly api: string | readonly string[];
  readonly path: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** An order or a cancel: before all that wait. */
  readonly isUrgent?: boolean;
}

export interface Answer {
  readonly status: number;
  /** The parsed body, with every number as text; undefined if it is not JSON. */
  readonly body: unknown;
  /** The exchange's time, in whole seconds; undefined if it states none. */
  readonly date: number | undefined;
  readonly retryAfterMs: number;
}

/** What an exchange says of a request that it did not carry out as asked. */
export interface Refusal {
  readonly code: string;
  readonly words: string;
  /** `limit`: too many requests. `keys`: these keys may not do it. `definite`: it was not done, and never will be. */
  readonly kind: "limit" | "keys" | "definite" | "unclear";
}

/** An answer of the exchange that is an error in its own words. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly refusal: Refusal;

  constructor(exchange: string, refusal: Refusal) {
    super(`${exchange} answered: ${refusal.words} (${refusal.code})`);
    this.refusal = refusal;
  }
}

export interface ClientOptions {
  readonly name: string;
  readonly exchange: Exchange;
  /** Reads the error in an answer; undefined if the answer is a success or no answer of the exchange. */
  readonly refusalIn: (answer: Answer) => Refusal | undefined;
  /** Which requests are sent one after another, because their nonces must arrive in order. */
  readonly isSerial?: (call: Call) => boolean;
}

/** Less than the desk's time limit for an order (10 s) and a read (5 s), so that the error says what happened. */
const REQUEST_MS = 4_000;
/** The connection was never made, so nothing was sent. */
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

export class ExchangeClient {
  readonly name: string;
  readonly #options: ClientOptions;
  readonly #queue = new CallQueue();

  constructor(options: ClientOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * Resolves to the body of a success. @throws ExchangeError, RateLimited, NotSent if no connection was made, and Error
   * for any answer that is not the exchange's.
   */
  async call<T>(call: Call): Promise<T> {
    const answer = await this.send(call);
    return answer.body as T;
  }

  /** As `call`, with the whole answer. */
  async send(call: Call): Promise<Answer> {
    const { isSerial, refusalIn } = this.#options;
    const answer =
      isSerial?.(call) === true
        ? await this.#queue.run(() => this.#request(call), call.isUrgent === true)
        : await this.#request(call);
    const refusal = refusalIn(answer);
    if (refusal?.kind === "limit" || answer.status === 429)
      throw new RateLimited(
        `${this.name} limits requests${refusal === undefined ? "" : `: ${refusal.words}`}`,
        answer.retryAfterMs,
      );
    if (refusal !== undefined) throw new ExchangeError(this.name, refusal);
    if (answer.status < 200 || answer.status > 299 || typeof answer.body !== "object" || answer.body === null)
      throw new Error(`${this.name} answered ${call.path} with ${describe(answer)}`);
    return answer;
  }

  async #request({ method = "GET", api, path, params = {} }: Call): Promise<Answer> {
    const request = this.#sign(path, api, method, params);
    let response: Response;
    try {
      response = await fetch(request.url, {
        method: request.method,
        headers: request.headers ?? {},
        body: request.body ?? null,
        signal: AbortSignal.timeout(REQUEST_MS),
        // The key is in a header that a redirect to another host would take along.
        redirect: "error",
      });
    } catch (error) {
      const code = error instanceof Error ? (error.cause as { code?: string } | undefined)?.code : undefined;
      if (code !== undefined && NEVER_CONNECTED.includes(code))
        throw new NotSent(`${this.name} cannot be reached (${code})`);
      throw error;
    }
    const text = await response.text();
    const date = Date.parse(response.headers.get("date") ?? "");
    return {
      status: response.status,
      body: parsed(text),
      date: Number.isNaN(date) ? undefined : date,
      retryAfterMs: Math.max(0, Number(response.headers.get("retry-after") ?? "0") * 1_000) || 0,
    };
  }

  /** An error of the signature could contain the secret. */
  #sign(path: string, api: Call["api"], method: string, params: object): SignedRequest {
    try {
      return this.#options.exchange.sign(path, api, method, { ...params });
    } catch {
      throw new NotSent(`the keys of ${this.name} cannot sign a request: check api_key and api_secret`);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function describe({ status, body }: Answer): string {
  return `${status} and ${body === undefined ? "a body that is not JSON" : "a body that it cannot be"}`;
}

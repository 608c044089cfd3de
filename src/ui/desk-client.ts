/** Requests of the page to its desk: one command at a time, and the event stream. */
import type { Browser } from "./browser.ts";
import type { LoginBody, SessionKey } from "./session-key.ts";

/** An error as the desk reports it, or as the browser reports a request that failed. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** The desk's code, for example `DIGEST_MISMATCH`; `NO_ANSWER` if no answer came. */
  readonly code: string;
  /** What to do next. */
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly data: unknown;

  constructor(
    error: Pick<RequestError, "code" | "message"> & Partial<Pick<RequestError, "hint" | "details" | "data">>,
  ) {
    super(error.message);
    this.code = error.code;
    this.hint = error.hint ?? "";
    this.details = error.details ?? {};
    this.data = error.data;
  }
}

/** The error itself, or an `UNEXPECTED` one with its message. */
export function requestErrorOf(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError({ code: "UNEXPECTED", message: error instanceof Error ? error.message : String(error) });
}

/** The answer to a command. */
export interface Answer<T> {
  readonly value: T;
  /** What a command that streams has emitted. */
  readonly values: readonly unknown[];
  /** Lines of progress. */
  readonly notes: readonly string[];
  /** When the desk was asked, ms by its clock: the value is not newer. */
  readonly askedAt: number;
}

export interface RequestOptions {
  /** The page reads by itself, without the human: such a read does not keep the session alive. */
  readonly isAutomatic?: boolean;
}

/** What the pages need from the desk. */
export interface DeskClient {
  /** Runs one command of the page's palette. @throws RequestError. */
  call<T>(command: string, input?: Readonly<Record<string, unknown>>, options?: RequestOptions): Promise<Answer<T>>;
  /** Signs what the human decided, if the desk asks for exactly that. @throws RequestError. */
  readonly sign: SessionKey["sign"];
  /** The session's name. */
  readonly session: string;
  /** Opens the event stream; calls `onBlock` for each block of text between two empty lines. Resolves at its end. */
  listen(onBlock: (block: string) => void, signal: AbortSignal): Promise<void>;
}

export const PAGE_KEY = "qoc.page";
/** An answer that takes longer is given up. The request may still have taken effect. */
const ANSWER_MS = 30_000;

export interface LoginAnswer {
  readonly page: string;
  /** The session's name: three words, which the terminal shows too. */
  readonly session: string;
  readonly expiresAt: string;
}

/** Talks to the server that served the page. */
export class HttpDeskClient implements DeskClient {
  readonly #browser: Browser;
  readonly #key: SessionKey;
  readonly #onSignedOut: () => void;

  constructor(browser: Browser, key: SessionKey, onSignedOut: () => void) {
    this.#browser = browser;
    this.#key = key;
    this.#onSignedOut = onSignedOut;
  }

  get isSignedIn(): boolean {
    return this.#browser.recall(PAGE_KEY) !== undefined;
  }

  get session(): string {
    return this.#key.session;
  }

  readonly sign: SessionKey["sign"] = (...args) => this.#key.sign(...args);

  /** Opens a session. @throws RequestError. */
  async login(request: LoginBody): Promise<LoginAnswer> {
    const answer = (await this.#post("login", request)) as LoginAnswer;
    this.#browser.keep(PAGE_KEY, answer.page);
    return answer;
  }

  async logout(): Promise<void> {
    await this.#post("logout", {}).catch(() => undefined);
    this.signOut();
  }

  /** Forgets the session in this browser. */
  signOut(): void {
    this.#browser.keep(PAGE_KEY, undefined);
    this.#onSignedOut();
  }

  async call<T>(
    command: string,
    input: Readonly<Record<string, unknown>> = {},
    { isAutomatic = false }: RequestOptions = {},
  ): Promise<Answer<T>> {
    const auto = isAutomatic ? true : undefined;
    const passed = this.#browser.stopwatch();
    const answer = (await this.#post("command", { command, input, auto })) as Omit<Answer<T>, "askedAt">;
    // By the desk's clock, which the first answer states.
    return { ...answer, askedAt: Math.round(this.#browser.now() - passed()) };
  }

  async listen(onBlock: (block: string) => void, signal: AbortSignal): Promise<void> {
    const passed = this.#browser.stopwatch();
    const half = this.#half;
    const response = await fetch("api/events", { headers: headersOf(half), signal, cache: "no-store" });
    this.#learnTime(response, passed());
    if (response.status === 401 && half === this.#half) this.signOut();
    if (!response.ok || response.body === null) throw noAnswer(`the desk refused the stream (${response.status})`);
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    let pending = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (pending + decoder.decode(value, { stream: true })).split("\n\n");
      pending = blocks.pop() ?? "";
      for (const block of blocks) {
        // A login in another tab began another session: this stream says the end of the one before.
        if (half !== this.#half) return;
        onBlock(block);
      }
    }
  }

  #learnTime({ headers }: Response, took: number): void {
    const at = Number(headers.get("x-qoc-time") ?? Number.NaN);
    if (Number.isSafeInteger(at)) this.#browser.learnDeskTime(at, took);
  }

  /** The page's half of the session that this browser has now. */
  get #half(): string {
    return this.#browser.recall(PAGE_KEY) ?? "";
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const passed = this.#browser.stopwatch();
    const half = this.#half;
    const headers = { ...headersOf(half), "content-type": "application/json" };
    const response = await fetch(`api/${path}`, {
      ...{ method: "POST", headers, body: JSON.stringify(body), signal, cache: "no-store" },
    }).catch((error: unknown) => {
      throw noAnswer(error instanceof Error ? error.message : String(error));
    });
    this.#learnTime(response, passed());
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    // An answer to a request of the session before says nothing of this one.
    if (response.status === 401 && path === "command" && half === this.#half) this.signOut();
    throw errorOf(answer, response.status);
  }
}

function headersOf(half: string): Record<string, string> {
  return { "x-qoc-page": half };
}

function noAnswer(reason: string): RequestError {
  return new RequestError({ code: "NO_ANSWER", message: `the desk did not answer: ${reason}` });
}

function errorOf(answer: unknown, status: number): RequestError {
  const error = (answer ?? {}) as Partial<RequestError>;
  if (error.code === undefined) return noAnswer(`status ${status}`);
  return new RequestError({ ...error, code: error.code, message: error.message ?? error.code });
}

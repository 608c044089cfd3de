/** Requests of the page to its desk: one command at a time, and the event stream. */
import type { Browser } from "./browser.ts";
import type { SessionKey } from "./session-key.ts";

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

/** The name of the session in which this browser is signed in. */
export const SIGNED_IN = "qoc.page";
/**
 * The id of the desk to which this browser signed in last: another desk of the operator may have the port, and with it
 * what the browser keeps, at another time.
 */
const DESK = "qoc.desk";
/** The run of the desk that answered last. */
const RUN = "qoc.run";
/** An answer that takes longer is given up. The request may still have taken effect. */
const ANSWER_MS = 30_000;

export interface LoginAnswer {
  /** The session's name: three words, which the terminal shows too. */
  readonly session: string;
  readonly expiresAt: string;
  readonly desk: { readonly id: string };
}

/** "" before the first login. */
export function deskOf(browser: Pick<Browser, "recall">): string {
  return browser.recall(DESK) ?? "";
}

/** Calls the listener when another tab has signed in to another desk. */
export function onOtherDesk(listener: () => void): void {
  addEventListener("storage", ({ key }) => {
    if (key === DESK) listener();
  });
}

/** Talks to the server that served the page. */
export class HttpDeskClient implements DeskClient {
  readonly #browser: Browser;
  readonly #key: SessionKey;
  readonly #onSignedOut: () => void;
  #proof: { readonly of: string; readonly made: Promise<string | undefined> } | undefined;

  constructor(browser: Browser, key: SessionKey, onSignedOut: () => void) {
    this.#browser = browser;
    this.#key = key;
    this.#onSignedOut = onSignedOut;
  }

  get isSignedIn(): boolean {
    return this.#browser.recall(SIGNED_IN) !== undefined;
  }

  get session(): string {
    return this.#key.session;
  }

  readonly sign: SessionKey["sign"] = (...args) => this.#key.sign(...args);

  /** Opens a session with the code of a link. The session before goes on if the desk refuses. @throws RequestError. */
  async login(code: string): Promise<LoginAnswer> {
    const { request, keep } = await this.#key.newKey(code);
    const answer = (await this.#post("login", request)) as LoginAnswer;
    await keep(answer.session);
    this.#browser.keep(DESK, answer.desk.id);
    this.#browser.keep(SIGNED_IN, answer.session);
    return answer;
  }

  async logout(): Promise<void> {
    await this.#post("logout", {}).catch(() => undefined);
    this.signOut();
  }

  /** Forgets the session in this browser. */
  signOut(): void {
    this.#browser.keep(SIGNED_IN, undefined);
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
    const half = this.#half;
    const response = await this.#fetch("events", { signal });
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

  #learn({ headers }: Response, took: number): void {
    const at = Number(headers.get("x-qoc-time") ?? Number.NaN);
    if (Number.isSafeInteger(at)) this.#browser.learnDeskTime(at, took);
    const run = headers.get("x-qoc-run");
    if (run !== null && run !== this.#run) this.#browser.keep(RUN, run);
  }

  /** The session that this browser has now. */
  get #half(): string {
    return this.#browser.recall(SIGNED_IN) ?? "";
  }

  get #run(): string | undefined {
    return this.#browser.recall(RUN);
  }

  /** A desk that has started again asks for a proof for its run. */
  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const run = this.#run;
    const first = await this.#fetchOnce(path, init, run);
    const isOfEarlierRun = first.status === 401 && path !== "login" && this.#run !== run;
    return isOfEarlierRun ? this.#fetchOnce(path, init, this.#run) : first;
  }

  async #fetchOnce(path: string, init: RequestInit, run: string | undefined): Promise<Response> {
    const proof = run === undefined || path === "login" ? undefined : await this.#proofFor(run);
    const headers = { ...init.headers, ...(proof !== undefined && { "x-qoc-page": proof }) };
    const passed = this.#browser.stopwatch();
    const response = await fetch(`api/${path}`, { ...init, headers, cache: "no-store" });
    this.#learn(response, passed());
    return response;
  }

  /** One signature for each session and run. */
  #proofFor(run: string): Promise<string | undefined> {
    const of = `${this.#half} ${run}`;
    if (this.#proof?.of !== of) this.#proof = { of, made: this.#key.prove(run) };
    return this.#proof.made;
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const half = this.#half;
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body), signal };
    const response = await this.#fetch(path, request).catch((error: unknown) => {
      throw noAnswer(error instanceof Error ? error.message : String(error));
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    // An answer to a request of the session before says nothing of this one.
    if (response.status === 401 && path === "command" && half === this.#half) this.signOut();
    throw errorOf(answer, response.status);
  }
}

function noAnswer(reason: string): RequestError {
  return new RequestError({ code: "NO_ANSWER", message: `the desk did not answer: ${reason}` });
}

function errorOf(answer: unknown, status: number): RequestError {
  const error = (answer ?? {}) as Partial<RequestError>;
  if (error.code === undefined) return noAnswer(`status ${status}`);
  return new RequestError({ ...error, code: error.code, message: error.message ?? error.code });
}

/** Answers of the gateway that are under way: rows, and then an end. */

/** An error that the gateway states for a request. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message} (${code})`);
    this.code = code;
  }
}

interface Waiting {
  readonly rows: unknown[];
  readonly settle: (error?: Error) => void;
}

export class Answers {
  readonly #waiting = new Map<string, Waiting>();
  readonly #onSilence: () => void;

  /** `onSilence` is called when the gateway has not answered a request in time. */
  constructor(onSilence: () => void = () => undefined) {
    this.#onSilence = onSilence;
  }

  /** Resolves with the rows when the end arrives. `key` names the request until then. */
  expect<Row>(
    key: string,
    { timeoutMs, send }: { readonly timeoutMs: number; readonly send: () => Promise<void> },
  ): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const rows: Row[] = [];
      const settle = (error?: Error): void => {
        this.#waiting.delete(key);
        clearTimeout(timer);
        if (error === undefined) resolve(rows);
        else reject(error);
      };
      const silence = `the gateway did not answer ${key.replace(/ \d+$/, "")} within ${timeoutMs / 1000} s`;
      const timer = setTimeout(() => {
        settle(new Error(silence));
        this.#onSilence();
      }, timeoutMs);
      this.#waiting.set(key, { rows, settle });
      send().catch((error: unknown) => settle(error as Error));
    });
  }

  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  row(key: string, row: unknown): void {
    this.#waiting.get(key)?.rows.push(row);
  }

  end(key: string): void {
    this.#waiting.get(key)?.settle();
  }

  /** Returns whether the request waits. */
  fail(key: string, error: Error): boolean {
    const waiting = this.#waiting.get(key);
    waiting?.settle(error);
    return waiting !== undefined;
  }

  failAll(error: Error): void {
    for (const waiting of [...this.#waiting.values()]) waiting.settle(error);
  }
}

/** A read that the gateway answers once at a time. Callers that come while it runs share the next one. */
export class SharedRead<T> {
  readonly #run: () => Promise<T>;
  readonly #gatherMs: number;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  /** The first caller waits for `gatherMs`, so that others of the same moment share its answer. */
  constructor(run: () => Promise<T>, gatherMs = 0) {
    this.#run = run;
    this.#gatherMs = gatherMs;
  }

  /** Resolves with an answer that was asked for after this call. */
  read(): Promise<T> {
    if (this.#running === undefined && this.#next === undefined && this.#gatherMs === 0) return this.#start();
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  async #afterRunning(): Promise<T> {
    if (this.#gatherMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#gatherMs));
    await this.#running?.catch(() => undefined);
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<T> {
    const running = this.#run().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}

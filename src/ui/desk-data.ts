/**
 * What the page has read of the desk. Each value keeps the time at which it was asked for, and is read again when the
 * desk says that it changed, when the line is back, and from time to time while the page is visible.
 */
import { type Signal, batch, signal } from "@preact/signals";
import type { Browser } from "./browser.ts";
import { type DeskClient, type RequestError, requestErrorOf } from "./desk-client.ts";
import type { StreamMessage } from "./event-stream.ts";

export interface Question {
  readonly command: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Starts of the topics that concern the value; "" for all of them. */
  readonly topics: readonly string[];
  /** Reads the value again after this time while it is on the screen; undefined: only when something changed. */
  readonly everyMs?: number | undefined;
}

export class Reading<T> {
  /** The newest value; undefined until the first answer. */
  readonly value: Signal<T | undefined> = signal(undefined);
  /** When the newest value was asked for, ms: it is not newer than this. */
  readonly askedAt: Signal<number> = signal(0);
  /** Why the last read failed; the value before it stays. */
  readonly error: Signal<RequestError | undefined> = signal(undefined);
  readonly #browser: Browser;
  readonly #client: DeskClient;
  readonly question: Question;
  #users = 0;
  /** The human opened what shows it; every later read is the page's own. */
  #wasRead = false;
  #isReading = false;
  #isStale = false;
  #cancelNext: (() => void) | undefined;

  constructor(browser: Browser, client: DeskClient, question: Question) {
    this.#browser = browser;
    this.#client = client;
    this.question = question;
  }

  /** The value is on the screen. Returns a function that ends it. */
  use(): () => void {
    this.#users += 1;
    if (this.#users === 1) void this.read();
    return () => {
      this.#users -= 1;
      if (this.#users === 0) this.#cancelNext?.();
    };
  }

  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** Reads once; a read during another one follows it, so that the value is never older than the last change. */
  async read(): Promise<void> {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    this.#cancelNext?.();
    const { command, input, everyMs } = this.question;
    do {
      this.#isStale = false;
      try {
        const { value, values, askedAt } = await this.#client.call<T>(command, input, { isAutomatic: this.#wasRead });
        this.#wasRead = true;
        // A command that streams has no value: its emitted values are the answer.
        this.#keep(value ?? (values as T), askedAt);
      } catch (error) {
        this.error.value = requestErrorOf(error);
      }
    } while (this.#isStale && this.isUsed);
    this.#isReading = false;
    if (everyMs !== undefined && this.isUsed) this.#cancelNext = this.#browser.after(everyMs, () => this.#tick());
  }

  #keep(value: T, askedAt: number): void {
    batch(() => {
      this.value.value = value;
      this.askedAt.value = askedAt;
      this.error.value = undefined;
    });
  }

  #tick(): void {
    if (!this.isUsed) return;
    if (document.visibilityState === "visible") void this.read();
    else this.#cancelNext = this.#browser.after(1_000, () => this.#tick());
  }
}

/** The stream bundles changes four times a second; a value is read at most this often because of them. */
const CHANGE_MS = 250;
const READINGS_MAX = 60;

export class DeskData {
  readonly #readings = new Map<string, Reading<unknown>>();
  readonly #browser: Browser;
  readonly #client: DeskClient;
  readonly #listeners = new Map<(topics: ReadonlySet<string>) => void, readonly string[]>();
  #pending = new Set<string>();

  constructor(browser: Browser, client: DeskClient) {
    this.#browser = browser;
    this.#client = client;
  }

  /** The one reading of a question. */
  reading<T>(question: Question): Reading<T> {
    const key = `${question.command} ${JSON.stringify(question.input)}`;
    const known = this.#readings.get(key);
    if (known !== undefined) return known as Reading<T>;
    const reading = new Reading<T>(this.#browser, this.#client, question);
    this.#readings.set(key, reading as Reading<unknown>);
    this.#forgetOldest();
    return reading;
  }

  /**
   * Calls `run` with all changed topics, if one has such a start; "" among them means that anything may have changed.
   * Returns a function that ends it.
   */
  onChange(starts: readonly string[], run: (topics: ReadonlySet<string>) => void): () => void {
    const own = (topics: ReadonlySet<string>): void => run(topics);
    this.#listeners.set(own, starts);
    return () => this.#listeners.delete(own);
  }

  /** Something changed: reads what is on the screen and concerns it. */
  take({ kind, topics }: StreamMessage): void {
    const isWaiting = this.#pending.size > 0;
    if (kind === "changed") for (const topic of topics) this.#pending.add(topic);
    else if (kind === "hello" || kind === "gap") this.#pending.add("");
    if (!isWaiting && this.#pending.size > 0) this.#browser.after(CHANGE_MS, () => this.#readChanged());
  }

  #readChanged(): void {
    const changed = this.#pending;
    this.#pending = new Set();
    for (const reading of this.#readings.values())
      if (reading.isUsed && concerns(reading.question.topics, changed)) void reading.read();
    for (const [run, starts] of this.#listeners) if (concerns(starts, changed)) run(changed);
  }

  #forgetOldest(): void {
    for (const [key, reading] of this.#readings) {
      if (this.#readings.size <= READINGS_MAX) return;
      if (!reading.isUsed) this.#readings.delete(key);
    }
  }
}

function concerns(starts: readonly string[], changed: ReadonlySet<string>): boolean {
  if (changed.has("")) return true;
  return [...changed].some((topic) => starts.some((start) => topic.startsWith(start)));
}

/**
 * The fills that the stream of an account did not bring: those of the time in which it was cut, and those of messages
 * that were not understood. They are read by request, and again until that has worked.
 */

/** Fills are read from a little before the newest one: the desk drops those that it knows. */
const OVERLAP_MS = 60_000;
const RETRY_MS = { min: 5_000, max: 5 * 60_000 };
/** A venue lists a fill a moment after it has made it. Less than the overlap: see `#readAll`. */
const LISTED_MS = 30_000;
/** A fill that the venue has announced, and does not list after so many readings, is given up. */
const READINGS_MAX = 8;

export interface StreamGapOptions {
  /** Emits the fills since a time, ms. Resolves to their ids. */
  readonly read: (since: number) => Promise<readonly string[]>;
  /** Called when the stream works again and the fills of the gap were read. */
  readonly onEnd: () => void;
  readonly warn: (message: string, error: unknown) => void;
}

export class StreamGap {
  readonly #options: StreamGapOptions;
  /** The venue's time of the newest fill, or of the start. */
  #newest: number;
  /** How far the venue's clock is ahead of this machine's. */
  readonly #aheadMs: number;
  /** The venue's time before which all fills were read; undefined: they all were. */
  #start: number | undefined;
  /** When a gap began or ended last: fills that were read before are not those of after. */
  #changedAt = 0;
  /** Counts the calls of `miss`, and those before the reading that succeeded last. */
  #misses = 0;
  #missesRead = 0;
  #isCut = false;
  #isClosed = false;
  /** Counts the calls of `end`. */
  #ends = 0;
  #reading: Promise<void> | undefined;
  #beganAt = Number.NEGATIVE_INFINITY;
  /** The fills that the venue has announced: the newest fill and this machine's time then, and the readings since. */
  readonly #awaited = new Map<string, { readonly since: number; readonly at: number; readings: number }>();
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS.min;

  constructor(options: StreamGapOptions, startedAt: number) {
    this.#options = options;
    this.#newest = startedAt;
    this.#aheadMs = startedAt - Date.now();
  }

  /** A fill of this time was emitted. One of a time that is still to come must not hide those before it. */
  saw(at: number): void {
    this.#newest = Math.max(this.#newest, Math.min(at, Date.now() + this.#aheadMs));
  }

  /** The stream is cut. */
  begin(): void {
    this.#isCut = true;
    this.#widen();
  }

  /** The stream works again. @throws the error of the reading: the gap then goes on. */
  async end(): Promise<void> {
    this.#isCut = false;
    this.#ends += 1;
    const end = this.#ends;
    this.#changedAt = Date.now();
    try {
      await this.#read();
    } catch (error) {
      // Unless the stream was cut and has come back again meanwhile.
      if (end === this.#ends) this.#isCut = true;
      throw error;
    }
    if (this.#mustStop) return;
    this.#readAgain();
    this.#options.onEnd();
  }

  /** A message that may have been a fill was not understood. `fillId`: of the fill, if the message named it. */
  miss(fillId?: string): void {
    if (fillId !== undefined) this.#await(fillId);
    this.#misses += 1;
    this.#widen();
    // As many readings as messages could be more than the venue allows.
    const pauseMs = this.#beganAt + RETRY_MS.min - Date.now();
    if (pauseMs > 0) this.#readLater(pauseMs);
    else void this.#readNow();
  }

  /** A fill of the stream is read after a time, for what the stream does not say of it. */
  readIn(ms: number, fillId: string): void {
    this.#await(fillId);
    this.#widen();
    if (this.#timer === undefined) this.#readLater(ms);
  }

  /** A reading that has begun goes on, and none follows it. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#awaited.clear();
  }

  #await(fillId: string): void {
    this.#awaited.set(fillId, { since: this.#newest, at: Date.now(), readings: 0 });
  }

  #widen(): void {
    this.#start ??= this.#newest;
    this.#changedAt = Date.now();
  }

  #readLater(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // After a cut, `end` reads.
      if (!this.#isCut) void this.#readNow();
    }, ms);
  }

  async #readNow(): Promise<void> {
    try {
      await this.#read();
      this.#readAgain();
    } catch (error) {
      this.#options.warn("the fills cannot be read", error);
      this.#retry();
    }
  }

  /** What was not listed yet is read later. */
  #readAgain(): void {
    if (this.#awaited.size > 0) this.#retry();
    else if (this.#misses > this.#missesRead) this.#readLater(RETRY_MS.min);
    else {
      this.#retryMs = RETRY_MS.min;
      if (this.#start !== undefined) this.#readLater(LISTED_MS);
    }
  }

  #retry(): void {
    this.#readLater(this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /**
   * If the stream is cut during a reading, `end` reads the rest: until then fills may be missed.
   *
   * A reading has every fill that was listed when it began: those that are older than `LISTED_MS`, but for what is
   * awaited. So the next one begins at the fill that was the newest then, however long fills keep coming.
   */
  async #readAll(): Promise<void> {
    for (let read = -1; this.#start !== undefined && read !== this.#ends && !this.#mustStop;) {
      read = this.#ends;
      const [newest, misses, changedAt] = [this.#newest, this.#misses, this.#changedAt];
      this.#beganAt = Date.now();
      const isListed = this.#beganAt - changedAt >= LISTED_MS;
      const fillIds = await this.#options.read(this.#start - OVERLAP_MS);
      if (fillIds.filter((fillId) => this.#awaited.delete(fillId)).length > 0) this.#retryMs = RETRY_MS.min;
      this.#missesRead = misses;
      this.#countReading();
      const awaited = [...this.#awaited.values()].map(({ since }) => since);
      const isComplete = isListed && changedAt === this.#changedAt && awaited.length === 0 && !this.#isCut;
      this.#start = isComplete ? undefined : Math.min(newest, ...awaited);
    }
  }

  get #mustStop(): boolean {
    return this.#isClosed || this.#isCut;
  }

  #countReading(): void {
    for (const [fillId, fill] of this.#awaited) {
      fill.readings += 1;
      if (fill.readings < READINGS_MAX || Date.now() - fill.at < RETRY_MS.max) continue;
      this.#awaited.delete(fillId);
      this.#options.warn(`the venue announced fill ${fillId}, and does not list it`, "it was given up");
    }
  }
}

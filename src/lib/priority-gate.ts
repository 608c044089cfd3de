/** Tasks that go first, and tasks that start only while none of those runs. */
export class PriorityGate {
  readonly #clock: { after(ms: number, run: () => void): () => void };
  readonly #holdMs: number;
  /** The tasks that go first and hold the others back. */
  #holding = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * A task that goes first holds the others back for `holdMs` at most, so that a long one does not stop them; and each
   * of the others waits for as long at most, so that many short ones which overlap do not.
   */
  constructor(clock: { after(ms: number, run: () => void): () => void }, holdMs: number) {
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  async first<T>(task: () => Promise<T>): Promise<T> {
    const release = this.#hold();
    try {
      return await task();
    } finally {
      release();
    }
  }

  /** Runs the task when none that goes first holds it back; rejects, and does not run it, if the signal aborts. */
  async behind<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.#holding > 0) await this.#released(signal);
    signal.throwIfAborted();
    return task();
  }

  #hold(): () => void {
    this.#holding += 1;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      cancel();
      this.#holding -= 1;
      this.#letOthersStart();
    };
    const cancel = this.#clock.after(this.#holdMs, release);
    return release;
  }

  /** In a later turn: a task that goes first may begin before it. */
  #letOthersStart(): void {
    queueMicrotask(() => {
      if (this.#holding > 0) return;
      for (const go of this.#waiting) go();
    });
  }

  #released(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        signal.removeEventListener("abort", settle);
        this.#waiting.delete(settle);
        cancel();
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      const cancel = this.#clock.after(this.#holdMs, settle);
      signal.addEventListener("abort", settle, { once: true });
      this.#waiting.add(settle);
    });
  }
}

/** One thing at a time, in the order asked for. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  get isBusy(): boolean {
    return this.#count > 0;
  }

  /** Runs `work` after all that was asked for before; an earlier failure does not stop it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    const mine = this.#last.then(work).finally(() => {
      this.#count -= 1;
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

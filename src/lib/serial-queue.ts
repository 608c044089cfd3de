/** Runs asynchronous tasks one at a time, in the order in which they were added. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** Whether a task runs or waits. */
  get isBusy(): boolean {
    return this.#pending > 0;
  }

  /** Resolves or rejects as the task does. A task that fails does not stop those behind it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#pending += 1;
    const result = this.#last.then(task);
    const settle = (): void => void (this.#pending -= 1);
    this.#last = result.then(settle, settle);
    return result;
  }

  /** Resolves once every task that was added before has settled. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

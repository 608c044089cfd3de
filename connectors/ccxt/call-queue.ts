/** Sends requests one after another. Orders pass the reads that wait. */
import { NotSent } from "@qoc-app/sdk";

/** A request that waited for longer is not sent: the desk's time limit would end in between. */
const WAIT_MS = 4_000;

interface Waiting {
  readonly since: number;
  readonly start: (isLate: boolean) => Promise<void>;
}

export class CallQueue {
  readonly #urgent: Waiting[] = [];
  readonly #others: Waiting[] = [];
  #isRunning = false;

  /** @throws NotSent if the request had to wait for too long, and what the request throws. */
  run<T>(request: () => Promise<T>, isUrgent: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const start = async (isLate: boolean): Promise<void> => {
        if (isLate)
          reject(new NotSent(`other requests took more than ${WAIT_MS / 1_000} s, and this one was not sent`));
        else await request().then(resolve, reject);
      };
      (isUrgent ? this.#urgent : this.#others).push({ since: Date.now(), start });
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (;;) {
      const waiting = this.#urgent.shift() ?? this.#others.shift();
      if (waiting === undefined) break;
      await waiting.start(Date.now() - waiting.since > WAIT_MS);
    }
    this.#isRunning = false;
  }
}

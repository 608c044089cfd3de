/** What the page takes from the browser: clock, timers, storage. */
import { type BrowserClocks, DeskTime, stopwatch } from "./desk-time.ts";

export interface Browser {
  /** Milliseconds since 1970 by the desk's clock; by the browser's own until the desk has answered. */
  now(): number;
  /** Starts to measure. The function returns the milliseconds since. */
  stopwatch(): () => number;
  /** The desk has answered at this time by its clock, `took` ms after it was asked. */
  learnDeskTime(at: number, took: number): void;
  /** Runs once after `ms`. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** undefined: not kept, or the browser refuses storage. */
  recall(key: string): string | undefined;
  /** Keeps a value for this origin; undefined removes it. */
  keep(key: string, value: string | undefined): void;
}

const clocks: BrowserClocks = { wall: () => Date.now(), monotonic: () => performance.now() };
const deskTime = new DeskTime(clocks);

export const systemBrowser: Browser = {
  now: () => deskTime.now(),
  stopwatch: () => stopwatch(clocks),
  learnDeskTime: (at, took) => deskTime.learn(at, took),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  recall: (key) => {
    try {
      return localStorage.getItem(key) ?? undefined;
    } catch {
      return undefined;
    }
  },
  keep: (key, value) => {
    try {
      if (value === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // The browser refuses storage: the setting lasts until the page is closed.
    }
  },
};

/** What the page takes from the browser: clock, timers, storage. */
import { type BrowserClocks, DeskTime } from "./desk-time.ts";

export interface Browser {
  /** Milliseconds since 1970 by the desk's clock; by the browser's own until the desk has answered. */
  now(): number;
  /** Milliseconds since any moment. Only differences have a meaning. */
  elapsed(): number;
  /** The desk has just answered, at this time by its clock. */
  learnDeskTime(at: number): void;
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
  elapsed: () => clocks.monotonic(),
  learnDeskTime: (at) => deskTime.learn(at),
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

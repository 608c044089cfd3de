/** What the page takes from the browser: clock, timers, storage. Tests and stories replace it. */
export interface Browser {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `ms`. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** undefined: not kept, or the browser refuses storage. */
  recall(key: string): string | undefined;
  /** Keeps a value for this origin; undefined removes it. */
  keep(key: string, value: string | undefined): void;
}

export const systemBrowser: Browser = {
  now: () => Date.now(),
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

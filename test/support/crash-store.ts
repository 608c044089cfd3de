/** A connector's store on a disk that can lose power: a put is durable once it resolves, and may be before. */
import type { Store } from "../../src/domain/sdk.ts";

export interface CrashStoreOptions {
  /** Decides for each pending put at the crash whether it reaches the disk. */
  readonly lands?: () => boolean;
  /** Delays each put before it reaches the disk. */
  readonly delay?: () => Promise<void>;
}

export class CrashStore implements Store {
  /** The durable values by key, as JSON. */
  readonly disk: Map<string, string>;
  readonly puts: { key: string; chars: number }[] = [];
  /** Number of the next puts that fail and leave the disk unchanged. */
  failures = 0;
  readonly #options: CrashStoreOptions;
  readonly #pending = new Set<{ key: string; text: string }>();
  #dead = false;

  constructor(disk: Map<string, string> = new Map(), options: CrashStoreOptions = {}) {
    this.disk = disk;
    this.#options = options;
  }

  get chars(): number {
    return [...this.disk].reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  }

  async get(key: string): Promise<unknown> {
    const text = this.disk.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async put(key: string, value: unknown): Promise<void> {
    if (this.#dead) return new Promise(() => undefined);
    const entry = { key, text: JSON.stringify(value) };
    this.puts.push({ key, chars: entry.text.length });
    this.#pending.add(entry);
    await (this.#options.delay?.() ?? Promise.resolve());
    if (this.#dead) return new Promise(() => undefined);
    this.#pending.delete(entry);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("no space left on device");
    }
    this.disk.set(key, entry.text);
  }

  /** Kills the process: no call settles any more, and each pending put is on disk or not. Returns the disk. */
  crash(): Map<string, string> {
    this.#dead = true;
    for (const { key, text } of this.#pending) if (this.#options.lands?.() === true) this.disk.set(key, text);
    return this.disk;
  }
}

/**
 * Secrets in what a connector says of orders and fills. A text that held one gets a mark made from the whole of it, so that two
 * ids stay two and one stays one; where the desk names such an id to the connector again, it hears its own.
 */
import { sha256Hex } from "../domain/digest.ts";
import { LruMap } from "../lib/lru-map.ts";

const MARK_CHARS = 12;
/** A covered text is no longer than this or than it was: what fitted still fits. */
const COVERED_CHARS = 32;
const REMEMBERED_MAX = 10_000;

export class SecretMask {
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** The original text by its masked form. */
  readonly #originals = new LruMap<string, string>(REMEMBERED_MAX);

  constructor(redact: (text: string) => string) {
    this.redact = redact;
  }

  /** Plain data as the desk may keep it; changed in place. */
  mask(value: unknown): unknown {
    if (typeof value === "string") return this.#hideText(value);
    if (Array.isArray(value)) return value.map((item) => this.mask(item));
    if (typeof value !== "object" || value === null) return value;
    const plain = value as Record<string, unknown>;
    for (const key of Object.keys(plain)) {
      const member = plain[key];
      const shown = this.#hideText(key);
      if (shown !== key) delete plain[key];
      if (shown !== key || typeof member === "string" || typeof member === "object") plain[shown] = this.mask(member);
    }
    return plain;
  }

  /** What the connector is told: each text that stands for one of its own is that one again. */
  unmask(value: unknown): unknown {
    if (this.#originals.size === 0) return value;
    if (typeof value === "string") return this.#originals.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.unmask(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.unmask(member)]));
  }

  #hideText(text: string): string {
    const shown = this.redact(text);
    if (shown === text) return text;
    const room = Math.max(text.length, COVERED_CHARS) - MARK_CHARS - 1;
    const covered = `${shown.slice(0, room)}#${sha256Hex(text).slice(0, MARK_CHARS)}`;
    this.#originals.set(covered, text);
    return covered;
  }
}

/**
 * Masks the connector's own secrets in its results and fills. A masked text ends with a hash of the original, so that
 * different ids stay different. When the desk sends a masked id back to its connector, the id is unmasked.
 *
 * Secrets of other connectors are not masked: a connector sees by what the desk does next whether a text was masked,
 * and would so find the secrets of others that can be guessed. The id of its account is masked as that of another
 * connector with this account is, which may have it as a secret, and is not sent back.
 */
import { sha256Hex } from "../domain/digest.ts";
import { LruMap } from "../lib/lru-map.ts";

const HASH_CHARS = 12;
/** A masked text has at most this length, or the original length if that is larger. */
const MASKED_CHARS = 32;
const ORIGINALS_MAX = 10_000;

/** Removes secrets from a text. */
type Redact = (text: string) => string;

export interface Redactions {
  /** Of all connectors. */
  readonly redact: Redact;
  /** Of this connector. */
  readonly redactOwn: Redact;
}

export class SecretMask {
  readonly #redactions: Redactions;
  /** The original text by its masked form. */
  readonly #originals = new LruMap<string, string>(ORIGINALS_MAX);

  constructor(redactions: Redactions) {
    this.#redactions = redactions;
  }

  /** Returns plain data with each text masked that contains a secret, keys included. Changes objects in place. */
  mask(value: unknown): unknown {
    // One search in all texts, because hardly any contains a secret.
    const found: FoundTexts = { names: new Set(), texts: [] };
    collectTexts(value, found);
    const all = [...found.names, ...found.texts].join("\n");
    const masked = this.#redactions.redactOwn(all) === all ? value : this.#maskTexts(value);
    if (hasAccountId(masked)) masked.accountId = this.#maskText(masked.accountId, this.#redactions.redact);
    return masked;
  }

  #maskTexts(value: unknown): unknown {
    if (typeof value === "string") return this.#maskText(value);
    if (Array.isArray(value)) return value.map((item) => this.#maskTexts(item));
    if (typeof value !== "object" || value === null) return value;
    const plain = value as Record<string, unknown>;
    for (const key of Object.keys(plain)) {
      const member = plain[key];
      const maskedKey = this.#maskText(key);
      if (maskedKey !== key) delete plain[key];
      if (maskedKey !== key || typeof member === "string" || typeof member === "object")
        plain[maskedKey] = this.#maskTexts(member);
    }
    return plain;
  }

  /** Returns a copy with each masked text replaced by its original. */
  unmask(value: unknown): unknown {
    if (this.#originals.size === 0) return value;
    if (typeof value === "string") return this.#originals.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.unmask(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.unmask(member)]));
  }

  #maskText(text: string, redact = this.#redactions.redactOwn): string {
    const redacted = redact(text);
    if (redacted === text) return text;
    const charsMax = Math.max(text.length, MASKED_CHARS) - HASH_CHARS - 1;
    const masked = `${redacted.slice(0, charsMax)}#${sha256Hex(text).slice(0, HASH_CHARS)}`;
    this.#originals.set(masked, text);
    return masked;
  }
}

function hasAccountId(value: unknown): value is { accountId: string } {
  return typeof value === "object" && value !== null && "accountId" in value && typeof value.accountId === "string";
}

interface FoundTexts {
  /** The items of a list have the same names. */
  readonly names: Set<string>;
  readonly texts: string[];
}

function collectTexts(value: unknown, found: FoundTexts): void {
  if (typeof value === "string") found.texts.push(value);
  else if (Array.isArray(value)) for (const item of value) collectTexts(item, found);
  else if (typeof value === "object" && value !== null) {
    for (const name in value) {
      if (!Object.hasOwn(value, name)) continue;
      found.names.add(name);
      collectTexts(value[name as never], found);
    }
  }
}

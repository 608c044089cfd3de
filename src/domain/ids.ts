/** Names of things. Each is text with a brand, made by its own parser and nowhere else. */

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** A proposal's and its order's id: the whole stem of its file, `20260705-001`. */
export type OrderId = Branded<"OrderId">;
/** Ours, made once per order before the first send: `q<epoch>-<id tail>-<check>`, at most 32 of `[A-Za-z0-9-]`. */
export type ClientOrderId = Branded<"ClientOrderId">;
/** The venue's. Any text up to 128 characters; 19-digit numbers stay text. */
export type VenueOrderId = Branded<"VenueOrderId">;
export type ConnectorName = Branded<"ConnectorName">;
/** A venue's name for an instrument: `AAPL`, `BRK.B`, `BTC-USD`. ASCII only. */
export type SymbolName = Branded<"Symbol">;
/** `sha256:` and 64 hexadecimal digits. */
export type Digest = Branded<"Digest">;

export class IdError extends Error {}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const CONNECTOR = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const SYMBOL = /^[A-Za-z0-9^][A-Za-z0-9.:/_^=-]{0,39}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A character a reader may take for another one, spelled so that it can be told apart. */
function named(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

export function isFileStem(raw: string): boolean {
  return NAME.test(raw);
}

export function connectorName(raw: string): ConnectorName {
  if (!CONNECTOR.test(raw))
    throw new IdError(`${JSON.stringify(raw)} is not a connector name (a-z, 0-9, _ and -, at most 40)`);
  return raw as ConnectorName;
}

export function symbol(raw: string): SymbolName {
  const strange = [...raw].find((char) => char.charCodeAt(0) > 126 || char.charCodeAt(0) < 33);
  if (strange !== undefined) {
    throw new IdError(
      `symbol ${JSON.stringify(raw)} holds ${named(strange)}, which is not a plain letter, digit or sign`,
    );
  }
  if (!SYMBOL.test(raw))
    throw new IdError(`${JSON.stringify(raw)} is not a symbol (letters, digits, . : / _ ^ = -, at most 40)`);
  return raw as SymbolName;
}

export function isDigest(raw: string): raw is Digest {
  return DIGEST.test(raw);
}

/** The closest of `names` within two edits, for "did you mean". */
export function closestMatch(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** `" (did you mean X?)"` or nothing: the tail of an unknown-name message. */
export function suggestion(word: string, names: Iterable<string>): string {
  const name = closestMatch(word, names);
  return name === undefined ? "" : ` (did you mean ${name}?)`;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(swap, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit;
}

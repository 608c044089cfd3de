/** Identifiers: branded strings. Only the parser of each type makes it. */

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** The id of a proposal and of its order: the name of the file without its suffix, for example `20260705-001`. */
export type OrderId = Branded<"OrderId">;
/**
 * The desk's id of an order at the venue, made once before the order is first sent: 17 of `[a-z0-9]`. Journals of
 * earlier versions have ids of at most 32 of `[A-Za-z0-9-]`.
 */
export type ClientOrderId = Branded<"ClientOrderId">;
/**
 * The venue's id of an order: any text of at most 128 characters. Numbers are kept as text, because 19 digits are not
 * exact.
 */
export type VenueOrderId = Branded<"VenueOrderId">;
export type ConnectorName = Branded<"ConnectorName">;
/** A venue's name for an instrument: `AAPL`, `BRK.B`, `BTC-USD`, `M&M`, `/ESZ6`, `币安人生USDT`. */
export type SymbolName = Branded<"Symbol">;
/** `sha256:` and 64 hexadecimal digits. */
export type Digest = Branded<"Digest">;

export class IdError extends Error {}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const CONNECTOR = /^[a-z0-9][a-z0-9_-]{0,39}$/;
/**
 * The signs that venues use in names, without quotes, brackets and signs of shells and paths. A sign at the start marks
 * an index or a future: `^GSPC`, `$SPX`, `/ESZ6`, `@ES`, `#I`.
 */
const SYMBOL = /^(?:[A-Za-z0-9^]|[$/@#.](?=[A-Za-z0-9]))[A-Za-z0-9.:/_^=&$@#+!~*%-]{0,39}$/;
/** A class of shares, an option or a future after blanks: `BRK B`, `AAPL  240119C00150000`, `ESZ6 C2800`. */
const SPACED = /^(?=.{1,40}$)[A-Z0-9.&$/]{1,8} {1,6}(?:[A-Z]{1,3}|[A-Z]{0,3}\d{1,6}(?:[CP]\d{1,8})?(?:\.\d{1,4})?)$/;
/**
 * A coin with a name in Chinese, Japanese or Korean: few such letters, before the letters of its quote currency. No
 * letter of these scripts looks like a Latin one, and so few of them are a name and no message.
 */
const EAST_ASIAN =
  /^[A-Za-z0-9]{0,10}[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}ー]{1,8}[A-Za-z0-9/:_-]{2,20}$/u;
/** In no symbol, although it looks like a path: `..` and `//`. */
const PATH_LIKE = /\.\.|\/\/|\/\.|\/$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The code point of a character that looks like another character, for example `U+0430`. */
function codePointName(char: string): string {
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
  if (EAST_ASIAN.test(raw) && raw.normalize("NFKC") === raw) return raw as SymbolName;
  const strange = [...raw].find((char) => char.charCodeAt(0) > 126 || char.charCodeAt(0) < 32);
  if (strange !== undefined) {
    throw new IdError(
      `symbol ${JSON.stringify(raw)} holds ${codePointName(strange)}, which is not a plain letter, digit or sign`,
    );
  }
  if ((!SYMBOL.test(raw) && !SPACED.test(raw)) || PATH_LIKE.test(raw))
    throw new IdError(`${JSON.stringify(raw)} is not a symbol (letters, digits, . : / _ ^ = & $ @ # + -, at most 40)`);
  return raw as SymbolName;
}

export function isSymbol(raw: string): raw is SymbolName {
  try {
    return symbol(raw) === raw;
  } catch (error) {
    if (error instanceof IdError) return false;
    throw error;
  }
}

export function isDigest(raw: string): raw is Digest {
  return DIGEST.test(raw);
}

/** Returns the closest of `names` within so many edits, for "did you mean". */
export function closestMatch(word: string, names: Iterable<string>, edits = 2): string | undefined {
  let best: string | undefined;
  let bestDistance = edits + 1;
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** The file's stem of a reference to an order: an id, a part of one, or the path of its file. */
export function refStem(ref: string): string {
  const typed = ref.trim();
  return (typed.split("/").at(-1) ?? typed).replace(/\.(toml|ya?ml|json|md)$/i, "");
}

/** Whether the id begins or ends with the stem of a reference. */
export function isNamedByStem(id: string, stem: string): boolean {
  const [whole, part] = [id.toLowerCase(), stem.toLowerCase()];
  return part !== "" && (whole.startsWith(part) || whole.endsWith(part));
}

/** Returns `" (did you mean X?)"` for the end of an unknown-name message, or an empty string. */
export function suggestion(word: string, names: Iterable<string>): string {
  const name = closestMatch(word, names);
  return name === undefined ? "" : ` (did you mean ${name}?)`;
}

/** `limit` for any distance that is not below it: what is further from the diagonal than that is not looked at. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => Math.min(j, limit));
  let current = previous.map(() => limit);
  for (let i = 1; i <= a.length; i++) {
    const from = Math.max(1, i - limit);
    let least = from === 1 ? i : limit;
    current[from - 1] = least;
    for (let j = from; j <= Math.min(b.length, i + limit); j++) {
      const swap = (previous[j - 1] ?? limit) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const distance = Math.min(swap, (previous[j] ?? limit) + 1, (current[j - 1] ?? limit) + 1);
      current[j] = distance;
      least = Math.min(least, distance);
    }
    if (least >= limit) return limit;
    [previous, current] = [current, previous];
  }
  return previous[b.length] ?? limit;
}

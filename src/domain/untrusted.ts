/**
 * Untrusted text in output for agents: a separate field with the source of the text, and with invisible characters
 * escaped. All other fields of an output contain only numbers, ids, fixed words and sentences of the desk.
 */
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";
import { isSymbol } from "./ids.ts";

export interface Untrusted {
  /** A path of the workspace, or `connector NAME`. */
  readonly source: string;
  /** When the desk read it, ISO. */
  readonly retrievedAt: string;
  /** Invisible characters are escaped as `\u{202e}`. */
  readonly text: string;
}

/** `at` in milliseconds. */
export function untrusted(source: string, at: number, text: string): Untrusted {
  return {
    source,
    retrievedAt: new Date(at).toISOString(),
    text: escapeInvisibleInText(text),
  };
}

/** The source name of a connector. */
export function connectorSource(name: string): string {
  return `connector ${name}`;
}

/**
 * Letters, digits and the punctuation of ids and symbols. No spaces, so no sentence matches. OCC option symbols have
 * spaces.
 */
const NAME = /^[A-Za-z0-9.:/_^=@#+$~-]{1,128}$/;
const OPTION = /^[A-Z0-9.]{1,6} {0,5}\d{6}[CP]\d{8}$/;

/** Returns an external id or symbol if it can be nothing else, and null if it could be a message. */
export function plainName(text: string): string | null {
  return NAME.test(text) || OPTION.test(text) ? text : null;
}

/** Returns a venue's symbol if it is a plain name or a symbol that can be ordered, and else the placeholder. */
export function shownSymbol(text: string): string {
  return plainName(text) !== null || isSymbol(text) ? text : UNNAMED;
}

/** A currency is a word of a venue, too: a code such as `USD` or `USDT`, and nothing that could be a message. */
const CURRENCY_CODE = /^[A-Za-z0-9.]{1,12}$/;

/** Returns a venue's currency if it is a code, and else the placeholder. */
export function shownCurrency(code: string): string {
  return CURRENCY_CODE.test(code) ? code : UNNAMED;
}

/** The placeholder for a name that is not plain. The name itself is in the untrusted text next to it. */
export const UNNAMED = "(no plain name)";

/**
 * Text from outside the desk, as agents get it: under a field of its own, with its source, and with nothing in it that hides.
 * What stands beside such a field is made of numbers, ids, fixed words and the desk's own sentences.
 */
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";

export interface Untrusted {
  /** A path of the workspace, or `connector NAME`. */
  readonly source: string;
  /** When the desk read it, ISO. */
  readonly retrievedAt: string;
  /** Characters that do not show are spelled `\u{202e}`. */
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

/** A connector as a source. */
export function connectorSource(name: string): string {
  return `connector ${name}`;
}

/** Letters, digits and the signs that ids and symbols use, no space: not a sentence. Options have a symbol with spaces of their own. */
const NAME = /^[A-Za-z0-9.:/_^=@#+$~-]{1,128}$/;
const OPTION = /^[A-Z0-9.]{1,6} {0,5}\d{6}[CP]\d{8}$/;

/** An id or symbol that somebody else made, where it is no more than that; null where it could be a message. */
export function plainName(text: string): string | null {
  return NAME.test(text) || OPTION.test(text) ? text : null;
}

/** What stands for a name that is none; the name itself is in the untrusted text beside it. */
export const UNNAMED = "(no plain name)";

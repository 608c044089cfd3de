/** Words that must be of a known list: status words of files that others may write, and names of connectors. */
import { QocError } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";

/** Returns the word if the desk uses it, else "other", so that text of a file never appears as a status. */
export function knownWord(word: string, known: readonly string[]): string {
  return known.includes(word) ? word : "other";
}

/** @throws CONNECTOR_UNKNOWN with the name that is nearest. */
export function refuseUnknownConnector(name: string, connectors: readonly { readonly name: string }[]): void {
  const names = connectors.map((connector) => connector.name);
  if (!names.includes(name)) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: suggestion(name, names) });
}

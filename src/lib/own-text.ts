/**
 * The first characters of a text, as a text of its own: the runtime keeps the whole text of which a kept one is a part,
 * and an agent's request has a megabyte.
 */
export function ownText(text: string, most: number): string {
  return Buffer.from(text.slice(0, most), "utf16le").toString("utf16le");
}

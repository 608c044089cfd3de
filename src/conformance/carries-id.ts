/** Recognises the request that sends an order: the client order id is in its address, its headers or its body. */

/** A run of characters that may be base64 with an id inside. */
const ENCODED = /[A-Za-z0-9+/_-]{24,}={0,2}/g;

/** Returns whether a text has the id, as it is, URL-encoded, or inside base64, as in a signed payload. */
export function carriesId(texts: readonly (string | undefined)[], id: string): boolean {
  return texts.some((text = "") => {
    if (text.includes(id)) return true;
    return (text.match(ENCODED) ?? []).some((part) => Buffer.from(part, "base64").toString("latin1").includes(id));
  });
}

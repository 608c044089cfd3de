/** The text as content of an XML element. A value of an attribute needs its quotes escaped, too. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

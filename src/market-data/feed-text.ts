/** Plain text from feed items. Each function removes one layer of XML or HTML in one pass over the text. */
import { decode } from "html-entities";
import { escapeXml } from "../lib/xml.ts";

/** Removes one layer of entities: those of HTML only, since a document's own declarations are not read. */
export function decodeEntities(text: string): string {
  return decode(text, { level: "html5", scope: "strict" });
}

const CDATA = "<![CDATA[";

/** Rewrites CDATA sections as escaped XML text. */
function withoutCdata(xml: string): string {
  let out = "";
  for (let at = 0; ;) {
    const open = xml.indexOf(CDATA, at);
    if (open < 0) return out + xml.slice(at);
    const close = xml.indexOf("]]>", open);
    const end = close < 0 ? xml.length : close;
    out += xml.slice(at, open) + escapeXml(xml.slice(open + CDATA.length, end));
    at = close < 0 ? xml.length : close + 3;
  }
}

/** The content of an XML element as HTML. Child elements (XHTML) are HTML already. */
export function htmlOf(xml: string): string {
  const flat = withoutCdata(xml);
  return /<[a-z]/i.test(flat) ? flat : decodeEntities(flat);
}

/** Elements whose content is not text for readers. */
const HIDDEN_ELEMENTS = new Set(["script", "style", "head", "template", "noscript", "svg", "iframe", "object"]);
const BLOCK_ELEMENTS = new Set([
  "br",
  "p",
  "div",
  "li",
  "ul",
  "ol",
  "tr",
  "table",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "blockquote",
  "pre",
  "hr",
]);

/** Removes tags and hidden elements, decodes entities, and collapses blank lines. */
export function textOfHtml(html: string): string {
  // Lower case of A-Z only, so that indexes in both texts are the same.
  const lower = html.replaceAll(/[A-Z]+/g, (word) => word.toLowerCase());
  let out = "";
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      out += html.slice(at);
      break;
    }
    out += html.slice(at, open);
    const isComment = html.startsWith("<!--", open);
    const name = /^[a-z][a-z0-9]{0,15}/.exec(lower.slice(open + 1, open + 20).replace(/^\//, ""))?.[0] ?? "";
    // A "<" without a tag name is text, as in "a < b".
    if (!isComment && name === "" && lower[open + 1] !== "!") {
      out += "<";
      at = open + 1;
      continue;
    }
    const close = html.indexOf(isComment ? "-->" : ">", open);
    if (close < 0) break;
    at = close + (isComment ? 3 : 1);
    if (BLOCK_ELEMENTS.has(name)) out += "\n";
    if (!HIDDEN_ELEMENTS.has(name) || lower[open + 1] === "/") continue;
    const end = lower.indexOf(`</${name}`, at);
    if (end < 0) break;
    at = end;
  }
  return collapseSpace(decodeEntities(out));
}

function collapseSpace(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replaceAll(/[ \t\u00a0]{1,1000}/g, " ").trim())
    .filter((line, n, lines) => line !== "" || (lines[n - 1] !== "" && n > 0))
    .join("\n")
    .trim();
}

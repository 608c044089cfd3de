/** Words out of feeds: one layer of XML or HTML taken off at a time, in one pass over the text, whatever stands in it. */

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  bull: "•",
  middot: "·",
  copy: "©",
  reg: "®",
  trade: "™",
  euro: "€",
  pound: "£",
  yen: "¥",
  cent: "¢",
  sect: "§",
  deg: "°",
  plusmn: "±",
  times: "×",
};
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi;

/** One layer of entities. Those that a document declares itself are none of ours, and stay as they are. */
export function decodeEntities(text: string): string {
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return (Object.hasOwn(NAMED, name) ? NAMED[name] : undefined) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const CDATA = "<![CDATA[";
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** CDATA sections as plain XML text. */
function withoutCdata(xml: string): string {
  let out = "";
  for (let at = 0; ;) {
    const open = xml.indexOf(CDATA, at);
    if (open < 0) return out + xml.slice(at);
    const close = xml.indexOf("]]>", open);
    const end = close < 0 ? xml.length : close;
    out += xml.slice(at, open) + escaped(xml.slice(open + CDATA.length, end));
    at = close < 0 ? xml.length : close + 3;
  }
}

/** What stands between an element's tags, as HTML: elements of its own (XHTML) are HTML already. */
export function htmlOf(xml: string): string {
  const flat = withoutCdata(xml);
  return /<[a-z]/i.test(flat) ? flat : decodeEntities(flat);
}

/** Not meant to be read. */
const SILENT = new Set(["script", "style", "head", "template", "noscript", "svg", "iframe", "object"]);
const BREAKS = new Set([
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

/** Tags off, entities decoded, blank lines few. */
export function textOfHtml(html: string): string {
  // Letter by letter, so that places in both are the same.
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
    // A lone sign such as in "a < b" is text.
    if (!isComment && name === "" && lower[open + 1] !== "!") {
      out += "<";
      at = open + 1;
      continue;
    }
    const close = html.indexOf(isComment ? "-->" : ">", open);
    if (close < 0) break;
    at = close + (isComment ? 3 : 1);
    if (BREAKS.has(name)) out += "\n";
    if (!SILENT.has(name) || lower[open + 1] === "/") continue;
    const end = lower.indexOf(`</${name}`, at);
    if (end < 0) break;
    at = end;
  }
  return tidied(decodeEntities(out));
}

function tidied(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replaceAll(/[ \t\u00a0]{1,1000}/g, " ").trim())
    .filter((line, n, lines) => line !== "" || (lines[n - 1] !== "" && n > 0))
    .join("\n")
    .trim();
}

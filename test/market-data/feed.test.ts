/** Parsing of feeds: RSS, Atom, RDF, and broken or hostile documents. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeedError } from "../../src/market-data/feed-item.ts";
import { decodeFeed, parseFeed } from "../../src/market-data/feed.ts";
import { decodeEntities, htmlOf, textOfHtml } from "../../src/market-data/feed-text.ts";

const URL_OF = "https://news.example/feed.xml";
function rss(items: string): string {
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>${items}</channel></rss>`;
}
function atom(entries: string): string {
  return `<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed</title>${entries}</feed>`;
}
function singleItem(xml: string) {
  const [item] = parseFeed(xml, URL_OF);
  if (item === undefined) throw new Error("no item");
  return item;
}

describe("parsing a feed", () => {
  it("reads RSS 2.0", () => {
    const item = `<item><title>A &amp; B &lt;up&gt;</title><link>https://news.example/a?x=1&amp;y=2</link><guid isPermaLink="false">41</guid>
      <pubDate>Sun, 05 Jul 2026 08:30:00 GMT</pubDate><description>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two &amp;amp; three&lt;/p&gt;</description></item>`;
    expect(singleItem(rss(item))).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      title: "A & B",
      url: "https://news.example/a?x=1&y=2",
      published: Date.UTC(2026, 6, 5, 8, 30),
      text: "One\n\nTwo & three",
    });
  });

  it("reads Atom with an alternate link, XHTML, and CDATA", () => {
    const entry = `<entry><title type="html"><![CDATA[Rates <b>up</b>]]></title><id>urn:uuid:1</id><updated>2026-07-05T10:30:00+02:00</updated>
      <link rel="edit" href="https://news.example/edit"/><link rel="alternate" href="/read"/>
      <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Up <em>again</em></p><script>steal()</script></div></content></entry>`;
    const expected = {
      title: "Rates up",
      url: "https://news.example/read",
      published: Date.UTC(2026, 6, 5, 8, 30),
      text: "Up again",
    };
    expect(singleItem(atom(entry))).toMatchObject(expected);
  });

  it("reads RSS 1.0 with namespaces and another charset", () => {
    const xml = `<?xml version="1.0" encoding="ISO-8859-1"?><rdf:RDF><item><title>Z\u00fcrich</title><dc:date>2026-07-05</dc:date>
      <content:encoded><![CDATA[<p>caf\u00e9</p>]]></content:encoded><description>short</description></item></rdf:RDF>`;
    const bytes = Buffer.from(xml, "latin1");
    expect(singleItem(decodeFeed(bytes, "text/xml"))).toMatchObject({
      title: "Z\u00fcrich",
      text: "caf\u00e9",
      published: Date.UTC(2026, 6, 5),
    });
    expect(decodeFeed(Buffer.from("\u00e9", "latin1"), 'text/xml; charset="iso-8859-1"')).toBe("\u00e9");
    expect(decodeFeed(Buffer.from("\u00e9"), "text/xml; charset=nonsense")).toBe("\u00e9");
  });

  it("derives an item's id from its guid, or else its link, or else its title", () => {
    const id = (inside: string, url = URL_OF): string =>
      parseFeed(rss(`<item><title>T</title>${inside}</item>`), url)[0]?.id ?? "";
    const guid = "<guid>https://news.example/1</guid>";
    expect(id(guid)).toBe(id(`${guid}<description>edited</description>`, "https://news.example/other"));
    expect(id("<guid>1</guid>")).toBe(id("<guid>1</guid>", "https://news.example/other"));
    expect(id(guid)).toBe(id("<link>https://news.example/1</link>"));
    expect(new Set([id(guid), id("<guid>2</guid>"), id("<link>https://news.example/2</link>"), id("")]).size).toBe(4);
  });

  it.each([
    ["<guid>https://news.example/1</guid>", "https://news.example/b", true],
    ["<guid>https://news.example/1</guid>", "https://feeds.news.example/b", true],
    ["<link>https://news.example/1</link>", "https://feeds.news.example/b", true],
    ["<guid>tag:news.example,2026:1</guid>", "https://feeds.news.example/b", true],
    ["<guid>https://news.example/1</guid>", "https://evil.example/b", false],
    ["<guid>https://news.example/1</guid>", "https://evilnews.example/b", false],
    ["<guid>https://news.example@evil.example/1</guid>", "https://evil.example/b", false],
    ["<link>https://news.example/1</link>", "https://evil.example/b", false],
    ["<guid>tag:news.example,2026:1</guid>", "https://evil.example/b", false],
    ["<guid>urn:uuid:1</guid>", "https://evil.example/b", false],
    ["<guid>1</guid>", "https://evil.example/b", false],
  ])("gives an item with %s in the feed %s the id of the original item: %s", (inside, url, isSame) => {
    const id = (of: string): string => parseFeed(rss(`<item><title>T</title>${inside}</item>`), of)[0]?.id ?? "";
    expect(id(url) === id(URL_OF)).toBe(isSame);
  });

  it.each([
    ["javascript:alert(1)", ""],
    ["file:///etc/passwd", ""],
    ["data:text/html,x", ""],
    ["//other.example/x", "https://other.example/x"],
    ["not a url %", "https://news.example/not%20a%20url%20%"],
    [`https://x.example/${"a".repeat(3_000)}`, ""],
  ])("accepts only web URLs as an item's link: %s", (link, url) => {
    expect(singleItem(rss(`<item><title>T</title><link>${link}</link></item>`)).url).toBe(url);
  });

  it("escapes invisible characters, and bounds the length of texts and the number of items", () => {
    const { title, text } = singleItem(
      rss(`<item><title>a\u202eb&#x200b;c\n d</title><description>${"x".repeat(50_000)}</description></item>`),
    );
    expect(title).toBe("a\\u{202e}b\\u{200b}c d");
    expect(text).toHaveLength(20_000);
    expect(singleItem(rss(`<item><title>${"y".repeat(9_000)}</title></item>`)).title).toHaveLength(300);
    expect(parseFeed(rss("<item><title>T</title></item>".repeat(2_000)), URL_OF)).toHaveLength(500);
  });

  it.each([
    ["a page", "<html><body>404</body></html>", /neither RSS nor Atom/],
    ["nothing", "", /neither/],
    ["no XML", "{}", /neither/],
    ["JSON", '{"items":[]}', /neither/],
    ["cut off", `${rss("").slice(0, 60)}<item><title>`, /not XML/],
    [
      "a thousand laughs",
      `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>${rss("<item><title>&b;</title></item>")}`,
      /declares entities/,
    ],
    [
      "a file of ours",
      `<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>${rss("<item><title>&x;</title></item>")}`,
      /declares entities/,
    ],
    ["tags without end", "<a>".repeat(100_000), /not XML/],
    ["only signs", "<".repeat(500_000), /not XML/],
    ["a name of JavaScript", "<rss><__proto__><channel/></__proto__></rss>", /not XML/],
  ])("rejects %s with a message, without delay", (_label, xml, message) => {
    expect(() => parseFeed(xml, URL_OF)).toThrow(FeedError);
    expect(() => parseFeed(xml, URL_OF)).toThrow(message);
  });

  it("returns items or throws a FeedError for any text", () => {
    const pieces = [
      "<item>",
      "</item>",
      "<title>",
      "</title>",
      "<![CDATA[",
      "]]>",
      "&amp;",
      "&#0;",
      "&#xD800;",
      "<!--",
      "-->",
      "x",
      "<link href='",
      "'/>",
      "\u0000",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        try {
          for (const { url, title } of parseFeed(rss(parts.join("")), URL_OF))
            expect(`${url}${title}`).not.toMatch(/[\u0000-\u0008\u202e]/);
        } catch (error) {
          expect(error).toBeInstanceOf(FeedError);
        }
      }),
    );
  });
});

describe("converting HTML to text", () => {
  it.each([
    ["<p>a</p><p>b</p>", "a\n\nb"],
    ["a<br>b<BR/>c", "a\nb\nc"],
    ["<ul><li>a</li><li>b</li></ul>", "a\n\nb"],
    ["<script>x</script>a<style>p{}</style>b", "ab"],
    ["<SCRIPT>x < y</SCRIPT >a", "a"],
    ["a<script>never closed", "a"],
    ["a <!-- <p>no</p> --> b", "a b"],
    ["1 < 2 and 3 > 2", "1 < 2 and 3 > 2"],
    ["a<b", "a"],
    ['<img src=x onerror="alert(1)">a', "a"],
    ["&lt;script&gt; stays text", "<script> stays text"],
    ["a&nbsp;&nbsp;b &hellip; &unknown; &constructor;", "a b … &unknown; &constructor;"],
    ["\u0130\u0130<b>\u0130</b><style>x</style>y", "\u0130\u0130\u0130y"],
    ["\n\n\n a \n\n\n\n b \n", "a\n\nb"],
  ])("converts %j", (html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });

  it("decodes one layer of entities in each step", () => {
    expect(decodeEntities("&amp;lt; &#65; &#x41; &#99999999; &#0;")).toBe("&lt; A A \ufffd \ufffd");
    expect(htmlOf("&lt;b&gt;a&lt;/b&gt; &amp;amp;")).toBe("<b>a</b> &amp;");
    expect(htmlOf("<![CDATA[<b>a</b> &amp;]]>")).toBe("<b>a</b> &amp;");
    expect(htmlOf("<b>a</b> &amp;")).toBe("<b>a</b> &amp;");
  });

  it.each([
    ["<".repeat(200_000)],
    ["< ".repeat(100_000)],
    ["<!--".repeat(50_000)],
    ["<script>".repeat(25_000)],
    ["&".repeat(200_000)],
    ["<a ".repeat(60_000)],
  ])("takes linear time for %.12s…", (html) => {
    // Quadratic work would exceed the test's time limit.
    expect(textOfHtml(htmlOf(html))).toBeTypeOf("string");
  });
});

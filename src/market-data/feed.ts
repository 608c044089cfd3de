/**
 * Parses RSS 2.0, RSS 1.0 and Atom, and ignores unknown elements. Rejects documents that declare entities, so no entity
 * is ever expanded.
 */
import { XMLParser } from "fast-xml-parser";
import * as z from "zod";
import { digestOf } from "../domain/digest.ts";
import { escapeInvisible, escapeInvisibleInText } from "../lib/invisible-characters.ts";
import { FeedError, type FeedItem } from "./feed-item.ts";
import { htmlOf, textOfHtml } from "./feed-text.ts";

const ITEMS_MAX = 500;
const TITLE_CHARACTERS_MAX = 300;
const MARKUP_CHARACTERS_MAX = 200_000;
const TEXT_CHARACTERS_MAX = 20_000;
const URL_CHARACTERS_MAX = 2_000;
const ID_CHARACTERS = 16;

/** Elements whose content is kept as it is, and converted by `feed-text`. */
const RAW_ELEMENTS = ["*.title", "*.description", "*.summary", "*.content", "*.encoded"];

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  removeNSPrefix: true,
  processEntities: false,
  stopNodes: RAW_ELEMENTS,
});

const node = z.record(z.string(), z.unknown());
type Node = z.output<typeof node>;

/** @throws FeedError. */
export function parseFeed(xml: string, feedUrl: string): readonly FeedItem[] {
  if (/<!ENTITY/i.test(xml)) throw new FeedError("the document declares entities");
  const document = nodeOf(parseXml(xml));
  const channel = nodeOf(nodeOf(document["rss"])["channel"] ?? nodeOf(document["RDF"])["channel"]);
  const atom = nodeOf(document["feed"]);
  if (document["rss"] === undefined && document["feed"] === undefined && document["RDF"] === undefined) {
    throw new FeedError("the document is neither RSS nor Atom");
  }
  const items = [channel["item"], nodeOf(document["RDF"])["item"], atom["entry"]].flatMap((list) => listOf(list));
  return items.slice(0, ITEMS_MAX).flatMap((item) => itemOf(nodeOf(item), feedUrl));
}

function parseXml(xml: string): unknown {
  try {
    return parser.parse(xml);
  } catch (error) {
    throw new FeedError("the document is not XML", { cause: error });
  }
}

function nodeOf(value: unknown): Node {
  return node.safeParse(value).data ?? {};
}
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** The direct text of an element; the first element if there are several. */
function rawOf(value: unknown): string {
  const [first] = listOf(value);
  if (typeof first === "string") return first;
  const text = nodeOf(first)["#text"];
  return typeof text === "string" ? text : "";
}

function textOf(value: unknown): string {
  return textOfHtml(htmlOf(rawOf(value).slice(0, MARKUP_CHARACTERS_MAX)));
}

function itemOf(item: Node, feedUrl: string): readonly FeedItem[] {
  const title = escapeInvisible(textOf(item["title"]).replaceAll(/\s+/g, " ")).slice(0, TITLE_CHARACTERS_MAX);
  const bodies = [item["encoded"], item["content"], item["description"], item["summary"]].map(textOf);
  const text = escapeInvisibleInText(bodies.find((body) => body !== "") ?? "").slice(0, TEXT_CHARACTERS_MAX);
  if (title === "" && text === "") return [];
  const url = urlOf(linkOf(item), feedUrl);
  const published = timeOf([item["pubDate"], item["published"], item["date"], item["updated"]].map(rawOf));
  const guid = textOf(item["guid"] ?? item["id"]);
  const name = guid === "" ? url : guid;
  const id = digestOf(name === "" ? `${feedUrl} ${title}` : scopedId(feedUrl, name)).slice(
    "sha256:".length,
    "sha256:".length + ID_CHARACTERS,
  );
  return [{ id, title: title === "" ? "(no title)" : title, url, published, text }];
}

/**
 * Scopes an item's own id to the feed's host, unless the id names that host, a parent or a subdomain of it. Otherwise a
 * feed could use the id of another host's item, and the real item would count as a duplicate.
 */
function scopedId(feedUrl: string, name: string): string {
  const { host, hostname } = new URL(feedUrl);
  const named = hostIn(name);
  const isOwn =
    named !== undefined && (named === hostname || named.endsWith(`.${hostname}`) || hostname.endsWith(`.${named}`));
  return isOwn ? name : `${host} ${name}`;
}

/** The host of a URL or of a tag URI such as `tag:example.org,2026:1`. */
function hostIn(name: string): string | undefined {
  const tagged = /^tag:([a-z0-9.-]{1,253}),/i.exec(name)?.[1];
  if (tagged !== undefined) return tagged.toLowerCase();
  return /^https?:/i.test(name) && URL.canParse(name) ? new URL(name).hostname : undefined;
}

/** RSS has the link as text; Atom as an attribute, where the alternate link is the page to read. */
function linkOf(item: Node): string {
  const links = listOf(item["link"]);
  const plain = links.find((link) => typeof link === "string");
  if (plain !== undefined) return textOfHtml(htmlOf(String(plain)));
  const nodes = links.map(nodeOf);
  const best = nodes.find((link) => link["@rel"] === "alternate" || link["@rel"] === undefined) ?? {};
  const href = best["@href"];
  return typeof href === "string" ? textOfHtml(htmlOf(href)) : rawOf(best);
}

function urlOf(link: string, feedUrl: string): string {
  if (link === "") return "";
  const url = URL.canParse(link, feedUrl) ? new URL(link, feedUrl) : undefined;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  return url !== undefined && isWeb && url.href.length <= URL_CHARACTERS_MAX ? url.href : "";
}

function timeOf(dates: readonly string[]): number | undefined {
  for (const date of dates) {
    const at = Date.parse(textOfHtml(htmlOf(date)));
    if (Number.isFinite(at) && at >= 0) return at;
  }
  return undefined;
}

/** Decodes the document by the charset of the Content-Type or the XML declaration, or as UTF-8. */
export function decodeFeed(bytes: Uint8Array, contentType: string): string {
  const head = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const label =
    /charset="?([\w-]{1,40})/i.exec(contentType)?.[1] ?? /encoding=["']([\w-]{1,40})["']/.exec(head)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder("utf-8").decode(bytes);
  }
}

/**
 * RSS 2.0 and Atom, read. Entities that a document declares are not expanded, and one that declares any is refused; what is not
 * understood is left out.
 */
import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { digestOf } from "../domain/digest.ts";
import { escapeInvisible, escapeInvisibleInText } from "../lib/invisible-characters.ts";
import { htmlOf, textOfHtml } from "./feed-text.ts";

export interface FeedItem {
  /** The same item has the same id, whichever feed of the same host brings it. */
  readonly id: string;
  readonly title: string;
  /** An http or https address, or nothing. */
  readonly url: string;
  /** Milliseconds; undefined: the feed does not say. */
  readonly published: number | undefined;
  readonly text: string;
}

/** Not a feed, or one that is not safe to read. */
export class FeedError extends Error {}

const ITEMS_MAX = 500;
const TITLE_CHARACTERS_MAX = 300;
const MARKUP_CHARACTERS_MAX = 200_000;
const TEXT_CHARACTERS_MAX = 20_000;
const URL_CHARACTERS_MAX = 2_000;
const ID_CHARACTERS = 16;

/** Texts are kept as they stand and read by `feed-text`. */
const RAW = ["*.title", "*.description", "*.summary", "*.content", "*.encoded"];

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  removeNSPrefix: true,
  processEntities: false,
  stopNodes: RAW,
});

const node = z.record(z.string(), z.unknown());
type Node = z.output<typeof node>;

/** @throws FeedError. */
export function parseFeed(xml: string, feedUrl: string): readonly FeedItem[] {
  if (/<!ENTITY/i.test(xml)) throw new FeedError("it declares entities of its own");
  const document = nodeOf(parsed(xml));
  const channel = nodeOf(nodeOf(document["rss"])["channel"] ?? nodeOf(document["RDF"])["channel"]);
  const atom = nodeOf(document["feed"]);
  if (document["rss"] === undefined && document["feed"] === undefined && document["RDF"] === undefined) {
    throw new FeedError("it is neither RSS nor Atom");
  }
  const items = [channel["item"], nodeOf(document["RDF"])["item"], atom["entry"]].flatMap((list) => listOf(list));
  return items.slice(0, ITEMS_MAX).flatMap((item) => itemOf(nodeOf(item), feedUrl));
}

function parsed(xml: string): unknown {
  try {
    return parser.parse(xml);
  } catch (error) {
    throw new FeedError("it is not XML", { cause: error });
  }
}

function nodeOf(value: unknown): Node {
  const found = node.safeParse(value);
  return found.success ? found.data : {};
}
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** The text right inside an element; of several of one name, the first. */
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
  const id = digestOf(name === "" ? `${feedUrl} ${title}` : namedBy(feedUrl, name)).slice(
    "sha256:".length,
    "sha256:".length + ID_CHARACTERS,
  );
  return [{ id, title: title === "" ? "(no title)" : title, url, published, text }];
}

/**
 * A name is one for all feeds only where it is of the feed's own host, or of one above or below it. Any other is this host's
 * alone: with another's address as its name, an item would keep the real one from being filed.
 */
function namedBy(feedUrl: string, name: string): string {
  const { host, hostname } = new URL(feedUrl);
  const named = hostIn(name);
  const isOwn =
    named !== undefined && (named === hostname || named.endsWith(`.${hostname}`) || hostname.endsWith(`.${named}`));
  return isOwn ? name : `${host} ${name}`;
}

/** Of an address, or of a tag such as `tag:example.org,2026:1`. */
function hostIn(name: string): string | undefined {
  const tagged = /^tag:([a-z0-9.-]{1,253}),/i.exec(name)?.[1];
  if (tagged !== undefined) return tagged.toLowerCase();
  return /^https?:/i.test(name) && URL.canParse(name) ? new URL(name).hostname : undefined;
}

/** RSS has it as text, Atom as an attribute: the one to read, not the one to edit. */
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

function timeOf(words: readonly string[]): number | undefined {
  for (const word of words) {
    const at = Date.parse(textOfHtml(htmlOf(word)));
    if (Number.isFinite(at) && at >= 0) return at;
  }
  return undefined;
}

/** The document's bytes as text, by the charset that the transport or the declaration names; else UTF-8. */
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

/**
 * Request headers of a connector: names that the egress thread sets itself, or that change the connection, are
 * dropped.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { HeaderList } from "../protocol/egress-messages.ts";

const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @throws Error for an invalid name or value. */
export function requestHeaders(list: HeaderList): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, never>;
  for (const [name, value] of list) {
    const key = name.toLowerCase();
    if (DROPPED.has(key) || key.startsWith("proxy-") || key.startsWith("sec-websocket-")) continue;
    validateHeaderName(key);
    validateHeaderValue(key, value);
    headers[key] = key in headers ? `${headers[key]}${key === "cookie" ? "; " : ", "}${value}` : value;
  }
  return headers;
}

/** The headers for a redirect to another origin. */
export function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { authorization: _authorization, cookie: _cookie, ...others } = headers;
  return others;
}

/** Node lists names and values in turn. */
export function responseHeaders(raw: readonly string[]): HeaderList {
  const list: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) list.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return list;
}

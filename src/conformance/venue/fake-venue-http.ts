/** HTTP side of the kit's venues: reading requests and messages of streams, and sending responses and armed faults. */
import type { WireMessage, WireRequest, WireResponse } from "../../domain/sdk-kit.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RawData, WebSocket } from "ws";
import type { ResponseFault, VenueRoute } from "./fake-venue-faults.ts";
import { tryParseJson } from "../../lib/json.ts";

/** One request as the venue received it. */
export interface VenueRequest {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly route: VenueRoute | "unknown";
  /** Parsed if the body is JSON, otherwise text; undefined if it is empty. */
  readonly body: unknown;
  /** The client order id that the request carries; undefined if it carries none that the kit made. */
  readonly carries?: string | undefined;
  readonly isAuthorized: boolean;
}

/** The requested URL; an invalid one becomes "/", which is not a route. */
export function urlOf(request: IncomingMessage): URL {
  const origin = "http://venue.invalid";
  return targetAt(origin, request) ?? new URL(origin);
}

/**
 * The address of a request at this origin; undefined if the request names no path. A path such as `//host/x` is
 * appended, not resolved: it would name another host.
 */
export function targetAt(origin: string, { url = "/" }: IncomingMessage): URL | undefined {
  return url.startsWith("/") && URL.canParse(origin + url) ? new URL(origin + url) : undefined;
}

/** Reads the body, parsed if it is JSON. Reading stops at 1 MiB, so a larger body is returned as text. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request as AsyncIterable<string>) if (text.length < 1024 * 1024) text += chunk;
  if (text === "") return undefined;
  return tryParseJson(text) ?? text;
}

/** The text of a message of a stream, text or binary. */
export function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString("utf8");
}

export function sendTo(stream: WebSocket, { text, isBinary = false }: WireMessage): void {
  stream.send(isBinary ? Buffer.from(text) : text, { binary: isBinary });
}

/** The request as a dialect reads it. */
export function wireRequestOf(request: IncomingMessage, url: URL, body: unknown): WireRequest {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(", ")] as const);
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name).join()])),
    headers: Object.fromEntries(headers),
    body,
  };
}

export function reply(response: ServerResponse, { status, body, text, type, headers = {} }: WireResponse): void {
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const typed = content === undefined ? {} : { "content-type": type ?? "application/json" };
  response.writeHead(status, { ...typed, ...headers });
  response.end(content);
}

const NUMBERS = /"-?\d+(?:\.\d+)?"|(?<=[:,[\s])-?\d+(?:\.\d+)?(?=[,\]}\s])/g;

/** The text of an answer, in which each value that is this number is `n/a`. */
export function garbled(content: string, number: string): string {
  const isIt = (value: string): boolean => Number(value.replaceAll('"', "")) === Number(number);
  return content.replaceAll(NUMBERS, (value) => (isIt(value) ? '"n/a"' : value));
}

const HTML = { type: "text/html" };

/**
 * Sends the fault. `success`: the status that the response would have had. `errorBody`: the body of an error in the
 * venue's words.
 */
export function sendFault(
  response: ServerResponse,
  fault: ResponseFault,
  { success, errorBody }: { readonly success: number; readonly errorBody: (status: number) => unknown },
): void {
  const sendError = (status: number, headers: Record<string, string> = {}): void =>
    reply(response, { status, body: errorBody(status), headers });
  const readable = success === 204 ? 200 : success;
  switch (fault.kind) {
    case "hang":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "500":
      sendError(500);
      return;
    case "408":
    case "502":
    case "504": {
      const words = { 408: "Request Timeout", 502: "Bad Gateway", 504: "Gateway Timeout" }[fault.kind];
      const text = `<html><body><h1>${fault.kind} ${words}</h1></body></html>`;
      reply(response, { status: Number(fault.kind), text, ...HTML });
      return;
    }
    case "html":
      reply(response, { status: 503, text: "<html><body><h1>503 Service Unavailable</h1></body></html>", ...HTML });
      return;
    case "429":
      sendError(429, { "retry-after": "1" });
      return;
    case "418":
      sendError(418, { "retry-after": "60" });
      return;
    case "error-in-200":
      reply(response, { status: 200, body: errorBody(500) });
      return;
    case "redirect":
      reply(response, { status: 307, headers: { location: `${fault.to}/` } });
      return;
    case "401":
      sendError(401);
      return;
    case "malformed":
      reply(response, { status: readable, text: '{"order_id":"70000000' });
      return;
    case "empty":
      reply(response, { status: readable, body: {} });
  }
}

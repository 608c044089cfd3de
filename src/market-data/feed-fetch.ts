/**
 * Fetches one feed's address and nothing else: bounded in time and size, redirected only within its own host, and kept from private
 * addresses unless the configured address names one.
 */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP } from "node:net";
import type { Clock } from "../domain/ports.ts";

/** What a server calls the state of a document, to be asked later whether it still is in it. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export interface Fetched extends Validators {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** undefined: it is still as `known`. @throws FetchError in words for the log. */
export type FetchFeed = (url: string, signal: AbortSignal, known?: Validators) => Promise<Fetched | undefined>;

export class FetchError extends Error {}

/** As `dns.lookup` with `all`. */
export type Lookup = (host: string, done: (error: Error | null, found: readonly LookupAddress[]) => void) => void;

export interface FetchOptions {
  readonly clock: Clock;
  /** What it calls itself: `qoc/1.2.3`. */
  readonly agent: string;
  readonly lookup?: Lookup;
  readonly limits?: Partial<typeof LIMITS>;
}

const LIMITS = { bytes: 4 * 1024 * 1024, ms: 20_000, redirects: 3 };
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Every network that is not the open Internet. An IPv4 address in the shape of an IPv6 one is held against the IPv4 rules. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const) {
  PRIVATE.addSubnet(network, bits, "ipv6");
}

export function isPrivate(address: string): boolean {
  const family = isIP(address);
  return family === 0 || PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** `localhost`, and addresses as numbers: who writes one of these means it. */
function namesPrivate(hostname: string): boolean {
  return hostname === "localhost" || isIP(bare(hostname)) !== 0;
}
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

const lookupAll: Lookup = (host, done) => systemLookup(host, { all: true }, done);

export function feedFetcher({ clock, agent, lookup = lookupAll, limits: given = {} }: FetchOptions): FetchFeed {
  const limits = { ...LIMITS, ...given };
  return async (url, signal, known) => {
    const first = new URL(url);
    const late = new AbortController();
    const cancel = clock.after(limits.ms, () => late.abort(new FetchError(`no answer in ${limits.ms / 1000} s`)));
    const stop = AbortSignal.any([signal, late.signal]);
    try {
      let at = first;
      for (let hops = 0; hops <= limits.redirects; hops++) {
        const answer = await get(
          at,
          { agent, lookup: namesPrivate(first.hostname) ? undefined : guarded(lookup), known },
          stop,
        );
        const { statusCode = 0, headers } = answer;
        if (statusCode === 304 && known !== undefined) {
          answer.destroy();
          return undefined;
        }
        if (!REDIRECTS.has(statusCode)) return await read(answer, limits.bytes, stop);
        answer.destroy();
        at = redirected(at, headers.location ?? "");
      }
      throw new FetchError(`more than ${limits.redirects} redirects`);
    } catch (error) {
      if (late.signal.aborted) throw late.signal.reason;
      throw error instanceof FetchError
        ? error
        : new FetchError(error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      cancel();
    }
  };
}

/** The same host, and never from https to http. */
function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new FetchError("it redirects to nowhere");
  const to = new URL(location, from.href);
  const isUpgrade = from.protocol === "http:" && to.protocol === "https:" && to.port === "";
  if (to.hostname !== from.hostname || (!isUpgrade && to.origin !== from.origin)) {
    throw new FetchError(`it redirects to ${to.origin}; put that address into desk.toml if you trust it`);
  }
  return to;
}

/** Looks up once, and connects to what was looked at: a name cannot mean another address a moment later. */
function guarded(lookup: Lookup) {
  return (
    host: string,
    options: { all?: boolean },
    done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void =>
    lookup(host, (error, found) => {
      const [first] = found;
      if (error !== null || first === undefined) return done(error ?? new FetchError(`${host} has no address`), []);
      const hidden = found.find(({ address }) => isPrivate(address));
      if (hidden !== undefined) return done(new FetchError(`${host} is ${hidden.address}, a private address`), []);
      if (options.all === true) done(null, [...found]);
      else done(null, first.address, first.family);
    });
}

interface GetOptions {
  readonly agent: string;
  /** undefined: any address will do. */
  readonly lookup: ReturnType<typeof guarded> | undefined;
  readonly known: Validators | undefined;
}

function get(url: URL, { agent, lookup, known }: GetOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = {
      "user-agent": agent,
      accept: "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8",
      "accept-encoding": "identity",
      ...(known?.etag === undefined ? {} : { "if-none-match": known.etag }),
      ...(known?.lastModified === undefined ? {} : { "if-modified-since": known.lastModified }),
    };
    const request = send(url, {
      headers,
      signal,
      agent: false,
      ...(lookup === undefined ? {} : { lookup: lookup as never }),
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end();
  });
}

async function read(answer: IncomingMessage, limit: number, signal: AbortSignal): Promise<Fetched> {
  const { statusCode = 0, headers } = answer;
  const encoding = headers["content-encoding"] ?? "identity";
  try {
    if (statusCode !== 200) throw new FetchError(`it answers ${statusCode}`);
    if (encoding !== "identity") throw new FetchError("it answers compressed, unasked");
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of answer as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      bytes += part.length;
      if (bytes > limit) throw new FetchError(`it is larger than ${limit} bytes`);
      parts.push(part);
    }
    const { "content-type": contentType = "", etag, "last-modified": lastModified } = headers;
    return { bytes: Buffer.concat(parts), contentType, etag, lastModified };
  } finally {
    answer.destroy();
  }
}

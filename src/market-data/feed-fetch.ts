/**
 * Fetches the URL of one feed, within limits on time and size. Follows redirects only within the feed's host, and
 * connects to private addresses only if the configured URL names one.
 */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Clock } from "../domain/ports.ts";
import { isPrivateAddress } from "../lib/private-address.ts";

/** The validators of a response (RFC 9110, 8.8), for a later conditional request. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export interface FetchedFeed extends Validators {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/**
 * Resolves to undefined if the document still matches the validators. Rejects with a FetchError, whose message is for
 * the log.
 */
export type FetchFeed = (url: string, signal: AbortSignal, validators?: Validators) => Promise<FetchedFeed | undefined>;

export class FetchError extends Error {}

/** Like `dns.lookup` with `all`. */
export type Lookup = (host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

export interface FetchOptions {
  readonly clock: Clock;
  /** Such as `qoc/1.2.3`. */
  readonly userAgent: string;
  readonly lookup?: Lookup;
  readonly limits?: Partial<typeof LIMITS>;
}

const LIMITS = { bytes: 4 * 1024 * 1024, ms: 20_000, redirects: 3 };
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** `localhost` and literal addresses: the operator has configured them on purpose. */
function mayBePrivate(hostname: string): boolean {
  return hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

const lookupAll: Lookup = (host, done) => systemLookup(host, { all: true }, done);

export function feedFetcher({ clock, userAgent, lookup = lookupAll, limits: limitOptions }: FetchOptions): FetchFeed {
  const limits = { ...LIMITS, ...limitOptions };
  return async (url, signal, validators) => {
    const configured = new URL(url);
    const timeout = new AbortController();
    const cancelTimeout = clock.after(limits.ms, () =>
      timeout.abort(new FetchError(`no complete response within ${limits.ms / 1000} s`)),
    );
    const stop = AbortSignal.any([signal, timeout.signal]);
    try {
      let current = configured;
      for (let hops = 0; hops <= limits.redirects; hops++) {
        const response = await get(
          current,
          { userAgent, lookup: mayBePrivate(configured.hostname) ? undefined : publicLookup(lookup), validators },
          stop,
        );
        const { statusCode = 0, headers } = response;
        if (statusCode === 304 && validators !== undefined) {
          response.destroy();
          return undefined;
        }
        if (!REDIRECTS.has(statusCode)) return await readBody(response, limits.bytes, stop);
        response.destroy();
        current = redirectTarget(current, headers.location ?? "");
      }
      throw new FetchError(`more than ${limits.redirects} redirects`);
    } catch (error) {
      if (timeout.signal.aborted) throw timeout.signal.reason;
      throw error instanceof FetchError
        ? error
        : new FetchError(error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      cancelTimeout();
    }
  };
}

/** Allows only the same host, and never a redirect from https to http. */
function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new FetchError("it redirects to an invalid URL");
  const to = new URL(location, from.href);
  const isUpgrade = from.protocol === "http:" && to.protocol === "https:" && to.port === "";
  if (to.hostname !== from.hostname || (!isUpgrade && to.origin !== from.origin)) {
    throw new FetchError(`it redirects to ${to.origin}; put that address into desk.toml if you trust it`);
  }
  return to;
}

/**
 * A lookup that fails for private addresses. The request connects to the checked address, so DNS rebinding has no
 * effect.
 */
function publicLookup(lookup: Lookup) {
  return (
    host: string,
    options: { all?: boolean },
    done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void =>
    lookup(host, (error, addresses) => {
      const [first] = addresses;
      if (error !== null || first === undefined) return done(error ?? new FetchError(`${host} has no address`), []);
      const privateAddress = addresses.find(({ address }) => isPrivateAddress(address));
      if (privateAddress !== undefined)
        return done(new FetchError(`${host} is ${privateAddress.address}, a private address`), []);
      if (options.all === true) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
}

interface GetOptions {
  readonly userAgent: string;
  /** undefined allows any address. */
  readonly lookup: ReturnType<typeof publicLookup> | undefined;
  readonly validators: Validators | undefined;
}

function get(url: URL, { userAgent, lookup, validators }: GetOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = {
      "user-agent": userAgent,
      accept: "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8",
      "accept-encoding": "identity",
    };
    const request = send(url, { headers, signal, agent: false, lookup: lookup as never });
    if (validators?.etag !== undefined) request.setHeader("if-none-match", validators.etag);
    if (validators?.lastModified !== undefined) request.setHeader("if-modified-since", validators.lastModified);
    request.once("response", resolve);
    request.on("error", reject);
    // Node ends a request whose response switches protocols (101) without an error, and then ignores its signal.
    request.once("close", () => reject(new FetchError("the connection was closed without a response")));
    request.end();
  });
}

async function readBody(response: IncomingMessage, limit: number, signal: AbortSignal): Promise<FetchedFeed> {
  const { statusCode = 0, headers } = response;
  const encoding = headers["content-encoding"] ?? "identity";
  try {
    if (statusCode !== 200) throw new FetchError(`the response has status ${statusCode}`);
    if (encoding !== "identity")
      throw new FetchError("the response is compressed, although no compression was requested");
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      bytes += part.length;
      if (bytes > limit) throw new FetchError(`the response is larger than ${limit} bytes`);
      parts.push(part);
    }
    // A body without a stated length ends where its connection does, also if the time limit closes that.
    signal.throwIfAborted();
    const { "content-type": contentType = "", etag, "last-modified": lastModified } = headers;
    return { bytes: Buffer.concat(parts), contentType, etag, lastModified };
  } finally {
    response.destroy();
  }
}

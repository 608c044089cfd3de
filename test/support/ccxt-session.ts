/** A venue of the ccxt connector over requests that a test answers itself. */
import type { Profile, Venue } from "../../connectors/ccxt/venue.ts";
import type { Exchange, SignedRequest } from "../../connectors/ccxt/ccxt.ts";
import type { Environment } from "../../connectors/ccxt/settings.ts";

export interface SentRequest {
  readonly path: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SessionScript {
  readonly profile: Profile;
  readonly environment?: Environment;
  readonly currency?: string;
  /** Answers a request. It may throw, as a connection that is reset. */
  readonly reply: (request: SentRequest) => Reply | Promise<Reply>;
}

/** `sent`: the requests so far. The test removes the global `fetch` again: `vi.unstubAllGlobals()`. */
export function openVenue(
  stubGlobal: (name: string, value: unknown) => void,
  { profile, environment = "paper", currency = "USDT", reply }: SessionScript,
): { readonly venue: Venue; readonly sent: readonly SentRequest[] } {
  const sent: SentRequest[] = [];
  const sign = (path: string, _api: unknown, method: string, params: object): SignedRequest => {
    const request = { path, method, params: { ...params } };
    sent.push(request);
    return { url: `http://exchange.invalid/${sent.length - 1}`, method };
  };
  stubGlobal("fetch", async (url: string) => {
    const request = sent[Number(url.split("/").at(-1))];
    if (request === undefined) throw new Error("no such request");
    const { status = 200, body, headers } = await reply(request);
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: headers ?? {} });
  });
  const numbers = { nonce: () => 0, seconds: () => 0 };
  const exchange = { urls: {}, options: {}, sign, createAuthToken: () => "", ...numbers } as unknown as Exchange;
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const origins = { rest: "http://exchange.invalid", stream: "ws://exchange.invalid", quotes: "ws://exchange.invalid" };
  const settings = { environment, currency, origins };
  return { venue: profile.open({ exchange, settings, key: "key", secret: "secret", logger }), sent };
}

/**
 * One HTTP request of a connector, with its redirects, its decompressed response body, and credit in both directions.
 */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { EGRESS_LIMITS, type EgressRequest } from "../protocol/egress-messages.ts";
import { type AddressPolicy, networkError } from "./address-policy.ts";
import { decompressed } from "./decompression.ts";
import type { Dialer } from "./dialer.ts";
import {
  type EgressMessage,
  type Exchange,
  type HeldShare,
  type Outlet,
  ReadCredit,
  WriteCredit,
  ownBytes,
} from "./exchange.ts";
import { requestHeaders, responseHeaders, withoutCredentials } from "./http-headers.ts";

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
const IDEMPOTENT: readonly string[] = ["GET", "HEAD", "OPTIONS"];
const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
const PROTOCOLS = ["http:", "https:"];
/** A response that ends within this size is one message. */
const INLINE_BYTES = 128 * 1024;
/** More parts than these wait for the next turn of the event loop, so that other connectors have their turn. */
const PARTS_MAX = 256;
/** After this time the head of a response is sent without waiting for more of its body. */
const HEAD_DELAY_MS = 20;

interface Attempt {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | "parts" | undefined;
  readonly redirects: number;
  readonly isRetry: boolean;
}

interface HttpExchangeParts {
  readonly policy: AddressPolicy;
  readonly dialer: Dialer;
  readonly outlet: Outlet;
  readonly held: HeldShare;
  /** A server may be silent for this long. */
  readonly responseMs: number;
}

export class HttpExchange implements Exchange {
  readonly #message: EgressMessage<"fetch">;
  readonly #policy: AddressPolicy;
  readonly #dialer: Dialer;
  readonly #outlet: Outlet;
  readonly #responseMs: number;
  readonly #readCredit = new ReadCredit();
  readonly #writeCredit: WriteCredit;
  /** The parts of the body that arrived in this turn of the event loop: a server may send each byte by itself. */
  readonly #arrived: Uint8Array[] = [];
  #informational = 0;
  /** Bytes of the body that arrived from the connector. */
  #bodyBytes = 0;
  #request: ClientRequest | undefined;
  #source: Readable | undefined;
  /** A redirect has dropped the request body: the rest of it goes nowhere. */
  #isBodyDropped = false;
  #isOver = false;

  /** @throws Error if the address, the method or a header is not allowed. */
  constructor(message: EgressMessage<"fetch">, parts: HttpExchangeParts) {
    this.#message = message;
    this.#policy = parts.policy;
    this.#dialer = parts.dialer;
    this.#outlet = parts.outlet;
    this.#responseMs = parts.responseMs;
    this.#writeCredit = new WriteCredit(parts.held);
    const method = message.method.toUpperCase();
    if (!METHODS.includes(method)) throw networkError(`method ${method} is not allowed`, "EACCES");
    this.#send({
      url: this.#policy.checkUrl(message.url, PROTOCOLS),
      method,
      headers: requestHeaders(message.headers),
      body: message.bodyLength === undefined ? message.d : "parts",
      redirects: 0,
      isRetry: false,
    });
  }

  handle(message: EgressRequest): void {
    if (message.type === "credit") {
      this.#readCredit.add(message.n);
      if (!this.#readCredit.isUsedUp) this.#source?.resume();
    } else if (message.type === "data") this.#write(message.d);
    else if (message.type === "end" && this.#message.bodyLength !== undefined) this.#endBody();
  }

  destroy(): void {
    this.#isOver = true;
    this.#source?.destroy();
    this.#request?.destroy();
  }

  /** @throws Error if the body is longer than it was announced: the server would take the rest for a request. */
  #write(bytes: Uint8Array): void {
    const { id, bodyLength } = this.#message;
    if (bodyLength === undefined) return;
    this.#writeCredit.spend(bytes.byteLength);
    this.#bodyBytes += bytes.byteLength;
    if (bodyLength >= 0 && this.#bodyBytes > bodyLength) throw this.#wrongLength();
    const written = (): void => {
      this.#writeCredit.add(bytes.byteLength);
      if (!this.#isOver) this.#outlet.send({ type: "credit", id, n: bytes.byteLength });
    };
    if (this.#isBodyDropped) written();
    else this.#request?.write(bytes, written);
  }

  /** @throws Error if the body is shorter than it was announced: the next request would become a part of it. */
  #endBody(): void {
    const { bodyLength = -1 } = this.#message;
    if (bodyLength >= 0 && this.#bodyBytes < bodyLength) throw this.#wrongLength();
    if (!this.#isBodyDropped) this.#request?.end();
  }

  #wrongLength(): Error {
    const { bodyLength = -1 } = this.#message;
    return networkError(`the request body has ${this.#bodyBytes} bytes; ${bodyLength} were announced`, "EINVAL");
  }

  #send(attempt: Attempt): void {
    const { url, method, body } = attempt;
    const isProxied = this.#dialer.proxy !== undefined && url.protocol === "http:";
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)({
      ...this.#destinationOf(url, isProxied),
      method,
      headers: this.#wireHeaders(attempt, isProxied),
      agent: this.#dialer.agentFor(url.protocol),
      timeout: this.#responseMs,
    });
    this.#request = request;
    request.on("error", (error) => this.#onError(error, attempt, request));
    request.on("response", (response) => this.#onResponse(response, attempt, request));
    request.on("timeout", () => this.#onSilence(request));
    request.on("information", () => this.#onInformation());
    if (body !== "parts") request.end(body);
  }

  #onInformation(): void {
    this.#informational += 1;
    if (this.#informational > EGRESS_LIMITS.informational)
      this.#fail(networkError(`the server sent more than ${EGRESS_LIMITS.informational} responses 1xx`, "EPROTO"));
  }

  #onSilence(request: ClientRequest): void {
    // A connector that does not read keeps its server silent.
    if (request === this.#request && !this.#readCredit.isUsedUp)
      this.#fail(networkError(`the server sent nothing for ${this.#responseMs / 1000} s`, "ETIMEDOUT"));
  }

  /** A proxy gets the whole URL of a plain HTTP request. */
  #destinationOf(url: URL, isProxied: boolean): object {
    const { proxy } = this.#dialer;
    const path = `${url.pathname}${url.search}`;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = url.port === "" ? undefined : Number(url.port);
    if (!isProxied || proxy === undefined) return { host, port, path };
    return {
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port === "" ? 80 : Number(proxy.port),
      path: `${url.origin}${path}`,
    };
  }

  #wireHeaders({ url, headers, body }: Attempt, isProxied: boolean): Record<string, string> {
    const { bodyLength = -1 } = this.#message;
    const length = body === "parts" ? bodyLength : (body?.byteLength ?? -1);
    return {
      accept: "*/*",
      "accept-encoding": "gzip, deflate, br",
      "accept-language": "*",
      "user-agent": "node",
      ...headers,
      host: url.host,
      ...(isProxied ? this.#dialer.proxyHeaders : undefined),
      ...(length >= 0 ? { "content-length": String(length) } : undefined),
      // Without it Node sends the body of some methods bare, and the server takes it for another request.
      ...(length < 0 && body === "parts" ? { "transfer-encoding": "chunked" } : undefined),
    };
  }

  /** A kept connection may close just before it is used again: a request that changes nothing is sent once more. */
  #onError(error: Error, attempt: Attempt, request: ClientRequest): void {
    if (this.#isOver || request !== this.#request) return;
    const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
    if (isStale && !attempt.isRetry && IDEMPOTENT.includes(attempt.method) && attempt.body !== "parts")
      this.#send({ ...attempt, isRetry: true });
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#sendArrived();
    this.destroy();
    this.#outlet.fail(error);
  }

  #onResponse(response: IncomingMessage, attempt: Attempt, request: ClientRequest): void {
    if (this.#isOver || request !== this.#request) return void response.destroy();
    const { location } = response.headers;
    if (REDIRECTS.includes(response.statusCode) && location !== undefined && this.#message.redirect !== "manual") {
      // The body of a redirect is never read: it may be endless.
      response.on("error", () => undefined);
      response.destroy();
      try {
        this.#send(this.#redirected(response, location, attempt));
      } catch (error) {
        this.#fail(error);
      }
      return;
    }
    this.#readBody(response, attempt);
  }

  /** @throws Error if the redirect is not allowed. */
  #redirected({ statusCode = 0 }: IncomingMessage, location: string, attempt: Attempt): Attempt {
    const { url, method, headers, body, redirects } = attempt;
    if (this.#message.redirect === "error") throw networkError("unexpected redirect", "ERR_REDIRECT");
    if (redirects >= EGRESS_LIMITS.redirects) throw networkError("too many redirects", "ERR_REDIRECT");
    if (!URL.canParse(location, url.href)) throw networkError("the redirect has an invalid address", "ERR_REDIRECT");
    const next = this.#policy.checkUrl(new URL(location, url.href).href, PROTOCOLS);
    const becomesGet = (statusCode === 303 && method !== "HEAD") || (statusCode < 303 && method === "POST");
    if (body === "parts" && !becomesGet)
      throw networkError("a redirect asks for a request body that was streamed", "ERR_REDIRECT");
    const allowed = next.origin === url.origin ? { ...headers } : withoutCredentials(headers);
    if (body === "parts") this.#isBodyDropped = true;
    if (becomesGet) for (const name of Object.keys(allowed)) if (name.startsWith("content-")) delete allowed[name];
    return {
      url: next,
      method: becomesGet ? "GET" : method,
      headers: allowed,
      body: becomesGet ? undefined : body,
      redirects: redirects + 1,
      isRetry: false,
    };
  }

  #readBody(response: IncomingMessage, { url, method, redirects }: Attempt): void {
    const { id } = this.#message;
    const source = decompressed(response, method, (error) => this.#fail(error));
    this.#source = source;
    const early: Uint8Array[] = [];
    let earlyBytes = 0;
    let isHeadSent = false;
    const sendHead = (isLast: boolean): void => {
      isHeadSent = true;
      clearTimeout(timer);
      this.#readCredit.spend(earlyBytes);
      this.#outlet.send({
        type: "response",
        id,
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? "",
        headers: responseHeaders(response.rawHeaders),
        url: url.href,
        redirected: redirects > 0,
        d: early.length === 0 ? undefined : ownBytes(early.splice(0)),
        isLast,
      });
      if (this.#readCredit.isUsedUp) source.pause();
    };
    const timer = setTimeout(() => {
      if (!this.#isOver && !isHeadSent) sendHead(false);
    }, HEAD_DELAY_MS);
    source.on("data", (chunk: Uint8Array) => {
      if (this.#isOver) return;
      if (isHeadSent) {
        this.#sendBytes(chunk);
        return;
      }
      early.push(chunk);
      earlyBytes += chunk.byteLength;
      if (earlyBytes >= INLINE_BYTES || early.length >= PARTS_MAX) sendHead(false);
    });
    source.on("end", () => {
      clearTimeout(timer);
      if (this.#isOver) return;
      if (isHeadSent) this.#sendArrived();
      this.#isOver = true;
      // A server may respond before it has read the request; the rest of the request must not keep the socket open.
      if (this.#request?.writableFinished === false) this.#request.destroy();
      if (isHeadSent) this.#outlet.send({ type: "end", id });
      else sendHead(true);
      this.#outlet.release();
    });
  }

  #sendBytes(chunk: Uint8Array): void {
    this.#readCredit.spend(chunk.byteLength);
    this.#arrived.push(chunk);
    if (this.#arrived.length === 1) setImmediate(() => this.#sendArrived());
    if (this.#readCredit.isUsedUp || this.#arrived.length >= PARTS_MAX) this.#source?.pause();
  }

  #sendArrived(): void {
    if (this.#isOver || this.#arrived.length === 0) return;
    this.#outlet.send({ type: "data", id: this.#message.id, d: ownBytes(this.#arrived.splice(0)) });
    if (!this.#readCredit.isUsedUp) this.#source?.resume();
  }
}

/**
 * The page at `/ui`: its files, its login, its commands and its events. Each check of a request is here, in order:
 * host, origin, the browser's `Sec-Fetch-*` headers, no token of an agent, both halves of the session, and the commands
 * that a page may call.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { EXIT, QocError, messageOf } from "../domain/errors/error.ts";
import { knownError } from "../domain/errors/known-error.ts";
import type { Log, Progress } from "../domain/ports.ts";
import { PAGE_IDLE_MS, PAGE_SESSION_MS, type PageCaller } from "../domain/pages/page-session.ts";
import { PAGE_COMMANDS } from "../commands/page-commands.ts";
import { iso } from "../lib/time.ts";
import { tryParseJson } from "../lib/json.ts";
import type { PageHalves, PageIdentity, PageLogin, PageSessions } from "../trading/pages/page-sessions.ts";
import { readBody } from "./page-body.ts";
import { PAGE_HEADERS } from "./page-headers.ts";
import type { PageStreams } from "./page-streams.ts";

/** A file of the page, in memory. */
export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array;
  /** The name contains a hash of the content, so that browsers may keep the file. */
  readonly isHashed: boolean;
}

export interface PageCall {
  readonly command: string;
  readonly input: unknown;
  readonly page: PageCaller;
  readonly progress: Progress;
  /** Takes one value of a stream. */
  emit(value: unknown): Promise<void>;
}

export interface PageOptions {
  /** By name; `index.html` is the page. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** Names the version of the files. */
  readonly asset: string;
  readonly version: string;
  readonly desk: { readonly id: string; readonly name: string };
  readonly port: () => number;
  /** One further origin of the page, from desk.toml. */
  readonly origins: () => readonly string[];
  readonly epoch: () => number;
  /** The desk's time, which each answer states: a page signs and counts ages by it. */
  readonly now: () => number;
  readonly pages: PageSessions;
  readonly streams: PageStreams;
  /** Runs a command for the human at a page. */
  readonly invoke: (call: PageCall) => Promise<unknown>;
  readonly log: Pick<Log, "error">;
}

/** Handles one request to `/ui` or below. */
export type PageHandle = (request: IncomingMessage, response: ServerResponse) => void;

const loginSchema = z.strictObject({
  code: z.string().max(100),
  publicKey: z.string().max(100),
  proof: z.base64().max(100),
});
const commandSchema = z.strictObject({
  command: z.string().max(100),
  input: z.record(z.string(), z.unknown()).default({}),
  /** true: the page reads by itself, so that the call does not keep the session alive. */
  auto: z.boolean().default(false),
});

/**
 * For the link of `qoc ui`: a program that held the port while the desk was down may have left scripts in the browser's
 * cache, under the names of the desk's.
 */
const CLEARED_CACHE = { "clear-site-data": '"cache"' };

/** Values of a stream in one answer. */
const VALUES_MAX = 2_000;
const NOTES_MAX = 100;
/** Commands of one session that run at the same time. */
const CALLS_MAX = 16;

/** A refusal before a command is called. The page shows none of them in the ordinary course. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

export function pageHandler(options: PageOptions): PageHandle {
  const requests = new PageRequests(options);
  return (request, response) => {
    response.setHeader("x-qoc-time", options.now());
    // The page proves its key for this run.
    response.setHeader("x-qoc-run", options.pages.run);
    requests.handle(request, response).catch((error: unknown) => respondError(response, error, options.log));
  };
}

class PageRequests {
  readonly #options: PageOptions;
  /** The number of running commands by session. */
  readonly #running = new Map<string, number>();

  constructor(options: PageOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = this.#checkHost(request);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://page");
    if (!pathname.startsWith("/ui/api/")) return this.#serveFile(request, response, { pathname, searchParams });
    checkFetch(request);
    if (pathname === "/ui/api/events" && request.method === "GET")
      return this.#openStream(request, response, { search: searchParams, origin });
    if (request.method !== "POST") throw new Refused(405, "method");
    if (request.headers["content-type"] !== "application/json") throw new Refused(415, "content type");
    if (request.headers.origin === undefined) throw new Refused(403, "origin");
    const text = await readBody(request);
    if (text === undefined) throw new Refused(413, "body");
    const body = tryParseJson(text);
    if (pathname === "/ui/api/login") return this.#login(response, body, origin);
    if (pathname === "/ui/api/command") return this.#command(request, response, { body, origin });
    if (pathname === "/ui/api/logout") return this.#logout(request, response, origin);
    throw new Refused(404, "path");
  }

  /** Returns the origin of the page under the name that the browser used. */
  #checkHost({ headers }: IncomingMessage): string {
    const { port, origins } = this.#options;
    const known = [`http://localhost:${port()}`, `http://127.0.0.1:${port()}`, ...origins()];
    const origin = known.find((each) => each.slice(each.indexOf("//") + 2) === headers.host);
    if (origin === undefined) throw new Refused(421, "host");
    if (headers.origin !== undefined && headers.origin !== origin) throw new Refused(403, "origin");
    return origin;
  }

  #serveFile(
    request: IncomingMessage,
    response: ServerResponse,
    { pathname, searchParams }: Pick<URL, "pathname" | "searchParams">,
  ): void {
    if (request.method !== "GET") throw new Refused(405, "method");
    const site = request.headers["sec-fetch-site"];
    const isOwn = site === undefined || site === "none" || site === "same-origin";
    if (!isOwn && request.headers["sec-fetch-mode"] !== "navigate") throw new Refused(403, "site");
    if (pathname === "/ui") {
      response.writeHead(308, { ...PAGE_HEADERS, location: "/ui/" }).end();
      return;
    }
    const isPage = pathname === "/ui/";
    const file = this.#options.files.get(isPage ? "index.html" : pathname.slice("/ui/".length));
    if (file === undefined) throw new Refused(404, "path");
    const caching = file.isHashed ? { "cache-control": "public, max-age=31536000, immutable" } : {};
    const clearing = searchParams.has("open") ? CLEARED_CACHE : {};
    response.writeHead(200, { ...PAGE_HEADERS, ...caching, ...clearing, "content-type": file.type });
    response.end(isPage && !isOwn ? openedByOther(file.body) : file.body);
  }

  #openStream(
    request: IncomingMessage,
    response: ServerResponse,
    { search, origin }: { readonly search: URLSearchParams; readonly origin: string },
  ): void {
    const { session, scope } = this.#sessionOf(request, { origin, isUse: false });
    const { asset, desk, epoch, pages, streams, version } = this.#options;
    const after = search.get("after");
    if (after !== null && !/^\d{1,15}$/.test(after)) throw new Refused(400, "after");
    const expiresAt = pages.list().find((page) => page.session === session)?.endsAt;
    response.writeHead(200, { ...PAGE_HEADERS, "content-type": "text/event-stream" });
    const hello = { epoch: epoch(), version, asset, desk, session, scope, expiresAt };
    streams.open(response, { session, after: after === null ? undefined : Number(after), hello });
  }

  async #login(response: ServerResponse, body: unknown, origin: string): Promise<void> {
    const request = loginSchema.safeParse(body);
    if (!request.success) throw new Refused(400, "body");
    const login = await this.#options.pages.login(request.data);
    const { session, scope, endsAt } = login;
    const answer = { session, scope, desk: this.#options.desk, expiresAt: iso(endsAt), idleMs: PAGE_IDLE_MS };
    respond(response, 200, answer, { "set-cookie": this.#cookie(origin, login) });
  }

  async #logout(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
    const { session } = this.#sessionOf(request, { origin, isUse: true });
    await this.#options.pages.close(session, "logout");
    respond(response, 200, {}, { "set-cookie": this.#cookie(origin, undefined) });
  }

  async #command(
    request: IncomingMessage,
    response: ServerResponse,
    { body, origin }: { readonly body: unknown; readonly origin: string },
  ): Promise<void> {
    const call = commandSchema.safeParse(body);
    const isUse = !(call.success && call.data.auto);
    const page = { ...this.#sessionOf(request, { origin, isUse }), origin };
    if (!call.success) throw new Refused(400, "body");
    const { command, input } = call.data;
    if (!PAGE_COMMANDS.includes(command)) throw new QocError("UNKNOWN_COMMAND", { name: command });
    const running = this.#running.get(page.session) ?? 0;
    if (running >= CALLS_MAX) throw new Refused(429, "too many commands at a time");
    this.#running.set(page.session, running + 1);
    const notes: string[] = [];
    const values: unknown[] = [];
    try {
      const value = await this.#options.invoke({
        command,
        input,
        page,
        progress: { line: (line) => void (notes.length < NOTES_MAX && notes.push(line)) },
        emit: async (emitted) => {
          if (values.length >= VALUES_MAX)
            throw new QocError("TOO_LARGE", { what: "the answer", size: values.length, limit: VALUES_MAX });
          values.push(emitted);
        },
      });
      respond(response, 200, { value, values, notes });
    } finally {
      const left = (this.#running.get(page.session) ?? 1) - 1;
      if (left > 0) this.#running.set(page.session, left);
      else this.#running.delete(page.session);
    }
  }

  /** @throws PAGE_SESSION_ENDED without both halves of one session. */
  #sessionOf({ headers }: IncomingMessage, by: Pick<PageHalves, "origin" | "isUse">): PageIdentity {
    const proof = headers["x-qoc-page"];
    if (typeof proof !== "string" || proof.length > PROOF_CHARS_MAX) throw new QocError("PAGE_SESSION_ENDED");
    // Any server of this machine can add a cookie of this name, so each is tried.
    for (const cookie of cookiesNamed(headers.cookie ?? "", this.#cookieName)) {
      const page = this.#options.pages.find({ cookie, proof, ...by });
      if (page !== undefined) return page;
    }
    throw new QocError("PAGE_SESSION_ENDED");
  }

  /** The cookies of all ports of one host are together: the name contains the desk's id. */
  get #cookieName(): string {
    return `qoc_ui_${this.#options.desk.id.slice(0, 8)}`;
  }

  #cookie(origin: string, login: PageLogin | undefined): string {
    const secure = origin.startsWith("https:") ? "; Secure" : "";
    const age = login === undefined ? 0 : Math.floor(PAGE_SESSION_MS / 1000);
    return `${this.#cookieName}=${login?.cookie ?? ""}; HttpOnly; SameSite=Strict; Path=/ui; Max-Age=${age}${secure}`;
  }
}

/**
 * The page, marked as opened by a page of another site or port: that one chose the moment, and the human may be typing
 * for it.
 */
function openedByOther(page: Uint8Array): string {
  return Buffer.from(page).toString("utf8").replace("<html ", '<html data-opened-by="other" ');
}

/**
 * A browser sends the cookies of longer paths first. Another server of this machine can add one for each path that
 * leads to a request, each also as a partitioned one: eleven before the desk's.
 */
const COOKIES_TRIED_MAX = 32;
/** A signature in base64 has 88. */
const PROOF_CHARS_MAX = 100;

function cookiesNamed(header: string, name: string): readonly string[] {
  return header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1))
    .slice(0, COOKIES_TRIED_MAX);
}

/** The headers of a request by a script of the page itself. Without them a request is refused. */
function checkFetch({ headers }: IncomingMessage): void {
  const mode = headers["sec-fetch-mode"];
  const isOwn =
    headers["sec-fetch-site"] === "same-origin" &&
    (mode === "cors" || mode === "same-origin") &&
    headers["sec-fetch-dest"] === "empty";
  if (!isOwn) throw new Refused(403, "fetch metadata");
  if (headers.authorization !== undefined) throw new Refused(403, "authorization");
}

function respond(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...PAGE_HEADERS, "content-type": "application/json", ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}

/** A command that failed answers with its error and the error's data; a refused request with one word. */
function respondError(response: ServerResponse, error: unknown, log: Pick<Log, "error">): void {
  // The rest of the request is not read.
  if (error instanceof Refused) {
    const body = { code: "NOT_PERMITTED", message: `refused: ${error.message}` };
    respond(response, error.status, body, { connection: "close" });
    return;
  }
  const known = knownError(error);
  if (known.code === "INTERNAL") log.error(`page: ${messageOf(error)}`);
  respond(response, statusOf(known), { ...known.toJSON(), data: known.data });
}

const STATUS_BY_EXIT: Readonly<Record<number, number>> = {
  [EXIT.stale]: 409,
  [EXIT.refusedByGuard]: 403,
  [EXIT.notPermitted]: 403,
  [EXIT.deskDown]: 503,
  [EXIT.unknownOutcome]: 502,
};

function statusOf({ code, exit }: QocError): number {
  switch (code) {
    case "PAGE_SESSION_ENDED":
    case "PAGE_LOGIN_REFUSED":
    case "PAGE_LINK_USED":
      return 401;
    case "SIGNATURE_REQUIRED":
      return 409;
    case "UNKNOWN_COMMAND":
      return 404;
    case "INTERNAL":
      return 500;
    default:
      return STATUS_BY_EXIT[exit] ?? 422;
  }
}

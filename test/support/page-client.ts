/** A page without a browser: it sends what a browser sends, keeps both halves and its key, and signs decisions. */
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { makeLink } from "../../src/commands/ui.ts";
import { signingRequestOf } from "../../src/commands/signed-call.ts";
import {
  type Authority,
  STATEMENT_MS,
  type SigningRequest,
  statementText,
} from "../../src/domain/authority/authority.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { type PageScope, loginText, runText } from "../../src/domain/pages/page-session.ts";
import type { Review, ReviewedOrder } from "../../src/domain/orders/review-view.ts";
import { reviewDigest } from "../../src/trading/orders/review.ts";
import { randomBytes, type webcrypto } from "node:crypto";
import type { TempDesk } from "./temp-desk.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** One request on a connection of its own, with exactly these headers. */
export function send(port: number, { method = "GET", path, headers = {}, body }: RawRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      void textOf(response).then((text) => {
        const isJson = text.startsWith("{") || text.startsWith("[");
        const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed });
      }, reject);
    });
    call.once("error", reject);
    call.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += String(part);
  return text;
}

/** What a browser adds to a request by a script of the page. */
export function ownHeaders(port: number, host = `localhost:${port}`): OutgoingHttpHeaders {
  return { host, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
}

function originHeaders(origin: string | undefined): OutgoingHttpHeaders {
  return origin === undefined ? {} : { origin, host: new URL(origin).host };
}

export function postHeaders(port: number, host = `localhost:${port}`): OutgoingHttpHeaders {
  return { ...ownHeaders(port, host), origin: `http://${host}`, "content-type": "application/json" };
}

/** What `qoc ui` does at a terminal of this desk. Returns the code of the link. */
export async function makeCode(desk: TempDesk, scope?: PageScope): Promise<{ code: string; session: string }> {
  const { link, session } = await makeLink(
    {
      call: (command, input) => desk.call(command, input, { actor: "human" }),
      sign: (signing) => desk.sign(signing),
      random: (bytes) => Promise.resolve(randomBytes(bytes).toString("hex")),
      now: () => desk.open.desk.clock.now(),
      remoteError: (error) =>
        error instanceof QocError
          ? { code: error.code, message: error.message, hint: error.hint, data: error.data }
          : undefined,
    },
    scope,
  );
  return { code: link.split("#login=")[1] ?? "", session };
}

export interface PageKey {
  readonly publicKey: string;
  sign(text: string): Promise<string>;
}

/** A key as the page makes it with WebCrypto: its private half cannot be read. */
export async function makePageKey(): Promise<PageKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
  return {
    publicKey: Buffer.from(spki).toString("base64"),
    sign: async (text) =>
      Buffer.from(await crypto.subtle.sign("Ed25519", pair.privateKey, Buffer.from(text))).toString("base64"),
  };
}

/** The body of a login. */
export async function loginBody(code: string, key: PageKey): Promise<string> {
  const proof = await key.sign(loginText(digestOf(code), key.publicKey));
  return JSON.stringify({ code, publicKey: key.publicKey, proof });
}

/** The half of its session that the page at this origin makes for the run of the desk that answered. */
export function proofOf(
  key: PageKey,
  { session, origin }: { readonly session: string; readonly origin: string },
  { headers }: Pick<HttpAnswer, "headers">,
): Promise<string> {
  return key.sign(runText(session, String(headers["x-qoc-run"]), origin));
}

/** A page that is logged in. */
export class PageClient {
  readonly port: number;
  readonly key: PageKey;
  readonly session: string;
  readonly cookie: string;
  /** The proof of its key for the desk's run. */
  readonly page: string;
  readonly login: HttpAnswer;
  /** Of the page, as the browser sends it. */
  readonly origin: string;

  private constructor(parts: Pick<PageClient, "port" | "key" | "login" | "page"> & { origin?: string | undefined }) {
    const { port, key, login, page, origin = `http://localhost:${port}` } = parts;
    this.port = port;
    this.origin = origin;
    this.key = key;
    this.login = login;
    this.session = String(login.body["session"]);
    this.page = page;
    this.cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  }

  static async login(desk: TempDesk, scope?: PageScope, origin?: string): Promise<PageClient> {
    const [{ code }, key] = await Promise.all([makeCode(desk, scope), makePageKey()]);
    const body = await loginBody(code, key);
    const answer = await send(desk.port, {
      method: "POST",
      path: "/ui/api/login",
      headers: { ...postHeaders(desk.port), ...originHeaders(origin) },
      body,
    });
    if (answer.status !== 200) throw new Error(`the login failed: ${answer.text}`);
    const session = String(answer.body["session"]);
    const page = await proofOf(key, { session, origin: origin ?? `http://localhost:${desk.port}` }, answer);
    return new PageClient({ port: desk.port, key, login: answer, page, origin });
  }

  /**
   * The same key at the page of another port, after a restart of the desk: it proves itself to the run that answers.
   * `origin`: of the page that signs, if it is another one.
   */
  async at(port: number, origin = `http://localhost:${port}`): Promise<PageClient> {
    const refused = await send(port, { path: "/ui/api/events", headers: ownHeaders(port) });
    const page = await proofOf(this.key, { session: this.session, origin }, refused);
    return new PageClient({ port, key: this.key, login: this.login, page });
  }

  get headers(): OutgoingHttpHeaders {
    const place = { ...postHeaders(this.port), ...originHeaders(this.origin) };
    return { ...place, cookie: this.cookie, "x-qoc-page": this.page };
  }

  /** Sends a command as it is. */
  raw(command: string, input: Record<string, unknown> = {}, headers: OutgoingHttpHeaders = {}): Promise<HttpAnswer> {
    const body = JSON.stringify({ command, input });
    return send(this.port, { method: "POST", path: "/ui/api/command", headers: { ...this.headers, ...headers }, body });
  }

  async read<T>(command: string, input: Record<string, unknown> = {}): Promise<T> {
    const { status, text, body } = await this.raw(command, input);
    if (status !== 200) throw new Error(`${command}: ${status} ${text}`);
    return body["value"] as T;
  }

  async sign({ statement }: Pick<SigningRequest, "statement">): Promise<Authority> {
    const { epoch, head } = statement;
    const expiresAt = Date.now() + STATEMENT_MS;
    const signature = await this.key.sign(statementText({ ...statement, expiresAt }));
    return { key: "session", session: this.session, epoch, head, expiresAt, signature };
  }

  /** A decision besides an approval: asks what to sign, signs it, and sends it. */
  async decide(command: string, input: Record<string, unknown>): Promise<HttpAnswer> {
    const asked = await this.raw(command, input);
    if (asked.body["code"] !== "SIGNATURE_REQUIRED") return asked;
    return this.raw(command, { ...input, authority: await this.sign(signingRequestOf(asked.body["data"])) });
  }

  async review(id: string): Promise<ReviewedOrder & { review: Review; signing: SigningRequest }> {
    return this.read("approve", { id, review: true });
  }

  /** Reviews an order and approves what was shown. */
  async approve(id: string): Promise<HttpAnswer> {
    const { review, signing } = await this.review(id);
    const input = { id, digest: review.digest, shown: reviewDigest(review) };
    return this.raw("approve", { ...input, authority: await this.sign(signing) });
  }
}

/**
 * What the runtime's `Request` makes of the arguments of `fetch`. Most requests have an address and a few plain
 * members: they are read here, because the class makes an abort signal for each request, which takes longer than all
 * else in this thread.
 */
import type { HeaderList } from "../src/protocol/egress-messages.ts";

export interface RequestFacts {
  readonly url: string;
  readonly hostname: string;
  readonly method: string;
  readonly headers: HeaderList;
  readonly redirect: "follow" | "manual" | "error";
}

const MEMBERS: readonly string[] = ["method", "headers", "body", "redirect", "signal"];
/** In upper case; the class changes the case of these only. */
const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
const REDIRECTS: readonly string[] = ["follow", "manual", "error"];
const TEXT_TYPE = "text/plain;charset=UTF-8";

/** A name and a value that the runtime's `Headers` takes as they are, but for the case of the name. */
const PLAIN_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const PLAIN_VALUE = /^(?:[!-~](?:[\t -~]*[!-~])?)?$/;

/** Undefined if the runtime's class has to decide, also whether the arguments are valid. */
export function plainRequest(input: unknown, init: RequestInit | null | undefined): RequestFacts | undefined {
  const url = addressOf(input);
  if (url === undefined || !isPlain(init)) return undefined;
  const { method: given = "GET", body, redirect = "follow", signal } = init ?? {};
  const method = methodOf(given);
  if (method === undefined || !REDIRECTS.includes(redirect)) return undefined;
  if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) return undefined;
  const hasBody = body !== undefined && body !== null;
  if (hasBody && (typeof body !== "string" || method === "GET" || method === "HEAD")) return undefined;
  return { ...url, method, headers: headersOf(init?.headers, hasBody), redirect };
}

function addressOf(input: unknown): Pick<RequestFacts, "url" | "hostname"> | undefined {
  const text = typeof input === "string" ? input : input instanceof URL ? input.href : undefined;
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { href: url, hostname, username, password } = new URL(text);
  return username === "" && password === "" ? { url, hostname } : undefined;
}

function isPlain(init: object | null | undefined): boolean {
  if (init === undefined || init === null) return true;
  const isObject = typeof init === "object" && Object.getPrototypeOf(init) === Object.prototype;
  return isObject && Object.keys(init).every((name) => MEMBERS.includes(name));
}

function methodOf(given: unknown): string | undefined {
  if (typeof given !== "string") return undefined;
  if (given === "PATCH") return given;
  const upper = given.toUpperCase();
  return METHODS.includes(upper) ? upper : undefined;
}

/** @throws TypeError for headers that the runtime's class refuses. */
function headersOf(given: RequestInit["headers"], hasText: boolean): HeaderList {
  if (given === undefined) return hasText ? [["content-type", TEXT_TYPE]] : [];
  const plain = plainHeaders(given);
  if (plain !== undefined && (!hasText || plain.some(([name]) => name === "content-type"))) return plain;
  const headers = new Headers(given);
  if (hasText && !headers.has("content-type")) headers.set("content-type", TEXT_TYPE);
  return [...headers] as unknown as HeaderList;
}

/** The list that the runtime's class makes of a plain object; undefined if that class has to decide. */
function plainHeaders(given: object): HeaderList | undefined {
  if (Object.getPrototypeOf(given) !== Object.prototype) return undefined;
  const names = Object.keys(given);
  if (Reflect.ownKeys(given).length !== names.length) return undefined;
  const list: [string, string][] = [];
  for (const name of names) {
    const value: unknown = (given as Readonly<Record<string, unknown>>)[name];
    if (typeof value !== "string" || !PLAIN_NAME.test(name) || !PLAIN_VALUE.test(value)) return undefined;
    list.push([name.toLowerCase(), value]);
  }
  list.sort(([a], [b]) => (a < b ? -1 : 1));
  return list.some(([name], at) => name === list[at - 1]?.[0]) ? undefined : list;
}

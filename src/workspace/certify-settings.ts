/** `certify.toml` next to an adapter: the settings of its conformance run. */
import { dirname, join, resolve } from "node:path";
import * as z from "zod";
import "../lib/schema-words.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import type { TimeInForce } from "../domain/sdk.ts";
import { formatKeyPath, locateKey, parseToml } from "./toml.ts";
import { lazy } from "../lib/lazy.ts";

/** Wire formats of the kit's own venue besides its usual one. */
const DIALECTS = ["alpaca", "binance", "coinbase", "kraken", "ibkr"] as const;

export const CERTIFY_FILE = "certify.toml";
const CERTIFY_BYTES_MAX = 64 * 1024;

function address(protocols: readonly string[]) {
  return z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol) && new URL(text).search === "",
      `must be an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
    );
}

const relativePath = lazy(() => z.string().regex(/^\.\.?\//, 'must be a path that starts with "./"'));
/** The adapter gets what is there: a connector of others must not lead to data of the operator. */
const ownFolder = lazy(() =>
  relativePath().refine((path) => !path.split("/").includes(".."), "must be below the connector's folder"),
);

const settingsSchema = lazy(() =>
  z.strictObject({
    /** A symbol that the venue lists. */
    symbol: z.string().min(1).max(64).default("AAPL"),
    /** A second symbol that the venue lists. */
    other_symbol: z.string().min(1).max(64).optional(),
    /** A symbol that the venue does not list. */
    unknown_symbol: z.string().min(1).max(64).default("NO-SUCH"),
    /** The quantity of each test order. */
    quantity: z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'must be a decimal in quotes, like "1"')
      .default("1"),
    /** Of test orders; by default the first of `day`, `gtc`, `ioc`, `fok` that the instrument takes. */
    time_in_force: z.enum(["day", "gtc", "ioc", "fok"]).optional(),
    /**
     * false: the run places no orders. This is the default with a grant and with an upstream on another machine,
     * because both may reach a real venue.
     */
    orders: z.boolean().optional(),
    /** A module that runs the author's own fake venue: docs/connectors.md describes its hooks. */
    venue: relativePath().optional(),
    /** The wire format of the kit's own venue, or a module that describes one; by default the template's. */
    dialect: z
      .string()
      .refine(
        (text) => DIALECTS.some((name) => name === text) || /^\.\.?\//.test(text),
        `must be ${DIALECTS.join(", ")}, or a path that starts with "./"`,
      )
      .optional(),
    /** The address of a running fake venue or test net. The kit's proxy forwards every request to it. */
    upstream: address(["http:", "https:"]).optional(),
    /** The address of its stream, if it is not the upstream's. */
    upstream_stream: address(["ws:", "wss:"]).optional(),
    /** A folder with a CSV file of bars for each symbol, which `ctx.bars` returns during the run. */
    bars: ownFolder().optional(),
    /** false: the adapter simulates its own market. The kit then lets it open no connection. */
    network: z.boolean().default(true),
    /** false: the adapter brings accounts only. It then places no orders either. */
    quotes: z.boolean().default(true),
    /** true: the venue accepts one session at a time, for example because its nonces must increase. */
    serial: z.boolean().default(false),
    /** Additional addresses that the sandbox allows, such as `tcp:127.0.0.1:4002`. */
    grant: z.array(z.string().regex(/^tcp:[^:]+:\d{1,5}$/, "must be tcp:host:port")).default([]),
    options: z.record(z.string(), z.unknown()).default({}),
    /** Invented secrets as plain text. The schema has no reference to a real one. */
    auth: z.record(z.string(), z.string().min(1)).default({ api_key: "test-key-of-the-kit" }),
  }),
);

type KitDialect = (typeof DIALECTS)[number];

export interface CertifySettings {
  readonly symbol: string;
  readonly otherSymbol?: string | undefined;
  readonly unknownSymbol: string;
  readonly quantity: string;
  readonly timeInForce?: TimeInForce | undefined;
  readonly orders: boolean;
  /** Absolute path of the module with the hooks of the author's fake venue. */
  readonly venue?: string | undefined;
  readonly dialect?: KitDialect | undefined;
  /** Absolute path of the module with the author's dialect. */
  readonly dialectFile?: string | undefined;
  readonly upstream?: string | undefined;
  readonly upstreamStream?: string | undefined;
  /** Absolute path of the folder with bars. */
  readonly bars?: string | undefined;
  readonly network: boolean;
  readonly quotes: boolean;
  readonly serial: boolean;
  readonly grant: readonly string[];
  /** In strings, `{venue}` and `{stream}` are replaced by the addresses of the fake venue. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly auth: Readonly<Record<string, string>>;
}

/**
 * Reads the file next to the adapter; without one, every setting has its default. @throws as `parseCertifySettings`.
 */
export async function readCertifySettings(disk: Disk, adapter: string): Promise<CertifySettings> {
  const file = join(dirname(adapter), CERTIFY_FILE);
  const exists = (await disk.facts(file)) !== undefined;
  const text = exists ? await disk.readText(file, CERTIFY_BYTES_MAX) : "";
  const settings = parseCertifySettings(text, file);
  if (settings.bars !== undefined && (await leadsThroughLink(disk, dirname(file), settings.bars)))
    throw invalidKey(text, file, ["bars"], "must not lead through a link");
  return settings;
}

async function leadsThroughLink(disk: Disk, folder: string, path: string): Promise<boolean> {
  for (let at = path; at !== folder; at = dirname(at)) if ((await disk.facts(at))?.kind === "symlink") return true;
  return false;
}

function invalidKey(text: string, file: string, path: readonly (string | number)[], message: string): QocError {
  return new QocError("CONFIG_INVALID", { file, ...locateKey(text, path), key: formatKeyPath(path), message });
}

type RawSettings = z.infer<ReturnType<typeof settingsSchema>>;

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** Whether an option contains {venue} or {stream}, the addresses of the kit's venue or proxy. */
export function usesVenue(options: Readonly<Record<string, unknown>>): boolean {
  return /\{(venue|stream)\}/.test(JSON.stringify(options));
}

/** Returns the key that contradicts another one, and why; undefined if none does. */
function contradiction(raw: RawSettings): readonly [key: string, message: string] | undefined {
  const { venue, upstream, upstream_stream: stream, network, options } = raw;
  if (venue !== undefined && upstream !== undefined) return ["upstream", "set venue or upstream, not both"];
  if (raw.dialect !== undefined && (venue !== undefined || upstream !== undefined))
    return ["dialect", "is the wire format of the kit's own venue: set it without venue and upstream"];
  if (stream !== undefined && upstream === undefined) return ["upstream_stream", "needs upstream"];
  const behindProxy = venue === undefined ? "upstream" : "venue";
  const isProxied = raw[behindProxy] !== undefined;
  const isUsed = usesVenue(options);
  if (isProxied && !isUsed)
    return [behindProxy, "no option contains {venue} or {stream}, so no request would reach the kit's proxy"];
  if (!raw.quotes && raw.orders !== false)
    return ["quotes", "an adapter without quotes takes no orders: set orders = false"];
  if (!network && (isProxied || isUsed || raw.grant.length > 0))
    return ["network", "an adapter without a network reaches no venue"];
  return undefined;
}

/** `file` is for messages. @throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function parseCertifySettings(text: string, file: string): CertifySettings {
  const parsed = settingsSchema().safeParse(parseToml(text, file));
  const invalid = (path: readonly (string | number)[], message: string): QocError =>
    invalidKey(text, file, path, message);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const path = [...(issue?.path ?? []).map((part) => (typeof part === "number" ? part : String(part))), ...unknown];
    throw invalid(path, issue?.message ?? "");
  }
  const conflict = contradiction(parsed.data);
  if (conflict !== undefined) throw invalid([conflict[0]], conflict[1]);
  return toSettings(parsed.data, file);
}

function toSettings(raw: RawSettings, file: string): CertifySettings {
  const { unknown_symbol, other_symbol, time_in_force, upstream_stream, orders, venue, bars, dialect, ...settings } =
    raw;
  const kitDialect = DIALECTS.find((name) => name === dialect);
  const isLocal = raw.upstream === undefined || LOOPBACK.includes(new URL(raw.upstream).hostname);
  return {
    ...settings,
    dialect: kitDialect,
    dialectFile: dialect === undefined || dialect === kitDialect ? undefined : resolve(dirname(file), dialect),
    unknownSymbol: unknown_symbol,
    otherSymbol: other_symbol,
    orders: orders ?? (settings.grant.length === 0 && isLocal),
    timeInForce: time_in_force,
    upstreamStream: upstream_stream,
    venue: venue === undefined ? undefined : resolve(dirname(file), venue),
    bars: bars === undefined ? undefined : resolve(dirname(file), bars),
  };
}

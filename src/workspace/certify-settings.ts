/** `certify.toml` next to an adapter: the settings of its conformance run. */
import { dirname, join } from "node:path";
import * as z from "zod";
import "../lib/schema-words.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { formatKeyPath, locateKey, parseToml } from "./toml.ts";

export const CERTIFY_FILE = "certify.toml";
const CERTIFY_BYTES_MAX = 64 * 1024;

const settingsSchema = z.strictObject({
  /** A symbol that the venue lists. */
  symbol: z.string().min(1).max(64).default("AAPL"),
  /** A symbol that the venue does not list. */
  unknown_symbol: z.string().min(1).max(64).default("NO-SUCH"),
  /** The quantity of each test order. */
  quantity: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a decimal in quotes, like "1"')
    .default("1"),
  /** false: the run places no orders. This is the default with a grant, because a grant may reach a real gateway. */
  orders: z.boolean().optional(),
  /** Additional addresses that the sandbox allows, such as `tcp:127.0.0.1:4002`. */
  grant: z.array(z.string().regex(/^tcp:[^:]+:\d{1,5}$/, "must be tcp:host:port")).default([]),
  options: z.record(z.string(), z.unknown()).default({}),
  /** Invented secrets as plain text. The schema has no reference to a real one. */
  auth: z.record(z.string(), z.string().min(1)).default({ api_key: "test-key-of-the-kit" }),
});

export interface CertifySettings {
  readonly symbol: string;
  readonly unknownSymbol: string;
  readonly quantity: string;
  readonly orders: boolean;
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
  return parseCertifySettings(exists ? await disk.readText(file, CERTIFY_BYTES_MAX) : "", file);
}

/** `file` is for messages. @throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function parseCertifySettings(text: string, file: string): CertifySettings {
  const parsed = settingsSchema.safeParse(parseToml(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const path = [...(issue?.path ?? []).map((part) => (typeof part === "number" ? part : String(part))), ...unknown];
    const message = issue?.message ?? "";
    throw new QocError("CONFIG_INVALID", { file, ...locateKey(text, path), key: formatKeyPath(path), message });
  }
  const { unknown_symbol: unknownSymbol, orders, ...settings } = parsed.data;
  return { ...settings, unknownSymbol, orders: orders ?? settings.grant.length === 0 };
}

/** `certify.toml` beside an adapter: how the certification kit drives it. */
import { dirname, join } from "node:path";
import { TomlError, parse } from "smol-toml";
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { locateKey, pathText } from "./toml-position.ts";
import { tomlErrorMessage } from "./toml-position.ts";

export const CERTIFY_FILE = "certify.toml";
const CERTIFY_BYTES_MAX = 64 * 1024;

const settingsSchema = z.strictObject({
  /** A symbol its venue lists. */
  symbol: z.string().min(1).max(64).default("AAPL"),
  /** One it does not. */
  unknown_symbol: z.string().min(1).max(64).default("NO-SUCH"),
  /** What each test order buys. */
  quantity: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a decimal in quotes, like "1"')
    .default("1"),
  /** false: no order is ever placed. With a grant this is the default, since a real gateway may stand behind it. */
  orders: z.boolean().optional(),
  /** What the sandbox grants it besides, like `tcp:127.0.0.1:4002`. */
  grant: z.array(z.string().regex(/^tcp:[^:]+:\d{1,5}$/, "must be tcp:host:port")).default([]),
  options: z.record(z.string(), z.unknown()).default({}),
  /** Made-up secrets, in clear: real ones never stand here. */
  auth: z.record(z.string(), z.string().min(1)).default({ api_key: "test-key-of-the-kit" }),
});

export interface CertifySettings {
  readonly symbol: string;
  readonly unknownSymbol: string;
  readonly quantity: string;
  readonly orders: boolean;
  readonly grant: readonly string[];
  /** `{venue}` and `{stream}` inside a text become the addresses of the kit's fake venue. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly auth: Readonly<Record<string, string>>;
}

/** Reads the file beside the adapter; where there is none, every setting has its default. @throws CONFIG_SYNTAX, CONFIG_INVALID. */
export async function readCertifySettings(disk: Disk, adapter: string): Promise<CertifySettings> {
  const file = join(dirname(adapter), CERTIFY_FILE);
  const isThere = (await disk.facts(file)) !== undefined;
  return parseCertifySettings(isThere ? await disk.readText(file, CERTIFY_BYTES_MAX) : "", file);
}

/** `file` is for messages. */
export function parseCertifySettings(text: string, file: string): CertifySettings {
  const parsed = settingsSchema.safeParse(tableOf(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const path = [...(issue?.path ?? []).map((part) => (typeof part === "number" ? part : String(part))), ...unknown];
    throw new QocError("CONFIG_INVALID", {
      file,
      ...locateKey(text, path),
      key: pathText(path),
      message: issue?.message ?? "",
    });
  }
  const { unknown_symbol: unknownSymbol, orders, grant, ...rest } = parsed.data;
  return { ...rest, unknownSymbol, grant, orders: orders ?? grant.length === 0 };
}

function tableOf(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = tomlErrorMessage(error);
    throw new QocError("CONFIG_SYNTAX", { file, line: error.line, column: error.column, message }, { cause: error });
  }
}

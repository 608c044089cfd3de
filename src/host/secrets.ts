/** Secrets: resolved once in the host, handed to the one connector that names them, and never shown. */
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";

/** Where a secret comes from. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** Shorter values would redact ordinary words. */
const REDACT_CHARS_MIN = 6;
const SECRET_BYTES_MAX = 64 * 1024;

export interface Vault {
  /** @throws SECRET_MISSING with the name of the variable or file, never the value. */
  resolve(connector: string, auth: Readonly<Record<string, SecretSource>>): Promise<Readonly<Record<string, string>>>;
  /** Takes every known value, plain, base64 or URL-encoded, out of a text. */
  redact(text: string): string;
}

/** `env` is the live environment: a variable is taken out of it when it is first read, so that no report can show it. */
export const openVault = (disk: Disk, env: Record<string, string | undefined>): Vault => {
  const taken = new Map<string, string>();
  const shapes = new Set<string>();
  const fromEnv = (name: string): string | undefined => {
    const value = env[name] ?? taken.get(name);
    if (value === undefined || value === "") return undefined;
    taken.set(name, value);
    delete env[name];
    return value;
  };
  const fromFile = async (path: string): Promise<string | undefined> => {
    if ((await disk.facts(path)) === undefined) return undefined;
    return (await disk.readText(path, SECRET_BYTES_MAX)).replace(/\r?\n$/, "");
  };
  return {
    resolve: async (connector, auth) => {
      const values: Record<string, string> = {};
      for (const [name, source] of Object.entries(auth)) {
        const value = "env" in source ? fromEnv(source.env) : await fromFile(source.file);
        const where = "env" in source ? `environment variable ${source.env}` : `file ${source.file}`;
        if (value === undefined || value === "") throw new QocError("SECRET_MISSING", { connector, name, source: where });
        values[name] = value;
        for (const shape of shapesOf(value)) shapes.add(shape);
      }
      return values;
    },
    redact: (text) => {
      let out = text;
      for (const shape of shapes) if (out.includes(shape)) out = out.replaceAll(shape, "[secret]");
      return out;
    },
  };
};

const shapesOf = (value: string): readonly string[] => {
  if (value.length < REDACT_CHARS_MIN) return [];
  const base64 = Buffer.from(value).toString("base64");
  return [
    value,
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(value).toString("base64url"),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ];
};

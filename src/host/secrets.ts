/** Secrets: resolved once in the host, handed to the one connector that names them, and never shown. */
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { SecretRedactor } from "../lib/secret-redactor.ts";

/** Where a secret comes from. */
export type SecretRef = { readonly env: string } | { readonly file: string };

/** Shorter values would redact ordinary words. */
const REDACT_CHARS_MIN = 6;
const SECRET_BYTES_MAX = 64 * 1024;

export interface SecretStore {
  /** @throws SECRET_MISSING with the name of the variable or file, never the value. */
  resolve(connector: string, auth: Readonly<Record<string, SecretRef>>): Promise<Readonly<Record<string, string>>>;
  /** Takes every known value, plain, base64, hex, URL- or form-encoded, out of a text. */
  redact(text: string): string;
}

/** `env` is the live environment: a variable is taken out of it when it is first read, so that no report can show it. */
export function openSecretStore(disk: Disk, env: Record<string, string | undefined>): SecretStore {
  const taken = new Map<string, string>();
  const redactor = new SecretRedactor(REDACT_CHARS_MIN);
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
        if (value === undefined || value === "")
          throw new QocError("SECRET_MISSING", { connector, name, source: where });
        values[name] = value;
        redactor.add(value);
      }
      return values;
    },
    redact: (text) => redactor.redact(text),
  };
}

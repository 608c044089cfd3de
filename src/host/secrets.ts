/** Resolves the secrets of connectors from the environment or from files, and redacts them in texts. */
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { SecretRedactor } from "../lib/secret-redactor.ts";
import type { SecretRef } from "../workspace/config-schema.ts";

/** Shorter values would redact ordinary words. */
const REDACT_CHARS_MIN = 6;
const SECRET_BYTES_MAX = 64 * 1024;

export interface SecretStore {
  /** Returns the secrets of one connector by name. @throws SECRET_MISSING with the name of the variable or file. */
  resolve(connector: string, auth: Readonly<Record<string, SecretRef>>): Promise<Readonly<Record<string, string>>>;
  /** Replaces every resolved value by `[secret]`: plain, base64, hex, URL-encoded or form-encoded. */
  redact(text: string): string;
  /** As `redact`, of the values that were resolved for this connector alone. */
  redactOwn(connector: string, text: string): string;
}

/**
 * `env` is the process's own environment: a variable is deleted from it when it is read, so that no crash report shows
 * it.
 */
export function openSecretStore(disk: Disk, env: Record<string, string | undefined>): SecretStore {
  const readFromEnv = new Map<string, string>();
  const redactor = new SecretRedactor(REDACT_CHARS_MIN);
  const own = new Map<string, SecretRedactor>();
  const fromEnv = (name: string): string | undefined => {
    const value = env[name] ?? readFromEnv.get(name);
    if (value === undefined || value === "") return undefined;
    readFromEnv.set(name, value);
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
      const ownRedactor = own.get(connector) ?? new SecretRedactor(REDACT_CHARS_MIN);
      own.set(connector, ownRedactor);
      for (const [name, source] of Object.entries(auth)) {
        const value = "env" in source ? fromEnv(source.env) : await fromFile(source.file);
        const origin = "env" in source ? `environment variable ${source.env}` : `file ${source.file}`;
        if (value === undefined || value === "")
          throw new QocError("SECRET_MISSING", { connector, name, source: origin });
        values[name] = value;
        redactor.add(value);
        ownRedactor.add(value);
      }
      return values;
    },
    redact: (text) => redactor.redact(text),
    redactOwn: (connector, text) => own.get(connector)?.redact(text) ?? text,
  };
}

/** Secrets: resolved once in the host, handed to the one connector that names them, and never shown. */
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";

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
  const shapes = new Set<string>();
  let known: RegExp | undefined;
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
        for (const shape of shapesOf(value)) shapes.add(shape);
      }
      // The longest first: a value may stand inside of another.
      const longest = [...shapes].toSorted((a, b) => b.length - a.length);
      known = longest.length === 0 ? undefined : new RegExp(longest.map(escaped).join("|"), "g");
      return values;
    },
    redact: (text) => (known === undefined ? text : text.replace(known, "[secret]")),
  };
}

/** How a value may stand in a text: as it is, and as programs write it down. */
function shapesOf(value: string): readonly string[] {
  if (value.length < REDACT_CHARS_MIN) return [];
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  const inUrls = [form, form.replaceAll("+", "%20"), encodeURIComponent(value)];
  return [value, ...base64Shapes(bytes), hex, hex.toUpperCase(), ...inUrls, JSON.stringify(value).slice(1, -1)];
}

/** In base64 a value looks different at each of three places (`user:SECRET`); what is certain of it at each is looked for. */
function base64Shapes(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const certain = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return certain.length < REDACT_CHARS_MIN
      ? []
      : [certain, certain.replaceAll("+", "-").replaceAll("/", "_"), encodeURIComponent(certain)];
  });
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

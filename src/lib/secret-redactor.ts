/** Replaces secrets in text, also in the encodings in which programs print them. */

const BASE64_BITS = 6;

export class SecretRedactor {
  readonly #minLength: number;
  /** The label by each form of each secret. */
  readonly #labels = new Map<string, string>();
  #pattern: RegExp | undefined;
  /** A pattern for each secret that matches any mix of escapes of its characters. */
  readonly #escaped = new Map<string, { readonly pattern: RegExp; readonly label: string }>();

  /** Secrets shorter than `minLength` characters are not replaced: they would match ordinary words. */
  constructor(minLength: number) {
    this.#minLength = minLength;
  }

  /** Replaces `secret` by `label` from now on. */
  add(secret: string, label = "[secret]"): void {
    for (const form of encodedForms(secret, this.#minLength)) this.#labels.set(form, label);
    // The longest first: a form may be part of another.
    const forms = [...this.#labels.keys()].toSorted((a, b) => b.length - a.length);
    this.#pattern = forms.length === 0 ? undefined : new RegExp(forms.map(escapeRegExp).join("|"), "g");
    const escaped = secret.length < this.#minLength ? undefined : escapedPattern(secret);
    if (escaped !== undefined) this.#escaped.set(secret, { pattern: escaped, label });
  }

  redact(text: string): string {
    if (this.#pattern === undefined) return text;
    // Escapes first: the plain form of a secret may end in the first character of an escape. Most texts hold none.
    const unescaped = ESCAPE.test(text)
      ? [...this.#escaped.values()].reduce((rest, { pattern, label }) => rest.replace(pattern, () => label), text)
      : text;
    return unescaped.replace(this.#pattern, (form) => this.#labels.get(form) ?? "[secret]");
  }
}

/** The secret as it is, and in base64, hex, URL, form and JSON encoding; base64 and hex of UTF-16 too. */
function encodedForms(secret: string, minLength: number): readonly string[] {
  if (secret.length < minLength) return [];
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const inUrls = [form, form.replaceAll("+", "%20"), encodeURIComponent(bytes.toString("utf8"))];
  const inJson = JSON.stringify(secret).slice(1, -1);
  const utf16 = [Buffer.from(secret, "utf16le"), Buffer.from(secret, "utf16le").swap16()];
  const inUtf16 = utf16.flatMap((encoded) => {
    const digits = encoded.toString("hex");
    return [...base64Forms(encoded, minLength), digits, digits.toUpperCase()];
  });
  return [secret, ...base64Forms(bytes, minLength), hex, hex.toUpperCase(), ...inUrls, inJson, ...inUtf16];
}

/** Every escape of a character begins with one of these. */
const ESCAPE = /[%\\&\0]/;
/** A longer pattern takes too long to compile; a longer secret is found in the fixed forms. */
const ESCAPED_CHARS_MAX = 2_048;
/** Each backslash of a secret is matched in several ways. */
const BACKSLASHES_MAX = 3;
/** JSON in JSON in JSON in JSON doubles a backslash three times. */
const BACKSLASHES = "\\\\{1,8}";
/** Between the characters of a text in UTF-16 that was read byte by byte. */
const ZERO_ESCAPES = "u0000|x00|0";
const ZERO_BYTE = `(?:\\0|${BACKSLASHES}(?:${ZERO_ESCAPES})|%00)?`;
/** After the backslashes of a backslash: its last one must not be that of the zero byte which follows. */
const NO_ZERO_ESCAPE = `(?!${ZERO_ESCAPES})`;
const NAMED_ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
const LETTERS_AFTER_BACKSLASH: Readonly<Record<string, string>> = {
  "\n": "n",
  "\r": "r",
  "\t": "t",
  "\b": "b",
  "\f": "f",
};

/** Matches the secret with any of its characters escaped: `%2b`, `\u002b`, `\\"`, `&#43;`, `&amp;`. */
function escapedPattern(secret: string): RegExp | undefined {
  if (secret.length > ESCAPED_CHARS_MAX || secret.split("\\").length - 1 > BACKSLASHES_MAX) return undefined;
  return new RegExp([...secret].map(characterPattern).join(ZERO_BYTE), "g");
}

function characterPattern(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  const units = character.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  const name = NAMED_ENTITIES[character];
  const letter = LETTERS_AFTER_BACKSLASH[character];
  // The longest forms first.
  const forms = [
    [...Buffer.from(character)].map((byte) => `%${anyCase(byte.toString(16).padStart(2, "0"))}`).join(""),
    units.map((unit) => `${BACKSLASHES}u${anyCase(unit)}`).join(""),
    `&#[xX]0*${anyCase(code)};`,
    `&#0*${Number.parseInt(code, 16)};`,
    ...(name === undefined ? [] : [`&${name};`]),
    ...(character === "\\" ? [`${BACKSLASHES}${NO_ZERO_ESCAPE}`] : []),
    ...(/[\p{L}\p{N}]/u.test(character) ? [] : [`${BACKSLASHES}${escapeRegExp(letter ?? character)}`]),
    escapeRegExp(character),
  ];
  return `(?:${forms.join("|")})`;
}

/** A pattern of the hexadecimal digits in either case. */
function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/**
 * Base64 of a secret depends on the number of bytes before it (`user:SECRET`), modulo 3. For each of the three, returns
 * the characters that the secret alone determines.
 */
function base64Forms(bytes: Buffer, minLength: number): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const first = Math.ceil((before * 8) / BASE64_BITS);
    const end = Math.floor(((before + bytes.length) * 8) / BASE64_BITS);
    const determined = encoded.slice(first, end);
    return determined.length < minLength
      ? []
      : [determined, determined.replaceAll("+", "-").replaceAll("/", "_"), encodeURIComponent(determined)];
  });
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

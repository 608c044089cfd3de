/** Replaces secrets in text, also in the encodings in which programs print them. */

const BASE64_BITS = 6;

export class SecretRedactor {
  readonly #minLength: number;
  /** The label by each form of each secret. */
  readonly #labels = new Map<string, string>();
  #pattern: RegExp | undefined;

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
  }

  redact(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (form) => this.#labels.get(form) ?? "[secret]");
  }
}

/** The secret as it is, and in base64, hex, URL, form and JSON encoding. */
function encodedForms(secret: string, minLength: number): readonly string[] {
  if (secret.length < minLength) return [];
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const inUrls = [form, form.replaceAll("+", "%20"), encodeURIComponent(bytes.toString("utf8"))];
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, ...base64Forms(bytes, minLength), hex, hex.toUpperCase(), ...inUrls, inJson];
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

/** A private key under a passphrase: PKCS #8 in AES-256-GCM, with a key that scrypt derives from the passphrase. */
import { createCipheriv, createDecipheriv, createPrivateKey, scrypt } from "node:crypto";
import * as z from "zod";
import { QocError } from "../../domain/errors/error.ts";
import type { Ids } from "../../domain/ports.ts";
import { tryParseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";

/** One guess costs about half a second and 128 MiB. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const SCRYPT_MEMORY_MAX = 256 * 1024 * 1024;
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const TAG_BYTES = 16;

export const PASSPHRASE_CHARS_MIN = 10;

const base64 = lazy(() => z.base64());
const lockedKeySchema = lazy(() =>
  z.strictObject({
    format: z.literal(1),
    kdf: z.strictObject({
      name: z.literal("scrypt"),
      N: z.literal(SCRYPT.N),
      r: z.literal(SCRYPT.r),
      p: z.literal(SCRYPT.p),
      salt: base64(),
    }),
    cipher: z.literal(CIPHER),
    nonce: base64(),
    sealed: base64(),
  }),
);
type LockedKey = z.infer<ReturnType<typeof lockedKeySchema>>;

/** The text of a key file in which `pem` can be read with the passphrase only. */
export async function lockKey(ids: Ids, pem: string, passphrase: string): Promise<string> {
  const salt = Buffer.from(ids.random(16), "hex");
  const nonce = Buffer.from(ids.random(12), "hex");
  const cipher = createCipheriv(CIPHER, await deriveKey(passphrase, salt), nonce);
  const sealed = Buffer.concat([cipher.update(pem, "utf8"), cipher.final(), cipher.getAuthTag()]);
  const file: LockedKey = {
    format: 1,
    kdf: { name: "scrypt", ...SCRYPT, salt: salt.toString("base64") },
    cipher: CIPHER,
    nonce: nonce.toString("base64"),
    sealed: sealed.toString("base64"),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** True if a key file has the form of an earlier version: encrypted PEM, whose passphrase is cheap to guess. */
export function isEarlierForm(text: string): boolean {
  return text.includes("ENCRYPTED PRIVATE KEY");
}

/** The PEM of a locked key file, also of the earlier form. @throws KEY_REQUIRED if the passphrase is wrong. */
export async function unlockKey(text: string, passphrase: string): Promise<string> {
  if (isEarlierForm(text)) return unlockEarlierForm(text, passphrase);
  const parsed = lockedKeySchema().safeParse(tryParseJson(text));
  if (!parsed.success) throw new QocError("KEY_REQUIRED", { reason: "the file of the live key is damaged" });
  const { kdf, nonce, sealed } = parsed.data;
  const bytes = Buffer.from(sealed, "base64");
  const key = await deriveKey(passphrase, Buffer.from(kdf.salt, "base64"));
  try {
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch (error) {
    throw wrongPassphrase(error);
  }
}

function unlockEarlierForm(text: string, passphrase: string): string {
  try {
    return String(createPrivateKey({ key: text, passphrase }).export({ type: "pkcs8", format: "pem" }));
  } catch (error) {
    throw wrongPassphrase(error);
  }
}

function wrongPassphrase(cause: unknown): QocError {
  return new QocError("KEY_REQUIRED", { reason: "the passphrase is wrong" }, { cause });
}

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize("NFKC"), salt, KEY_BYTES, { ...SCRYPT, maxmem: SCRYPT_MEMORY_MAX }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  );
}

/** Why a new passphrase is refused; undefined if it is accepted. */
export function passphraseProblem(passphrase: string): string | undefined {
  if ([...passphrase].length < PASSPHRASE_CHARS_MIN)
    return `a passphrase has at least ${PASSPHRASE_CHARS_MIN} characters`;
  const plain = passphrase.toLowerCase().replaceAll(/[\s._-]/g, "");
  if (new Set(plain).size < 5) return "the passphrase repeats few characters";
  if (SEQUENCES.some((sequence) => sequence.includes(plain))) return "the passphrase is a row of keys";
  // "Password2024!" is the common word "password" with digits and signs around it.
  const word = plain.replaceAll(/^[\d\W]+|[\d\W]+$/g, "");
  return COMMON.has(plain) || COMMON.has(word) ? "the passphrase is a common one" : undefined;
}

const SEQUENCES = [
  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
  "01234567890123456789",
  "98765432109876543210",
  "qwertyuiopasdfghjklzxcvbnm",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
  "q1w2e3r4t5y6u7i8o9p0",
  "1q2w3e4r5t6y7u8i9o0p",
];

/** The words of published lists of common passwords that people lengthen with digits, and common long ones. */
const COMMON = new Set(
  `password passwort passw0rd p@ssw0rd p@ssword letmein welcome admin administrator iloveyou monkey dragon football
  baseball basketball superman batman spiderman princess sunshine shadow master michael jennifer jordan ashley
  charlie starwars whatever trustno1 freedom computer internet samsung google facebook liverpool chelsea arsenal
  manchester barcelona juventus pokemon minecraft naruto cheese chocolate butterfly purple summer winter spring
  autumn january february september october november december monday friday america london paris berlin secret
  changeme default guest login qwerty qwertz azerty asdfgh zxcvbn trading trader bitcoin ethereum satoshi
  hodl tothemoon lambo passphrase mypassword mypassphrase newpassword yourpassword passwordpassword adminadmin
  correcthorsebatterystaple iloveyouiloveyou iloveyouforever letmeinplease opensesame abcdefghij abcd1234abcd
  abc123abc123 qweasdzxc qweqweqwe 1qaz2wsx3edc zaq12wsxcde asdfasdfasdf aaaaabbbbb 1029384756 0123456789
  football1234 superman1234 starwars1234 qwerty12345 qwertyuiop123 1q2w3e4r5t trustno1trustno1 test1234test
  testtesttest hellohello helloworld hello12345 goodmorning goodnight lovelovelove babygirl1234 mychemicalromance
  manchesterunited realmadrid newyorkyankees dallascowboys harrypotter lordoftherings gameofthrones starwars
  operator operatorkey qocqocqoc qocpassword livekey tradingdesk`.split(/\s+/),
);

/** `qoc passkeys add`: the terminal signs the passkey whose digest the human typed, whatever the desk says. */
import { describe, expect, it } from "vitest";
import type { CommandSession } from "../../src/commands/command.ts";
import { command } from "../../src/commands/passkeys/add.ts";
import type { SigningRequest } from "../../src/domain/authority/authority.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { passkeyText } from "../../src/domain/pages/passkey.ts";

const FACTS = { name: "amber-kite-oslo", credential: "AAAA", publicKey: "a2V5", origin: "http://localhost:7070" };
const DIGEST = digestOf(passkeyText(FACTS));
const OFFERED = { ...FACTS, digest: DIGEST, state: "offered", at: "2026-11-28T10:00:00.000Z" };

/** A terminal at a desk that lists `offered`, and asks for a signature of `asked`. */
function session(offered: object = OFFERED, asked: string = DIGEST) {
  const signed: SigningRequest[] = [];
  const said: string[] = [];
  const shown: unknown[] = [];
  const fake: Partial<CommandSession> = {
    call: async (name, input) => {
      if (name === "passkeys list") return [offered];
      if ((input as { authority?: unknown }).authority !== undefined) return { ...OFFERED, state: "in force" };
      const statement = { desk: "d", epoch: 1, head: { seq: 1, hash: "" }, action: "passkey", id: "" } as const;
      const signing: SigningRequest = { key: "live", statement: { ...statement, digest: asked, shown: "", mode: "" } };
      throw new QocError("SIGNATURE_REQUIRED", { action: "passkey", key: "live" }, { data: { signing } });
    },
    sign: async (request) => {
      signed.push(request);
      return { key: "live", epoch: 1, head: { seq: 1, hash: "" }, expiresAt: 1, signature: "c2ln" };
    },
    show: async (_name, value) => void shown.push(value),
    progress: { line: (line) => void said.push(line) },
    remoteError: (error) => (error instanceof QocError ? { ...error.toJSON(), data: error.data } : undefined),
  };
  return { session: fake as CommandSession, signed, said, shown };
}

function add(at: ReturnType<typeof session>, digest: string = DIGEST): Promise<unknown> {
  return Promise.resolve(command.cli?.(at.session, { digest }));
}

describe("qoc passkeys add", () => {
  it("W72 says what the passkey is and where it was made, and signs its digest with the live key", async () => {
    const at = session();
    expect(await add(at)).toBe(0);
    expect(at.said[0]).toContain(
      "passkey amber-kite-oslo, made 2026-11-28T10:00:00.000Z on the page at http://localhost:7070",
    );
    expect(at.signed).toMatchObject([{ key: "live", statement: { action: "passkey", digest: DIGEST } }]);
    expect(at.shown).toMatchObject([{ state: "in force" }]);
  });

  it("asks for the digest if none is typed", async () => {
    await expect(Promise.resolve(command.cli?.(session().session, {}))).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each<[string, object, string, string]>([
    ["another key under the typed digest", { ...OFFERED, publicKey: "b3RoZXI=" }, DIGEST, "PASSKEY_UNKNOWN"],
    ["another origin under the typed digest", { ...OFFERED, origin: "http://localhost:1" }, DIGEST, "PASSKEY_UNKNOWN"],
    ["no passkey of the typed digest", { ...OFFERED, digest: digestOf("x") }, DIGEST, "PASSKEY_UNKNOWN"],
    ["a passkey that is in force already", { ...OFFERED, state: "in force" }, DIGEST, "PASSKEY_UNKNOWN"],
    ["a signature of another passkey", OFFERED, digestOf("another passkey"), "SIGNATURE_INVALID"],
  ])("W72 signs nothing if the desk names %s", async (_name, offered, asked, code) => {
    const at = session(offered, asked);
    await expect(add(at)).rejects.toMatchObject({ code });
    expect([at.signed, at.shown]).toEqual([[], []]);
  });
});

/** The host's check of a decision's signature, of which the verification may have begun before. */
import { generateKeyPairSync } from "node:crypto";
import { beforeEach, expect, it } from "vitest";
import { type Authority, statementOf, statementText } from "../../../src/domain/authority/authority.ts";
import { emptyDeskState } from "../../../src/domain/desk-state.ts";
import { type DeskAuthority, type SignedDecision, openAuthority } from "../../../src/trading/keys/authority.ts";
import { type Signer, signerOf } from "../../../src/trading/keys/operator-keys.ts";

const HEAD = { seq: 7, hash: "of-record-7" };

function newKey(): { readonly pem: string; readonly sign: Signer } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { pem: String(publicKey.export({ type: "spki", format: "pem" })), sign: signerOf(privateKey) };
}

const desk = newKey();
const other = newKey();
let authority: DeskAuthority;
let state: ReturnType<typeof emptyDeskState>;
beforeEach(() => {
  state = emptyDeskState();
  const keys = { desk: desk.pem, host: {} as never, live: undefined };
  const parts = { state, clock: { now: () => 1_000 }, head: () => HEAD };
  authority = openAuthority({ ...parts, keys, readKeys: async () => keys });
});

function decision(digest: string): SignedDecision {
  return { action: "approve", id: "a", digest, shown: "", mode: "paper", key: "desk" };
}
function signed({ key: _key, ...subject }: SignedDecision, sign: Signer): Authority {
  authority.request(decision("any"));
  const unsigned = { key: "desk", epoch: 0, head: HEAD, expiresAt: 2_000, signature: "" } as const;
  return { ...unsigned, signature: sign(statementText(statementOf("", subject, unsigned))) };
}

it("a signature passes whether its verification began before or not, and passes once", async () => {
  const [a, b] = [decision("a"), decision("b")];
  const [early, late] = [signed(a, desk.sign), signed(b, desk.sign)];
  authority.begin(a, early);
  await authority.check(a, early);
  await authority.check(b, late);
  for (const [of, proof] of [
    [a, early],
    [b, late],
  ] as const) {
    authority.begin(of, proof);
    await expect(authority.check(of, proof)).rejects.toMatchObject({ code: "SIGNATURE_STALE" });
  }
});

it("the verification that began is not taken for other terms, another key or another signature", async () => {
  const [read, edited] = [decision("as read"), decision("as edited")];
  const proof = signed(read, desk.sign);
  authority.begin(read, proof);
  await expect(authority.check(edited, proof)).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
  const forged = signed(read, other.sign);
  authority.begin(read, forged);
  await expect(authority.check(read, forged)).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
  await authority.check(read, proof);
});

it("W65 the signature of a page whose session ends while it is verified does not pass", async () => {
  const page = { session: "a-b-c", scope: "paper", origin: "http://localhost:1" } as const;
  const publicKey = other.pem.replaceAll(/-----[^-]*-----|\n/g, "");
  state.pages.sessions.set(page.session, { scope: "paper", publicKey, openedAt: 0, endsAt: 9_000 });
  const read = decision("a");
  const proof: Authority = { ...signed(read, other.sign), key: "session", session: page.session };
  authority.begin({ ...read, page }, proof);
  const checked = authority.check({ ...read, page }, proof);
  checked.catch(() => undefined);
  // The check waits for the thread that verifies.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  state.pages.sessions.delete(page.session);
  await expect(checked).rejects.toMatchObject({ code: "PAGE_SESSION_ENDED" });
});

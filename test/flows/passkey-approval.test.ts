/** A live order on the page: the live key registers a passkey once, and each approval is its answer to one review. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Authority } from "../../src/domain/authority/authority.ts";
import {
  PASSKEY_MS,
  type PasskeyRequest,
  passkeyChallengeText,
  passkeyProofText,
} from "../../src/domain/pages/passkey.ts";
import { systemClock } from "../../src/app/system.ts";
import type { PasskeyView } from "../../src/trading/pages/passkeys.ts";
import { reviewDigest } from "../../src/trading/orders/review.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type Answer, type Authenticator, authenticator } from "../support/authenticator.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { type HttpAnswer, PageClient } from "../support/page-client.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let page: PageClient;
let key: Authenticator;
let name: string;
/** How far the desk's wall clock is ahead. */
let aheadMs = 0;

// One desk: starting a live connector and unlocking the live key take a second each.
beforeAll(async () => {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
    config: (text) =>
      `${text.replace('[[guard]]\nkey = "duplicate-order"\nwindow_s = 600\n', "")}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "live"\n${LIVE_LINES}${LIVE_GUARD}`,
  });
  page = await PageClient.login(desk);
  key = authenticator();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function offer(by = key, at = page, forged: Partial<Answer> = {}): Promise<HttpAnswer> {
  const { credential, publicKey } = by;
  const text = passkeyProofText(at.session, { credential, publicKey, origin: at.origin });
  const proof = by.answer(text, at.origin, forged);
  return at.raw("passkeys add", { passkey: { credential, publicKey, proof } });
}

async function propose(): Promise<string> {
  const terms = { connector: "broker", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100" };
  return (await desk.call<{ id: string }>("orders propose", { ...terms, rationale: "x" })).id;
}

interface Reviewed {
  readonly input: { readonly id: string; readonly digest: string; readonly shown: string };
  readonly statement: Awaited<ReturnType<PageClient["review"]>>["signing"]["statement"];
  readonly passkey: PasskeyRequest | undefined;
}

async function review(id: string, at = page): Promise<Reviewed> {
  const { review: shown, signing, passkey } = await at.review(id);
  const input = { id, digest: shown.digest, shown: reviewDigest(shown) };
  return { input, statement: signing.statement, passkey };
}

interface Forgery {
  readonly answer?: Partial<Answer>;
  readonly authority?: Partial<Authority>;
  readonly by?: Authenticator;
  readonly statement?: Partial<Reviewed["statement"]>;
}

function answer({ statement, passkey }: Reviewed, forged: Forgery = {}, at = page): Authority {
  const expiresAt = passkey?.expiresAt ?? 0;
  const text = passkeyChallengeText(at.session, { ...statement, expiresAt, ...forged.statement });
  const { signature, ...rest } = (forged.by ?? key).answer(text, at.origin, forged.answer);
  const { epoch, head } = statement;
  const place = { key: "passkey", session: at.session, epoch, head, expiresAt } as const;
  return { ...place, passkey: { name, ...rest }, signature, ...forged.authority };
}

function stateOf(id: string): string | undefined {
  return desk.open.desk.state.orders.get(id as never)?.state;
}

describe("a passkey", () => {
  it.each<[string, Partial<Answer>]>([
    ["that did not verify its user", { flags: 0x01 }],
    ["that another page asked", { origin: "http://localhost:1" }],
    ["that answered something else", { text: "x" }],
  ])("W72 %s is not offered", async (_name, forged) => {
    expect((await offer(key, page, forged)).body["code"]).toBe("PASSKEY_REFUSED");
    expect(await desk.call("passkeys list")).toEqual([]);
  });

  it("W72 of a page counts for nothing until the live key has signed it at a terminal", async () => {
    const id = await propose();
    const { digest } = (await offer()).body["value"] as PasskeyView;
    expect(await desk.call("passkeys list")).toMatchObject([{ state: "offered", digest, origin: page.origin }]);
    expect((await review(id)).passkey).toBeUndefined();
    const refused = await page.raw("passkeys add", { digest });
    expect(refused.body["code"]).toBe("PAGE_NOT_ALLOWED");
    const request = await desk.call("passkeys add", { digest }, { actor: "human" }).catch((error: unknown) => error);
    expect(request).toMatchObject({ code: "SIGNATURE_REQUIRED", details: { key: "live" } });
    await expect(desk.call("passkeys add", { digest: `sha256:${"0".repeat(64)}` })).rejects.toMatchObject({
      code: "PASSKEY_UNKNOWN",
    });
    ({ name } = await desk.call<PasskeyView>("passkeys add", { digest }));
    expect(await desk.call("passkeys list")).toMatchObject([{ state: "in force", name }]);
    expect((await offer()).body["code"]).toBe("PASSKEY_REFUSED");
    expect((await review(id)).passkey?.passkeys).toEqual([{ name, credential: key.credential }]);
  });

  it("is for one origin: the page under another name of the desk has none", async () => {
    const other = await PageClient.login(desk, undefined, `http://127.0.0.1:${desk.port}`);
    const id = await propose();
    const reviewed = await review(id, other);
    expect(reviewed.passkey).toBeUndefined();
    const expiresAt = Date.now() + PASSKEY_MS / 2;
    const authority = answer({ ...reviewed, passkey: { passkeys: [], expiresAt } }, {}, other);
    expect(await other.raw("approve", { ...reviewed.input, authority })).toMatchObject({
      body: { code: "PASSKEY_REFUSED", message: expect.stringContaining(`the page at ${page.origin}`) as string },
    });
  });

  it("of a session that approves nothing is not asked for", async () => {
    const none = await PageClient.login(desk, "none");
    expect((await review(await propose(), none)).passkey).toBeUndefined();
  });

  it.each<[string, Forgery, string]>([
    ["W47 asked by another port", { answer: { origin: "http://localhost:1" } }, "PASSKEY_REFUSED"],
    ["W70 asked by another site", { answer: { origin: "https://evil.example" } }, "PASSKEY_REFUSED"],
    ["W70 for another host", { answer: { host: "evil.example" } }, "PASSKEY_REFUSED"],
    ["W70 without verification of the user", { answer: { flags: 0x01 } }, "PASSKEY_REFUSED"],
    ["W70 of a registration", { answer: { type: "webauthn.create" } }, "PASSKEY_REFUSED"],
    ["W70 inside another page", { answer: { crossOrigin: true } }, "PASSKEY_REFUSED"],
    ["W70 of another key", { by: authenticator() }, "PASSKEY_REFUSED"],
    ["W70 whose counter went back", { answer: { counter: 0 } }, "PASSKEY_REFUSED"],
    ["W69 of another order", { statement: { id: "20260101-001" } }, "PASSKEY_REFUSED"],
    ["W69 of other terms", { statement: { digest: `sha256:${"1".repeat(64)}` } }, "PASSKEY_REFUSED"],
    ["W69 of another review", { statement: { shown: `sha256:${"1".repeat(64)}` } }, "PASSKEY_REFUSED"],
    ["W69 of paper", { statement: { mode: "paper" } }, "PASSKEY_REFUSED"],
    ["W69 of another desk", { statement: { desk: "0".repeat(32) } }, "PASSKEY_REFUSED"],
    ["W69 that has expired", { authority: { expiresAt: 1 } }, "SIGNATURE_STALE"],
    ["W69 that ends in an hour", { authority: { expiresAt: Date.now() + 3_600_000 } }, "SIGNATURE_STALE"],
    ["W69 of another session", { authority: { session: "a-b-c" } }, "SIGNATURE_INVALID"],
    ["of no session", { authority: { session: undefined } }, "SIGNATURE_INVALID"],
    ["without its answer", { authority: { passkey: undefined } }, "PASSKEY_REFUSED"],
    ["that calls itself the live key", { authority: { key: "live" } }, "SIGNATURE_INVALID"],
  ])("%s does not approve", async (_name, forged, code) => {
    const [id = await propose()] = [...desk.open.desk.state.proposed.keys()];
    const reviewed = await review(id);
    const { body } = await page.raw("approve", { ...reviewed.input, authority: answer(reviewed, forged) });
    expect(body["code"]).toBe(code);
    expect(stateOf(id)).toBe("proposed");
  });

  it("W69 whose end the page moved approves nothing two minutes after its review", async () => {
    const [id = await propose()] = [...desk.open.desk.state.proposed.keys()];
    const reviewed = await review(id);
    const expiresAt = desk.open.desk.clock.now() + 1.5 * PASSKEY_MS;
    const authority = answer({ ...reviewed, passkey: { passkeys: [], expiresAt } });
    aheadMs = PASSKEY_MS + 1_000;
    const { body } = await page.raw("approve", { ...reviewed.input, authority });
    aheadMs = 0;
    expect(body["code"]).toBe("SIGNATURE_STALE");
    expect(stateOf(id)).toBe("proposed");
  });

  it("approves once: the same answer counts no second time, nor in another form", async () => {
    const id = await propose();
    // The guards refuse the order after its answer was checked.
    await desk.call("halt", { reason: "look" });
    const reviewed = await review(id);
    const authority = answer(reviewed);
    expect((await page.raw("approve", { ...reviewed.input, authority })).body["code"]).toBe("GUARD_BLOCKED");
    await desk.call("resume", { reason: "go on" });
    const other = { ...authority, signature: mirrored(authority.signature) };
    for (const again of [authority, other])
      expect((await page.raw("approve", { ...reviewed.input, authority: again })).body["code"]).toMatch(
        /PASSKEY_REFUSED|SIGNATURE_STALE/,
      );
    // A passkey in the cloud has no counter: the challenge alone keeps it single.
    expect(stateOf(id)).toBe("proposed");
  });

  it("approves a live order and no other decision, and journal verify follows it offline", async () => {
    const id = await propose();
    const reviewed = await review(id);
    const { body } = await page.raw("approve", { ...reviewed.input, authority: answer(reviewed) });
    expect(body["value"]).toMatchObject({ id, state: expect.stringMatching(/accepted|filled/) as string });
    await desk.call("halt", { reason: "look" });
    const asked = await page.raw("resume", { reason: "go on" });
    const { signing } = asked.body["data"] as { signing: { statement: Reviewed["statement"] } };
    const passkey = { passkeys: [], expiresAt: Date.now() + PASSKEY_MS / 2 };
    const resume = answer({ ...reviewed, statement: signing.statement, passkey });
    expect((await page.raw("resume", { reason: "go on", authority: resume })).body["code"]).toBe("SIGNATURE_REQUIRED");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true, problemCount: 0 });
    expect(await desk.call<{ approvals: object[] }>("orders show", { id })).toMatchObject({
      approvals: [{ channel: "http", by: "human" }],
    });
  });

  it("approves nothing after it was removed", async () => {
    await desk.call("resume", { reason: "go on" });
    const id = await propose();
    const reviewed = await review(id);
    await desk.call("passkeys remove", { name });
    const { body } = await page.raw("approve", { ...reviewed.input, authority: answer(reviewed) });
    expect(body["code"]).toBe("PASSKEY_REFUSED");
    expect((await review(id)).passkey).toBeUndefined();
    await expect(desk.call("passkeys remove", { name })).rejects.toMatchObject({ code: "PASSKEY_UNKNOWN" });
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });
  it("stays registered over a restart, at which the desk checks its registration", async () => {
    key = authenticator();
    const { digest } = (await offer()).body["value"] as PasskeyView;
    const { name: other } = await desk.call<PasskeyView>("passkeys add", { digest });
    await desk.stop();
    desk = await tempDesk({ again: { root: desk.root, home: desk.home } });
    expect(desk.open.desk.readOnly()).toBeUndefined();
    expect(await desk.call("passkeys list")).toMatchObject([{ state: "in force", name: other }]);
    // The page is at another port now: the passkey is for the one before.
    page = await page.at(desk.port);
    expect((await review(await propose())).passkey).toBeUndefined();
    const again = await offer(authenticator());
    expect(again.body["value"]).toMatchObject({ state: "offered", origin: page.origin });
  });

  it("W72 that waits for the live key is gone with the session of its page", async () => {
    const other = await PageClient.login(desk);
    const { digest } = (await offer(authenticator(), other)).body["value"] as PasskeyView;
    const offered = (await desk.call<readonly PasskeyView[]>("passkeys list")).length;
    await desk.call("ui revoke", { session: other.session });
    expect(await desk.call("passkeys list")).toHaveLength(offered - 1);
    await expect(desk.call("passkeys add", { digest })).rejects.toMatchObject({ code: "PASSKEY_UNKNOWN" });
  });
});

/** The other valid signature of ECDSA: (r, n - s) for (r, s). */
function mirrored(signature: string): string {
  const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const der = Buffer.from(signature, "base64");
  const length = der.readUInt8(3);
  const r = der.subarray(4, 4 + length);
  const s = BigInt(`0x${der.subarray(6 + length).toString("hex")}`);
  const bytes = Buffer.from((order - s).toString(16).padStart(64, "0"), "hex");
  const positive = bytes.readUInt8(0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
  const parts = [Buffer.from([0x02, r.length]), r, Buffer.from([0x02, positive.length]), positive];
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]).toString("base64");
}

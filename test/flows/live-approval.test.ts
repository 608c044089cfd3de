/** Live orders need the signature of the live key, which a passphrase locks. */
import type { SigningRequest } from "../../src/domain/authority/authority.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signRequest } from "../../src/app/client-signer.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import type { Authority } from "../../src/domain/authority/authority.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import { signingRequestOf } from "../../src/commands/signed-call.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let proposal: { id: string; digest: string };
// One desk: signing with the live key takes half a second, and a refused approval leaves the order as it was.
beforeAll(async () => {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    config: (text) =>
      `${text}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "live"\n${LIVE_LINES}${LIVE_GUARD}`,
  });
  const terms = { connector: "broker", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100" };
  const { id, digest } = await desk.call<typeof proposal>("orders propose", { ...terms, rationale: "x" });
  proposal = { id, digest };
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function approve(more: Record<string, unknown> = {}): Promise<unknown> {
  return desk.call("approve", { ...proposal, ...more });
}
/** What the approval of a review at a screen must sign. */
async function request(): Promise<SigningRequest> {
  return signingRequestOf(await desk.call("approve", { id: proposal.id, review: true }));
}
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof QocError ? error.code : String(error);
}
function orderOf() {
  return desk.open.desk.state.orders.get(proposal.id as OrderId);
}

describe("a live order", () => {
  it("of a connector that states no mode is not approved on a desk without a live key", async () => {
    const other = await tempDesk({
      accept: false,
      files: { "venue.ts": adapterFixture("scripted-venue") },
      config: (text) => `${text}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\n`,
    });
    const terms = { connector: "broker", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100" };
    const { id, digest } = await other.call<typeof proposal>("orders propose", { ...terms, rationale: "x" });
    await expect(other.call("approve", { id, digest })).rejects.toMatchObject({
      code: "KEY_REQUIRED",
      details: { reason: expect.stringContaining("no live key") as string },
    });
    expect(other.open.desk.state.orders.get(id as OrderId)).toMatchObject({ state: "proposed", submitted: false });
    await other.stop();
    await discard(other);
  });

  it("is not signed with a missing or wrong passphrase", async () => {
    const path = keyPath(desk.home, desk.open.desk.state.deskId);
    const deps = { disk: nodeDisk(), ids: systemIds, clock: systemClock, path };
    for (const [passphrase, reason] of [
      [undefined, "no passphrase"],
      ["", "the passphrase is wrong"],
      ["guess", "the passphrase is wrong"],
    ] as const) {
      await expect(signRequest(deps, await request(), passphrase)).rejects.toMatchObject({
        code: "KEY_REQUIRED",
        message: expect.stringContaining(reason) as string,
      });
    }
  });
});

describe("a signature", () => {
  /** One change of a valid authority or statement, and the code that it leads to. */
  it.each<[string, Partial<SigningRequest["statement"]>, Partial<Authority>, string]>([
    ["of the desk key", {}, { key: "desk" }, "SIGNATURE_REQUIRED"],
    ["over another order", { id: "20260101-001" }, {}, "SIGNATURE_INVALID"],
    ["over other terms", { digest: `sha256:${"1".repeat(64)}` }, {}, "SIGNATURE_INVALID"],
    ["over another mode", { mode: "paper" }, {}, "SIGNATURE_INVALID"],
    ["over another action", { action: "resume" }, {}, "SIGNATURE_INVALID"],
    ["over another desk", { desk: "0".repeat(32) }, {}, "SIGNATURE_INVALID"],
    ["of another epoch", { epoch: 7 }, { epoch: 7 }, "SIGNATURE_STALE"],
    ["at a head that the desk did not name", {}, { head: { seq: 1, hash: "0".repeat(64) } }, "SIGNATURE_STALE"],
    ["that has expired", {}, { expiresAt: 1 }, "SIGNATURE_STALE"],
    ["that never expires", {}, { expiresAt: 9e15 }, "SIGNATURE_STALE"],
    ["that is no signature", {}, { signature: "c2lnbmVk" }, "SIGNATURE_INVALID"],
  ])("%s does not approve", async (_what, statement, authority, code) => {
    const asked = await request();
    const { shown } = asked.statement;
    const attempt = async (): Promise<unknown> => {
      const signed = await desk.sign({ ...asked, statement: { ...asked.statement, ...statement } });
      return approve({ shown, authority: { ...signed, ...authority } });
    };
    expect(await codeOf(attempt())).toBe(code);
    expect(orderOf()).toMatchObject({ state: "proposed", submitted: false });
  });

  it("whose end was moved does not approve", async () => {
    const asked = await request();
    const signed = await desk.sign(asked);
    const { shown } = asked.statement;
    const authority = { ...signed, expiresAt: signed.expiresAt - 1 };
    expect(await codeOf(approve({ shown, authority }))).toBe("SIGNATURE_INVALID");
  });

  it("counts once, also if the approval failed", async () => {
    const asked = await request();
    const authority = await desk.sign(asked);
    const { shown } = asked.statement;
    await desk.call("halt", { reason: "wait" });
    expect(await codeOf(approve({ shown, authority }))).toBe("GUARD_BLOCKED");
    expect(await codeOf(approve({ shown, authority }))).toBe("SIGNATURE_STALE");
    await desk.call("resume");
  });

  it("of a resume answers the last halt only", async () => {
    await desk.call("halt", { reason: "first" });
    const asked = await resumeRequest();
    const authority = await desk.sign(asked);
    await desk.call("halt", { reason: "second" });
    expect(await codeOf(desk.call("resume", { reason: "", authority }))).toBe("SIGNATURE_STALE");
    expect(desk.open.desk.state.trading).toMatchObject({ state: "halted", reason: "second" });
    expect(await desk.call("resume")).toMatchObject({ trading: "active" });
  });

  it("is needed to reduce a halt, not to halt", async () => {
    await desk.call("halt", { reducing: true });
    expect(desk.open.desk.state.trading.state).toBe("reducing");
    await desk.call("halt");
    const tooWeak = { ...(await desk.sign(await resumeRequest())), key: "desk" };
    expect(await codeOf(desk.call("halt", { reducing: true, authority: tooWeak }))).toBe("SIGNATURE_REQUIRED");
    expect(desk.open.desk.state.trading.state).toBe("halted");
    await desk.call("resume");
  });

  it("of the live key approves", async () => {
    await approve();
    expect(orderOf()).toMatchObject({ submitted: true, approvals: [{ by: "human" }] });
  });
});

/** What `qoc resume` without a reason must sign. */
async function resumeRequest(): Promise<SigningRequest> {
  const { invoke } = await import("../../src/commands/invoke.ts");
  const { REGISTRY } = await import("../support/commands.ts");
  const context = {
    ...({ actor: "human", channel: "cli", desk: desk.services, canAsk: false, cwd: desk.root } as const),
    ...{ emit: () => Promise.resolve(), progress: { line: () => undefined }, signal: new AbortController().signal },
  };
  const error: unknown = await invoke(REGISTRY, { command: "resume", input: {} }, context).catch(
    (thrown: unknown) => thrown,
  );
  return signingRequestOf((error as QocError).data);
}

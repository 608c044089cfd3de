import { describe, expect, it } from "vitest";
import { tokenDigest } from "../../src/domain/authority/agent-access.ts";
import { type Grant, HOURLY_LIMITS, type TokenStore, createTokenStore } from "../../src/mcp/tokens.ts";
import { tokenKey } from "../../src/trading/keys/token-key.ts";
import { systemIds } from "../../src/app/system.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";

function book(clock: FakeClock = fakeClock()): TokenStore {
  return createTokenStore(clock, systemIds);
}
const NOTHING = { calls: 0, bytes: 0, proposals: 0 };

describe("the token store", () => {
  it("H4 creates tokens of 256 random bits, each of which selects its own session only", () => {
    const tokens = book();
    const one = tokens.mint({ run: "one", allowedTools: ["status"] });
    const two = tokens.mint({ run: "two", allowedTools: ["snapshot"] });
    expect(one.token).toMatch(/^qoc_[0-9a-f]{64}$/);
    expect(one.token).not.toBe(two.token);
    expect(tokens.find(one.token)).toBe(one.session);
    expect(tokens.findByKey(tokenKey(one.token).publicPem)).toBe(one.session);
    expect(tokens.find(two.token)?.actor).toBe("agent:two");
    expect(tokens.find(`${one.token}0`)).toBeUndefined();
    expect(tokens.find(one.token.toUpperCase())).toBeUndefined();
    expect(tokens.find("")).toBeUndefined();
  });

  it("H4 keeps no token in readable form", () => {
    const tokens = book();
    const { token, session } = tokens.mint({ run: "one", allowedTools: ["status"] });
    expect(JSON.stringify([session, tokens])).not.toContain(token.slice(4));
  });

  it("H4 revokes a run's token at once, and aborts its running calls", () => {
    const tokens = book();
    const first = tokens.mint({ run: "one", allowedTools: [] });
    const second = tokens.mint({ run: "one", allowedTools: [] });
    const other = tokens.mint({ run: "two", allowedTools: [] });
    expect(tokens.revoke("one")).toBe(true);
    expect(tokens.find(first.token) ?? tokens.find(second.token)).toBeUndefined();
    expect([first.session.signal.aborted, second.session.signal.aborted, other.session.signal.aborted]).toEqual([
      true,
      true,
      false,
    ]);
    expect(tokens.find(other.token)).toBe(other.session);
    expect(tokens.findByKey(tokenKey(first.token).publicPem)).toBeUndefined();
    expect(tokens.revoke("one")).toBe(false);
  });

  it("S7 ends a session at its time limit, and leaves no timer", () => {
    const clock = fakeClock();
    const tokens = book(clock);
    const { token, session } = tokens.mint({ run: "one", allowedTools: [], limits: { wallMs: 1_000 } });
    clock.advance(999);
    expect(tokens.find(token)).toBe(session);
    clock.advance(1);
    expect(tokens.find(token)).toBeUndefined();
    expect(session.signal.aborted).toBe(true);
    tokens.mint({ run: "two", allowedTools: [] });
    tokens.revoke("two");
    expect(clock.waiting).toBe(0);
  });

  it.each(["calls", "bytes", "proposals"] as const)(
    "S7 limits the %s of a run, and counts nothing for a call that would exceed a limit",
    (limit) => {
      const { session } = book().mint({ run: "one", allowedTools: [], limits: { [limit]: 3 } });
      expect(session.spend({ ...NOTHING, [limit]: 2 })).toBeUndefined();
      expect(session.spend({ ...NOTHING, [limit]: 2 })).toEqual({ limit, of: 3, per: "run" });
      expect(session.spend({ ...NOTHING, [limit]: 1 })).toBeUndefined();
      expect(session.spend({ ...NOTHING, [limit]: 1 })).toEqual({ limit, of: 3, per: "run" });
    },
  );

  it("S7 limits the refused calls of a run separately from its calls", () => {
    const { session } = book().mint({ run: "one", allowedTools: [], limits: { calls: 2 } });
    session.refuse();
    expect(session.exhausted()).toBeUndefined();
    session.refuse();
    expect(session.exhausted()).toEqual({ limit: "refused calls", of: 2, per: "run" });
    expect(session.spend({ ...NOTHING, calls: 2 })).toBeUndefined();
  });

  it("S8 keeps the allowed tools that the session was created with", () => {
    const allowedTools = ["status"];
    const { session } = book().mint({ run: "one", allowedTools });
    allowedTools.push("approve");
    expect([...session.allowedTools]).toEqual(["status"]);
  });
});

function grant(agent: string, expiresAt?: number): Grant {
  return { agent, client: "claude", allowedTools: ["status"], expiresAt };
}

describe("the token of an agent with granted access", () => {
  const TOKEN = `qoc_${"5".repeat(64)}`;
  const KEY = tokenKey(TOKEN).publicPem;
  const withGrants = (
    clock: FakeClock = fakeClock(),
  ): { clock: FakeClock; grants: Map<string, Grant>; tokens: TokenStore } => {
    const grants = new Map<string, Grant>([[tokenKey(TOKEN).publicPem, grant("claude")]]);
    return { clock, grants, tokens: createTokenStore(clock, systemIds, (digest) => grants.get(digest)) };
  };

  it("H4 selects one session without an end, shared by all of its clients", () => {
    const { clock, tokens } = withGrants();
    const session = tokens.findByKey(KEY);
    expect(session).toMatchObject({ run: "claude", actor: "agent:claude" });
    expect([...(session?.allowedTools ?? [])]).toEqual(["status"]);
    clock.advance(48 * 3_600_000);
    expect(tokens.findByKey(KEY)).toBe(session);
    expect(tokens.findByKey(tokenKey(TOKEN.replace("5", "6")).publicPem)).toBeUndefined();
    expect(clock.waiting).toBe(0);
  });

  it("H4 is invalid as soon as the agent is revoked, and its session is aborted", () => {
    const { grants, tokens } = withGrants();
    const session = tokens.findByKey(KEY);
    tokens.revoke("claude");
    expect(session?.signal.aborted).toBe(true);
    // The token is valid again if it is granted again.
    expect(tokens.findByKey(KEY)).not.toBe(session);
    const again = tokens.findByKey(KEY);
    grants.clear();
    expect(tokens.findByKey(KEY)).toBeUndefined();
    expect(again?.signal.aborted).toBe(true);
  });

  it("selects the new agent's session once it is granted to another agent", () => {
    const { grants, tokens } = withGrants();
    const first = tokens.findByKey(KEY);
    grants.set(tokenKey(TOKEN).publicPem, grant("other"));
    expect(tokens.findByKey(KEY)).toMatchObject({ run: "other" });
    expect(first?.signal.aborted).toBe(true);
  });

  it.each(["calls", "bytes", "proposals"] as const)("S7 limits the %s in one hour", (limit) => {
    const { clock, tokens } = withGrants();
    const all = { ...NOTHING, [limit]: HOURLY_LIMITS[limit] };
    expect(tokens.findByKey(KEY)?.spend(all)).toBeUndefined();
    clock.advance(3_599_999);
    expect(tokens.findByKey(KEY)?.spend({ ...NOTHING, [limit]: 1 })).toEqual({
      limit,
      of: HOURLY_LIMITS[limit],
      per: "hour",
    });
    clock.advance(1);
    expect(tokens.findByKey(KEY)?.spend(all)).toBeUndefined();
  });

  it("S7 is accepted again in the next hour after too many refusals", () => {
    const { clock, tokens } = withGrants();
    const session = tokens.findByKey(KEY);
    for (let n = 0; n < HOURLY_LIMITS.calls; n++) session?.refuse();
    expect(session?.exhausted()).toEqual({ limit: "refused calls", of: HOURLY_LIMITS.calls, per: "hour" });
    clock.advance(3_600_000);
    expect(session?.exhausted()).toBeUndefined();
  });

  it("reports when it was last used", () => {
    const { clock, tokens } = withGrants();
    expect(tokens.seenAt("claude")).toBeUndefined();
    tokens.findByKey(KEY);
    const at = clock.now();
    clock.advance(5_000);
    tokens.findByKey(tokenKey(`${TOKEN}0`).publicPem);
    expect(tokens.seenAt("claude")).toBe(at);
    tokens.findByKey(KEY);
    expect(tokens.seenAt("claude")).toBe(at + 5_000);
  });
});

describe("a token that is sent over HTTP", () => {
  const TOKEN = `qoc_${"7".repeat(64)}`;

  it("expires: its session is aborted then, and the store names its agent", () => {
    const clock = fakeClock();
    const expiresAt = clock.now() + 1_000;
    const tokens = createTokenStore(clock, systemIds, (credential) =>
      credential === tokenDigest(TOKEN) ? grant("web", expiresAt) : undefined,
    );
    const session = tokens.find(TOKEN);
    expect([session?.run, tokens.expired(TOKEN)]).toEqual(["web", undefined]);
    clock.advance(999);
    expect([tokens.find(TOKEN), session?.signal.aborted]).toEqual([session, false]);
    clock.advance(1);
    expect([tokens.find(TOKEN), session?.signal.aborted, clock.waiting]).toEqual([undefined, true, 0]);
    expect(tokens.expired(TOKEN)).toMatchObject({ agent: "web", client: "claude" });
    expect(tokens.expired(`${TOKEN}0`)).toBeUndefined();
  });

  it("is not accepted as a proof, and a proven key is not accepted over HTTP", () => {
    const { publicPem } = tokenKey(TOKEN);
    const byDigest = createTokenStore(fakeClock(), systemIds, (credential) =>
      credential === tokenDigest(TOKEN) ? grant("web") : undefined,
    );
    expect([byDigest.find(TOKEN)?.run, byDigest.findByKey(publicPem)]).toEqual(["web", undefined]);
    const byKey = createTokenStore(fakeClock(), systemIds, (credential) =>
      credential === publicPem ? grant("stdio") : undefined,
    );
    expect([byKey.find(TOKEN), byKey.findByKey(publicPem)?.run]).toEqual([undefined, "stdio"]);
  });
});

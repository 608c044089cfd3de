import { describe, expect, it } from "vitest";
import { type TokenBook, tokenBook } from "../../../src/doors/mcp/tokens.ts";
import { systemIds } from "../../../src/main/world.ts";
import { type FakeClock, fakeClock } from "../../kit/fake-clock.ts";

const book = (clock: FakeClock = fakeClock()): TokenBook => tokenBook(clock, systemIds);
const NOTHING = { calls: 0, bytes: 0, proposals: 0 };

describe("the token book", () => {
  it("H4 makes tokens of 256 random bits that find their own session alone", () => {
    const tokens = book();
    const one = tokens.mint({ run: "one", palette: ["status"] });
    const two = tokens.mint({ run: "two", palette: ["snapshot"] });
    expect(one.token).toMatch(/^qoc_[0-9a-f]{64}$/);
    expect(one.token).not.toBe(two.token);
    expect(tokens.find(one.token)).toBe(one.session);
    expect(tokens.find(two.token)?.actor).toBe("agent:two");
    expect(tokens.find(`${one.token}0`)).toBeUndefined();
    expect(tokens.find(one.token.toUpperCase())).toBeUndefined();
    expect(tokens.find("")).toBeUndefined();
  });

  it("H4 keeps no token where it could be read", () => {
    const tokens = book();
    const { token, session } = tokens.mint({ run: "one", palette: ["status"] });
    expect(JSON.stringify([session, tokens])).not.toContain(token.slice(4));
  });

  it("H4 forgets a run at once, and tells what it has under way", () => {
    const tokens = book();
    const first = tokens.mint({ run: "one", palette: [] });
    const second = tokens.mint({ run: "one", palette: [] });
    const other = tokens.mint({ run: "two", palette: [] });
    expect(tokens.revoke("one")).toBe(true);
    expect(tokens.find(first.token) ?? tokens.find(second.token)).toBeUndefined();
    expect([first.session.signal.aborted, second.session.signal.aborted, other.session.signal.aborted]).toEqual([true, true, false]);
    expect(tokens.find(other.token)).toBe(other.session);
    expect(tokens.revoke("one")).toBe(false);
  });

  it("S7 ends a session when its time is over, and leaves no timer behind", () => {
    const clock = fakeClock();
    const tokens = book(clock);
    const { token, session } = tokens.mint({ run: "one", palette: [], limits: { wallMs: 1_000 } });
    clock.advance(999);
    expect(tokens.find(token)).toBe(session);
    clock.advance(1);
    expect(tokens.find(token)).toBeUndefined();
    expect(session.signal.aborted).toBe(true);
    tokens.mint({ run: "two", palette: [] });
    tokens.revoke("two");
    expect(clock.waiting).toBe(0);
  });

  it.each(["calls", "bytes", "proposals"] as const)("S7 bounds the %s of a run, and takes nothing where a limit would be passed", (limit) => {
    const { session } = book().mint({ run: "one", palette: [], limits: { [limit]: 3 } });
    expect(session.spend({ ...NOTHING, [limit]: 2 })).toBeUndefined();
    expect(session.spend({ ...NOTHING, [limit]: 2 })).toEqual({ limit, of: 3 });
    expect(session.spend({ ...NOTHING, [limit]: 1 })).toBeUndefined();
    expect(session.spend({ ...NOTHING, [limit]: 1 })).toEqual({ limit, of: 3 });
  });

  it("S8 keeps the palette it was minted with", () => {
    const palette = ["status"];
    const { session } = book().mint({ run: "one", palette });
    palette.push("approve");
    expect([...session.palette]).toEqual(["status"]);
  });
});

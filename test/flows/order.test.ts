/** An order's lifecycle on the paper venue: proposed, reviewed, approved, accepted, filled, filed, logged. */
import { existsSync, readdirSync, renameSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

interface Proposed {
  id: string;
  path: string;
  digest: string;
  verdict: { decision: string; reasons: { guard: string; code: string; message: string }[] };
}
interface Shown {
  id: string;
  state: string;
  path: string;
  fills: { quantity: string; price: string; time: string }[];
  verdicts: unknown[];
  history: { event: string; state: string }[];
  approvals: { by: string; channel: string; digest: string }[];
}

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk({ config: (text) => text.replace("bar_seconds = 2", "bar_seconds = 1.5") });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

const limit = {
  connector: "paper",
  side: "buy",
  symbol: "SPX",
  quantity: "10",
  type: "limit",
  limitPrice: "3000",
  rationale: "TEXT",
};

describe("an order on the paper venue", () => {
  it("an order is proposed, approved, filled and filed", async () => {
    const proposed = await desk.call<Proposed>("orders propose", limit);
    expect(proposed.verdict).toEqual({ decision: "allow", reasons: [] });
    expect(proposed.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const status = await desk.call<{
      proposals: { id: string; digest: string; needs: string }[];
      book: { nav: string };
    }>("status");
    expect(status.proposals).toMatchObject([
      { id: proposed.id, digest: proposed.digest, decision: "allow", needs: "approval" },
    ]);
    expect(status.book.nav).toBe("1000000");
    const receipt = await desk.call<Record<string, string>>("approve", { id: proposed.id, digest: proposed.digest });
    expect(["accepted", "partially_filled", "filled"]).toContain(receipt["state"]);
    expect(receipt["venueOrderId"]).toMatch(/^P-/);
    expect(receipt["clientOrderId"]).toMatch(/^[a-z0-9]{17}$/);
    await desk.reaches(proposed.id, "filled");
    await desk.settled();
    const shown = await desk.call<Shown>("orders show", { id: proposed.id });
    expect(shown.state).toBe("filled");
    expect(shown.path).toBe(`orders/executed/${proposed.id}.toml`);
    expect(shown.approvals).toMatchObject([{ by: "human", channel: "cli", digest: proposed.digest }]);
    expect(shown.history.map((entry) => entry.event)).toEqual(
      expect.arrayContaining([
        "proposal.seen",
        "order.approved",
        "order.submitting",
        "order.accepted",
        "fill.received",
      ]),
    );
    expect(desk.read(shown.path)).toContain("# filled 10 @ ");
    expect(existsSync(`${desk.root}/${proposed.path}`)).toBe(false);
    expect(readdirSync(`${desk.root}/inbox`).filter((name) => name.includes("fill-SPX-BUY"))).toHaveLength(1);
    const log = await desk.call<{ decision: string; id: string }[]>("decisions");
    expect(log).toMatchObject([{ decision: "APPROVED", id: proposed.id, state: "filled" }]);
    const positions = await desk.call<{ symbol: string; quantity: string }[]>("positions list");
    expect(positions).toMatchObject([{ connector: "paper", symbol: "SPX", quantity: "10" }]);
  });

  it("a market order is filled, with a protection price in its digest", async () => {
    const proposed = await desk.call<Proposed>("orders propose", {
      side: "buy",
      symbol: "AAPL",
      quantity: 1,
      type: "market",
      rationale: "one",
    });
    expect(proposed.verdict.decision).toBe("allow");
    await desk.call("approve", { id: proposed.id, digest: proposed.digest });
    await desk.reaches(proposed.id, "filled");
    expect(desk.open.desk.state.orders.get(proposed.id as never)?.terms.protectionPrice).toMatch(/^\d+(\.\d+)?$/);
  });

  it.each([
    ["connector", "INVALID_INPUT", "x"],
    ["venue", "INVALID_INPUT", "x"],
    ["issue", "INVALID_INPUT", "x"],
    ["researchRef", "INVALID_INPUT", "x"],
    ["rationale", "TOO_LARGE", "\u0001"],
  ])("a proposal whose %s is too long to be read again is not written", async (field, code, character) => {
    const before = readdirSync(`${desk.root}/orders/pending`);
    await expect(
      desk.call("orders propose", { ...limit, [field]: `a${character.repeat(15_000)}` }),
    ).rejects.toMatchObject({ code });
    expect(readdirSync(`${desk.root}/orders/pending`)).toEqual(before);
  });

  it.each([
    ["a quantity below zero", { quantity: "-5" }, "quantity"],
    ["a stop order without its price", { type: "stop", limitPrice: undefined }, "stop_price"],
  ])("%s is an error of the call, not of a file", async (_what, input, words) => {
    await expect(desk.call("orders propose", { ...limit, quantity: "1", ...input })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      exit: 2,
      message: expect.stringMatching(`^orders propose: .*${words}`) as string,
      hint: "qoc help orders propose",
    });
  });

  it("an order that is too large is blocked with a reason in numbers, which its file keeps after the rejection", async () => {
    const proposed = await desk.call<Proposed>("orders propose", { ...limit, quantity: "200" });
    expect(proposed.verdict.decision).toBe("block");
    expect(proposed.verdict.reasons.map((reason) => reason.guard)).toContain("max-order-nav");
    await expect(desk.call("approve", { id: proposed.id, digest: proposed.digest })).rejects.toMatchObject({
      code: "GUARD_BLOCKED",
      exit: 3,
      data: { state: "proposed" },
    });
    await desk.settled();
    expect(readdirSync(`${desk.root}/inbox`).some((name) => name.includes(`blocked-${proposed.id}`))).toBe(true);
    await desk.call("reject", { id: proposed.id, comment: "too large" });
    expect(desk.open.desk.state.orders.get(proposed.id as never)?.rejected.human).toBe("too large");
    await desk.settled();
    expect(desk.read(`orders/rejected/${proposed.id}.toml`)).toMatch(
      /^# guards at approve: block\n# {3}max-order-nav: order of [\d,.]+ USD is [\d.]+ % of NAV [\d,.]+ USD \(limit 5 %\)$/m,
    );
  });

  it("an approval is refused with another digest, without a digest, or if the order is already approved", async () => {
    const proposed = await desk.call<Proposed>("orders propose", { ...limit, quantity: "1", limitPrice: "2500" });
    await expect(desk.call("approve", { id: proposed.id })).rejects.toMatchObject({ code: "DIGEST_REQUIRED", exit: 2 });
    await desk.write(proposed.path, desk.read(proposed.path).replace('quantity = "1"', 'quantity = "2"'));
    await expect(desk.call("approve", { id: proposed.id, digest: proposed.digest })).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
      exit: 7,
    });
    const { digest } = await desk.call<Proposed>("orders show", { id: proposed.id });
    expect(digest).not.toBe(proposed.digest);
    await desk.call("approve", { id: proposed.id, digest });
    await expect(desk.call("approve", { id: proposed.id, digest })).rejects.toMatchObject({
      code: "ALREADY_DECIDED",
      exit: 7,
    });
    await desk.call("cancel", { id: proposed.id });
    expect(await desk.reaches(proposed.id, "cancelled")).toBe("cancelled");
    await desk.settled();
    expect(existsSync(`${desk.root}/orders/cancelled/${proposed.id}.toml`)).toBe(true);
  });

  it("a proposal file that was moved by hand to orders/approved is moved back", async () => {
    const proposed = await desk.call<Proposed>("orders propose", { ...limit, quantity: "4", limitPrice: "2300" });
    renameSync(`${desk.root}/${proposed.path}`, `${desk.root}/orders/approved/${proposed.id}.toml`);
    await desk.call("status");
    expect(existsSync(`${desk.root}/orders/proposed/${proposed.id}.toml`)).toBe(true);
    expect(desk.open.desk.state.orders.get(proposed.id as never)?.state).toBe("proposed");
    await desk.call("reject", { id: proposed.id });
  });

  it("an approval of all proposals is refused with a reason", async () => {
    await expect(desk.call("approve", { id: "x", all: true })).rejects.toMatchObject({ code: "NO_BULK_APPROVAL" });
  });

  it("a halted desk refuses orders and allows a cancel until it is resumed", async () => {
    const proposed = await desk.call<Proposed>("orders propose", { ...limit, quantity: "1", limitPrice: "2400" });
    await desk.call("approve", { id: proposed.id, digest: proposed.digest });
    await desk.call("halt", { reason: "test" });
    const other = await desk.call<Proposed>("orders propose", { ...limit, quantity: "3", limitPrice: "2450" });
    await expect(desk.call("approve", { id: other.id, digest: other.digest })).rejects.toMatchObject({
      code: "GUARD_BLOCKED",
    });
    await desk.call("cancel", { id: proposed.id });
    expect(await desk.reaches(proposed.id, "cancelled")).toBe("cancelled");
    await desk.call("resume");
    await desk.call("reject", { id: other.id });
  });
});

/** Equal proposals are named in the receipt and in the review, and an agent's waiting proposals are bounded. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WAITING_MAX } from "../../src/trading/orders/proposal-limits.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

interface Receipt {
  readonly id: string;
  readonly equal: readonly { readonly id: string; readonly state: string }[];
}
function propose(change: Record<string, string> = {}, run = "agent:run-1"): Promise<Receipt> {
  const order = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "2000", rationale: "t" };
  return desk.call("orders propose", { ...order, ...change }, { actor: run as "agent:run-1", channel: "mcp" });
}

describe("a proposal", () => {
  it("names the equal proposal that waits, or that was rejected with its comment", async () => {
    const first = await propose();
    expect(first.equal).toEqual([]);
    const second = await propose({ quantity: "1.0", rationale: "again" });
    expect(second.equal).toEqual([{ id: first.id, state: "proposed", untrusted: null }]);
    expect((await propose({ limitPrice: "2001" })).equal).toEqual([]);
    // Another spelling may be another instrument: it is named, and not called the same order.
    const spelled = await propose({ symbol: "spx", limitPrice: "2001" });
    expect(spelled.equal).toMatchObject([{ state: "proposed", symbol: "SPX" }]);
    const shown = await desk.call<{ review: { warnings: readonly string[] } }>("orders show", { id: spelled.id });
    expect(shown.review.warnings.join()).toMatch(/an order with the same terms of SPX waits as /);
    expect(shown.review.warnings.join()).not.toMatch(/the same order/);
    await desk.call("reject", { id: first.id, comment: "too big" });
    await desk.call("reject", { id: second.id });
    const third = await propose();
    expect(third.equal).toMatchObject([
      { id: first.id, state: "rejected", untrusted: { source: "human", text: "too big" } },
      { id: second.id, state: "rejected" },
    ]);
    const { review } = await desk.call<{ review: { warnings: unknown; untrusted: unknown } }>("orders show", {
      id: third.id,
    });
    expect(review.warnings).toContain(`the same order was rejected as ${first.id}`);
    expect(review.untrusted).toMatchObject({ rejection: { text: "too big" } });
  });

  it("names the equal order that was sent, also as a replacement, and also after it has filled", async () => {
    const approve = async ({ id }: Receipt): Promise<void> => {
      const { digest } = await desk.call<{ digest: string }>("orders show", { id });
      await desk.call("approve", { id, digest });
    };
    const warnings = async ({ id }: Receipt): Promise<readonly string[]> =>
      (await desk.call<{ review: { warnings: readonly string[] } }>("orders show", { id })).review.warnings;
    const working = await propose({ limitPrice: "2500" });
    await approve(working);
    const waiting = await propose({ limitPrice: "2501" });
    const replacement = await desk.call<Receipt>("orders propose", {
      ...{ replace: working.id, limitPrice: "2501", rationale: "follow" },
    });
    expect(replacement.equal).toEqual([]);
    await approve(replacement);
    const sent = { id: replacement.id, state: "accepted", untrusted: null };
    expect((await propose({ limitPrice: "2501" })).equal).toContainEqual(sent);
    expect(await warnings(waiting)).toContain(`the same order was approved as ${replacement.id}, which is accepted`);
    const atOnce = { limitPrice: "3020" };
    const late = await propose(atOnce);
    const filled = await propose(atOnce);
    await approve(filled);
    await expect.poll(() => warnings(late)).toContain(`the same order was approved as ${filled.id}, which is filled`);
    // A later proposal may add to the position.
    expect((await propose(atOnce)).equal).toEqual([{ id: late.id, state: "proposed", untrusted: null }]);
  });

  it("is refused if too many of the agent wait, in whatever runs and ways it made them", async () => {
    const waiting = desk.open.desk.state.proposed.size;
    for (let n = waiting; n < WAITING_MAX; n++) await propose({ limitPrice: String(1000 + n) }, `agent:run-${n}`);
    await expect(propose({ limitPrice: "1500" }, "agent:run-x")).rejects.toMatchObject({ code: "TOO_MANY_WAITING" });
    const file = { path: "orders/proposed/more.toml", text: 'side = "buy"\n' };
    const agent = { actor: "agent:run-y", channel: "mcp" } as const;
    await expect(desk.call("files write", file, agent)).rejects.toMatchObject({ code: "TOO_MANY_WAITING" });
    const [some = ""] = desk.open.desk.state.proposed.keys();
    await desk.call("reject", { id: some });
    await propose({ limitPrice: "1500" }, "agent:run-x");
    // Calls at once, and files that are no orders yet, count as those before them.
    const ofRuns = [...desk.open.desk.state.proposed.values()].filter(({ proposedBy }) => proposedBy !== "human");
    for (const { id } of ofRuns.slice(0, 3)) await desk.call("reject", { id });
    const write = (n: number): Promise<unknown> =>
      desk.call("files write", { path: `orders/proposed/draft-${n}.toml`, text: 'side = "buy"\n' }, agent);
    await write(0);
    const atOnce = await Promise.allSettled(
      [1, 2, 3, 4].flatMap((n) => [write(n), propose({ limitPrice: `15${n}0` })]),
    );
    expect(atOnce.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    await expect(propose({ limitPrice: "1600" })).rejects.toMatchObject({ code: "TOO_MANY_WAITING" });
    // Of files with one name none is an order, so that none would count.
    for (const { id } of ofRuns.slice(3, 7)) await desk.call("reject", { id });
    const twins = await Promise.allSettled(
      ["toml", "yaml", "json", "md"].map((ending) =>
        desk.call("files write", { path: `orders/pending/twin.${ending}`, text: 'side = "buy"\n' }, agent),
      ),
    );
    expect(twins.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    // The bound is the agent's: a person proposes on.
    await desk.call("orders propose", { side: "buy", symbol: "SPX", quantity: "2", type: "market", rationale: "mine" });
  });
});

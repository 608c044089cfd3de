/** Commands take the names that files have, and say what is wrong with an input in words. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCommandLine } from "../../src/cli/strict-args.ts";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});
const AGENT = { actor: "agent:run-1", channel: "mcp" } as const;

describe("orders propose", () => {
  const order = { symbol: "SPX", quantity: "1", limit_price: "2000", time_in_force: "gtc", rationale: "t" };
  it.each([
    ["the names of files", { ...order, action: "buy", order_type: "limit" }],
    ["the names of flags", { ...order, side: "buy", type: "limit" }],
  ])("takes %s", async (_name, input) => {
    const { id } = await desk.call<{ id: string }>("orders propose", input, AGENT);
    expect(desk.open.desk.state.orders.get(id as never)?.terms).toMatchObject({
      side: "buy",
      type: "limit",
      limitPrice: "2000",
      timeInForce: "gtc",
    });
    // A short suffix of the id is enough.
    const shown = await desk.call<{ id: string }>("orders show", { id: id.slice(-3) });
    expect(shown.id).toBe(id);
  });

  it.each([
    [{ side: "buy", type: "limit", limitPrice: "1" }, 'unknown field "limit_price"'],
    [{ side: "buy", type: "limit", limt_price: "1" }, 'unknown field "limt_price" (did you mean limitPrice?)'],
    [{ side: "buy", type: "limit", symbol: undefined }, "symbol: is missing"],
    [{ side: "buy", type: "limit", symbol: 5 }, "symbol: must be a text"],
    [{ side: "buy", type: "limit", symbol: 5, connector: 6 }, "connector: must be a text; symbol: must be a text"],
  ])("refuses %j in words", async (change, message) => {
    await expect(desk.call("orders propose", { ...order, ...change }, AGENT)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(message) as string,
    });
  });
});

describe("a command line", () => {
  it("takes the names of files as flags", () => {
    const line = "orders propose --side buy --symbol A --quantity 1 --type limit --limit_price=3";
    expect(checkCommandLine(line.split(" "), REGISTRY.entries).words).toContain("--limit-price=3");
  });

  it.each(["orders", "positions", "inbox", "issues", "files"])("%s alone lists", (noun) => {
    expect(checkCommandLine([noun, "--json"], REGISTRY.entries).entry?.name).toBe(`${noun} list`);
    expect(checkCommandLine([noun, "--help"], REGISTRY.entries).noun).toBe(noun);
  });
});

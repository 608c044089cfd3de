/** `[connectors] agent = [...]` and `orders = false`, over a whole desk: what an agent sees and where its drafts may go. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = { actor: "agent:run-1", channel: "mcp" } as const;
const ORDER = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "2500", rationale: "test" };
const HELD = `static capabilities = { mode: "paper" };
  async getQuote(symbol: string) { return { symbol, bid: 99, ask: 101, timestamp: Date.now() }; }
  async getPositions() { return [{ symbol: "HIDX", quantity: 3, averagePrice: 5 }]; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }`;

let desk: TempDesk;
/** At the connector that no agent knows: one that waits, one that is in flight, one that was rejected. */
const hidden: Record<"waits" | "flies" | "rejected", string> = { waits: "", flies: "", rejected: "" };
function ask<T = Record<string, unknown>>(command: string, input: Record<string, unknown> = {}): Promise<T> {
  return desk.call<T>(command, input, AGENT);
}
function pending(): readonly string[] {
  return readdirSync(join(desk.root, "orders/pending"))
    .filter((name) => !name.startsWith("."))
    .toSorted();
}
async function failure(asked: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  return asked.then(
    (answer) => ({ code: `answered ${JSON.stringify(answer)}`, message: "", hint: "" }),
    (error: { code: string; message: string; hint: string }) => error,
  );
}

beforeAll(async () => {
  desk = await tempDesk({
    config: (template) => `${template}
[connectors]
agent = ["paper", "feed"]

[[connector]]
name = "hidden"
type = "custom"
adapter = "./hidden.ts"
venues = ["HIDEX"]

[[connector]]
name = "feed"
type = "custom"
adapter = "./feed.ts"
orders = false
venues = ["FEEDX"]
`,
    files: { "hidden.ts": adapterSource(HELD), "feed.ts": adapterSource("static capabilities = { mode: 'paper' };") },
  });
  const draft = async (): Promise<{ id: string; digest: string }> =>
    desk.call("orders propose", { ...ORDER, connector: "hidden", symbol: "HIDX", limitPrice: "100" });
  hidden.waits = (await draft()).id;
  const flies = await draft();
  hidden.flies = flies.id;
  await desk.call("approve", { id: flies.id, digest: flies.digest });
  hidden.rejected = (await draft()).id;
  await desk.call("reject", { id: hidden.rejected, comment: "no" });
  await desk.settled();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

describe("an agent's look at the desk", () => {
  it.each<[string, Record<string, unknown>]>([
    ["status", {}],
    ["snapshot", {}],
    ["positions list", {}],
    ["orders list", {}],
    ["decisions", {}],
    ["symbols search", { text: "hid" }],
  ])("%s knows nothing of a connector outside, and a human's knows it", async (command, input) => {
    const told = /hidden|HIDX/;
    expect(JSON.stringify(await desk.call(command, input))).toMatch(told);
    const seen = JSON.stringify(await ask(command, input));
    expect(seen).not.toMatch(told);
    for (const id of Object.values(hidden)) expect(seen).not.toContain(id);
  });

  it("names every connector inside, also one that gives data only", async () => {
    const { connectors } = await ask<{ connectors: { name: string }[] }>("status");
    expect(connectors.map(({ name }) => name).toSorted()).toEqual(["feed", "paper"]);
    expect(await ask("quotes get", { symbol: "X", connector: "feed" })).toMatchObject({ connector: "feed" });
  });

  it("leaves out an instrument that waits for a human's look, and what stands in the way of a proposal there", async () => {
    const book = desk.open.desk.state.flagged as Map<string, { expected: string; actual: string; at: number }>;
    for (const key of ["hidden/HIDX", "paper/SPX"]) book.set(key, { expected: "1", actual: "2", at: 0 });
    await desk.write(
      "orders/proposed/lost.toml",
      'connector = "hiddden"\nsymbol = "HID"\nside = "buy"\nquantity = "1"\ntype = "market"\nrationale = "x"\n',
    );
    const view = await ask<{ flagged: string[]; proposals: { id: string }[] }>("status");
    book.clear();
    expect(view.flagged).toEqual(["paper/SPX"]);
    expect(view.proposals).toContainEqual(expect.objectContaining({ id: "lost", needs: "connector", untrusted: null }));
  });

  it.each<[string, () => string]>([
    ["waits", () => hidden.waits],
    ["flies", () => hidden.flies],
    ["was rejected", () => hidden.rejected],
    ["is named by a part that fits several", () => hidden.waits.slice(0, -1)],
    ["is named by its file", () => `orders/pending/${hidden.waits}.toml`],
    ["needs a connector", () => "lost"],
  ])("an order there that %s is no order", async (_what, words) => {
    const { code, message, hint } = await failure(ask("orders show", { id: words() }));
    expect([code, message]).toEqual(["ORDER_NOT_FOUND", `no order ${words()}`]);
    expect(hint).toBe((await failure(ask("orders show", { id: "nothing" }))).hint);
  });
});

describe("an agent's proposal", () => {
  it("goes to the only connector inside that takes orders, and says so itself", async () => {
    const { path } = await ask<{ path: string }>("orders propose", ORDER);
    expect(desk.read(path)).toContain('connector = "paper"');
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ["a connector outside", { connector: "hidden" }, "CONNECTOR_UNKNOWN", /^no connector hidden$/],
    ["a connector that does not exist", { connector: "absent" }, "CONNECTOR_UNKNOWN", /^no connector absent$/],
    ["a near miss of one outside", { connector: "hiden" }, "CONNECTOR_UNKNOWN", /^no connector hiden$/],
    ["a venue that is a connector outside", { venue: "hidden" }, "", /paper/],
    [
      "a connector that gives data only",
      { connector: "feed" },
      "CONNECTOR_DATA_ONLY",
      /^connector feed provides data only and takes no orders$/,
    ],
    ["a venue that is a connector of data only", { venue: "feed" }, "CONNECTOR_NEEDED", /data-only/],
  ])("that names %s is refused before anything is written", async (_what, where, code, words) => {
    const before = pending();
    if (code === "") {
      // Where nobody inside lists the venue, it is the only connector's.
      const { path } = await ask<{ path: string }>("orders propose", { ...ORDER, ...where });
      expect(desk.read(path)).toContain('connector = "paper"');
      return;
    }
    expect(await failure(ask("orders propose", { ...ORDER, ...where }))).toMatchObject({
      code,
      message: expect.stringMatching(words) as string,
    });
    expect(pending()).toEqual(before);
  });

  it.each<[string, string, string]>([
    ["names a connector outside", 'connector = "hidden"', "CONNECTOR_UNKNOWN"],
    ["names no connector", "", "CONNECTOR_NEEDED"],
    ["names a venue of a connector outside", 'venue = "HIDEX"', "CONNECTOR_NEEDED"],
    ["names a connector of data only", 'connector = "feed"', "CONNECTOR_DATA_ONLY"],
    ["pretends to be a human's", 'connector = "hidden"\nproposed_by = "human"', "CONNECTOR_UNKNOWN"],
  ])("as a file that %s is refused before anything is written", async (_what, line, code) => {
    const text = `${line}\nsymbol = "SPX"\nside = "buy"\nquantity = "1"\ntype = "market"\nrationale = "x"\n`;
    for (const path of ["orders/pending/own.toml", "orders/proposed/own.toml"]) {
      expect(await failure(ask("files write", { path, text }))).toMatchObject({ code });
      expect(pending()).not.toContain("own.toml");
    }
  });

  it("as a file that names one inside waits for the human", async () => {
    const text =
      'connector = "paper"\nsymbol = "SPX"\nside = "buy"\nquantity = "1"\ntype = "market"\nrationale = "x"\n';
    await ask("files write", { path: "orders/pending/inside.toml", text });
    expect(await ask("orders show", { id: "inside" })).toMatchObject({
      state: "proposed",
      terms: { connector: "paper" },
    });
  });
});

describe("a human's proposal", () => {
  it.each([
    ["hidden", ""],
    ["feed", "CONNECTOR_DATA_ONLY"],
    ["absent", "CONNECTOR_UNKNOWN"],
  ])("at %s: %s", async (connector, code) => {
    const before = pending();
    const { code: ended } = await failure(
      desk.call("orders propose", { ...ORDER, connector, symbol: "HIDX", limitPrice: "100" }),
    );
    if (code === "") expect(ended).toMatch(/^answered/);
    else expect([ended, pending()]).toEqual([code, before]);
  });

  it("may leave it open, and then says what it needs", async () => {
    expect(await failure(desk.call("orders propose", ORDER))).toMatchObject({ code: "NEEDS_CONNECTOR" });
  });
});

describe("a connector outside that cannot be asked", () => {
  it("is no word of a snapshot that an agent takes", async () => {
    await desk.call("connectors quarantine", { name: "hidden" });
    expect(await desk.call("snapshot")).toMatchObject({ stale: ["hidden"] });
    expect(await ask("snapshot")).toMatchObject({ stale: [], connectors: ["paper", "feed"] });
  });
});

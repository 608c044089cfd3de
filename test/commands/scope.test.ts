/**
 * `[connectors] agent = [...]` and `orders = false`, over a whole desk: what an agent sees and to which connectors its
 * proposals may go.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = { actor: "agent:run-1", channel: "mcp" } as const;
const ORDER = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "2500", rationale: "test" };
const HIDDEN_ADAPTER = `static capabilities = { mode: "paper" };
  async getQuote(symbol: string) { return { symbol, bid: 99, ask: 101, timestamp: Date.now() }; }
  async getPositions() { return [{ symbol: "HIDX", quantity: 3, averagePrice: 5 }]; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }`;

let desk: TempDesk;
/** Ids of orders at the connector out of the agents' scope: waiting, in flight and rejected. */
const hidden: Record<"waiting" | "inFlight" | "rejected", string> = {
  waiting: "",
  inFlight: "",
  rejected: "",
};
function ask<T = Record<string, unknown>>(command: string, input: Record<string, unknown> = {}): Promise<T> {
  return desk.call<T>(command, input, AGENT);
}
function pending(): readonly string[] {
  return readdirSync(join(desk.root, "orders/pending"))
    .filter((name) => !name.startsWith("."))
    .toSorted();
}
async function failure(call: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  return call.then(
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
    files: {
      "hidden.ts": adapterSource(HIDDEN_ADAPTER),
      "feed.ts": adapterSource("static capabilities = { mode: 'paper' };"),
    },
  });
  const draft = async (): Promise<{ id: string; digest: string }> =>
    desk.call("orders propose", { ...ORDER, connector: "hidden", symbol: "HIDX", limitPrice: "100" });
  hidden.waiting = (await draft()).id;
  const approved = await draft();
  hidden.inFlight = approved.id;
  await desk.call("approve", { id: approved.id, digest: approved.digest });
  hidden.rejected = (await draft()).id;
  await desk.call("reject", { id: hidden.rejected, comment: "no" });
  await desk.settled();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

describe("an agent's view of the desk", () => {
  it.each<[string, Record<string, unknown>]>([
    ["status", {}],
    ["snapshot", {}],
    ["positions list", {}],
    ["orders list", {}],
    ["decisions", {}],
    ["symbols search", { text: "hid" }],
  ])("%s leaves a connector out of scope out for an agent and includes it for a human", async (command, input) => {
    const outOfScope = /hidden|HIDX/;
    expect(JSON.stringify(await desk.call(command, input))).toMatch(outOfScope);
    const seen = JSON.stringify(await ask(command, input));
    expect(seen).not.toMatch(outOfScope);
    for (const id of Object.values(hidden)) expect(seen).not.toContain(id);
  });

  it("status lists every connector in scope, including a data-only connector", async () => {
    const { connectors } = await ask<{ connectors: { name: string }[] }>("status");
    expect(connectors.map(({ name }) => name).toSorted()).toEqual(["feed", "paper"]);
    expect(await ask("quotes get", { symbol: "X", connector: "feed" })).toMatchObject({ connector: "feed" });
  });

  it("status leaves out a flagged instrument out of scope, and the reason why a proposal has no connector", async () => {
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
    ["waits", () => hidden.waiting],
    ["is in flight", () => hidden.inFlight],
    ["was rejected", () => hidden.rejected],
    ["is named by a start that fits several", () => hidden.waiting.slice(0, -1)],
    ["is named by its file", () => `orders/pending/${hidden.waiting}.toml`],
    ["needs a connector", () => "lost"],
  ])("orders show reports an order out of scope that %s as unknown", async (_name, reference) => {
    const { code, message, hint } = await failure(ask("orders show", { id: reference() }));
    expect([code, message]).toEqual(["ORDER_NOT_FOUND", `no order ${reference()}`]);
    expect(hint).toBe((await failure(ask("orders show", { id: "nothing" }))).hint);
  });
});

describe("an agent's proposal", () => {
  it("without a connector goes to the only connector in scope that takes orders", async () => {
    const { path } = await ask<{ path: string }>("orders propose", ORDER);
    expect(desk.read(path)).toContain('connector = "paper"');
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ["a connector out of scope", { connector: "hidden" }, "CONNECTOR_UNKNOWN", /^no connector hidden$/],
    ["a connector that does not exist", { connector: "absent" }, "CONNECTOR_UNKNOWN", /^no connector absent$/],
    ["a misspelled connector out of scope", { connector: "hiden" }, "CONNECTOR_UNKNOWN", /^no connector hiden$/],
    ["a venue that is a connector out of scope", { venue: "hidden" }, "", /paper/],
    [
      "a connector that gives data only",
      { connector: "feed" },
      "CONNECTOR_DATA_ONLY",
      /^connector feed provides data only and takes no orders$/,
    ],
    ["a venue that is a connector of data only", { venue: "feed" }, "CONNECTOR_NEEDED", /data-only/],
  ])("that names %s is refused before anything is written", async (_name, target, code, message) => {
    const before = pending();
    if (code === "") {
      // If no connector in scope lists the venue, the proposal goes to the only connector that takes orders.
      const { path } = await ask<{ path: string }>("orders propose", { ...ORDER, ...target });
      expect(desk.read(path)).toContain('connector = "paper"');
      return;
    }
    expect(await failure(ask("orders propose", { ...ORDER, ...target }))).toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(pending()).toEqual(before);
  });

  it.each<[string, string, string]>([
    ["names a connector out of scope", 'connector = "hidden"', "CONNECTOR_UNKNOWN"],
    ["names no connector", "", "CONNECTOR_NEEDED"],
    ["names a venue of a connector out of scope", 'venue = "HIDEX"', "CONNECTOR_NEEDED"],
    ["names a connector of data only", 'connector = "feed"', "CONNECTOR_DATA_ONLY"],
    ["pretends to be a human's", 'connector = "hidden"\nproposed_by = "human"', "CONNECTOR_UNKNOWN"],
  ])("as a file that %s is refused before anything is written", async (_name, line, code) => {
    const text = `${line}\nsymbol = "SPX"\nside = "buy"\nquantity = "1"\ntype = "market"\nrationale = "x"\n`;
    for (const path of ["orders/pending/own.toml", "orders/proposed/own.toml"]) {
      expect(await failure(ask("files write", { path, text }))).toMatchObject({ code });
      expect(pending()).not.toContain("own.toml");
    }
  });

  it.each(["cancel", "replace"])("to %s an order out of scope finds no such order", async (verb) => {
    const before = pending();
    const id = hidden.inFlight;
    const named = { code: "ORDER_NOT_FOUND", message: `no order ${id}` };
    expect(await failure(ask("orders propose", { [verb]: id, limitPrice: "99" }))).toMatchObject(named);
    const path = "orders/pending/own.toml";
    const text = `action = "${verb}"\n${verb}s = "${id}"\n`;
    expect(await failure(ask("files write", { path, text }))).toMatchObject(named);
    expect(pending()).toEqual(before);
  });

  it("as a file that names a connector in scope waits for the human", async () => {
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
  ])("at connector %s ends with the error %j", async (connector, code) => {
    const before = pending();
    const { code: ended } = await failure(
      desk.call("orders propose", { ...ORDER, connector, symbol: "HIDX", limitPrice: "100" }),
    );
    if (code === "") expect(ended).toMatch(/^answered/);
    else expect([ended, pending()]).toEqual([code, before]);
  });

  it("without a connector is refused before anything is written if several take orders", async () => {
    const before = pending();
    expect(await failure(desk.call("orders propose", ORDER))).toMatchObject({ code: "CONNECTOR_NEEDED" });
    expect(pending()).toEqual(before);
  });
});

describe("a connector out of scope that is unavailable", () => {
  it("is absent from a snapshot that an agent takes", async () => {
    await desk.call("connectors quarantine", { name: "hidden" });
    expect(await desk.call("snapshot")).toMatchObject({ stale: ["hidden"] });
    expect(await ask("snapshot")).toMatchObject({ stale: [], connectors: ["paper", "feed"] });
  });
});

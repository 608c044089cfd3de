/** How often a pending proposal requests a quote, and a proposal that is decided during a scan. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { OrderId } from "../../../src/domain/ids.ts";
import type { OrderRecord } from "../../../src/domain/orders/order-state.ts";
import type { Desk } from "../../../src/trading/desk.ts";
import { equalProposals } from "../../../src/trading/orders/equal-proposals.ts";
import { JUDGED_MAX, MOVED_MAX, scanProposals } from "../../../src/trading/orders/scan-proposals.ts";
import { type TempDesk, discard, tempDesk } from "../../support/temp-desk.ts";

let desk: TempDesk;
let asked: string[];
/** Added to the desk's clocks. */
let later: number;
/** Quotes resolve after this promise. */
let gate: Promise<void>;
/** The price of the venue's quotes. */
let price: string;

beforeEach(async () => {
  desk = await tempDesk();
  [asked, later, gate, price] = [[], 0, Promise.resolve(), "3000"];
  const open = desk.open.desk as { -readonly [K in keyof Desk]: Desk[K] };
  const { clock, venues } = open;
  open.clock = { ...clock, now: () => clock.now() + later, monotonic: () => clock.monotonic() + later };
  open.venues = {
    ...venues,
    quote: async (connector, symbol) => {
      asked.push(symbol);
      await gate;
      return { ...(await venues.quote(connector, symbol)), bid: price, ask: price, last: price } as never;
    },
  };
});
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

function propose(symbol = "SPX"): Promise<{ id: string; digest: string }> {
  return desk.call("orders propose", {
    connector: "paper",
    side: "buy",
    symbol,
    quantity: "1",
    type: "market",
    rationale: "x",
  });
}

function limitOf(quantity: number): string {
  return `connector = "paper"\nside = "buy"\nsymbol = "SPX"\nquantity = "${quantity}"\ntype = "limit"\nlimit_price = "100"\n`;
}

function verdictsOf(id: string): number | undefined {
  return desk.open.desk.state.orders.get(id as OrderId)?.verdicts.length;
}

/** Runs the command and returns the number of quotes that it requests. */
async function quotesOf(command: string, input: Record<string, unknown> = {}): Promise<number> {
  asked = [];
  await desk.call(command, input);
  return asked.length;
}

it("a pending market order requests a quote once a minute, and when a command names it", async () => {
  const { id } = await propose();
  await propose("AAPL");
  expect(await quotesOf("orders list")).toBe(0);
  expect(await quotesOf("orders list")).toBe(0);
  expect(await quotesOf("orders show", { id })).toBeGreaterThan(0);
  later = 59_000;
  expect(await quotesOf("orders list")).toBe(0);
  later = 121_000;
  expect(await quotesOf("orders list")).toBe(2);
  expect(await quotesOf("orders list")).toBe(0);
});

it("callers that come during a scan share the next one, which sees what was written before their calls", async () => {
  const { orders, proposals } = desk.open.desk.workspace;
  const [list, listFolder] = [proposals.list.bind(proposals), orders.list.bind(orders)];
  let scans = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  orders.list = async (folder) => {
    await held;
    return listFolder(folder);
  };
  proposals.list = () => {
    scans += 1;
    return list();
  };
  const first = scanProposals(desk.open.desk);
  await new Promise((resolve) => setImmediate(resolve));
  await desk.write(
    "orders/proposed/late.yaml",
    "connector: paper\nside: buy\nsymbol: SPX\nquantity: 1\ntype: market\n",
  );
  const others = Array.from({ length: 20 }, () => scanProposals(desk.open.desk));
  release();
  await Promise.all([first, ...others]);
  expect(scans).toBe(2);
  expect(desk.open.desk.state.orders.get("late" as OrderId)?.state).toBe("proposed");
});

interface Waiting {
  proposals: { id: string; decision: string; reason?: string; checkedAt: string }[];
}

it("status shows the verdict of now, asks once for a symbol, and not again within two seconds", async () => {
  const limit = { connector: "paper", side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "3000" };
  const { id } = await desk.call<{ id: string }>("orders propose", { ...limit, rationale: "x" });
  await desk.call("orders propose", { ...limit, quantity: "2", rationale: "y" });
  const decisionOf = async (): Promise<unknown> =>
    (await desk.call<Waiting>("status")).proposals.find((proposal) => proposal.id === id);
  expect(await decisionOf()).toMatchObject({ decision: "allow" });
  price = "1000";
  expect(await decisionOf()).toMatchObject({ decision: "allow" });
  later += 2_000;
  asked = [];
  expect(await decisionOf()).toMatchObject({ decision: "block", reason: expect.stringContaining("price-collar: ") });
  expect(asked).toEqual(["SPX"]);
  expect(desk.open.desk.state.orders.get(id as never)?.verdicts).toHaveLength(1);
});

it("status does not judge again what its scan has just judged", async () => {
  await quotesOf("status");
  await desk.write("orders/pending/by-hand.toml", limitOf(1));
  expect(await quotesOf("status")).toBe(1);
});

it("status does not wait for a slow venue: it shows the last verdict with its time", async () => {
  const { id } = await propose();
  let open = (): void => undefined;
  gate = new Promise((resolve) => (open = resolve));
  await desk.write("orders/pending/by-hand.toml", limitOf(1));
  const { proposals } = await desk.call<Waiting>("status");
  expect(proposals).toMatchObject([
    { id, decision: "allow", checkedAt: expect.stringMatching(/Z$/) },
    { id: "by-hand", decision: null, checkedAt: null },
  ]);
  open();
  await expect.poll(() => verdictsOf("by-hand")).toBe(1);
});

it("of very many new files each scan evaluates a few, and asks once for a symbol", async () => {
  const count = JUDGED_MAX + 1;
  const names = Array.from({ length: count }, (_, n) => `by-hand-${String(n).padStart(3, "0")}`);
  for (const [n, name] of names.entries())
    writeFileSync(join(desk.root, `orders/pending/${name}.toml`), limitOf(n + 1));
  const judged = (): number => names.filter((name) => verdictsOf(name) === 1).length;
  await scanProposals(desk.open.desk);
  await expect.poll(judged).toBe(JUDGED_MAX);
  expect(asked).toEqual(["SPX"]);
  await scanProposals(desk.open.desk);
  await expect.poll(judged).toBe(count);
});

it("a proposal that is named by a prefix of its id is evaluated at the current market", async () => {
  const { id, digest } = await propose();
  price = "9000";
  await desk.call("status");
  expect(desk.open.desk.state.orders.get(id as never)?.digest).toBe(digest);
  expect((await desk.call<{ digest: string }>("orders show", { id: id.slice(0, -1) })).digest).not.toBe(digest);
});

it("an edited market order requests a quote at the next scan", async () => {
  const { id } = await propose();
  const path = `orders/pending/${id}.toml`;
  await desk.write(path, desk.read(path).replace('quantity = "1"', 'quantity = "2"'));
  expect(await quotesOf("orders list")).toBeGreaterThan(0);
  expect(await quotesOf("orders list")).toBe(0);
});

it("a proposal that a human rejects while a scan waits for its quote stays rejected", async () => {
  const { id } = await propose();
  later = 61_000;
  price = "9000";
  let open: () => void = () => undefined;
  gate = new Promise((resolve) => (open = resolve));
  asked = [];
  const scanning = desk.call("status");
  await expect.poll(() => asked.length).toBe(1);
  const before = desk.open.desk.state.orders.get(id as never)?.digest;
  // The quote of the human's command does not wait for the scan's quote.
  gate = Promise.resolve();
  price = "3000";
  await desk.call("reject", { id });
  price = "9000";
  open();
  await scanning;
  expect(desk.open.desk.state.orders.get(id as never)).toMatchObject({ state: "rejected", digest: before });
  const types = (await desk.services.readEvents()).flatMap(({ event }) =>
    "id" in event && event.id === id ? [event.type] : [],
  );
  expect(types.at(-1)).toBe("order.rejected");
});

it("a proposal whose file was removed is journaled as removed by the desk, without a comment of a human", async () => {
  const { id } = await propose();
  rmSync(join(desk.root, `orders/pending/${id}.toml`));
  await desk.call("status");
  later = 6_000;
  await desk.call("status");
  expect(await desk.reaches(id, "rejected")).toBe("rejected");
  const rejected = (await desk.services.readEvents()).find(({ event }) => event.type === "order.rejected")?.event;
  expect(rejected).toMatchObject({ id, reason: "", fileRemoved: true, actor: "host" });
  expect(await desk.call("orders show", { id })).toMatchObject({
    state: "rejected",
    untrusted: { reason: { source: "desk", text: "its file was removed" } },
  });
  const again = desk.open.desk.state.orders.get((await propose()).id as OrderId) as OrderRecord;
  expect(equalProposals(desk.open.desk, again)).toEqual([{ id, state: "rejected", untrusted: null }]);
});

it("the file of an approved order that is not moved yet is no error; the same file written again later is one", async () => {
  const { id, digest } = await propose();
  const path = `orders/pending/${id}.toml`;
  const text = desk.read(path);
  const problems = async (): Promise<unknown> => (await desk.call<Waiting>("status")).proposals;
  await desk.call("approve", { id, digest });
  await desk.settled();
  await desk.write(path, text);
  expect(await problems()).toEqual([]);
  later += 5_000;
  // A scan that the watch began before may answer the first call.
  await expect.poll(problems).toMatchObject([{ id, needs: "another-name" }]);
});

it("of very many files that were moved into orders/approved by hand, each scan moves a few back", async () => {
  const folder = join(desk.root, "orders/approved");
  for (let n = 0; n <= MOVED_MAX; n++) writeFileSync(join(folder, `by-hand-${n}.toml`), "");
  await scanProposals(desk.open.desk);
  expect(readdirSync(folder)).toHaveLength(1);
  await scanProposals(desk.open.desk);
  expect(readdirSync(folder)).toEqual([]);
});

it.runIf(process.platform === "linux")(
  "a file in orders/approved that cannot be moved back stops no scan",
  async () => {
    const folder = join(desk.root, "orders/approved");
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/a`), Buffer.of(0xff), Buffer.from(".toml")]), "");
    writeFileSync(join(folder, "by-hand.toml"), "");
    await scanProposals(desk.open.desk);
    expect(readdirSync(folder)).toEqual(["a\ufffd.toml"]);
    const { proposals } = await desk.call<Waiting>("status");
    expect(JSON.stringify(proposals)).toContain("cannot be moved to orders/proposed");
  },
);

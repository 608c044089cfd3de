/** A split of a replay and an edit of a cash account change no profit, in a whole desk. */
import { afterEach, expect, it } from "vitest";
import { readLedger } from "../../src/app/read-ledger.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import { profitReport } from "../../src/trading/account/profit-report.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

const PAPER = '[uta]\nsnapshot_interval = 1\n[[connector]]\nname = "paper"\ntype = "paper"\n';

function savings(balances: string, fx = ""): string {
  return `${PAPER}[[connector]]\nname = "savings"\ntype = "cash"\n[connector.options]\ncurrency = "USD"\nbalances = ${balances}\n${fx}`;
}
async function open(config: string, again?: TempDesk): Promise<TempDesk> {
  await again?.stop();
  desk = await tempDesk({ config: () => config, ...(again === undefined ? {} : { again }) });
  return desk;
}
async function book(of: TempDesk): Promise<StatusView["book"]> {
  return (await of.call<StatusView>("status")).book;
}
async function account(of: TempDesk, name = "savings") {
  return (await book(of)).accounts.find(({ connector }) => connector === name);
}

it("cash in another currency counts from its rate on, an edit is a transfer, and neither is a profit", async () => {
  const both = '{ USD = "25000", EUR = "1200.50" }';
  const first = await open(savings(both));
  await expect.poll(() => account(first)).toMatchObject({ nav: "25000", unvalued: ["EUR"] });
  expect(await account(first)).toMatchObject({
    ...{ cash: "25000", buyingPower: "0", dayPnl: "0", isCountedByGuards: false },
    balances: [{ amount: "1200.5", currency: "EUR" }],
  });
  const fx = `[fx.rates]\nEURUSD = { rate = "1.08", at = "${new Date().toISOString().slice(0, 10)}" }\n`;
  await first.write("desk.toml", savings(both, fx));
  await first.call("reload");
  await expect.poll(() => account(first)).toMatchObject({ nav: "26296.54", unvalued: [] });
  expect(await account(first)).toMatchObject({ dayPnl: "0", unexplained: null });
  const edited = await open(savings('{ USD = "20000", EUR = "2200.50" }', fx), first);
  await expect.poll(() => account(edited)).toMatchObject({ nav: "22376.54", dayPnl: "0" });
  expect(await account(edited)).toMatchObject({ unexplained: null, balances: [{ amount: "2200.5", currency: "EUR" }] });
  await edited.write("desk.toml", savings('{ USD = "20000", EUR = "2200.50" }', fx.replace("1.08", "1.10")));
  await edited.call("reload");
  await expect.poll(() => account(edited)).toMatchObject({ nav: "22420.55", unexplained: null });
  await edited.settled();
  const { config } = edited.open.desk;
  const { rows } = await readLedger({ ...edited.open, disk: nodeDisk(), root: edited.root, version: "" }, { config });
  const report = profitReport(
    rows.filter(({ connector }) => connector === "savings"),
    { by: "connector", currency: "USD" },
  );
  // 1,200.50 × 1.08 joined, -5,000 and 1,000 × 1.08 moved; 2,200.50 × 0.02 is the gain of the rate.
  expect(report.flows).toBe("-2623.46");
  expect(report.total).toMatchObject({ fx: "44.01", other: "0", total: "44.01" });
});

it("bars get takes a resolution, and says which lengths there are if there is no such bar", async () => {
  const rows = Array.from({ length: 40 }, (_, n) => {
    const time = new Date(Date.UTC(2014, 4, 1, 14, 5 * n)).toISOString().slice(0, 16);
    return `${time}Z,10,10,10,10`;
  });
  desk = await tempDesk({
    config: () =>
      '[[connector]]\nname = "past"\ntype = "replay"\n[connector.options]\nsymbols = ["ACME"]\nbar_seconds = 0.1\n',
    files: { "research/prices/bars/ACME.csv": ["time,open,high,low,close", ...rows].join("\n") },
  });
  const get = (resolution: string) => desk?.call("bars get", { symbol: "ACME", connector: "past", resolution });
  expect(await get("5m")).toMatchObject({ status: "ready", source: "past", resolution: "5m" });
  const pending = await get("1h");
  expect(pending).toMatchObject({ status: "data_pending" });
  expect(JSON.stringify(pending)).toContain("has bars of 5m, not of 1h");
});

it("a split of a replay multiplies the position and changes no profit", async () => {
  const rows = Array.from({ length: 60 }, (_, n) => {
    const date = new Date(Date.UTC(2014, 4, 1 + n)).toISOString().slice(0, 10);
    const price = date < "2014-05-21" ? "644" : "92";
    return `${date},${price},${price},${price},${price}`;
  });
  const options =
    'symbols = ["AAPL"]\nbar_seconds = 0.2\nspread_bps = 0\nslippage_bps = 0\nsplits = ["AAPL 2014-05-21 7:1"]';
  desk = await tempDesk({
    config: () => `[[connector]]\nname = "past"\ntype = "replay"\n[connector.options]\n${options}\n`,
    files: { "research/prices/bars/AAPL.csv": ["date,open,high,low,close", ...rows].join("\n") },
  });
  const order = { connector: "past", side: "buy", symbol: "AAPL", quantity: "3", type: "limit", limitPrice: "650" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...order,
    rationale: "x",
  });
  await desk.call("approve", { id, digest });
  await desk.reaches(id, "filled");
  const held = async (of: TempDesk) =>
    (await book(of)).positions.map(({ quantity, markPrice }) => [quantity, markPrice]);
  await expect.poll(() => held(desk as TempDesk)).toEqual([["21", "92"]]);
  const status = await desk.call<StatusView>("status");
  expect(status.flagged).toEqual([]);
  expect(status.book).toMatchObject({ nav: "1000000", dayPnl: "0" });
  expect(status.book.positions).toMatchObject([{ averagePrice: "92", unrealizedPnl: "0", value: "1932" }]);
});

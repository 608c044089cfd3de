/** `qoc pnl` and `qoc equity` of the built program, over a desk that has traded and moved money: each sum by hand. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { requireBuild } from "../support/built.ts";
import { qocJson } from "../support/qoc-json.ts";
import { PageClient } from "../support/page-client.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;

/** 100 for eight seconds, then 110, where the replay ends. */
function bars(): string {
  const rows = Array.from({ length: 44 }, (_, n) => {
    const date = new Date(Date.UTC(2014, 0, 1 + n)).toISOString().slice(0, 10);
    const price = n < 40 ? "100" : "110";
    return `${date},${price},${price},${price},${price}`;
  });
  return ["date,open,high,low,close", ...rows].join("\n");
}
function config(savings: string): string {
  return `[uta]
snapshot_interval = 1
[[connector]]
name = "past"
type = "replay"
[connector.options]
symbols = ["ACME"]
bar_seconds = 0.2
spread_bps = 0
slippage_bps = 0
commission_bps = 10
[[connector]]
name = "savings"
type = "cash"
[connector.options]
balances = { USD = "${savings}" }
`;
}
async function trade(terms: Record<string, string>): Promise<string> {
  const order = { connector: "past", symbol: "ACME", type: "limit", timeInForce: "gtc", rationale: "x", ...terms };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", order);
  await desk.call("approve", { id, digest });
  return id;
}
async function navOf(connector: string): Promise<string | undefined> {
  const { book } = await desk.call<{ book: { accounts: { connector: string; nav: string }[] } }>("status");
  return book.accounts.find((account) => account.connector === connector)?.nav;
}
function reachesNav(connector: string, nav: string): Promise<void> {
  return vi.waitFor(async () => expect(await navOf(connector)).toBe(nav), { timeout: 60_000, interval: 100 });
}
async function qoc(...args: readonly string[]) {
  const { code, json } = await qocJson({
    args,
    desk: desk.root,
    env: { PATH: process.env["PATH"] ?? "", HOME: desk.home },
  });
  expect(code).toBe(0);
  return json as Record<string, unknown> & { rows: { key: string; total: string }[]; total: Record<string, string> };
}

beforeAll(async () => {
  requireBuild();
  const files = { "research/prices/bars/ACME.csv": bars() };
  desk = await tempDesk({ config: () => config("25000"), files });
  await desk.reaches(await trade({ side: "buy", quantity: "10", limitPrice: "105" }), "filled");
  await desk.reaches(await trade({ side: "sell", quantity: "4", limitPrice: "108" }), "filled");
  // 10 bought at 100 for 1.00, 4 sold at 110 for 0.44, and 6 are worth 660.
  await reachesNav("past", "1000098.56");
  await desk.stop();
  desk = await tempDesk({ config: () => config("20000"), again: desk });
  await reachesNav("savings", "20000");
  await desk.settled();
  await desk.stop();
}, 90_000);
afterAll(() => discard(desk));

it("the lines of qoc pnl add up to the change of the NAV less what was moved, by day, connector and symbol", async () => {
  const lines = { realized: "40", unrealized: "60", fees: "-1.44", dividends: "0", interest: "0", fx: "0", other: "0" };
  for (const by of ["day", "connector", "symbol"]) {
    const report = await qoc("pnl", "--by", by);
    expect(report).toMatchObject({ currency: "USD", flows: "-5000", total: { ...lines, total: "98.56" } });
    const cents = report.rows.reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0);
    expect([by, cents]).toEqual([by, 9_856]);
  }
  const { rows } = await qoc("pnl", "--by", "connector");
  expect(rows.map(({ key, total }) => [key, total]).toSorted()).toEqual([
    ["past", "98.56"],
    ["savings", "0"],
  ]);
});

it("qoc pnl --by trade has each fill with its fee, and the realized P&L of the sale", async () => {
  const { trades } = await qoc("pnl", "--by", "trade");
  expect(trades).toMatchObject([{ side: "sell", quantity: "4", price: "110", fee: "0.44", realized: "40" }]);
});

it("qoc equity ends at the NAV of the desk, and a transfer is no return", async () => {
  const { points } = (await qoc("equity")) as unknown as {
    points: { nav: string; flow: string; index: number; complete: boolean }[];
  };
  expect(points.at(-1)).toMatchObject({ nav: "1020098.56", complete: true });
  // The account that is reported second joins by a flow of its NAV.
  const flows = points.reduce((sum, { flow }) => sum + Number(flow), 0);
  expect([995_000, 20_000]).toContain(flows);
  expect(Number(points[0]?.nav) + flows + 98.56).toBeCloseTo(1_020_098.56, 2);
  // 98.56 of 1,025,000, whichever the order of transfer and profit.
  expect(points.at(-1)?.index).toBeCloseTo(1 + 98.56 / 1_025_000, 6);
});

it("the page shows the numbers of qoc equity: NAV, drawdown, return and what was paid out", async () => {
  desk = await tempDesk({ config: () => config("20000"), again: desk });
  const page = await PageClient.login(desk);
  await page.read("snapshot");
  const curve = await page.read<Record<string, any>>("equity points", { points: 500 });
  await desk.stop();
  const { points, statistics, currency } = (await qoc("equity")) as Record<string, any>;
  expect(curve).toMatchObject({ currency, total: curve["points"].length });
  // The desk was up for a moment longer, so that the last point of the command is a later one.
  const rows = points.map((point: any) => [point.at, point.nav, String(Number(point.drawdown.toFixed(6)))]);
  expect(rows).toEqual(expect.arrayContaining(curve["points"].slice(0, -1)));
  expect(curve["points"].at(-1)?.slice(1)).toEqual(rows.at(-1)?.slice(1));
  expect(curve["flows"]).toEqual(points.filter(({ flow }: any) => flow !== "0").map(({ at, flow }: any) => [at, flow]));
  expect(curve["statistics"].timeWeighted).toBeCloseTo(statistics.timeWeighted, 12);
});

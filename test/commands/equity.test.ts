/** `equity` is of the journal's ledger, `snapshots nav` of the recorded snapshots: each has one source. */
import { expect, it } from "vitest";
import type { CommandContext } from "../../src/commands/command.ts";
import { command as equity } from "../../src/commands/equity.ts";
import { command as points } from "../../src/commands/equity/points.ts";
import { command as pnl } from "../../src/commands/pnl.ts";
import { command as nav } from "../../src/commands/snapshots/nav.ts";
import type { OutputStyle } from "../../src/commands/rendering/table-text.ts";
import { decimal } from "../../src/domain/decimal.ts";

const DAY = 86_400_000;
const START = Date.parse("2026-01-01T12:00:00.000Z");
const RECORDED = ["100", "90", "120", "80", "110"].map((value, day) => ({ at: START + day * DAY, nav: value }));

/** A desk that is up, with snapshots, and a ledger of two dates. */
const context = {
  cwd: "/w",
  progress: { line: () => undefined },
  desk: { desk: { state: { equity: RECORDED }, config: { account: { currency: "USD" } } } },
  local: {
    ledgerOf: () =>
      Promise.resolve({
        problem: null,
        currency: "USD",
        points: ["1000", "1000", "1010"].map((value, day) => ({
          date: `2026-01-0${day + 1}`,
          at: START + day * DAY,
          accounts: [{ connector: "paper", nav: decimal(value), currency: "USD", rate: decimal("1") }],
          flows: new Map(),
        })),
      }),
  },
} as unknown as CommandContext;

it("equity reads the ledger, also beside a running desk", async () => {
  const report = await equity.run({ csv: false, svg: false }, context);
  expect(report).toMatchObject({
    points: [{ nav: "1000" }, { nav: "1010" }],
    statistics: { timeWeighted: expect.closeTo(0.01) as number },
  });
});

it.each([equity, points, pnl])("$name says which dates it has if none is in the range", async (command) => {
  const style = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text };
  const rows = ["2026-01-01", "2026-01-03"].map((date) => ({ date, connector: "paper" }));
  const ledger = { ...(await context.local?.ledgerOf("/w", {} as never)), rows };
  const ask = async (range: object, found: object): Promise<readonly string[]> => {
    const input = { csv: false, svg: false, by: "day", points: 500, ...range };
    const local = { ledgerOf: () => Promise.resolve(found) };
    const report = await command.run(input as never, { ...context, desk: undefined, local } as never);
    return command.render?.(report as never, style as OutputStyle) ?? [];
  };
  const have = "the records are of 2026-01-01 to 2026-01-03";
  const text = async (range: object, found: object = ledger): Promise<string> => (await ask(range, found)).join(" ");
  expect(await text({ from: "2099-01-01" })).toContain(`nothing was recorded from 2099-01-01 on; ${have}`);
  expect(await text({ to: "2025-12-31" })).toContain(`nothing was recorded up to 2025-12-31; ${have}`);
  const both = { from: "2027-01-01", to: "2027-12-31" };
  expect(await text(both)).toContain(`nothing was recorded from 2027-01-01 to 2027-12-31; ${have}`);
  expect(Math.max(...(await ask(both, ledger)).map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(await text(both, { ...ledger, rows: [], points: [] })).toContain("no account was reported yet");
  // A program gets the reason by its name, and a range that ends before it begins is a mistake.
  style.isTty = false;
  expect(await ask(both, ledger)).toContain(`empty\tnothing was recorded from 2027-01-01 to 2027-12-31; ${have}`);
  await expect(text({ from: "2027-01-02", to: "2027-01-01" })).rejects.toThrow("--from 2027-01-02 is after --to");
});

it.each([equity, points, pnl])("$name takes a date of the calendar alone", (command) => {
  expect(command.input.safeParse({ from: "2024-02-29" }).success).toBe(true);
  for (const from of ["2026-02-29", "2026-13-01", "2026-1-1", "20260101"])
    expect(command.input.safeParse({ from }).error?.issues[0]?.message).toBe("must be a date such as 2026-01-31");
});

it("pnl ignores no flag, and says why it has no fill and nothing of a connector", async () => {
  const said: string[] = [];
  const found = {
    ...(await context.local?.ledgerOf("/w", {} as never)),
    rows: [{ date: "2026-01-01", connector: "paper" }],
    trades: [],
  };
  const local = { ledgerOf: () => Promise.resolve(found) };
  const ask = async (input: object): Promise<string | undefined> => {
    const progress = { line: (text: string) => void said.push(text) };
    const report = await pnl.run(
      { csv: false, by: "day", ...input } as never,
      { ...context, local, progress } as never,
    );
    return (report as { readonly empty?: string }).empty;
  };
  expect(await ask({ by: "trade", from: "2026-01-01" })).toBe("no fill realized a profit or a loss from 2026-01-01 on");
  expect(await ask({ by: "trade", connector: "paper" })).toBe("no fill realized a profit or a loss at paper");
  expect(await ask({ connector: "nope" })).toBe("nothing was recorded at nope; the records are of paper");
  await ask({ csv: true, year: "2018" });
  expect(said).toEqual(["no fill was recorded from 2018-01-01 to 2018-12-31"]);
  await expect(ask({ year: "2026", from: "2026-02-01" })).rejects.toThrow("--year, and --from or --to: choose one");
  await expect(ask({ csv: true, year: "2026", by: "symbol" })).rejects.toThrow(
    "--csv prints fills, and --by symbol sums",
  );
});

it("pnl cuts no date on a narrow terminal", () => {
  const amounts = { realized: "-123456.78", unrealized: "123456.78", fees: "-1234.56", dividends: "1", interest: "1" };
  const line = { ...amounts, fx: "1", other: "123456.78", total: "123456.78" };
  const rows = ["2026-01-01", "2026-01-02"].map((key) => ({ key, ...line }));
  const report = { currency: "USD", by: "day", rows, total: line, flows: "0", incomplete: [], unconverted: [] };
  const style = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text } as OutputStyle;
  const lines = pnl.render?.(report as never, style) ?? [];
  expect(lines.filter((text) => text.startsWith("2026-01-0"))).toEqual(["2026-01-01", "2026-01-02"]);
});

it("equity says that it lacks what cannot be read", async () => {
  const said: string[] = [];
  const ledger = { ...(await context.local?.ledgerOf("/w", {} as never)), unread: ["v", "w"] };
  const local = { ledgerOf: () => Promise.resolve(ledger) };
  const progress = { line: (text: string) => void said.push(text) };
  await equity.run({ csv: false, svg: false }, { ...context, local, progress } as never);
  expect(said).toEqual(["fills or activities of v, w cannot be read and are not in it: qoc status"]);
});

it("equity --svg is a picture of every point, however many there are, and --csv has a line for each", async () => {
  const many = Array.from({ length: 150_000 }, (_, i) => ({ ...RECORDED[0], date: "2026-01-01", nav: String(i) }));
  const style = {} as OutputStyle;
  const shown = (format: "csv" | "svg", points: readonly object[]): readonly string[] => [
    ...(equity.render?.({ currency: "USD", points, format } as never, style) ?? []),
  ];
  const picture = shown("svg", many);
  expect(picture[0]).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 800 320" role="img">$/);
  expect(picture).toContain("  <title>NAV in USD</title>");
  expect(picture.join("\n")).toContain(">149999.00</text>");
  expect(/points="([^"]+)"/.exec(picture.join("\n"))?.[1]?.split(" ")).toHaveLength(many.length);
  const two = (await equity.run({ csv: true, svg: false }, context)) as unknown as { points: readonly object[] };
  expect(shown("csv", two.points)).toEqual([
    "date,at,nav,flow,index,complete",
    "2026-01-02,2026-01-02T12:00:00.000Z,1000,0,1.00000000,true",
    "2026-01-03,2026-01-03T12:00:00.000Z,1010,0,1.01000000,true",
  ]);
});

it("equity shows the Sharpe ratio above [account] risk_free_pct", async () => {
  const points = Array.from({ length: 62 }, (_, day) => ({
    ...{ date: new Date(START + day * DAY).toISOString().slice(0, 10), at: START + day * DAY, flows: new Map() },
    accounts: [
      { connector: "paper", nav: decimal(String(1_000 + day + (day % 2))), currency: "USD", rate: decimal("1") },
    ],
  }));
  const shown = async (riskFreePct: number): Promise<string> => {
    const ledgerOf = () => Promise.resolve({ problem: null, currency: "USD", riskFreePct, points });
    const report = await equity.run({ csv: false, svg: false }, { ...context, local: { ledgerOf } } as never);
    const style = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text } as OutputStyle;
    const lines = equity.render?.(report as never, style) ?? [];
    return [...lines].find((line) => line.includes("Sharpe"))?.trim() ?? "";
  };
  expect(await shown(0)).toMatch(/^Sharpe ratio +\d+\.\d\d ± \d+\.\d\d$/);
  expect(await shown(4.25)).toMatch(/^Sharpe ratio +\d+\.\d\d ± \d+\.\d\d, above 4.25 % a year$/);
});

it("snapshots nav lists recorded values, those of a range, and of many the lowest and the highest", async () => {
  const all = { from: undefined, to: undefined, points: 500 };
  expect(await nav.run(all, context)).toEqual({
    currency: "USD",
    total: 5,
    points: RECORDED.map(({ at, nav: value }) => [new Date(at).toISOString(), value]),
  });
  const range = { ...all, from: "2026-01-02", to: "2026-01-04" };
  const chosen = (await nav.run(range, context)) as { readonly points: string[][] };
  expect(chosen.points.map(([, value]) => value)).toEqual(["90", "120"]);
  const thinned = (await nav.run({ ...all, points: 4 }, context)) as {
    readonly total: number;
    readonly points: string[][];
  };
  expect([thinned.total, thinned.points.map(([, value]) => value)]).toEqual([5, ["100", "120", "80", "110"]]);
});

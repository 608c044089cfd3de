/** On 80 columns nothing that a reader needs is cut, and no line is longer. */
import { expect, it } from "vitest";
import { command as accounts } from "../../src/commands/accounts/list.ts";
import { command as connect } from "../../src/commands/connect.ts";
import { connectorTypes } from "../../src/commands/rendering/connect.ts";
import { command as runs } from "../../src/commands/runs/list.ts";
import { type Column, type OutputStyle, table } from "../../src/commands/rendering/table-text.ts";
import { widthOf } from "../../src/commands/rendering/terminal-text.ts";

const STYLE: OutputStyle = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text };

function account(connector: string, nav: string, isCountedByGuards = true) {
  const amounts = { nav, cash: nav, buyingPower: nav, dayPnl: "-12345.67" };
  const facts = { connector, mode: "paper", currency: "USD", day: "2026-11-30", isCountedByGuards };
  const nothing = { isInSum: true, isStale: false, sharedWith: null, asOf: "", unvalued: [], unexplained: null };
  return { ...amounts, ...facts, ...nothing, balances: [] };
}

function shownAccounts(...list: readonly object[]): readonly string[] {
  return accounts.render?.({ accounts: list, exposures: [], currency: "USD", rates: [] } as never, STYLE) ?? [];
}

it("accounts are a table, with remark and name on lines of their own if they do not fit, or a block for each", () => {
  const two = shownAccounts(account("alpaca-paper", "100000.5"), account("binance-sub", "2", false));
  expect(two).toHaveLength(4);
  expect(two[2]).toMatch(/^binance-sub +PAPER|^binance-sub +paper/);
  expect(two[3]).toBe("  guards do not count it");
  const wide = shownAccounts(account("alpaca-paper-main", "1000000.5"), account("binance-sub", "2"));
  expect(wide.map(widthOf).every((width) => width <= 80)).toBe(true);
  expect(wide[1]).toBe("alpaca-paper-main");
  expect(wide[2]).toMatch(/^  paper +1,000,000.50 USD +1,000,000.50 +1,000,000.50 +-12,345.67 +11-30$/);
  const large = shownAccounts(account("alpaca-paper-main", "1000000000.5"), account("binance-sub", "2000000", false));
  expect(large.map(widthOf).every((width) => width <= 80)).toBe(true);
  expect(large.slice(0, 3)).toEqual([
    "alpaca-paper-main",
    "  mode          paper",
    "  NAV           1,000,000,000.50 USD",
  ]);
  expect(large.join("\n")).toContain("guards do not count it");
});

it("qoc connect shows the whole of what each type is", () => {
  const { types } = connectorTypes();
  const lines = connect.render?.({ types } as never, STYLE) ?? [];
  expect(lines.map(widthOf).every((width) => width <= 80)).toBe(true);
  expect(lines.join("\n")).not.toContain("…");
  const words = lines.join(" ").split(/\s+/);
  for (const { about } of types) expect(words).toEqual(expect.arrayContaining(about.split(" ")));
});

it("qoc runs list has the whole paths", () => {
  const issue = "issues/002-earnings-review-of-the-third-quarter.md";
  const summary = "snapshots/2026-11-30T143015-002-earnings-review-of-the-third-quarter.md";
  const lines = runs.render?.([{ run: "run-20261130-143015", state: "done", issue, summary }] as never, STYLE) ?? [];
  expect(lines.map(widthOf).every((width) => width <= 80)).toBe(true);
  expect(lines[1]).toContain(issue);
  expect(lines[2]).toBe(`  ${summary}`);
});

it("a table that fits has each row on one line", () => {
  const columns: readonly Column<string>[] = [
    { title: "a", cell: (text) => text },
    { title: "b", cell: (text) => text, keeps: "wrap" },
    { title: "c", cell: (text) => text, keeps: "apart" },
  ];
  expect(table(STYLE, columns, ["one"])).toEqual(["A    B    C", "one  one  one"]);
});

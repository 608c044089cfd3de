/** research/fx: the newest rates of each file, and in words what a file has that is not read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { RateFiles } from "../../src/workspace/rate-files.ts";

let root: string;
let rates: RateFiles;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "qoc-rates-"));
  mkdirSync(join(root, "research/fx"), { recursive: true });
  rates = new RateFiles({ disk: nodeDisk(), root, clock: { now: () => 0 } });
});
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, text: string): void {
  writeFileSync(join(root, "research/fx", name), text);
}

const HISTORY = "Date,USD,JPY,CYP,\n2026-11-26,1.07,171.2,N/A,\n2026-11-27,1.08,N/A,N/A,\n";

it.each([
  ["of many days", HISTORY, [["USD", "1.08"]]],
  ["with a byte order mark and Windows line ends", `\uFEFF${HISTORY.replaceAll("\n", "\r\n")}`, [["USD", "1.08"]]],
  [
    "of one day",
    "Date, USD, JPY, \n27 November 2026, 1.08, 171.3, \n",
    [
      ["USD", "1.08"],
      ["JPY", "171.3"],
    ],
  ],
])("the newest rates of a file %s are read, and nothing is wrong with it", async (_name, text, expected) => {
  put("ecb.csv", text);
  expect((await rates.read()).map(({ quote, bid }) => [quote, bid])).toEqual(expected);
  expect((await rates.read()).every(({ at }) => at === Date.parse("2026-11-27"))).toBe(true);
  expect(await rates.problems()).toEqual([]);
});

it.each([
  [
    "another first line",
    "Currency;Rate\nUSD;1.08\n",
    "1: the first line must be Date and codes such as USD, with commas",
  ],
  ["no day", "Date,USD\n", "2: no line has a date"],
  ["a day that is not a date", `${HISTORY}27.11.2026,1.09\n`, '4: "27.11.2026" is not a date such as 2026-11-27'],
  ["a decimal comma", 'Date,USD\n2026-11-27,"1,08"\n', '2: "USD": "\\"1" is no rate'],
  ["a rate of zero", "Date,USD\n2026-11-27,0\n", '2: "USD": "0" is no rate'],
  ["a code in small letters", "Date,usd\n2026-11-27,1.08\n", '1: "usd" is no code of a currency'],
  ["more rates than codes", "Date,USD\n2026-11-27,1.08,171\n", "2: has more rates than the first line has codes"],
])("a file with %s is named with its line, and the others are read", async (_name, text, problem) => {
  put("a.csv", text);
  put("ecb.csv", HISTORY);
  expect((await rates.problems())[0]).toBe(`research/fx/a.csv:${problem}`);
  expect((await rates.read()).filter(({ source }) => source === "research/fx/ecb.csv")).toHaveLength(1);
});

it("a file whose days are no dates is named once for each, and a fourth is not named", async () => {
  put("a.csv", `Date,USD\n${"27.11.2026,1.08\n".repeat(4)}`);
  const lines = [2, 3, 4].map((line) => `research/fx/a.csv:${line}: "27.11.2026" is not a date such as 2026-11-27`);
  expect(await rates.problems()).toEqual(lines);
});

it("a file that cannot be read, and those after the twentieth, are named", async () => {
  mkdirSync(join(root, "research/fx/0.csv"));
  for (let n = 10; n < 31; n++) put(`${n}.csv`, HISTORY);
  const problems = await rates.problems();
  expect(problems.map((text) => text.split(":")[0])).toEqual([0, 29, 30].map((n) => `research/fx/${n}.csv`));
});

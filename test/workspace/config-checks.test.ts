/** What desk.toml would otherwise accept and ignore is an error at its line. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPTION_NAMES as CASH_OPTION_NAMES, readOptions as readCashOptions } from "../../connectors/cash/balances.ts";
import { OPTION_NAMES, readOptions } from "../../connectors/paper/options.ts";
import { OPTION_NAMES as SOURCE_OPTION_NAMES } from "../../connectors/paper-on-quotes/options.ts";
import {
  OPTION_NAMES as REPLAY_OPTION_NAMES,
  readOptions as readReplayOptions,
} from "../../connectors/replay/options.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { connectorKeys } from "../../src/workspace/config-schema.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { CASH_RULES } from "../../src/workspace/cash-options.ts";
import { PAPER_RULES, REPLAY_RULES, SOURCE_RULES } from "../../src/workspace/paper-options.ts";

const CUSTOM = '[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n';
const REPLAY = '[[connector]]\nname = "r"\ntype = "replay"\n[connector.options]\n';
const CASH = '[[connector]]\nname = "c"\ntype = "cash"\n[connector.options]\n';
const PAPER = '[[connector]]\nname = "paper"\ntype = "paper"\n';

function problem(text: string): unknown {
  try {
    readConfig(text, "/desk/desk.toml");
  } catch (error) {
    if (error instanceof QocError) return { line: error.details["line"], code: error.code, message: error.message };
    throw error;
  }
  return "accepted";
}

function takes(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

describe("desk.toml is refused with", () => {
  it.each([
    ["orders = false under the options", `${CUSTOM}[connector.options]\norders = false`, 6, "belongs to [[connector]]"],
    ["mode under the options", `${PAPER}  [connector.options]\n  mode = "live"`, 5, "belongs to [[connector]]"],
    ["isolation under the options", `${CUSTOM}[connector.options]\nurl = "x"\nisolation = "process"`, 7, "belongs to"],
    ["a misspelt option of paper", `${PAPER}[connector.options]\nbar_second = 2`, 5, "did you mean bar_seconds?"],
    [
      "a value that paper refuses",
      `${PAPER}[connector.options]\ncash = 1\nbar_seconds = "2 s"`,
      6,
      "from 0.02 to 86400",
    ],
    ["a replay without symbols", REPLAY, 4, 'a list of 1 to 64 symbols, such as ["AAPL"]; it is missing'],
    [
      "a split that is no ratio",
      `${REPLAY}symbols = ["A"]\nsplits = ["A 2014-06-09 7:0"]`,
      6,
      "shares after for shares",
    ],
    ["a start of a replay that does not exist", `${REPLAY}symbols = ["A"]\nstart = "2014-02-30"`, 6, "or a time"],
    [
      "a mode of a replay",
      '[[connector]]\nname = "r"\ntype = "replay"\nmode = "live"\n[connector.options]\nsymbols = ["A"]',
      4,
      "the replay is always paper",
    ],
    ["cash without balances", CASH, 4, "amounts in quotes by currency"],
    ["a balance that is a number", `${CASH}balances = { USD = 1.5 }`, 5, "amounts in quotes by currency"],
    [
      "two balances without a currency",
      `${CASH}balances = { USD = "1", EUR = "2" }`,
      4,
      "one of its balances: USD, EUR",
    ],
    ["a date that does not exist", `${PAPER}[connector.options]\nstart = "2019-02-30"`, 5, "must be a date from"],
    ["an unknown agent connector", `${PAPER}[connectors]\nagent = ["papr"]`, 5, "did you mean paper?"],
    ["env: in a name", '[workspace]\nname = "env:DESK"', 2, "in [connector.auth] only"],
    ["env: in an option", `${CUSTOM}[connector.options]\nurl = "env:URL"`, 6, "in [connector.auth] only"],
    ["env: in a list", '[context]\nfiles = ["env:FILES"]', 2, "in [connector.auth] only"],
    ["[ai]", '[workspace]\n\n[ai]\nprovider = "x"', 3, "[agent] names the program"],
    [
      "[data_hub.news]",
      "[data_hub]\n[data_hub.news]\nx = 1",
      2,
      "data_hub.news is documented but not implemented yet; [[news]]",
    ],
    ["[[webhook]]", '[workspace]\n\n[[webhook]]\npath = "x"', 3, "webhook is documented"],
    ["[[tool]]", '[workspace]\n\n\n[[tool]]\nname = "x"', 4, "tool is documented"],
  ])("%s", (_name, text, line, message) => {
    expect(problem(text)).toMatchObject({ line, message: expect.stringContaining(message) as string });
  });

  it("every key of a connector under the options", () => {
    for (const key of connectorKeys())
      expect(problem(`${CUSTOM}[connector.options]\n${key} = 1`)).toMatchObject({ line: 6 });
  });
});

describe("desk.toml is accepted with", () => {
  it.each([
    ["options of an adapter", `${CUSTOM}[connector.options]\nurl = "https://x"\nspeed = 2`],
    ["options of paper", `${PAPER}[connector.options]\nbar_seconds = 60`],
    ["env: in the secrets", `${CUSTOM}[connector.auth]\nkey = "env:KEY"`],
    ["known agent connectors", `${PAPER}[connectors]\nagent = ["paper"]`],
  ])("%s", (_name, text) => expect(problem(text)).toBe("accepted"));

  it("cash and a replay", () => {
    expect(problem(`${CASH}balances = { USD = "1", EUR = "2" }\ncurrency = "EUR"\nas_of = "2026-11-27"`)).toBe(
      "accepted",
    );
    expect(problem(`${REPLAY}symbols = ["AAPL"]\nstart = "2014-05-01"\nsplits = ["AAPL 2014-06-09 7:1"]`)).toBe(
      "accepted",
    );
  });

  it("the options that cash and the replay have", () => {
    expect(Object.keys(CASH_RULES)).toEqual(CASH_OPTION_NAMES);
    expect(Object.keys(REPLAY_RULES)).toEqual(REPLAY_OPTION_NAMES);
    expect(Object.keys(SOURCE_RULES)).toEqual(SOURCE_OPTION_NAMES);
  });

  it.each([
    ["symbols", [["A"], ["A", "B/C"], [], ["A B"], ["x".repeat(41)], "A", [1], Array(65).fill("A")]],
    [
      "start",
      [
        "2014-05-01",
        "2014-05-01T14:30Z",
        "2014-05-01T14:30:10Z",
        "2014-13-01",
        "2014-02-30",
        "5/1/14",
        1,
        "2014-05-01T14:30",
      ],
    ],
    ["currency", ["USD", "USDT", "usd", "", "U", 5]],
    [
      "splits",
      [[], ["A 2014-06-09 7:1"], ["A 2014-06-09 0.5:1"], ["A 2014-06-09 0:1"], ["A 7:1"], "A", ["A 2014-02-30 7:1"]],
    ],
  ])("the values of %s that the replay takes, and no others", (name, values: readonly unknown[]) => {
    for (const value of values) {
      const isTaken = takes(() => readReplayOptions({ symbols: ["A"], [name]: value }));
      expect([value, REPLAY_RULES[name]?.(value) === undefined]).toEqual([value, isTaken]);
    }
  });

  it.each([
    [
      "balances",
      [{ USD: "1" }, { USD: "-1.5" }, { USD: 1 }, {}, [], "1", { usd: "1" }, { USD: "1e3" }, { USD: "1", EUR: "2" }],
    ],
    ["currency", ["USD", "EUR", 5]],
    ["as_of", ["2026-11-27", "2026-11-27T10:00Z", "2026-02-30", "yesterday", 5]],
  ])("the values of %s that cash takes, and no others", (name, values: readonly unknown[]) => {
    for (const value of values) {
      const options = { balances: { USD: "1" }, [name]: value };
      const problems = Object.keys(options).map((key) => CASH_RULES[key]?.(options[key as "balances"], options));
      const whole = name === "balances" ? [...problems, CASH_RULES["currency"]?.(undefined, options)] : problems;
      expect([value, whole.every((each) => each === undefined)]).toEqual([
        value,
        takes(() => readCashOptions(options)),
      ]);
    }
  });

  it("the options that the paper venue has", () => expect(Object.keys(PAPER_RULES)).toEqual(OPTION_NAMES));

  it("the values that the paper venue takes, and no others", () => {
    const numbers = ["0", "1", "0.02", "0.019", "-1", "1e2", ".5", "5.", "86400", "86401", "1000.001", "0.005", "+1"];
    const dates = ["2019-10-10", "2000-01-03", "2000-01-02", "2020-04-18", "2019-02-30", "19-1-1"];
    const others = [true, false, "", " 1 ", "x", "NaN", "0x10", Number.NaN, 4_294_967_296, 60_001, 1.5, [], {}, null];
    const value = fc.oneof(
      fc.constantFrom<unknown>(...numbers, ...numbers.map(Number), ...dates, ...others, "9".repeat(41)),
      fc.double({ min: -1e6, max: 1e14, noNaN: true }).map((number) => (Math.abs(number) < 1e-20 ? 0 : number)),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(PAPER_RULES)), value, (name, option) => {
        fc.pre(option !== null);
        const isTaken = (): boolean => {
          try {
            readOptions({ [name]: option });
            return true;
          } catch {
            return false;
          }
        };
        expect([name, option, PAPER_RULES[name]?.(option) === undefined]).toEqual([name, option, isTaken()]);
      }),
      { numRuns: 2_000 },
    );
  });
});

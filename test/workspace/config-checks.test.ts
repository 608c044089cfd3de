/** What desk.toml would otherwise accept and ignore is an error at its line. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPTION_NAMES, readOptions } from "../../connectors/paper/options.ts";
import { QocError } from "../../src/domain/error.ts";
import { CONNECTOR_KEYS } from "../../src/workspace/config-schema.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { PAPER_OPTIONS, paperOptionProblem } from "../../src/workspace/paper-options.ts";

const CUSTOM = '[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n';
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
    for (const key of CONNECTOR_KEYS)
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

  it("the options that the paper venue has", () => expect(PAPER_OPTIONS).toEqual(OPTION_NAMES));

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
      fc.property(fc.constantFrom(...PAPER_OPTIONS), value, (name, option) => {
        fc.pre(option !== null);
        const isTaken = (): boolean => {
          try {
            readOptions({ [name]: option });
            return true;
          } catch {
            return false;
          }
        };
        expect([name, option, paperOptionProblem(name, option) === undefined]).toEqual([name, option, isTaken()]);
      }),
      { numRuns: 2_000 },
    );
  });
});

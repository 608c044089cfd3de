import { describe, expect, it } from "vitest";
import { COMMANDS } from "../support/commands.ts";
import { QocError } from "../../src/domain/error.ts";
import { kebab, parseArgv } from "../../src/cli/argv.ts";

function parse(...argv: string[]) {
  const { row, input, globals } = parseArgv(argv, COMMANDS);
  return { name: row?.name, input, globals };
}
function refusal(...argv: string[]): QocError {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof QocError) return error;
    throw error;
  }
  throw new Error(`${argv.join(" ")} was taken`);
}

describe("parseArgv", () => {
  it.each<[string[], string, Record<string, unknown>]>([
    [["status"], "status", {}],
    [["orders", "list", "--state", "proposed"], "orders list", { state: "proposed" }],
    [["orders", "list", "--limit", "5"], "orders list", { limit: 5 }],
    [["snapshot"], "snapshot", {}],
    [["snapshots", "list"], "snapshots list", {}],
    [["run", "001"], "run", { issue: "001" }],
    [["run", "001", "--dry-run"], "run", { issue: "001", dryRun: true }],
    [["run", "approve", "a1"], "approve", { id: "a1" }],
    [["run", "reject", "a1", "-m", "no"], "reject", { id: "a1", comment: "no" }],
    [["approve", "--all"], "approve", { all: true }],
    [["init"], "init", {}],
    [["up", "-d"], "up", { detach: true }],
    [["inbox", "write", "--title", "t", "--text", "-"], "inbox write", { title: "t", text: "-" }],
    [
      ["issues", "new", "A title", "--symbols", "SPX", "--symbols", "AAPL"],
      "issues new",
      { title: "A title", symbols: ["SPX", "AAPL"] },
    ],
    [["reject", "--comment=-1 %", "a1"], "reject", { id: "a1", comment: "-1 %" }],
    [["history", "show", "--", "-1"], "history show", { id: "-1" }],
  ])("%j is %s", (argv, name, input) => {
    expect(parse(...argv)).toMatchObject({ name, input });
    expect(parse(...argv).input).toEqual(input);
  });

  it("keeps money as the text that was typed", () => {
    const { input } = parse(
      "orders",
      "propose",
      "--side",
      "buy",
      "--symbol",
      "SPX",
      "--quantity",
      "0.10",
      "--type",
      "limit",
      "--limit-price",
      "1e3",
    );
    expect(input).toEqual({ side: "buy", symbol: "SPX", quantity: "0.10", type: "limit", limitPrice: "1e3" });
  });

  it.each([
    [["-C", "desk", "orders", "list", "--json"]],
    [["orders", "-C", "desk", "list", "--json"]],
    [["orders", "list", "--json", "-C", "desk"]],
    [["--json", "-Cdesk", "orders", "list"]],
    [["--workspace=desk", "--json", "orders", "list"]],
  ])("takes globals anywhere: %j", (argv) => {
    expect(parse(...argv)).toMatchObject({
      name: "orders list",
      input: {},
      globals: { json: true, workspace: "desk", quiet: false },
    });
  });

  it("knows short globals, alone and run together", () => {
    expect(parse("-qy", "status", "-v").globals).toMatchObject({ quiet: true, yes: true, verbose: true });
    expect(parse("status", "--no-color", "--no-input", "--passphrase-fd", "3").globals).toMatchObject({
      noColor: true,
      noInput: true,
      passphraseFd: 3,
    });
    expect(parse("-V")).toMatchObject({ name: undefined, globals: { version: true } });
    expect(parse("orders", "propose", "-h")).toMatchObject({ name: "orders propose", globals: { help: true } });
    expect(parse()).toMatchObject({ name: undefined, globals: { help: false } });
  });

  it.each<[string[], string, RegExp]>([
    [["statsu"], "UNKNOWN_COMMAND", /^unknown command: statsu \(did you mean status\?\)$/],
    [["order", "list"], "UNKNOWN_COMMAND", /order list \(did you mean orders list\?\)/],
    [["orders", "lst"], "UNKNOWN_COMMAND", /orders lst \(did you mean orders list\?\)/],
    [
      ["orders"],
      "UNKNOWN_COMMAND",
      /orders \(there is orders propose, orders list, orders show, orders approve, orders reject, orders cancel, orders resolve\)/,
    ],
    [["orders", "frobnicate"], "UNKNOWN_COMMAND", /there is orders propose/],
    [["frobnicate", "-y"], "UNKNOWN_COMMAND", /^unknown command: frobnicate$/],
    [["status", "--jsn"], "USAGE", /status: unknown flag --jsn \(did you mean --json\?\)/],
    [["approve", "a1", "--forse"], "USAGE", /unknown flag --forse/],
    [["--forse", "approve", "a1"], "USAGE", /unknown flag --forse/],
    [["status", "-x"], "USAGE", /unknown flag -x/],
    [["approve", "a1", "a2"], "USAGE", /approve: unexpected "a2"/],
    [["status", "a1"], "USAGE", /unexpected "a1"/],
    [["reject"], "USAGE", /reject: ID\|FILE is missing/],
    [["resolve", "a1"], "USAGE", /--note is missing/],
    [["orders", "list", "--limit", "ten"], "USAGE", /--limit takes a whole number; "ten" is none/],
    [["orders", "list", "--limit"], "USAGE", /--limit needs a value: N/],
    [["orders", "list", "--state", "--json"], "USAGE", /--state needs a value before --json; .* --state=--json/],
    [["status", "--json=yes"], "USAGE", /--json takes no value/],
    [["restore", "a", "--at", "1", "--at", "2"], "USAGE", /--at was given 2 times/],
    [["orders", "propose", "--side", "by"], "USAGE", /--side is one of buy, sell; "by" is not \(did you mean buy\?\)/],
    [["halt", "--dry-run"], "USAGE", /it has no dry run, so nothing was done/],
  ])("refuses %j", (argv, code, message) => {
    const error = refusal(...argv);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.exit).toBe(2);
  });

  it("asks for nothing where help is asked for", () => {
    expect(parse("resolve", "--help")).toMatchObject({ name: "resolve", globals: { help: true } });
  });

  it("parses every example of every row as that row", () => {
    for (const row of COMMANDS) {
      for (const example of row.examples) {
        const shown = example.replace(/ (\d?<|\d<|#).*$/, "");
        const words = [...shown.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "").slice(1);
        expect(parse(...words).name, example).toBe(row.name);
      }
    }
  });

  it("gives every flag of the table one spelling", () => {
    expect(kebab("limitPrice")).toBe("limit-price");
    for (const row of COMMANDS) for (const { name } of row.args) expect(kebab(name)).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

import { describe, expect, it } from "vitest";
import { COMMANDS } from "../support/commands.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { type CommandTreeInput, dispatch } from "../../src/cli/command-tree.ts";
import { GLOBAL_FLAGS, kebab } from "../../src/cli/flags.ts";
import { checkCommandLine } from "../../src/cli/strict-args.ts";

/** Checks a line and, if it names a command, lets citty parse it, as `main` does. */
async function parse(...argv: string[]) {
  const { entry, globals, words, noun } = checkCommandLine(argv, COMMANDS);
  let input: CommandTreeInput | undefined;
  let name: string | undefined;
  if (entry !== undefined && !globals.help && !globals.version) {
    await dispatch(words, COMMANDS, async (dispatched, parsed) => {
      name = dispatched.name;
      input = parsed;
      return 0;
    });
    expect(name).toBe(entry.name);
  }
  return { name: entry?.name, input, globals, noun };
}

function refusal(...argv: string[]): QocError {
  try {
    checkCommandLine(argv, COMMANDS);
  } catch (error) {
    if (error instanceof QocError) return error;
    throw error;
  }
  throw new Error(`no error for: ${argv.join(" ")}`);
}

const PROPOSE = ["orders", "propose", "--side", "buy", "--symbol", "SPX", "--type", "market"];

describe("a command line that is correct", () => {
  it.each<[string[], string, Record<string, unknown>]>([
    [["status"], "status", {}],
    [["orders", "list", "--state", "proposed"], "orders list", { state: "proposed" }],
    [["orders", "list", "--state=proposed"], "orders list", { state: "proposed" }],
    [["orders", "list", "--limit", "5"], "orders list", { limit: 5 }],
    [["orders"], "orders list", {}],
    [["positions"], "positions list", {}],
    [["inbox"], "inbox list", {}],
    [["inbox", "--status", "new"], "inbox list", { status: "new" }],
    [["issues"], "issues list", {}],
    [["connectors"], "connectors list", {}],
    [["snapshot"], "snapshot", {}],
    [["snapshots", "list"], "snapshots list", {}],
    [["snapshot", "list"], "snapshots list", {}],
    [["run", "001"], "run", { issue: "001" }],
    [["run", "001", "--dry-run"], "run", { issue: "001", dryRun: true }],
    [["--dry-run", "run", "001"], "run", { issue: "001", dryRun: true }],
    [["run", "approve", "a1"], "approve", { id: "a1" }],
    [["run", "reject", "a1", "-m", "no"], "reject", { id: "a1", comment: "no" }],
    [["reject", "a1", "-mno"], "reject", { id: "a1", comment: "no" }],
    [["approve", "--all"], "approve", { all: true }],
    [["init"], "init", {}],
    [["up", "-d"], "up", { detach: true }],
    [["up", "-qd"], "up", { detach: true }],
    [["up", "--port", "7171"], "up", { port: 7171 }],
    [["connectors", "call", "v", "getAccount"], "connectors call", { name: "v", method: "getAccount" }],
    [
      ["connectors", "call", "v", "getBars", "005930", '{"resolution":"1h"}'],
      "connectors call",
      { name: "v", method: "getBars", args: ["005930", '{"resolution":"1h"}'] },
    ],
    [["logs", "-f", "--tail", "3"], "logs", { follow: true, tail: 3 }],
    [["inbox", "write", "--title", "t", "--text", "-"], "inbox write", { title: "t", text: "-" }],
    [["inbox", "write", "--title", "t", "--text=-"], "inbox write", { title: "t", text: "-" }],
    [
      ["issues", "new", "A title", "--symbols", "SPX", "--symbols", "AAPL"],
      "issues new",
      { title: "A title", symbols: ["SPX", "AAPL"] },
    ],
    [["issues", "new", "--symbols=SPX", "--", "--symbols=X"], "issues new", { title: "--symbols=X", symbols: ["SPX"] }],
    [["reject", "--comment=-1 %", "a1"], "reject", { id: "a1", comment: "-1 %" }],
    [["reject", "a1", "--comment", "-1"], "reject", { id: "a1", comment: "-1" }],
    [["reject", "a1", "--comment=--side=buy"], "reject", { id: "a1", comment: "--side=buy" }],
    [["reject", "a1", "--comment=a=b"], "reject", { id: "a1", comment: "a=b" }],
    [["reject", "a1", "--comment", "two words\nand a line"], "reject", { id: "a1", comment: "two words\nand a line" }],
    [["history", "show", "--", "-1"], "history show", { id: "-1" }],
    [["show", "-1"], "history show", { id: "-1" }],
    [["show", "--", "--no-color"], "history show", { id: "--no-color" }],
    [["show", "--", "--"], "history show", { id: "--" }],
    [
      [...PROPOSE, "--quantity", "-0.5"],
      "orders propose",
      { side: "buy", symbol: "SPX", type: "market", quantity: "-0.5" },
    ],
    [
      [...PROPOSE, "--quantity", "-.5"],
      "orders propose",
      { side: "buy", symbol: "SPX", type: "market", quantity: "-.5" },
    ],
  ])("%j names the command %s and has its input", async (argv, name, input) => {
    const parsed = await parse(...argv);
    expect(parsed.name).toBe(name);
    expect(parsed.input).toEqual(input);
  });

  it("keeps amounts as the text that was typed", async () => {
    const { input } = await parse(...PROPOSE.slice(0, -1), "limit", "--quantity", "0.10", "--limit-price", "1e3");
    expect(input).toEqual({ side: "buy", symbol: "SPX", quantity: "0.10", type: "limit", limitPrice: "1e3" });
  });

  it.each([
    [["-C", "desk", "orders", "list", "--json"]],
    [["orders", "-C", "desk", "list", "--json"]],
    [["orders", "list", "--json", "-C", "desk"]],
    [["--json", "-Cdesk", "orders", "list"]],
    [["--workspace=desk", "--json", "orders", "list"]],
    [["--workspace", "desk", "--json", "orders", "list"]],
  ])("may have global flags anywhere: %j", async (argv) => {
    expect(await parse(...argv)).toMatchObject({
      name: "orders list",
      input: {},
      globals: { json: true, workspace: "desk", quiet: false },
    });
  });

  it("may have short global flags alone, in a group, and in a group that ends with a value", async () => {
    expect((await parse("-qy", "status", "-v")).globals).toMatchObject({ quiet: true, yes: true, verbose: true });
    expect((await parse("-qCdesk", "status")).globals).toMatchObject({ quiet: true, workspace: "desk" });
    expect((await parse("-qC", "desk", "status")).globals).toMatchObject({ quiet: true, workspace: "desk" });
    expect((await parse("status", "--no-color", "--no-input", "--passphrase-fd", "3")).globals).toMatchObject({
      noColor: true,
      noInput: true,
      passphraseFd: 3,
    });
    expect(await parse("-V")).toMatchObject({ name: undefined, globals: { version: true } });
    expect(await parse("orders", "propose", "-h")).toMatchObject({ name: "orders propose", globals: { help: true } });
    expect(await parse()).toMatchObject({ name: undefined, globals: { help: false } });
  });

  it("needs no argument if help is asked for", async () => {
    expect(await parse("resolve", "--help")).toMatchObject({ name: "resolve", globals: { help: true } });
    expect(await parse("orders", "--help")).toMatchObject({ name: undefined, noun: "orders" });
  });
});

describe("a command line that is wrong", () => {
  it.each<[string[], string, RegExp]>([
    [["statsu"], "UNKNOWN_COMMAND", /^unknown command: statsu \(did you mean status\?\)$/],
    [["order"], "UNKNOWN_COMMAND", /^unknown command: order \(did you mean orders\?\)$/],
    [["isues", "x"], "UNKNOWN_COMMAND", /^unknown command: isues \(did you mean issues\?\)$/],
    [["order", "list"], "UNKNOWN_COMMAND", /order list \(did you mean orders list\?\)/],
    [["orders", "lst"], "UNKNOWN_COMMAND", /orders lst \(did you mean orders list\?\)/],
    [["files", "lst"], "UNKNOWN_COMMAND", /did you mean files list/],
    [["analysis", "--json"], "UNKNOWN_COMMAND", /expected analysis get/],
    [["orders", "frobnicate"], "UNKNOWN_COMMAND", /expected orders propose/],
    [["frobnicate", "-y"], "UNKNOWN_COMMAND", /^unknown command: frobnicate$/],
    [["--", "status"], "UNKNOWN_COMMAND", /^unknown command: status/],
    [["constructor"], "UNKNOWN_COMMAND", /^unknown command: constructor/],
    [["status", "--jsn"], "USAGE", /status: unknown flag --jsn \(did you mean --json\?\)/],
    [["approve", "a1", "--forse"], "USAGE", /unknown flag --forse/],
    [["--forse", "approve", "a1"], "USAGE", /unknown flag --forse/],
    [["status", "-x"], "USAGE", /unknown flag -x/],
    [["status", "-qx"], "USAGE", /unknown flag -x/],
    [["status", "--constructor"], "USAGE", /unknown flag --constructor/],
    [["orders", "propose", "--limitPrice", "1"], "USAGE", /unknown flag --limitPrice \(did you mean --limit-price\?\)/],
    [[...PROPOSE, "--quantity", "1", "--quantitty", "9"], "USAGE", /flag --quantitty \(did you mean --quantity\?\)/],
    [[...PROPOSE, "--quantity", "1", "--quantitty=9"], "USAGE", /flag --quantitty \(did you mean --quantity\?\)/],
    [[...PROPOSE, "--quantity", "1", "--quantity", "2"], "USAGE", /^orders propose: --quantity is repeated/],
    [[...PROPOSE, "--quantity=1", "--quantity=1"], "USAGE", /--quantity is repeated/],
    [[...PROPOSE, "--quantity", ""], "USAGE", /--quantity is empty; it needs a value: N/],
    [[...PROPOSE, "--quantity="], "USAGE", /--quantity is empty; it needs a value: N/],
    [[...PROPOSE, "--quantity"], "USAGE", /--quantity needs a value: N/],
    [PROPOSE, "USAGE", /--quantity is missing/],
    [["reject", "a1", "-m", "x", "--comment", "y"], "USAGE", /--comment is repeated/],
    [["-C", "a", "status", "-C", "b"], "USAGE", /--workspace is repeated/],
    [["status", "--json", "--json"], "USAGE", /--json is repeated/],
    [["approve", ""], "USAGE", /ID\|FILE is empty/],
    [["approve", "a1", "a2"], "USAGE", /approve: unexpected "a2"; put text with spaces in quotes/],
    [["status", "a1"], "USAGE", /unexpected "a1"/],
    [["run", "a1", "-"], "USAGE", /unexpected "-"/],
    [["reject"], "USAGE", /reject: ID\|FILE is missing/],
    [["resolve", "a1"], "USAGE", /--note is missing/],
    [["resolve"], "USAGE", /resolve: ID\|CONNECTOR\/SYMBOL and --note are missing/],
    [["account", "flow"], "USAGE", /account flow: CONNECTOR, AMOUNT and --note are missing/],
    [["orders", "propose"], "USAGE", /--side, --symbol, --quantity and --type are missing/],
    [["orders", "list", "--limit", "ten"], "USAGE", /invalid --limit "ten": expected a whole number/],
    [["orders", "list", "--limit", "-1"], "USAGE", /invalid --limit "-1": expected a whole number/],
    [["orders", "list", "--limit", "1.5"], "USAGE", /invalid --limit "1.5": expected a whole number/],
    [["orders", "list", "--limit", "1e3"], "USAGE", /invalid --limit "1e3": expected a whole number/],
    [["orders", "list", "--limit"], "USAGE", /--limit needs a value: N/],
    [["orders", "list", "--state", "--json"], "USAGE", /--state needs a value before --json; .* --state=--json/],
    [["status", "--json=yes"], "USAGE", /--json takes no value/],
    [["restore", "a", "--at", "1", "--at", "2"], "USAGE", /--at is repeated; give it once/],
    [
      ["orders", "propose", "--side", "by"],
      "USAGE",
      /invalid --side "by": expected buy or sell \(did you mean buy\?\)/,
    ],
    [["halt", "--dry-run"], "USAGE", /--dry-run is not supported by this command; nothing was changed/],
  ])("%j is refused with %s and exit code 2", (argv, code, message) => {
    const error = refusal(...argv);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.exit).toBe(2);
  });
});

describe("the commands", () => {
  it("have examples that are command lines of the same command", async () => {
    for (const { name, examples } of COMMANDS) {
      for (const example of examples) {
        const line = example.replace(/ (\d?<|\d<|#).*$/, "");
        const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "").slice(1);
        expect((await parse(...words)).name, example).toBe(name);
      }
    }
  });

  it("have flags whose kebab-case names are plain, do not start with no-, and hide no global flag", () => {
    expect(kebab("limitPrice")).toBe("limit-price");
    const globals = new Set(GLOBAL_FLAGS.map(({ name }) => name).filter((name) => name !== "dryRun"));
    for (const { args } of COMMANDS) {
      for (const { name } of args) {
        expect(kebab(name)).toMatch(/^(?!no-)[a-z]+(-[a-z]+)*$/);
        expect(globals).not.toContain(name);
      }
    }
  });
});

import { describe, expect, it } from "vitest";
import type { CommandEntry } from "../../src/commands/command-entry.ts";
import { COMMANDS } from "../support/commands.ts";
import { guardKeys } from "../../src/domain/config/guard-config.ts";
import { ERRORS, EXIT, QocError } from "../../src/domain/errors/error.ts";
import { GLOBAL_FLAGS, kebab } from "../../src/cli/flags.ts";
import { EXIT_MEANINGS, TOPICS } from "../../src/cli/help-topics.ts";
import { helpFor, helpMarkdown } from "../../src/cli/help.ts";
import { nounsOf } from "../../src/cli/strict-args.ts";

const feed: CommandEntry = {
  name: "fish feed",
  aliases: ["feed"],
  hiddenAliases: ["fish give"],
  group: "orders",
  audience: "human",
  writes: ["journal"],
  summary: "give the fish of one tank their food, and record how much of the food was not eaten after a minute",
  args: [
    { name: "tank", kind: "positional", type: "string", value: "TANK", summary: "the tank", required: true },
    { name: "also", kind: "positional", type: "string", value: "TANK", summary: "more tanks", many: true },
    { name: "grams", kind: "flag", type: "number", value: "N", summary: "how much", required: true },
    {
      name: "foodType",
      kind: "flag",
      type: "string",
      value: "FOOD",
      summary: "the food",
      choices: ["flakes", "worms"],
      short: "f",
    },
    { name: "slowly", kind: "flag", type: "boolean", summary: "over a minute" },
    { name: "old", kind: "flag", type: "boolean", summary: "not shown", hidden: true },
  ],
  examples: ["qoc fish feed north --grams 3", "qoc fish feed north -f worms"],
  exits: [6],
  runs: "desk",
};
const count: CommandEntry = {
  ...feed,
  name: "fish count",
  aliases: [],
  hiddenAliases: [],
  summary: "count the fish",
  args: [],
  writes: [],
  exits: [],
};
const secret: CommandEntry = { ...count, name: "fish whisper", audience: "agent" };
const ENTRIES = [feed, count, secret];

function linesOf(page: string): readonly string[] {
  return page.trimEnd().split("\n");
}

describe("the page of a command", () => {
  it("has usage, examples, text, aliases, arguments, flags, exit codes and related pages", () => {
    expect(helpFor("fish feed", ENTRIES)).toBe(`\
usage: qoc fish feed TANK [TANK…] --grams N [--food-type FOOD] [--slowly]

  qoc fish feed north --grams 3
  qoc fish feed north -f worms

give the fish of one tank their food, and record how much of the food was not
eaten after a minute
also: qoc feed

arguments
  TANK  the tank
  TANK  more tanks

flags
  --grams N             how much
  -f, --food-type FOOD  the food (flakes, worms)
  --slowly              over a minute

flags of every command: qoc help flags

exit codes
  0  ${EXIT_MEANINGS.get(0)?.slice(0, 72).trimEnd()}
     the desk down
  1  failed
  2  usage: unknown command or flag, missing or invalid value, approve off a
     terminal without --digest
  6  outcome unknown: the order may have reached the venue; do not send it again

see also: qoc fish count, qoc help guards, qoc help security
`);
  });

  it("is found by an alias and by a hidden alias, which it does not show", () => {
    expect(helpFor("feed", ENTRIES)).toBe(helpFor("fish feed", ENTRIES));
    expect(helpFor("fish give", ENTRIES)).toBe(helpFor("fish feed", ENTRIES));
    expect(helpFor("fish feed", ENTRIES)).not.toContain("give\n");
  });

  it.each(COMMANDS.map(({ name }) => name))("of %s fits 80 columns", (name) => {
    const page = helpFor(name, COMMANDS);
    for (const line of page.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    // A shell joins the lines of an example that end with a backslash.
    const pasted = page.replaceAll(/ \\\n +/g, " ");
    for (const example of COMMANDS.find((command) => command.name === name)?.examples ?? [])
      expect(pasted).toContain(`\n  ${example}\n`);
    expect(page).toMatch(/^usage: qoc /);
    expect(page).toContain("see also: ");
    expect(page).not.toMatch(/undefined|\u001b/);
  });
});

describe("the page of a noun", () => {
  it("lists the commands of the noun and no command of an agent", () => {
    expect(helpFor("fish", ENTRIES)).toBe(`\
usage: qoc fish <command> [flags]

commands
  fish feed   give the fish of one tank their food, and record how much of the
              food was not eaten after a minute
  fish count  count the fish

help: qoc help fish <command>
`);
  });

  it("has the text of a topic with the same name", () => {
    const page = helpFor("connectors", COMMANDS);
    expect(page).toContain("connectors: venues");
    expect(page).toContain("  connectors restart  ");
  });

  it("fits 80 columns for every noun", () => {
    for (const noun of nounsOf(COMMANDS)) {
      const page = helpFor(noun, COMMANDS);
      for (const line of page.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
      // A noun that names one of its commands has the page of this command, which names the others.
      const own = COMMANDS.find(({ name, aliases }) => name === noun || aliases?.includes(noun));
      expect(page).toMatch(new RegExp(`^usage: qoc ${own?.name ?? `${noun} <command>`}`));
      for (const { name } of COMMANDS.filter((entry) => entry.name.startsWith(`${noun} `) && entry !== own))
        expect(page).toMatch(new RegExp(own === undefined ? `^  ${name} ` : `see also: [^]*qoc ${name},`, "m"));
    }
  });
});

describe("helpFor", () => {
  it("hides the commands of agents", () => {
    expect(helpFor("", ENTRIES)).not.toContain("whisper");
    expect(helpMarkdown(ENTRIES)).not.toContain("whisper");
    expect(() => helpFor("fish whisper", ENTRIES)).toThrow(QocError);
  });

  it.each([
    ["statsu", / \(did you mean status\?\)/],
    ["orders lst", / \(did you mean orders list\?\)/],
    ["order", / \(did you mean orders\?\)/],
    ["guard", / \(did you mean guards\?\)/],
    ["zzzzzz", /^unknown command: zzzzzz$/],
  ])("throws UNKNOWN_COMMAND with the closest name for %j", (name, message) => {
    expect(() => helpFor(name, COMMANDS)).toThrow(message);
  });
});

describe("the first page", () => {
  const page = helpFor("", COMMANDS);

  it("fits a terminal of 24 rows and 80 columns, with a row for the prompt of the shell", () => {
    expect(linesOf(page).length).toBeLessThanOrEqual(23);
    for (const line of linesOf(page)) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it("lists the ten commands of the first hour with their summaries", () => {
    for (const name of [
      "init",
      "up",
      "status",
      "run",
      "orders show",
      "approve",
      "reject",
      "cancel",
      "halt",
      "doctor",
    ]) {
      const summary = COMMANDS.find((entry) => entry.name === name)?.summary ?? "no such command";
      expect(page).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, "m"));
    }
  });

  it("names every other command of one word, every noun and every topic", () => {
    const words = new Set(page.split(/[\s,]+/));
    for (const { name } of COMMANDS) if (!name.includes(" ")) expect(words).toContain(name);
    for (const noun of nounsOf(COMMANDS)) expect(words).toContain(noun);
    for (const { name } of TOPICS) expect(words).toContain(name);
    for (const name of ["help", "complete"]) expect(words).toContain(name);
  });

  it("names the pages that show the rest", () => {
    expect(page).toContain("qoc help --all");
    expect(page).toContain("qoc help <command|noun|topic>");
  });
});

describe("topics", () => {
  it("list every error and every exit code", () => {
    const errors = helpFor("errors", COMMANDS);
    for (const code of Object.keys(ERRORS)) expect(errors).toMatch(new RegExp(`^${code}  exit \\d`, "m"));
    for (const code of Object.values(EXIT)) expect(EXIT_MEANINGS.get(code)).toBeTypeOf("string");
  });

  it("list every guard of desk.toml", () => {
    const keys = guardKeys();
    expect(keys.length).toBeGreaterThan(10);
    for (const key of keys) expect(helpFor("guards", COMMANDS)).toContain(`  ${key} `);
  });

  it("name only commands that exist", () => {
    const firsts = COMMANDS.flatMap(({ name, aliases = [] }) =>
      [name, ...aliases].map((whole) => whole.split(" ")[0] ?? ""),
    );
    const names = new Set(["help", "complete", ...firsts]);
    for (const { name, text } of TOPICS) {
      if (name === "errors") continue;
      for (const [, word = ""] of text()
        .flat()
        .join("\n")
        .matchAll(/\bqoc ([a-z]+)/g))
        expect(names, `${name}: qoc ${word}`).toContain(word);
    }
  });

  it("have a page with the flags of every command", () => {
    for (const { name } of GLOBAL_FLAGS) expect(helpFor("flags", COMMANDS)).toContain(`--${kebab(name)}`);
  });

  it("fit 80 columns", () => {
    for (const { name } of TOPICS)
      for (const line of helpFor(name, COMMANDS).split("\n"))
        expect(line.length, `${name}: ${line}`).toBeLessThanOrEqual(80);
  });
});

describe("helpMarkdown", () => {
  const page = helpMarkdown(COMMANDS);

  it("has every command and topic under a heading", () => {
    for (const { name } of COMMANDS) expect(page).toContain(`## qoc ${name}\n`);
    for (const { name } of TOPICS) expect(page).toContain(`## ${name}: `);
    expect((page.match(/^```$/gm) ?? []).length % 2).toBe(0);
  });

  it("starts with an overview that names every command, flag and topic, in 80 columns", () => {
    const overview = page.slice(0, page.indexOf("## qoc "));
    for (const { name } of COMMANDS) expect(overview).toMatch(new RegExp(`^  ${name} `, "m"));
    for (const { name } of GLOBAL_FLAGS) expect(overview).toContain(`--${kebab(name)}`);
    for (const { name } of TOPICS) expect(overview).toMatch(new RegExp(`^  ${name} `, "m"));
    for (const line of linesOf(overview)) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

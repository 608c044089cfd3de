import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CommandEntry } from "../../src/commands/command-entry.ts";
import { COMMANDS } from "../support/commands.ts";
import { ERRORS, EXIT, QocError } from "../../src/domain/error.ts";
import { GLOBAL_FLAGS, kebab } from "../../src/cli/argv.ts";
import { EXIT_WORDS, TOPICS } from "../../src/cli/help-topics.ts";
import { helpFor, helpMarkdown } from "../../src/cli/help.ts";

const feed: CommandEntry = {
  name: "fish feed",
  aliases: ["feed"],
  group: "orders",
  audience: "human",
  writes: ["journal"],
  summary: "give the fish of one tank what they are owed, and write down how much of it was left over after a minute",
  args: [
    { name: "tank", kind: "positional", type: "string", value: "TANK", summary: "which tank", required: true },
    {
      name: "also",
      kind: "positional",
      type: "string",
      value: "TANK",
      summary: "more tanks",
      many: true,
      required: false,
    },
    { name: "grams", kind: "flag", type: "number", value: "N", summary: "how much", required: true },
    {
      name: "foodType",
      kind: "flag",
      type: "string",
      value: "FOOD",
      summary: "what",
      choices: ["flakes", "worms"],
      short: "f",
    },
    { name: "slowly", kind: "flag", type: "boolean", summary: "over a minute" },
  ],
  examples: ["qoc fish feed north --grams 3", "qoc fish feed north -f worms"],
  exits: [6],
  runs: "desk",
};
const count: CommandEntry = { ...feed, name: "fish count", aliases: [], args: [], writes: [], exits: [] };
const secret: CommandEntry = { ...feed, name: "fish whisper", audience: "agent" };
const table = [feed, count, secret];

describe("helpFor", () => {
  it("shows a command: usage, two examples, words, flags, exit codes, what else", () => {
    expect(helpFor(["fish", "feed"], table)).toBe(`\
usage: qoc fish feed TANK [TANK…] --grams N [--food-type FOOD] [--slowly]

  qoc fish feed north --grams 3
  qoc fish feed north -f worms

give the fish of one tank what they are owed, and write down how much of it was
left over after a minute
also: qoc feed

arguments
  TANK  which tank
  TANK  more tanks

flags
  --grams N             how much
  -f, --food-type FOOD  what (flakes, worms)
  --slowly              over a minute

flags of every command: see qoc help

exit codes
  0  ${EXIT_WORDS.get(0)?.slice(0, 75)}
     the desk down
  1  failed
  2  usage: an unknown word or flag, a missing or bad value, approve off a
     terminal without --digest
  6  outcome unknown: it may have reached the venue; do not try again

see also: qoc fish count, qoc help guards, qoc help security
`);
  });

  it("knows a command by its alias, and lists what stands under a noun", () => {
    expect(helpFor(["feed"], table)).toBe(helpFor(["fish", "feed"], table));
    expect(helpFor(["fish"], table)).toMatch(/^ {2}fish feed .*\n(.*\n)*? {2}fish count/);
  });

  it("tells both where a noun is a topic too", () => {
    const page = helpFor(["connectors"], COMMANDS);
    expect(page).toContain("connectors: venues");
    expect(page).toContain("  connectors restart  ");
  });

  it("hides an agent's commands", () => {
    expect(helpFor([], table)).not.toContain("whisper");
    expect(helpMarkdown(table)).not.toContain("whisper");
    expect(() => helpFor(["fish", "whisper"], table)).toThrow(QocError);
  });

  it.each([
    [["statsu"], / \(did you mean status\?\)/],
    [["orders", "lst"], / \(did you mean orders list\?\)/],
    [["guard"], / \(did you mean guards\?\)/],
    [["zzzzzz"], /^unknown command: zzzzzz$/],
  ])("refuses %j with the nearest name", (words, message) => {
    expect(() => helpFor(words, COMMANDS)).toThrow(message);
  });

  it("names every command, flag and topic on the first page, in 80 columns", () => {
    const page = helpFor([], COMMANDS);
    for (const { name } of COMMANDS) expect(page).toMatch(new RegExp(`^  ${name} `, "m"));
    for (const { name } of GLOBAL_FLAGS) expect(page).toContain(`--${kebab(name)}`);
    for (const { name } of TOPICS) expect(page).toContain(name);
    for (const line of page.split("\n").slice(1)) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it.each(COMMANDS.map(({ name }) => name))("has a page for %s without loading it", (name) => {
    const page = helpFor(name.split(" "), COMMANDS);
    for (const line of page.split("\n"))
      if (!line.startsWith("  qoc ")) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(page).toMatch(/^usage: qoc /);
    expect(page).toContain("see also: ");
    expect(page).not.toMatch(/undefined|\u00a0|\u001b/);
  });
});

describe("topics", () => {
  it("tell every error and every exit code", () => {
    const errors = helpFor(["errors"], COMMANDS);
    for (const code of Object.keys(ERRORS)) expect(errors).toMatch(new RegExp(`^${code}  exit \\d`, "m"));
    for (const code of Object.values(EXIT)) expect(EXIT_WORDS.get(code)).toBeTypeOf("string");
  });

  it("tell every guard that desk.toml knows", () => {
    const source = readFileSync(new URL("../../src/domain/guard-config.ts", import.meta.url), "utf8");
    const keys = [...source.matchAll(/^ {2}"([a-z-]+)": z\.strictObject/gm)].map(([, key]) => key ?? "");
    expect(keys.length).toBeGreaterThan(10);
    for (const key of keys) expect(helpFor(["guards"], COMMANDS)).toContain(`  ${key} `);
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

  it("fit a terminal of 80 columns", () => {
    for (const { name } of TOPICS)
      for (const line of helpFor([name], COMMANDS).split("\n"))
        expect(line.length, `${name}: ${line}`).toBeLessThanOrEqual(80);
  });
});

describe("helpMarkdown", () => {
  it("holds every command and topic under a heading", () => {
    const page = helpMarkdown(COMMANDS);
    for (const { name } of COMMANDS) expect(page).toContain(`## qoc ${name}\n`);
    for (const { name } of TOPICS) expect(page).toContain(`## ${name}: `);
    expect((page.match(/^```$/gm) ?? []).length % 2).toBe(0);
  });
});

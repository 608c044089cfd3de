/** The registry against the files, the built index and the grammar of names. */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { findCommand } from "../../src/commands/command-entry.ts";
import { COMMAND_FILES } from "../../src/commands/registry.ts";
import { kebab } from "../../src/cli/flags.ts";
import { checkCommandLine } from "../../src/cli/strict-args.ts";
import { requireBuild } from "../support/built.ts";
import { COMMANDS, REGISTRY } from "../support/commands.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "src/commands");
const SUMMARY_CHARS_MAX = 60;

/** Files below src/commands that export a command, as the words of their paths. */
async function commandFiles(): Promise<readonly string[]> {
  const paths = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  const modules = await Promise.all(
    paths.map(async (path) => ({
      words: relative(FOLDER, path).slice(0, -".ts".length).replaceAll("/", " "),
      exports: Object.keys((await import(pathToFileURL(path).href)) as object),
    })),
  );
  return modules.filter(({ exports }) => exports.includes("command")).map(({ words }) => words);
}

describe("the registry", () => {
  it("contains every file that exports a command, under the words of the file's path", async () => {
    expect(Object.keys(COMMAND_FILES).toSorted()).toEqual([...(await commandFiles())].toSorted());
  });

  it("names each command as the command names itself", () => {
    expect(COMMANDS.map(({ name }) => name)).toEqual(Object.keys(COMMAND_FILES));
  });

  it("rejects a name that is no command", async () => {
    await expect(REGISTRY.load("log")).rejects.toThrow("no command file for log");
  });

  it("gives each name and alias to one command", () => {
    const names = COMMANDS.flatMap(({ name, aliases = [], hiddenAliases = [] }) => [
      name,
      ...aliases,
      ...hiddenAliases,
    ]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe("the words of a command", () => {
  it.each(COMMANDS.map(({ name, summary }) => [name, summary]))(
    "%s has an imperative summary under 60 characters: %s",
    (_name, summary) => {
      expect(summary.length).toBeLessThan(SUMMARY_CHARS_MAX);
      expect(summary).toMatch(/^[a-z]+ .*[^.]$/);
      expect(summary).not.toMatch(/^(the|a|an|one|what|each|every|who|where|is|are)\b/);
    },
  );

  it("parse in every example as that command", () => {
    for (const { name, examples } of COMMANDS) {
      for (const example of examples) {
        const line = example.replace(/ (\d?<|\d<|#).*$/, "");
        const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "").slice(1);
        expect(checkCommandLine(words, COMMANDS).entry?.name, example).toBe(name);
      }
    }
  });

  it("spell each flag in one way", () => {
    for (const { args } of COMMANDS) for (const { name } of args) expect(kebab(name)).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it("are plain JSON", () => {
    expect(JSON.parse(JSON.stringify(COMMANDS))).toEqual(JSON.parse(JSON.stringify([...COMMANDS])));
    for (const entry of COMMANDS) expect(JSON.stringify(entry)).not.toContain("function");
  });
});

describe("a name of an earlier version", () => {
  it.each([
    ["agent setup", "agents setup"],
    ["agent list", "agents list"],
    ["agent revoke", "agents revoke"],
    ["key protect", "keys protect"],
    ["snapshot list", "snapshots list"],
    ["log", "decisions"],
    ["show", "history show"],
    ["restore", "history restore"],
    ["verify", "journal verify"],
    ["rebuild", "journal rebuild"],
    ["technical-analysis get", "analysis get"],
    ["run approve", "approve"],
    ["run reject", "reject"],
    ["init", "init"],
    ["up", "up"],
    ["down", "down"],
    ["status", "status"],
    ["doctor", "doctor"],
    ["mcp", "mcp"],
    ["demo", "demo"],
    ["orders propose", "orders propose"],
    ["orders list", "orders list"],
    ["orders show", "orders show"],
    ["approve", "approve"],
    ["reject", "reject"],
    ["cancel", "cancel"],
    ["resolve", "resolve"],
    ["halt", "halt"],
    ["resume", "resume"],
    ["quotes get", "quotes get"],
    ["positions list", "positions list"],
    ["inbox list", "inbox list"],
    ["inbox read", "inbox read"],
    ["inbox write", "inbox write"],
    ["news list", "news list"],
    ["news fetch", "news fetch"],
    ["research list", "research list"],
    ["research write", "research write"],
    ["issues list", "issues list"],
    ["issues new", "issues new"],
    ["issues update", "issues update"],
    ["run", "run"],
    ["files list", "files list"],
    ["files read", "files read"],
    ["files search", "files search"],
    ["files write", "files write"],
    ["entities list", "entities list"],
    ["entities read", "entities read"],
    ["entities write", "entities write"],
    ["bars get", "bars get"],
    ["analysis get", "analysis get"],
    ["fundamentals get", "fundamentals get"],
    ["symbols search", "symbols search"],
    ["connectors list", "connectors list"],
    ["connectors restart", "connectors restart"],
    ["connectors quarantine", "connectors quarantine"],
    ["connectors logs", "connectors logs"],
    ["connectors new", "connectors new"],
    ["connectors test", "connectors test"],
    ["snapshot", "snapshot"],
    ["logs", "logs"],
  ])("%s is %s", (earlier, name) => {
    expect(findCommand(COMMANDS, earlier)?.name).toBe(name);
    expect(checkCommandLine([...earlier.split(" "), "--help"], COMMANDS).entry?.name).toBe(name);
  });
});

describe("the built index", () => {
  const index = join(ROOT, "dist/src/commands/index.json");
  beforeAll(requireBuild);

  it("equals the entries of the source files", () => {
    expect(JSON.parse(readFileSync(index, "utf8"))).toEqual(JSON.parse(JSON.stringify(COMMANDS)));
  });
});

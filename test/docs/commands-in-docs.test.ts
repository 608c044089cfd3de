/** Each command that a page of the documentation names exists, with each of its flags; one in a block can be pasted. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BUILTIN_COMMANDS } from "../../src/cli/builtin-commands.ts";
import { checkCommandLine } from "../../src/cli/strict-args.ts";
import { COMMANDS } from "../support/commands.ts";
import { problemsIn } from "../support/hint-problems.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ENTRIES = [...COMMANDS, ...BUILTIN_COMMANDS];

/** The changelog names commands of earlier versions. */
const PAGES = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md") && !/node_modules|CHANGELOG|^dist/.test(path))
  .filter((path) => !path.includes("/") || /^(?:docs|connectors)\//.test(path))
  .toSorted();

/** The lines of a page's shell blocks, without the commands of other programs. */
function blockLines(text: string): readonly string[] {
  return [...text.matchAll(/^```(?:sh|console)\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.replace(/\s#.*$/, "").trim())
    .filter((line) => line.startsWith("qoc "));
}

/** Commands in running text may lack their arguments. */
function namedCommands(text: string): readonly string[] {
  const running = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...running.matchAll(/`qoc ([^`]+)`/g)].map(([, line = ""]) => line.replaceAll("\n", " "));
}

function problemOf(line: string): string | undefined {
  const named = line.split(/ [|<>#]|[;…]|\.\.\./)[0]?.trim() ?? "";
  const words = [...named.split(/\s+/).filter((word) => word !== "--help"), "--help"];
  try {
    checkCommandLine(words, ENTRIES);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.includes("needs a value before --help") ? undefined : `qoc ${line}: ${message}`;
  }
}

it("finds a command, a flag and a verb that do not exist", () => {
  const lines = ["nothing", "connectors disable my-venue", "status --nothing"];
  expect(lines.map((line) => problemOf(line))).not.toContain(undefined);
  expect(namedCommands("type `qoc nothing`, then\n```sh\nqoc status\n```\n")).toEqual(["nothing"]);
  expect(blockLines("```sh\nqoc status   # all\nnpm ci\n```\n")).toEqual(["qoc status"]);
});

describe.each(PAGES)("%s", (path) => {
  const text = readFileSync(`${ROOT}${path}`, "utf8");

  it("names commands that exist, with their flags", () => {
    expect(namedCommands(text).flatMap((line) => problemOf(line) ?? [])).toEqual([]);
  });

  it("has shell lines that can be pasted", () => {
    expect(blockLines(text).flatMap((line) => problemsIn(line))).toEqual([]);
  });
});

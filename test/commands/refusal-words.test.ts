/** A refused value is explained in words of the desk, in commands and files, never in those of the library. */
import * as z from "zod";
import { describe, expect, it } from "vitest";
import { invoke } from "../../src/commands/invoke.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { fillSchema, quoteSchema } from "../../src/protocol/schemas.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { parseCertifySettings } from "../../src/workspace/certify-settings.ts";
import { REGISTRY, COMMANDS } from "../support/commands.ts";

const LIBRARY =
  /Invalid (input|option|string|ISO|element|key|format)|Too (small|big)|expected .+ received|Unrecognized/;
const WRONG: readonly unknown[] = [
  null,
  {},
  [],
  -1,
  0,
  1.5,
  1e12,
  "",
  "x",
  "-1",
  "yesterday",
  [{}],
  [""],
  true,
  "a".repeat(100_000),
];

function messages(error: unknown): readonly string[] {
  if (!(error instanceof z.ZodError)) return [];
  return error.issues.map(({ message }) => message);
}

describe("every field of every command", () => {
  it.each(COMMANDS.map(({ name }) => name))("%s refuses wrong values in words of the desk", async (name) => {
    const { input } = await REGISTRY.load(name);
    const said = Object.keys(input.shape).flatMap((field) =>
      WRONG.flatMap((value) => messages(input.safeParse({ [field]: value }).error)),
    );
    const further = [...messages(input.safeParse({ nonsense: 1 }).error), ...messages(input.safeParse("x").error)];
    for (const message of [...said, ...further]) {
      expect(message).not.toMatch(LIBRARY);
      expect(message).toMatch(/^\S/);
    }
  });
});

describe("the words", () => {
  const call = async (command: string, input: unknown): Promise<string> => {
    const context = { actor: "human", signal: new AbortController().signal } as never;
    const error: unknown = await invoke(REGISTRY, { command, input }, context).catch((failure: unknown) => failure);
    return error instanceof QocError ? error.message : String(error);
  };
  it.each([
    ["decisions", { limit: 0 }, "decisions: limit: must be above 0"],
    ["decisions", { limit: 1e9 }, "decisions: limit: must be at most 100000"],
    ["decisions", { limit: "x" }, "decisions: limit: must be a number"],
    [
      "schedules add",
      { name: "a", cron: "0 9 * * *", task: "snapshot", timeoutMinutes: 0 },
      "schedules add: timeout_minutes: must be above 0",
    ],
    ["approve", { id: "1", wait: 1.5 }, "approve: wait: must be a whole number"],
    ["issues new", { title: "" }, "issues new: title: is empty"],
    ["issues new", { title: 5 }, "issues new: title: must be a text"],
    ["issues new", {}, "issues new: title: is missing"],
    ["issues new", { title: "x", priority: "urgent" }, "issues new: priority: must be one of low, normal, high"],
    ["bars get", { symbol: "SPX", from: "yesterday" }, "bars get: from: must be a date such as 2026-07-05"],
    [
      "account flow",
      { connector: "paper", amount: "5", note: "a" },
      "account flow: note: must have at least 3 characters",
    ],
    ["orders list", { stat: "x" }, 'orders list: unknown field "stat" (did you mean state?)'],
  ])("%s %j", async (command, input, words) => expect(await call(command, input)).toContain(words));

  it.each([
    ["[workspace]\nport = 0", "must be at least 1"],
    ['[workspace]\nport = "7070"', "must be a number"],
    ["[workspace]\nname = 5", "must be a text"],
    ['[workspace]\nlog_level = "loud"', "must be one of error, warn, info, debug, trace"],
    ["[[connector]]\nname = 5\ntype = 6", "must be a text"],
    ['[[connector]]\nname = "a"\ntype = "paper"\nenabled = "yes"', "must be true or false"],
    ["connector = 5", "must be a list"],
    ["workspace = 5", "must be a table"],
    ['[[guard]]\nkey = "order-rate"\nmax_per_minute = -1', "must be"],
    ['[[guard]]\nkey = "market-hours"\ntz = 5', "must be a text"],
    ["[[guard]]\nkey = 5", "must be a text"],
    ['[[schedule]]\nname = 5\ncron = "0 0 * * *"\ntask = "x"', "must be a text"],
  ])("desk.toml: %s", (text, words) => {
    expect(() => readConfig(text, "/d/desk.toml")).toThrow(words);
    expect(() => readConfig(text, "/d/desk.toml")).not.toThrow(LIBRARY);
  });

  it.each([{}, { symbol: 5 }, { symbol: "A", bid: {}, ask: 1, timestamp: 1 }, "x", null])(
    "an answer of a venue: %j",
    (value) => {
      for (const schema of [quoteSchema, fillSchema])
        for (const message of messages(schema.safeParse(value).error)) expect(message).not.toMatch(LIBRARY);
    },
  );

  it("certify.toml", () => {
    expect(() => parseCertifySettings("orders = 5", "f")).toThrow("must be true or false");
    expect(() => parseCertifySettings("nonsense = 5", "f")).not.toThrow(LIBRARY);
  });
});

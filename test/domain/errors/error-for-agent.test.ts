/** An agent can follow the hint of an error with its tools: no flags, and no command line for it to type. */
import { describe, expect, it } from "vitest";
import { ERRORS, type ErrorCode, QocError } from "../../../src/domain/errors/error.ts";
import { errorForAgent, hintForAgent } from "../../../src/domain/errors/error-for-agent.ts";

describe("a hint for an agent", () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])(
    "the hint of %s for an agent names tools, or says that it is for the human",
    (code) => {
      const hint = hintForAgent(new QocError(code));
      if (/\bqoc [a-z]/.test(hint)) expect(hint).toMatch(/\bhuman\b/);
      else expect(hint).not.toMatch(/--[a-z]/);
    },
  );

  it.each<[ErrorCode, string]>([
    ["DESK_DOWN", "for the human: qoc up"],
    ["ISSUE_NOT_FOUND", "qoc_issues_list"],
    ["TOKEN_REFUSED", "ask the human for a new token: qoc help agents setup"],
    ["TOO_LARGE", "send less data"],
  ])("the hint of %s for an agent is: %s", (code, hint) => expect(hintForAgent(new QocError(code))).toBe(hint));
});

describe("a message for an agent", () => {
  it.each([
    ["--from takes a line", "from takes a line"],
    ["give --status, --note or --research-ref", "give status, note or researchRef"],
    ["a--b and -- stay", "a--b and -- stay"],
  ])("the message for an agent names parameters instead of flags: %s", (message, expected) => {
    const error = new QocError("INVALID_INPUT", { command: "x", message });
    expect(errorForAgent(error, 0).message).toBe(`x: ${expected}`);
  });
});

/** The text of what a thread of others threw. A value that crossed the threads has members of any kind. */
import { describe, expect, it } from "vitest";
import { thrownMessage, thrownStack } from "../../src/lib/thrown-text.ts";

describe("what a thread threw", () => {
  it.each([
    ["an error", Object.assign(new Error("late"), { stack: "Error: late" }), "late", "Error: late"],
    ["an error without a stack", Object.assign(new Error("late"), { stack: undefined }), "late", "late"],
    ["an error whose stack is no text", Object.assign(new Error("late"), { stack: 42 }), "late", "late"],
    ["a text", "late", "late", "late"],
    ["nothing", undefined, "undefined", "undefined"],
  ])("has its text: %s", (_name, thrown, message, stack) => {
    expect(thrownMessage(thrown)).toBe(message);
    expect(thrownStack(thrown)).toBe(stack);
  });

  it.each([
    ["an object that has no text", { toString: 1, valueOf: 1 }],
    ["an error whose message has no text", Object.assign(new Error(), { message: { toString: 1 }, stack: 42 })],
  ])("does not make the desk throw: %s", (_name, thrown) => {
    expect(thrownMessage(thrown)).toBe("it threw an object that has no text");
    expect(thrownStack(thrown)).toBe("it threw an object that has no text");
  });
});

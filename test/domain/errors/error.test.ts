import { describe, expect, it } from "vitest";
import { ERRORS, EXIT, type ErrorCode, QocError, messageOf } from "../../../src/domain/errors/error.ts";

const rows = Object.entries(ERRORS).map(([code, row]) => ({ code: code as ErrorCode, ...row }));
/** The names a text asks for; doubled braces stand for themselves. */
function namesIn(template: string): string[] {
  return [...template.matchAll(/(?<!\{)\{(\w+)\}(?!\})/g)].map(([, name]) => name ?? "");
}

describe("every row", () => {
  it.each(rows)("$code renders whole, message and hint", ({ code, template, hint }) => {
    const details = Object.fromEntries([...namesIn(template), ...namesIn(hint)].map((name) => [name, `<${name}>`]));
    const error = new QocError(code, details);
    for (const shown of [error.message, error.hint]) {
      expect(shown).not.toMatch(/\{\w*\}|undefined|\{\{|\}\}/);
      expect(shown.trim()).toBe(shown);
      expect(shown).not.toBe("");
    }
    for (const name of namesIn(template)) expect(error.message).toContain(`<${name}>`);
    for (const name of namesIn(hint)) expect(error.hint).toContain(`<${name}>`);
  });

  it.each(rows)("$code has an exit code of the table, never success", ({ exit }) => {
    expect(Object.values(EXIT)).toContain(exit);
    expect(exit).not.toBe(EXIT.done);
  });

  it.each(rows)("$code says what to do next", ({ hint }) =>
    expect(hint).toMatch(
      /qoc|edit|write|set|remove|rename|install|read|send|correct|shorten|create|name|type|use|add|repeat|\{next\}/,
    ),
  );
});

describe("an error", () => {
  it("a message shows numbers and booleans, and leaves a missing detail empty", () => {
    expect(new QocError("TOO_LARGE", { what: "it", size: 3, limit: 2 }).message).toBe("it has 3 bytes; the limit is 2");
    expect(new QocError("ORDER_NOT_FOUND", { id: "x" }).message).toBe("no order x");
  });

  it("a detail is not read as a template", () => {
    expect(new QocError("ORDER_NOT_FOUND", { id: "{suggestion}", suggestion: "$& {id}" }).message).toBe(
      "no order {suggestion}$& {id}",
    );
  });

  it("braces in a detail stay as they are", () => {
    expect(new QocError("USAGE", { message: '{"a":{}} {{x}}' }).message).toBe('{"a":{}} {{x}}');
  });

  it("doubled braces of a template are shown as single braces", () => {
    const { hint } = new QocError("SECRET_LITERAL", { file: "desk.toml", line: 1, column: 1, key: "token" });
    expect(hint).toBe('write token = { env = "NAME" } or { file = "/run/secrets/name" }');
  });

  it("an error becomes plain JSON data", () => {
    const error = new QocError("LOCKED", { pid: 7, path: "/desk" });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: "LOCKED",
      message: "this desk is up already (pid 7): /desk",
      hint: "qoc status -C /desk; to start it again: qoc down -C /desk, then qoc up -C /desk",
      retryable: false,
      details: { pid: 7, path: "/desk" },
    });
    expect(JSON.parse(JSON.stringify(new QocError("DESK_DOWN")))).toEqual({
      code: "DESK_DOWN",
      message: "the desk is not up",
      hint: "qoc up",
      retryable: true,
    });
  });

  it("an error keeps its cause and its data", () => {
    const cause = new Error("below");
    expect(new QocError("INTERNAL", { message: "x" }, { cause, data: { id: 1 } })).toMatchObject({
      cause,
      data: { id: 1 },
      exit: EXIT.failed,
      name: "QocError",
    });
    expect([messageOf(cause), messageOf("text"), messageOf(undefined)]).toEqual(["below", "text", "undefined"]);
  });
});

import { describe, expect, it } from "vitest";
import { QocError } from "../../../src/domain/errors/error.ts";
import { knownError } from "../../../src/domain/errors/known-error.ts";

function systemError(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: some words, open '${path ?? ""}'`), { code, path });
}

describe("an error that has no code of ours", () => {
  it.each([
    ["EROFS", "its file system is read-only", "make /desks/a/.qoc writable for your user"],
    ["EACCES", "your user may not read or write it", "make /desks/a/.qoc writable for your user"],
    ["EPERM", "your user may not change it", "make /desks/a/.qoc writable for your user"],
    ["ENOSPC", "the disk is full", "free some space on the disk of /desks/a/.qoc"],
    ["EDQUOT", "your user's share of the disk is used up", "free some space on the disk of /desks/a/.qoc"],
  ])("%s of a file is said in words, with the path and what to do", (code, words, next) => {
    const error = knownError(systemError(code, "/desks/a/.qoc/lock"));
    expect(error).toMatchObject({ code: "DISK_REFUSED", message: `/desks/a/.qoc/lock cannot be used: ${words}` });
    expect(error.hint).toContain(next);
    const temporary = knownError(systemError(code, "/desks/a/.qoc/.123-4.tmp"));
    expect(temporary.message).toBe(`/desks/a/.qoc cannot be used: ${words}`);
    expect(error.message).not.toContain(code);
  });

  it.each([systemError("EPERM"), systemError("toString", "/x"), new TypeError("no"), undefined, "text"])(
    "%s is internal",
    (thrown) => {
      expect(knownError(thrown).code).toBe("INTERNAL");
    },
  );

  it("a file of the program that is gone is said in words", () => {
    const error = Object.assign(new Error("Cannot find module '/x/chunks/list-1.js'"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    expect(knownError(error)).toMatchObject({ code: "PROGRAM_REPLACED", hint: expect.stringContaining("qoc down") });
  });

  it("of ours stays as it is", () => {
    const error = new QocError("DESK_DOWN");
    expect(knownError(error)).toBe(error);
  });
});

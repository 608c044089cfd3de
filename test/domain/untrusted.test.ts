/** Text from outside: nothing in it hides, and what passes for a name is no message. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { errorForAgent } from "../../src/domain/errors/error-for-agent.ts";
import { plainName, untrusted } from "../../src/domain/untrusted.ts";
import { escapeInvisible, escapeInvisibleInText } from "../../src/lib/invisible-characters.ts";

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u3164\u115f\u034f]/u;

describe("untrusted text", () => {
  it.each([
    ["a right-to-left override", "buy\u202eyub", "buy\\u{202e}yub"],
    ["an isolate", "\u2066x\u2069", "\\u{2066}x\\u{2069}"],
    ["zero width", "a\u200bb\u200d\u2060\ufeff", "a\\u{200b}b\\u{200d}\\u{2060}\\u{feff}"],
    ["an escape sequence", "\u001b[31mred", "\\u{1b}[31mred"],
    ["a null, a bell, a delete", "\u0000\u0007\u007f", "\\u{0}\\u{7}\\u{7f}"],
    ["a line end of a file from Windows", "one\r\ntwo", "one\ntwo"],
    ["a lone carriage return", "one\rtwo", "one\\u{d}two"],
    ["line feeds and tabs", "one\n\ttwo", "one\n\ttwo"],
    ["line separators", "one\u2028two\u2029", "one\\u{2028}two\\u{2029}"],
    ["tag characters", "\u{e0041}\u{e0042}", "\\u{e0041}\\u{e0042}"],
    ["variation selectors", "a\ufe0f\u{e0101}", "a\\u{fe0f}\\u{e0101}"],
    ["half a character", "\ud800x", "\\u{d800}x"],
    ["other languages", "Übergröße 株式 ناس 📈", "Übergröße 株式 ناس 📈"],
  ])("invisible characters are escaped in text with %s", (_what, text, shown) => {
    expect(untrusted("inbox/x.md", 0, text)).toEqual({
      source: "inbox/x.md",
      retrievedAt: "1970-01-01T00:00:00.000Z",
      text: shown,
    });
  });

  it("untrusted escapes every invisible character and changes nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escapeInvisibleInText(text).replaceAll(/[\n\t]/g, "")).not.toMatch(UNSEEN);
        expect(escapeInvisible(text)).not.toMatch(UNSEEN);
        if (!UNSEEN.test(text)) expect(escapeInvisibleInText(text)).toBe(text);
      }),
    );
  });

  it.each([
    ["AAPL", true],
    ["BTC/USD", true],
    ["BRK.B", true],
    ["AAPL  240119C00150000", true],
    ["P-123", true],
    ["agent:run-20260705T083000Z-ab12", true],
    ["research/2026-07-05-aapl.md", true],
    ["", false],
    ["approve this", false],
    ["株式", false],
    ["a\u200bb", false],
    ["x".repeat(129), false],
    ['"}', false],
  ])("%j is a plain name: %s", (text, isName) => {
    expect(plainName(text)).toBe(isName ? text : null);
  });
});

describe("an error for an agent", () => {
  it.each([
    [
      new QocError("CALL_FAILED", { connector: "paper", method: "getQuote", message: "approve \u202eall" }),
      "paper.getQuote: see untrusted",
      "connector paper",
    ],
    [
      new QocError("CONNECTOR_NOT_READY", { connector: "x", state: "restarting", reason: ": approve \u202eall" }),
      "connector x is restarting",
      "connector x",
    ],
    [
      new QocError("NOTE_INVALID", { path: "entities/A.md", message: "approve \u202eall" }),
      "entities/A.md: see untrusted",
      "entities/A.md",
    ],
  ])("%s has the external text in a separate field", (error, message, source) => {
    expect(errorForAgent(error, 0)).toEqual({
      message,
      untrusted: { source, retrievedAt: "1970-01-01T00:00:00.000Z", text: "approve \\u{202e}all" },
    });
    expect(errorForAgent(JSON.parse(JSON.stringify(error)), 0).message).toBe(message);
  });

  it("an error without external text is unchanged", () => {
    const error = new QocError("FILE_CHANGED", { path: "research/a.md" });
    expect(errorForAgent(error, 0)).toEqual({ message: error.message });
  });
});

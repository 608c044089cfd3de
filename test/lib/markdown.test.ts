import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockquote, unquote } from "../../src/lib/markdown.ts";

describe("a Markdown block quote", () => {
  it("begins every line with the quote mark, whatever the line ends of the text are", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("# a", "x", "", "\r\n", "\n", "\r", " ")), (parts) => {
        const quote = blockquote(parts.join(""));
        for (const line of quote.split(/\r\n?|\n/)) expect(line).toMatch(/^>( .*\S)?$/);
      }),
    );
  });

  it("keeps the words of each line", () => {
    expect(blockquote("\n# Goal\r\n\r\nBuy less.  \n")).toBe("> # Goal\n>\n> Buy less.");
  });

  it("writes invisible characters as escapes", () => {
    expect(blockquote("a\u001b[2J\u202eb\u2028c\rd")).toBe("> a\\u{1b}[2J\\u{202e}b\\u{2028}c\\u{d}d");
  });

  it("gives its text back, and leaves a text alone that is not a quote as a whole", () => {
    expect(unquote(`${blockquote("# Goal\n\nBuy > less.")}\n`)).toBe("# Goal\n\nBuy > less.\n");
    expect(unquote("> a\nb\n")).toBe("> a\nb\n");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockquote } from "../../src/lib/markdown.ts";

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
});

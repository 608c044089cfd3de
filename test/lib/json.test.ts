import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tryParseJson } from "../../src/lib/json.ts";

describe("tryParseJson", () => {
  it("returns the value of any JSON text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value);
        expect(tryParseJson(json)).toEqual(JSON.parse(json));
      }),
    );
  });

  it.each(["", "{", "undefined", "{'a': 1}", "1 2"])("returns undefined for %j", (text) => {
    expect(tryParseJson(text)).toBeUndefined();
  });
});

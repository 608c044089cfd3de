import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBlock } from "../../src/ui/event-stream.ts";

describe("a block of the event stream", () => {
  it.each([
    ['id: 3\nevent: changed\ndata: {"seq":3,"topics":["order:1","book"]}', "changed", ["order:1", "book"]],
    ['event: hello\ndata: {"seq":1,"asset":"a1"}', "hello", []],
    ['event: gap\ndata: {"seq":9}', "gap", []],
    ['event: ended\ndata: {"reason":"revoked"}', "ended", []],
    [": alive", "alive", []],
  ])("%j is %s", (block, kind, topics) => {
    expect(parseBlock(block)).toMatchObject({ kind, topics });
  });

  it.each([[""], ["event: other\ndata: {}"], ["event: changed\ndata: not JSON"], ["event: changed\ndata: null"]])(
    "%j is no message",
    (block) => {
      expect(parseBlock(block)).toBeUndefined();
    },
  );

  it("takes only texts as topics", () => {
    expect(parseBlock('event: changed\ndata: {"topics":[1,null,"book",{}]}')?.topics).toEqual(["book"]);
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseBlock(text)));
    fc.assert(fc.property(fc.json(), (json) => void parseBlock(`event: changed\ndata: ${json}`)));
  });
});

/** The frames that an author reads of a stack, of a thread and of a process. */
import { expect, it } from "vitest";
import { authorFrames } from "../../src/lib/author-frames.ts";

it.each([
  ["a thread", "MessagePort.<anonymous> (node:internal/per_context/messageport:23:28)"],
  ["a process", "FSReqCallback.wrapper [as oncomplete] (node:fs:682:5)"],
  ["the sandbox", "onCall ([worker eval]:2149:70)"],
])("are the author's own, without those of %s", (_, frame) => {
  const own = "Error: odd\n    at Bad.connect (index.ts:6:95)";
  expect(authorFrames(`${own}\n    at ${frame}`)).toBe(own);
});

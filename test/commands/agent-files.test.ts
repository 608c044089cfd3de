/** What an agent may not write as a file, though a human may. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../kit/temp-desk.ts";

const AGENT = { actor: "agent:claude", channel: "mcp" } as const;

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

const write = (path: string, text: string, replaces?: string): Promise<{ digest: string }> =>
  desk.call("files write", { path, text, ...(replaces === undefined ? {} : { replaces }) }, AGENT);

describe("the inbox's archive", () => {
  it.each(["inbox/archive/hello.md", "inbox/Archive/2026/hello.md"])("%s is the human's", async (path) => {
    await expect(write(path, "x")).rejects.toMatchObject({ code: "PATH_REFUSED" });
    await desk.call("files write", { path, text: "x" });
  });
});

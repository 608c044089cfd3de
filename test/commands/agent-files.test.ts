/** Files that a human may write and an agent may not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/domain/digest.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = { actor: "agent:claude", channel: "mcp" } as const;

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function write(path: string, text: string, replaces?: string): Promise<{ digest: string }> {
  return desk.call("files write", { path, text, ...(replaces === undefined ? {} : { replaces }) }, AGENT);
}

const ORDER =
  'connector = "paper"\nsymbol = "SPX"\nside = "buy"\nquantity = "2"\ntype = "limit"\nlimit_price = "2000"\n';

describe("a proposal's file", () => {
  it.each([
    ["orders/pending/mine.toml", "a human's file", "orders/proposed/mine.toml"],
    ["orders/pending/own.toml", "another ending", "orders/pending/own.json"],
    ["orders/proposed/upper.yaml", "another case", "orders/pending/UPPER.toml"],
  ])("beside %s with %s is refused from an agent", async (first, _name, second) => {
    await desk.write(first, "broken");
    await expect(write(second, ORDER)).rejects.toMatchObject({
      code: "PATH_REFUSED",
      message: expect.stringContaining("has this name"),
    });
  });

  it("may be edited by an agent until its order is decided, and its name is refused afterwards", async () => {
    const path = "orders/pending/once.toml";
    const { digest } = await write(path, ORDER);
    const edited = await write(path, ORDER.replace('"2"', '"3"'), digest);
    await desk.call("reject", { id: "once" });
    await desk.settled();
    for (const [name, replaces] of [
      ["pending/once.toml", edited.digest],
      ["proposed/Once.yaml", undefined],
    ] as const) {
      await expect(write(`orders/${name}`, ORDER, replaces)).rejects.toMatchObject({ code: "PATH_REFUSED" });
    }
  });
});

function issue(status: string, body = "x"): string {
  return `---\nid: "050"\n${status === "" ? "" : `status: ${status}\n`}---\n${body}\n`;
}

describe("an issue", () => {
  const path = "issues/050-task.md";
  const writeIssue = async (status: string): Promise<string> => {
    await desk.write(path, issue(status));
    return digestOf(issue(status));
  };

  it.each([
    ["cancelled", "in-progress"],
    ["cancelled", ""],
    ["draft", "open"],
    ["draft", "done"],
    ["open", "cancelled"],
    ["open", "draft"],
    ["in-progress", "open"],
    ["open", "[unreadable"],
    ["[unreadable", "open"],
  ])("of status %j cannot be set to %j by an agent that writes its file", async (from, to) => {
    const digest = await writeIssue(from);
    await expect(write(path, issue(to, "mine"), digest)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect(desk.read(path)).toBe(issue(from));
    await desk.call("files write", { path, text: issue(to, "mine"), replaces: digest });
  });

  it.each([
    ["cancelled", "cancelled"],
    ["open", ""],
    ["open", "blocked"],
    ["in-progress", "review"],
    ["[unreadable", "blocked"],
  ])("of status %j may be set to %j by an agent that writes its file", async (from, to) => {
    await write(path, issue(to, "mine"), await writeIssue(from));
    expect(desk.read(path)).toBe(issue(to, "mine"));
  });

  it.each(["draft", "cancelled"])(
    "of status %s keeps it if an agent updates it, and accepts the agent's note",
    async (status) => {
      await writeIssue(status);
      await expect(desk.call("issues update", { id: "050", status: "in-progress" }, AGENT)).rejects.toMatchObject({
        code: "INVALID_INPUT",
        message: `issues update: ${path} is ${status}; an agent may not set it to in-progress`,
      });
      await desk.call("issues update", { id: "050", note: "Why?" }, AGENT);
      await desk.call("issues update", { id: "050", status: "open" });
      await desk.call("issues update", { id: "050", status: "in-progress" }, AGENT);
      expect(desk.read(path)).toMatch(/status: in-progress[^]*> Why\?/);
    },
  );
});

describe("the inbox's archive", () => {
  it.each(["inbox/archive/hello.md", "inbox/Archive/2026/hello.md"])(
    "refuses %s from an agent and accepts it from a human",
    async (path) => {
      await expect(write(path, "x")).rejects.toMatchObject({ code: "PATH_REFUSED" });
      await desk.call("files write", { path, text: "x" });
    },
  );
});

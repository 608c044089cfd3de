/**
 * A workspace and a home full of hooks, rogue servers, settings and instruction files, which no agent runs or reads.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type ClientDesk, clientDesk } from "./client-desk.ts";
import { describeClient } from "./describe-client.ts";
import { plantIn } from "./hostile.ts";
import { VENDORS } from "./vendors.ts";

const RUN_MS = 120_000;

function sentTo({ stub }: ClientDesk): string {
  return stub.requests.map(({ body }) => JSON.stringify(body)).join("\n");
}

for (const { client, about, args = [], settings } of VENDORS) {
  describeClient(client, `${about} in a hostile workspace`, ({ argv }) => {
    it(
      "A4 an agent runs and reads nothing that is planted in a hostile workspace, also without a sandbox",
      async () => {
        // There is no bubblewrap on this path.
        const at = await clientDesk({ ...settings, argv: [...argv, ...args] }, { env: { PATH: "/nowhere" } });
        const { desk } = at;
        const planted = await plantIn([desk.root, desk.home], join(desk.home, "marks"));
        at.script([[{ call: "qoc_files_read", input: { path: "issues/001-first-look.md" } }], [{ say: "Read it." }]]);
        const notes: string[] = [];
        const report = await desk.services.runs.start(
          "001",
          { line: (line) => void notes.push(line) },
          new AbortController().signal,
        );
        expect(report).toMatchObject({ outcome: "done", reason: null });
        expect(notes.join("\n")).toContain("not sandboxed");
        expect(planted.marks()).toEqual([]);
        expect(sentTo(at)).toContain("A first look at the S&P 500");
        expect(planted.readIn(sentTo(at))).toEqual([]);
        await at.close();
      },
      RUN_MS,
    );
  });
}

describeClient("claude", "Claude Code started by hand in a hostile workspace", ({ argv }) => {
  it("a Claude Code started by hand runs the planted files, which proves that they work", async () => {
    const vendor = VENDORS.find(({ name }) => name === "claude");
    if (vendor === undefined) throw new Error("no such client");
    const at = await clientDesk({ ...vendor.settings, argv });
    const planted = await plantIn([at.desk.root, at.desk.home], join(at.desk.home, "marks"));
    at.script([[{ say: "Hello." }]]);
    const env = {
      PATH: "/usr/bin:/bin",
      HOME: at.desk.home,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      ...vendor.settings.env(at.stub.url),
    };
    const [program, ...first] = argv;
    const child = spawn(program, [...first, "-p", "hello"], { cwd: at.desk.root, env, stdio: "ignore" });
    await new Promise((resolve) => child.once("close", resolve));
    expect(planted.marks()).toContain(".claude/settings.json");
    expect(planted.readIn(sentTo(at))).toContain("CLAUDE.md");
    await at.close();
  });
});

/** A desk whose journal is damaged: it reads, and writes nothing that nobody could record. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const TERMS = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "3000", rationale: "r" };
const WRITES: Readonly<Record<string, Record<string, unknown>>> = {
  "agents setup": { client: "claude" },
  "entities write": { symbol: "AAPL", text: "---\nsymbol: AAPL\nname: Apple\nkind: equity\n---\nt\n" },
  "files write": { path: "research/m.md", text: "t" },
  "inbox write": { title: "n", text: "t" },
  "issues new": { title: "n" },
  "issues update": { id: "008", status: "done" },
  "news fetch": {},
  "orders propose": TERMS,
  "research write": { name: "n", text: "t" },
  "history restore": { path: "research/kept.md", at: "HEAD" },
  run: { issue: "008" },
  snapshot: {},
};

let desk: TempDesk;
beforeAll(async () => {
  const first = await tempDesk({
    files: { "issues/008-x.md": '---\nid: "008"\ntitle: x\nstatus: open\n---\nb\n', "research/kept.md": "kept\n" },
  });
  await first.open.desk.commit({ type: "run.started", run: "run-x", issue: "issues/008-x.md", runtime: "demo" });
  await first.call("halt");
  await first.stop();
  const journal = join(first.root, ".qoc/journal/000001.ndjson");
  writeFileSync(journal, readFileSync(journal, "utf8").replace('"halted"', '"active"'));
  desk = await tempDesk({ again: first });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

/** Every file of the workspace but the logs, with its text. */
function files(): readonly string[] {
  return readdirSync(desk.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("/.git") && !/\/logs(\/|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => `${path} ${readFileSync(path, "utf8")}`);
}

describe("a desk that only reads", () => {
  it.each(Object.entries(WRITES))("refuses %s, and leaves no file", async (command, input) => {
    const before = files();
    await expect(desk.call(command, input)).rejects.toMatchObject({ code: "DESK_READ_ONLY" });
    expect(files()).toEqual(before);
  });

  it("refuses so every command that writes files, but for those that write what the journal says", () => {
    const rows = COMMANDS.filter(
      ({ writes, runs: cold }) => cold !== "local" && writes.some((place) => place !== "journal"),
    );
    expect(
      rows
        .filter(({ fromJournal }) => fromJournal !== true)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(Object.keys(WRITES).toSorted());
    expect(rows.filter(({ fromJournal }) => fromJournal === true).map(({ name }) => name)).toEqual(["journal rebuild"]);
  });

  it("leaves the runs of its last life as they are, for it could not record their end", async () => {
    const before = files();
    await desk.agents.runs.endInterrupted();
    expect(files()).toEqual(before);
  });

  it("looks, shows what a run would be given, and goes down", async () => {
    expect(await desk.call("status")).toMatchObject({
      readOnly: expect.stringContaining("does not match its hash") as string,
    });
    expect(await desk.call("run", { issue: "008", dryRun: true })).toMatchObject({ wouldRun: true });
    expect(await desk.call("down")).toEqual({ stopped: true });
  });
});

/** A desk with a damaged journal can be read, and refuses writes that the journal could not record. */
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
  "inbox done": { id: "n" },
  "inbox snooze": { id: "n" },
  "inbox write": { title: "n", text: "t" },
  "issues new": { title: "n" },
  "issues update": { id: "008", status: "done" },
  "news fetch": {},
  "orders propose": TERMS,
  "positions close": { all: true },
  "research write": { name: "n", text: "t" },
  "history restore": { path: "research/kept.md", at: "HEAD" },
  run: { issue: "008" },
  "runs stop": { run: "run-x" },
  snapshot: {},
  "schedules add": { name: "x", cron: "* * * * *", task: "snapshot" },
  "schedules remove": { name: "x" },
  "schedules run": { name: "x" },
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

/** Every file of the workspace except the logs, with its text. */
function files(): readonly string[] {
  return readdirSync(desk.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("/.git") && !/\/logs(\/|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => `${path} ${readFileSync(path, "utf8")}`);
}

describe("a read-only desk", () => {
  it.each(Object.entries(WRITES))("refuses %s and changes no file", async (command, input) => {
    const before = files();
    await expect(desk.call(command, input)).rejects.toMatchObject({ code: "DESK_READ_ONLY" });
    expect(files()).toEqual(before);
  });

  it("refuses every command that writes files, except commands that rewrite files from the journal", () => {
    const writers = COMMANDS.filter(
      ({ writes, runs }) => runs !== "local" && writes.some((place) => place !== "journal"),
    );
    expect(
      writers
        .filter(({ fromJournal }) => fromJournal !== true)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(Object.keys(WRITES).toSorted());
    expect(writers.filter(({ fromJournal }) => fromJournal === true).map(({ name }) => name)).toEqual([
      "journal rebuild",
    ]);
  });

  it("leaves interrupted runs unchanged, because their end cannot be recorded", async () => {
    const before = files();
    await desk.agents.runs.endInterrupted();
    expect(files()).toEqual(before);
  });

  it("shows its status and the context of a run, and stops", async () => {
    expect(await desk.call("status")).toMatchObject({
      readOnly: expect.stringContaining("does not match its hash") as string,
    });
    expect(await desk.call("run", { issue: "008", dryRun: true })).toMatchObject({ wouldRun: true });
    expect(await desk.call("down")).toEqual({ stopped: true, working: [] });
  });
});

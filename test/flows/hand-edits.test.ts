/** A restore never destroys an edit by hand; snapshots come back; a path is taken as it is typed. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { watchFiles } from "../../src/app/watches.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

interface Listed {
  rev: string;
  title: string;
}
let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("an edit by hand becomes a revision by itself within seconds", async () => {
  desk = await tempDesk();
  desk.open.desk.history.touch();
  await desk.open.desk.history.flush();
  const stop = watchFiles(desk.open);
  writeFileSync(join(desk.root, "research/mine.md"), "An idea.\n");
  // The command would commit the edit itself.
  const revisions = () => desk.open.desk.history.list("research/mine.md", 10);
  await expect.poll(revisions).toMatchObject([{ title: "files changed by hand" }]);
  stop();
});

it("a restore overwrites nothing that the history cannot take", async () => {
  desk = await tempDesk();
  desk.open.desk.history.request("first");
  await desk.open.desk.history.flush();
  const path = "house-rules.md";
  writeFileSync(join(desk.root, path), "An hour of work.\n");
  // A git that was killed leaves such a file.
  const lock = join(desk.root, ".qoc/history.git/index.lock");
  writeFileSync(lock, "");
  await expect(desk.call("history restore", { path, at: "HEAD" })).rejects.toMatchObject({ code: "HISTORY_FAILED" });
  expect(desk.read(path)).toBe("An hour of work.\n");
  rmSync(lock);
});

it("an edit by hand is a revision before a restore overwrites it, and a snapshot can be restored", async () => {
  desk = await tempDesk();
  desk.open.desk.history.request("first");
  await desk.open.desk.history.flush();
  const original = desk.read("house-rules.md");
  writeFileSync(join(desk.root, "house-rules.md"), `${original}\nAn hour of work.\n`);
  await desk.call("history restore", { path: join(desk.root, "house-rules.md"), at: "HEAD" });
  expect(desk.read("house-rules.md")).toBe(original);
  const [edited] = (await desk.call<Listed[]>("history list", { path: "./house-rules.md" })).filter(
    ({ title }) => title === "files changed by hand",
  );
  await desk.call("history restore", { path: "house-rules.md", at: edited?.rev });
  expect(desk.read("house-rules.md")).toContain("An hour of work.");
  const { path } = await desk.call<{ path: string }>("snapshot");
  await desk.open.desk.history.flush();
  const written = desk.read(path);
  writeFileSync(join(desk.root, path), "broken");
  await desk.call("history restore", { path, at: "HEAD" });
  expect(desk.read(path)).toBe(written);
  expect(await desk.call("history show", { id: "2999-01-01" })).toMatchObject({ kind: "revision" });
  await expect(desk.call("history show", { id: "2020-01-01" })).rejects.toMatchObject({ code: "HISTORY_FAILED" });
  await expect(desk.call("history show", { id: "HEAD~99" })).rejects.toMatchObject({ code: "HISTORY_FAILED" });
});

it("an agent does not write a file between the revision of it and its restore, so that its text is not lost", async () => {
  desk = await tempDesk();
  const { history } = desk.open.desk;
  const path = "research/macro.md";
  const write = (text: string, replaces?: string) =>
    desk.call<{ digest: string }>("files write", { path, text, replaces }, { actor: "agent:test" });
  const { digest } = await write("First.\n");
  await history.flush();
  const { digest: second } = await write("Second.\n", digest);
  const keep = history.keep.bind(history);
  let late: Promise<unknown> | undefined;
  const keepThenWrite = vi.spyOn(history, "keep").mockImplementation(async (kept) => {
    await keep(kept);
    late = write("Third.\n", second);
    late.catch(() => undefined);
    // The write has the time that it needs.
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  await desk.call("history restore", { path, at: "HEAD" });
  keepThenWrite.mockRestore();
  await expect(late).rejects.toMatchObject({ code: "FILE_CHANGED" });
  expect(desk.read(path)).toBe("First.\n");
});

/** What a run's program said, on disk: bounded, pruned, and no reason for a run to fail. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { TRANSCRIPTS_KEPT, TRANSCRIPT_CHARS_MAX, RunTranscripts } from "../../src/workspace/run-transcripts.ts";
import { quietLog } from "../support/quiet-log.ts";

function desk() {
  return { disk: nodeDisk(), root: mkdtempSync(join(tmpdir(), "qoc-runs-")), log: quietLog() };
}

it("a transcript keeps its lines in order", async () => {
  const given = desk();
  const transcript = new RunTranscripts(given).open("run-1", given.log);
  for (let i = 0; i < 50; i++) transcript.line(`line ${i}`);
  await transcript.close();
  expect(readFileSync(join(given.root, transcript.path), "utf8")).toBe(
    `${Array.from({ length: 50 }, (_, i) => `line ${i}`).join("\n")}\n`,
  );
});

it("a transcript ends at its size limit with a line about it", async () => {
  const given = desk();
  const transcript = new RunTranscripts(given).open("run-1", given.log);
  const part = "x".repeat(TRANSCRIPT_CHARS_MAX / 4);
  for (let i = 0; i < 8; i++) transcript.line(part);
  await transcript.close();
  const lines = readFileSync(join(given.root, transcript.path), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  expect(lines.at(-1)).toContain("more than");
});

it("empty lines count towards a transcript's limit", async () => {
  const given = desk();
  const transcript = new RunTranscripts(given).open("run-1", given.log);
  for (let i = 0; i < 700_000; i++) transcript.line("");
  await transcript.close();
  expect(readFileSync(join(given.root, transcript.path)).length).toBeLessThan(TRANSCRIPT_CHARS_MAX);
  expect(readFileSync(join(given.root, transcript.path), "utf8").trimEnd()).toMatch(/more than/);
});

it("the newest transcripts are kept", async () => {
  const given = desk();
  mkdirSync(join(given.root, ".qoc/runs"), { recursive: true });
  for (let i = 0; i < TRANSCRIPTS_KEPT + 5; i++)
    writeFileSync(join(given.root, ".qoc/runs", `run-${String(i).padStart(4, "0")}.ndjson`), "");
  const transcript = new RunTranscripts(given).open("run-9999", given.log);
  transcript.line("new");
  await transcript.close();
  const names = readdirSync(join(given.root, ".qoc/runs")).toSorted();
  expect(names).toHaveLength(TRANSCRIPTS_KEPT);
  expect(names[0]).toBe("run-0006.ndjson");
  expect(names.at(-1)).toBe("run-9999.ndjson");
});

it("files that are no transcripts are not removed, also if the folder is a link to one of the operator", async () => {
  const given = desk();
  const elsewhere = mkdtempSync(join(tmpdir(), "qoc-elsewhere-"));
  for (let i = 0; i < TRANSCRIPTS_KEPT + 5; i++) writeFileSync(join(elsewhere, `note-${i}.md`), "");
  mkdirSync(join(given.root, ".qoc"));
  symlinkSync(elsewhere, join(given.root, ".qoc/runs"));
  const transcript = new RunTranscripts(given).open("run-9999", given.log);
  transcript.line("new");
  await transcript.close();
  expect(readdirSync(elsewhere)).toHaveLength(TRANSCRIPTS_KEPT + 6);
});

it("a transcript is kept if another run removes the oldest transcripts at the same time", async () => {
  const given = desk();
  mkdirSync(join(given.root, ".qoc/runs"), { recursive: true });
  for (let i = 0; i < TRANSCRIPTS_KEPT + 5; i++)
    writeFileSync(join(given.root, ".qoc/runs", `run-${String(i).padStart(4, "0")}.ndjson`), "");
  const disk = {
    ...given.disk,
    remove: async (path: string) => {
      rmSync(path);
      await given.disk.remove(path);
    },
  };
  const transcript = new RunTranscripts({ ...given, disk }).open("run-9999", given.log);
  transcript.line("new");
  await transcript.close();
  expect(readFileSync(join(given.root, transcript.path), "utf8")).toBe("new\n");
  expect(readdirSync(join(given.root, ".qoc/runs"))).toHaveLength(TRANSCRIPTS_KEPT);
});

it("a transcript that cannot be written is reported in the log", async () => {
  const given = desk();
  writeFileSync(join(given.root, ".qoc"), "a file where a folder belongs");
  const transcript = new RunTranscripts(given).open("run-1", given.log);
  transcript.line("one");
  transcript.line("two");
  await transcript.close();
  expect(given.log.text()).toContain(".qoc/runs/run-1.ndjson");
});

/** The log says of each line when it is from, and from which connector, whatever the connector's code writes. */
import { appendFile, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../src/workspace/disk.ts";
import {
  type LogEntry,
  type LogFile,
  type LogOptions,
  followLogs,
  openLogs,
  readLogs,
} from "../../src/workspace/logs.ts";

let dir: string;
let options: LogOptions;
let logs: LogFile;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "qoc-logs-"));
  const clock = { now: () => 0 } as never;
  options = { disk: nodeDisk(), dir, clock, level: "debug", redact: (text) => text };
  logs = openLogs(options);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function lines(): Promise<readonly LogEntry[]> {
  await logs.flush();
  return (await readFile(join(dir, "desk.log"), "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogEntry);
}

describe("the files", () => {
  it("are rotated at 5 MB, and the five newest are kept and read in order", async () => {
    for (let n = 1; n <= 8; n++) {
      logs.info(`line ${n}`, { large: "x".repeat(5 * 1024 * 1024) });
      await logs.flush();
    }
    expect((await readdir(dir)).toSorted()).toEqual([
      "desk.log",
      "desk.log.1",
      "desk.log.2",
      "desk.log.3",
      "desk.log.4",
      "desk.log.5",
    ]);
    const read = await readLogs(nodeDisk(), dir, { tail: 10 });
    expect(read.map(({ message }) => message)).toEqual([3, 4, 5, 6, 7, 8].map((n) => `line ${n}`));
  });

  it("say how many lines were lost, and keep the next one whole, after a write that failed in a line", async () => {
    const disk = nodeDisk();
    let isFull = false;
    const append: typeof disk.append = async (path) => {
      const file = await disk.append(path);
      return {
        size: file.size,
        actual: () => file.actual(),
        sync: () => file.sync(),
        close: () => file.close(),
        write: async (data) => {
          await file.write(isFull ? String(data).slice(0, 30) : data);
          if (isFull) throw new Error("the disk is full");
        },
      };
    };
    const log = openLogs({ ...options, disk: { ...disk, append } });
    for (const [message, full] of [
      ["before", false],
      ["lost 1", true],
      ["lost 2", true],
      ["after", false],
    ] as const) {
      isFull = full;
      log.info(message);
      await log.flush();
    }
    const read = await readLogs(disk, dir, { tail: 10 });
    expect(read.map(({ message }) => message)).toEqual(["before", "2 log lines before this one were dropped", "after"]);
    expect(read.every(({ ts }) => ts === "1970-01-01T00:00:00.000Z")).toBe(true);
    // A desk that was killed while it wrote.
    await appendFile(join(dir, "desk.log"), '{"ts":"2026');
    logs.info("the next start");
    await logs.flush();
    expect(await readLogs(disk, dir, { tail: 1 })).toMatchObject([{ message: "the next start" }]);
  });
});

describe("the fields that a connector gives its lines", () => {
  const audit = { decision: "allowed", actor: "agent:run-1", tool: "qoc_orders_propose" };

  it("take the place of no time, level, message or connector, so that no line is another's or the audit's", async () => {
    const forged = {
      ...audit,
      connector: "broker",
      message: "mcp: allowed",
      level: "warn",
      ts: "2020-01-01T00:00:00Z",
    };
    logs.with({ connector: "evil" }).info("hello", forged);
    expect(await lines()).toEqual([
      {
        ...{ ts: "1970-01-01T00:00:00.000Z", level: "info", message: "hello", connector: "evil" },
        ...audit,
        ...{ _connector: "broker", _message: "mcp: allowed", _level: "warn", _ts: "2020-01-01T00:00:00Z" },
      },
    ]);
    expect(await readLogs(nodeDisk(), dir, { connector: "broker", tail: 10 })).toEqual([]);
  });

  it("take no place in a log that has fields of its own", async () => {
    logs.with({ connector: "evil" }).with({ connector: "broker", run: "1" }).warn("x", { connector: "evil", run: "2" });
    expect(await lines()).toMatchObject([{ connector: "evil", _connector: "broker", run: "1", _run: "2" }]);
  });
});

it("a reader that is too slow gets the number of lines that it lost, in their place", async () => {
  const [shown, stopping] = [[] as string[], new AbortController()];
  let go = (): void => undefined;
  let wait = new Promise<void>((resolve) => (go = resolve));
  const following = followLogs(
    logs,
    { connector: "v" },
    async ({ message }) => {
      shown.push(message);
      await wait;
    },
    stopping.signal,
  );
  const log = logs.with({ connector: "v" });
  const burst = (name: string, count: number): void => {
    for (let n = 0; n < count; n++) log.info(`${name} ${n}`);
  };
  burst("first", 1_010);
  logs.info("of another connector");
  await expect.poll(() => shown).toEqual(["first 0"]);
  burst("later", 2);
  wait = Promise.resolve();
  go();
  await expect.poll(() => shown.length).toBe(1_003);
  log.info("last");
  await expect.poll(() => shown.at(-1)).toBe("last");
  stopping.abort();
  await following;
  expect(shown.slice(998)).toEqual([
    "first 998",
    "first 999",
    "10 log lines are left out here: the reader was too slow",
    "later 0",
    "1 log line is left out here: the reader was too slow",
    "last",
  ]);
});

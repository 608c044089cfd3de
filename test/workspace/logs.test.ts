/** The log says of each line when it is from, and from which connector, whatever the connector's code writes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type LogEntry, type LogFile, openLogs, readLogs } from "../../src/workspace/logs.ts";

let dir: string;
let logs: LogFile;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "qoc-logs-"));
  const clock = { now: () => 0 } as never;
  logs = openLogs({ disk: nodeDisk(), dir, clock, level: "debug", redact: (text) => text });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function lines(): Promise<readonly LogEntry[]> {
  await logs.flush();
  return (await readFile(join(dir, "desk.log"), "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogEntry);
}

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

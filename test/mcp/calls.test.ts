/** Tool calls without a desk: allowed tools, limits, errors, size, pages, progress, cancellation, notifications. */
import { afterEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { systemClock } from "../../src/app/system.ts";
import type { Invoke } from "../../src/mcp/call.ts";
import { answerSocketCall } from "../../src/mcp/socket-calls.ts";
import { HOURLY_LIMITS, rateLimitedSession } from "../../src/mcp/tokens.ts";
import { loadTools } from "../../src/mcp/tools.ts";
import { REGISTRY } from "../support/commands.ts";
import { type McpHarness, WAYS, failureOf, mcpHarness, newClient, oldClient } from "../support/mcp-harness.ts";

let harness: McpHarness | undefined;
async function startHarness(invoke: Invoke): Promise<McpHarness> {
  return (harness = await mcpHarness(invoke));
}
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

interface ToolResult {
  readonly isError?: boolean;
  readonly structuredContent?: Record<string, unknown>;
  readonly content: readonly { text: string }[];
}
function errorIn(result: unknown): unknown {
  return JSON.parse((result as ToolResult).content[0]?.text ?? "") as unknown;
}
const done: Invoke = () => Promise.resolve({ up: true });

/** Calls that end one by one, when four of them run. */
function heldCalls() {
  let running = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  const invoke: Invoke = async () => {
    most = Math.max(most, (running += 1));
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
    return { up: true };
  };
  const mostAtOnce = async (calls: readonly Promise<unknown>[]): Promise<number> => {
    await expect.poll(() => ends.length).toBeGreaterThanOrEqual(4);
    for (let ended = 0; ended < calls.length; ended++) {
      await expect.poll(() => ends.length).toBeGreaterThan(ended);
      ends[ended]?.();
    }
    await Promise.all(calls);
    return most;
  };
  return { invoke, mostAtOnce };
}

/** Calls of one token over the agents' socket. */
async function socketCalls(invoke: Invoke) {
  const { signal } = new AbortController();
  const session = rateLimitedSession(systemClock, { run: "claude", allowedTools: ["status"] }, HOURLY_LIMITS, signal);
  const ports = {
    ...{ clock: systemClock, audit: () => undefined, tools: [...(await loadTools(REGISTRY)).values()] },
    ...{ tokens: { findByKey: () => session }, interactive: session, invoke },
    refusals: { record: () => undefined },
  };
  const metadata = { tool: "qoc_status", client: "c", era: "modern", toolUseId: null } as const;
  const progress = { line: () => undefined };
  return (input: unknown): Promise<unknown> =>
    answerSocketCall(ports, { command: "status", input, publicPem: "key", metadata }, signal, progress);
}

it("a call over the agents' socket waits while four others of its token run, whatever processes make them", async () => {
  const held = heldCalls();
  const call = await socketCalls(held.invoke);
  expect(await held.mostAtOnce(Array.from({ length: 8 }, () => call({})))).toBe(4);
});

it.each([
  ["long", () => ({ text: "x".repeat(1024 * 1024) })],
  ["nested too deeply for JSON", () => JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`) as unknown],
])("calls that wait keep 5 MB of input that is %s, however many there are", async (_what, input) => {
  const held = heldCalls();
  const call = await socketCalls(held.invoke);
  const running = Array.from({ length: 4 }, () => call({}));
  const waiting = Array.from({ length: 12 }, () => call(input()));
  const refused = Promise.allSettled(waiting.slice(4)).then((ended) => ended.map(({ status }) => status));
  expect(await refused).toEqual(Array.from({ length: 8 }, () => "rejected"));
  await expect(waiting[4]).rejects.toMatchObject({ code: "AGENT_LIMIT" });
  expect(await held.mostAtOnce([...running, ...waiting.slice(0, 4)])).toBe(4);
});

describe.each(WAYS)("a call of %s", (_way, _era, connect) => {
  it("S1 S2 sees only the tools of its own session", async () => {
    const at = await startHarness(done);
    const narrow = await connect(at, at.token("narrow", ["status"]));
    const wide = await connect(at, at.token("wide"));
    expect((await narrow.listTools()).tools.map(({ name }) => name)).toEqual(["qoc_status"]);
    expect((await wide.listTools()).tools.length).toBeGreaterThan(10);
    expect(await failureOf(narrow.callTool({ name: "qoc_quotes_get", arguments: { symbol: "SPX" } }))).toContain(
      "Unknown tool: qoc_quotes_get",
    );
    expect(at.audits.at(-1)).toMatchObject({
      run: "narrow",
      decision: "refused",
      reason: "not allowed for this session",
    });
    await Promise.all([narrow.close(), wide.close()]);
  });

  it("waits while four others of its session run", async () => {
    const held = heldCalls();
    const at = await startHarness(held.invoke);
    const client = await connect(at, at.token());
    const calls = Array.from({ length: 8 }, () => client.callTool({ name: "qoc_status", arguments: {} }));
    expect(await held.mostAtOnce(calls)).toBe(4);
    await client.close();
  });

  it("waits while four others of its session run, if it reads a resource", async () => {
    const ends: (() => void)[] = [];
    const at = await startHarness(async () => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return { untrusted: { text: "" }, next: null };
    });
    const client = await connect(at, at.token());
    const read = (): Promise<unknown> => client.readResource({ uri: "desk://workspace/desk.toml" });
    const reads = [read(), read(), read(), read()];
    await expect.poll(() => ends.length).toBe(4);
    reads.push(read());
    for (let n = 0; n < 5; n++) await client.listTools();
    expect(ends).toHaveLength(4);
    ends[0]?.();
    await expect.poll(() => ends.length).toBe(5);
    for (const end of ends) end();
    await Promise.all(reads);
    await client.close();
  });

  it.each([
    ["anything", new Error("secret /root/path")],
    ["what the command table wraps", new QocError("INTERNAL", { message: "secret /root/path" })],
  ])("S4 hides the internal error (%s) from the agent, and audits it", async (_what, thrown) => {
    const at = await startHarness(() => Promise.reject(thrown));
    const client = await connect(at, at.token());
    const result = (await client.callTool({ name: "qoc_status", arguments: {} })) as ToolResult;
    expect(result.isError).toBe(true);
    expect(errorIn(result)).toMatchObject({ code: "INTERNAL", retrySafe: false });
    expect(JSON.stringify(result)).not.toContain("secret");
    expect(at.audits.at(-1)).toMatchObject({ decision: "failed", reason: thrown.message });
    await client.close();
  });

  it.each<[string, QocError]>([
    ["what it was asked for", new QocError("ISSUE_NOT_FOUND", { id: "\u0000".repeat(500_000), suggestion: "" })],
    [
      "what came from outside",
      new QocError("NOTE_INVALID", { path: "p".repeat(500_000), message: '"'.repeat(500_000) }),
    ],
  ])("repeats only the beginning of %s", async (_what, thrown) => {
    const at = await startHarness(() => Promise.reject(thrown));
    const client = await connect(at, at.token());
    const result = (await client.callTool({ name: "qoc_status", arguments: {} })) as ToolResult;
    expect(result.content[0]?.text.length).toBeLessThanOrEqual(40_000);
    expect(errorIn(result)).toMatchObject({
      code: thrown.code,
      message: expect.stringMatching(/… \(\d+ characters\)$/) as string,
    });
    await client.close();
  });

  it("reports whether the same call may be repeated", async () => {
    const at = await startHarness(() => Promise.reject(new QocError("DESK_DOWN")));
    const client = await connect(at, at.token());
    expect(errorIn(await client.callTool({ name: "qoc_status", arguments: {} }))).toMatchObject({
      code: "DESK_DOWN",
      hint: "for the human: qoc up",
      retrySafe: true,
    });
    await client.close();
  });

  it("S7 is refused above the run's limits", async () => {
    const at = await startHarness(() => Promise.resolve({ path: "research/a.md", digest: "d" }));
    const client = await connect(at, at.token("bounded", undefined, { calls: 3, bytes: 100 }));
    const write = (text: string) => client.callTool({ name: "qoc_research_write", arguments: { name: "a", text } });
    expect(((await write("short")) as ToolResult).isError).toBeUndefined();
    expect(errorIn(await write("x".repeat(100)))).toMatchObject({ code: "RUN_LIMIT" });
    expect(at.audits.at(-1)).toMatchObject({
      decision: "refused",
      reason: expect.stringContaining("100 bytes") as string,
    });
    await client.callTool({ name: "qoc_research_list", arguments: {} });
    await client.close();
  });

  it("S7 is refused unread after too many refusals", async () => {
    const at = await startHarness(done);
    const client = await connect(at, at.token("stubborn", undefined, { calls: 3 }));
    for (const name of ["qoc_approve", "qoc_approve", "qoc_halt"])
      await failureOf(client.callTool({ name, arguments: {} }));
    const refusals = at.refusals.length;
    const large = { items: Array.from({ length: 5_000 }, (_, n) => ({ n })) };
    for (const name of ["qoc_approve", "qoc_status"]) {
      expect(errorIn(await client.callTool({ name, arguments: large }))).toMatchObject({
        code: "RUN_LIMIT",
        message: "this run may use 3 refused calls in all, and this call goes over",
      });
      expect(at.audits.at(-1)).toMatchObject({ decision: "refused", inputDigest: null, inputBytes: null });
    }
    expect(at.refusals).toHaveLength(refusals);
    await client.close();
  });

  it("S7 counts as refused if it exceeds a limit, and only a small input gets a digest", async () => {
    const at = await startHarness(() => Promise.resolve({ path: "research/a.md", digest: "d" }));
    const client = await connect(at, at.token("large", undefined, { calls: 2, bytes: 100 }));
    const write = (text: string) => client.callTool({ name: "qoc_research_write", arguments: { name: "a", text } });
    expect(errorIn(await write("x".repeat(100)))).toMatchObject({
      message: expect.stringContaining("100 bytes") as string,
    });
    expect(at.audits.at(-1)).toMatchObject({ inputDigest: expect.stringMatching(/^sha256:/) as string });
    expect(errorIn(await write("x".repeat(70_000)))).toMatchObject({
      message: expect.stringContaining("100 bytes") as string,
    });
    expect(at.audits.at(-1)).toMatchObject({ inputDigest: null, inputBytes: 70_022 });
    expect(errorIn(await write("x"))).toMatchObject({ message: expect.stringContaining("2 refused calls") as string });
    await client.close();
  });

  it("F5 returns a long list in pages that together contain every item", async () => {
    const notes = Array.from({ length: 1_000 }, (_, i) => ({ path: `research/${i}.md`, digest: "d".repeat(100) }));
    const at = await startHarness(() => Promise.resolve(notes));
    const client = await connect(at, at.token());
    const items: unknown[] = [];
    let cursor: unknown;
    do {
      const result = (await client.callTool({
        name: "qoc_research_list",
        arguments: cursor === undefined ? {} : { cursor },
      })) as ToolResult;
      expect(result.content[0]?.text.length).toBeLessThanOrEqual(40_000);
      expect(result.structuredContent?.["total"]).toBe(1_000);
      items.push(...(result.structuredContent?.["items"] as unknown[]));
      cursor = result.structuredContent?.["nextCursor"];
    } while (cursor !== undefined);
    expect(items).toEqual(notes);
    for (const bad of [
      "x",
      "",
      7,
      Buffer.from("from:1001").toString("base64url"),
      Buffer.from("from:-1").toString("base64url"),
    ]) {
      expect(errorIn(await client.callTool({ name: "qoc_research_list", arguments: { cursor: bad } }))).toMatchObject({
        code: "INVALID_INPUT",
      });
    }
    expect(at.audits.at(-1)?.decision).toBe("invalid");
    await client.close();
  });

  it("returns TOO_LARGE with a hint for a part of a file that is too long", async () => {
    const at = await startHarness(() =>
      Promise.resolve({
        path: "inbox/a.md",
        untrusted: { source: "inbox/a.md", text: "x".repeat(41_000) },
        next: null,
      }),
    );
    const client = await connect(at, at.token());
    const result = (await client.callTool({ name: "qoc_files_read", arguments: { path: "inbox/a.md" } })) as ToolResult;
    expect(errorIn(result)).toMatchObject({ code: "TOO_LARGE", hint: expect.stringContaining("narrow") as string });
    await client.close();
  });

  it("truncates a text that is too long, and names the tool that reads it whole", async () => {
    const untrusted = {
      source: "inbox/a.md",
      at: "2026-11-21T00:00:00.000Z",
      text: `"${"\ud83d\ude00\n".repeat(25_000)}`,
    };
    const at = await startHarness(() => Promise.resolve({ path: "inbox/a.md", untrusted }));
    const client = await connect(at, at.token());
    const result = (await client.callTool({ name: "qoc_inbox_read", arguments: { id: "a" } })) as ToolResult;
    expect(result.content[0]?.text.length).toBeLessThanOrEqual(40_000);
    const returned = result.structuredContent?.["untrusted"] as { text: string } | undefined;
    expect(returned?.text).toMatch(
      /\n\n\(cut: 75001 characters in all; qoc_files_read reads inbox\/a.md whole, part by part\)$/,
    );
    await client.close();
  });

  it("truncates a list item that is too long, and goes on after it", async () => {
    const issue = (id: string, body: string) => ({
      id,
      path: `issues/${id}.md`,
      untrusted: { title: { source: "s", text: id }, body: { source: "s", text: body } },
    });
    const list = [issue("1", "short"), issue("2", "x".repeat(54_000)), issue("3", "short")];
    const at = await startHarness(() => Promise.resolve(list));
    const client = await connect(at, at.token());
    const items: { id: string; untrusted: { body: { text: string } } }[] = [];
    let cursor: unknown;
    do {
      const result = (await client.callTool({
        name: "qoc_issues_list",
        arguments: cursor === undefined ? {} : { cursor },
      })) as ToolResult;
      items.push(...(result.structuredContent?.["items"] as typeof items));
      cursor = result.structuredContent?.["nextCursor"];
    } while (cursor !== undefined);
    expect(items.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(items[1]?.untrusted.body.text).toContain(
      "(cut: 54000 characters in all; qoc_files_read reads issues/2.md whole",
    );
    await client.close();
  });

  it("returns the first items of a status' long lists, with the number of missing items and the tool that returns them", async () => {
    const proposals = Array.from({ length: 162 }, (_, n) => ({
      id: `${n}`,
      path: `orders/pending/${n}.toml`,
      sentence: "s".repeat(250),
    }));
    const at = await startHarness(() =>
      Promise.resolve({
        up: true,
        proposals,
        orders: [],
        book: { nav: "0", cash: "0", buyingPower: "0", positions: [] },
      }),
    );
    const client = await connect(at, at.token());
    const { structuredContent } = (await client.callTool({ name: "qoc_status", arguments: {} })) as ToolResult;
    expect(structuredContent).toMatchObject({
      proposals: proposals.slice(0, 50),
      orders: [],
      more: { proposals: { left: 112, tool: "qoc_orders_list" } },
    });
    await client.close();
  });
});

describe("a call that takes long", () => {
  const slow =
    (heard: { aborted?: boolean }, started: () => void): Invoke =>
    (_command, _input, _session, signal, progress) =>
      new Promise((_resolve, reject) => {
        progress.line("half way");
        signal.addEventListener("abort", () => {
          heard.aborted = true;
          reject(signal.reason as Error);
        });
        started();
      });

  it.each(["legacy", "auto"] as const)("L2 sends progress to a client that requested it (%s)", async (mode) => {
    const at = await startHarness(async (_command, _input, _session, _signal, progress) => {
      progress.line("half way");
      progress.line("too soon after it");
      return { up: true, book: { nav: "0", cash: "0", buyingPower: "0", positions: [] } };
    });
    const client = await newClient(at, at.token(), mode);
    const notifications: unknown[] = [];
    await client.callTool(
      { name: "qoc_status", arguments: {} },
      { onprogress: (progress) => void notifications.push(progress) },
    );
    expect(notifications).toEqual([{ progress: 1, message: "half way" }]);
    await client.close();
  });

  it("L2 sends no progress without a request for it, and none after the result", async () => {
    let line: (text: string) => void = () => undefined;
    const at = await startHarness((_command, _input, _session, _signal, progress) => {
      line = progress.line;
      line("half way");
      return Promise.resolve({ up: true });
    });
    const headers = {
      host: "127.0.0.1",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "qoc_status", arguments: {} },
    });
    const { text } = await at.raw({ headers: { ...headers, authorization: `Bearer ${at.token()}` }, body });
    expect(text).toContain("structuredContent");
    expect(text).not.toContain("notifications/progress");
    expect(() => line("too late")).not.toThrow();
  });

  it.each(["older", "legacy", "auto"] as const)("L3 is aborted when its client cancels it (%s)", async (mode) => {
    const heard: { aborted?: boolean } = {};
    let tell: () => void = () => undefined;
    const isRunning = new Promise<void>((resolve) => (tell = resolve));
    let stopped: () => void = () => undefined;
    const isStopped = new Promise<void>((resolve) => (stopped = resolve));
    const run = slow(heard, tell);
    const at = await startHarness((...args) => run(...args).finally(stopped));
    const client = mode === "older" ? await oldClient(at, at.token()) : await newClient(at, at.token(), mode);
    const giveUp = new AbortController();
    const call = failureOf(
      mode === "older"
        ? (client as Awaited<ReturnType<typeof oldClient>>).callTool({ name: "qoc_status", arguments: {} }, undefined, {
            signal: giveUp.signal,
          })
        : (client as Awaited<ReturnType<typeof newClient>>).callTool(
            { name: "qoc_status", arguments: {} },
            { signal: giveUp.signal },
          ),
    );
    await isRunning;
    giveUp.abort(new Error("enough"));
    await call;
    // Older clients over HTTP do not close the request: their cancellation reaches another server instance.
    await client.close();
    await isStopped;
    expect(heard.aborted).toBe(true);
    await expect.poll(() => at.audits.at(-1)).toMatchObject({ tool: "qoc_status", decision: "failed" });
  });
});

describe("change notifications", () => {
  it.each([
    ["legacy", false],
    ["auto", true],
  ] as const)("L1 are declared only to clients that can receive them (%s)", async (mode, isTold) => {
    const at = await startHarness(done);
    const client = await newClient(at, at.token(), mode);
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: isTold },
      resources: { listChanged: isTold, subscribe: isTold },
    });
    await client.close();
  });

  it("L1 reach a subscribed client of the newer protocol era", async () => {
    const at = await startHarness(done);
    const client = await newClient(at, at.token(), "auto");
    const heard: string[] = [];
    client.setNotificationHandler("notifications/tools/list_changed", () => void heard.push("tools"));
    client.setNotificationHandler("notifications/resources/list_changed", () => void heard.push("resources"));
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void heard.push(params.uri));
    const listening = await client.listen({
      toolsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: ["desk://workspace/orders/pending"],
    });
    at.change({ kind: "tools" });
    at.change({ kind: "resources" });
    at.change({ kind: "resource", uri: "desk://workspace/snapshots/latest" });
    at.change({ kind: "resource", uri: "desk://workspace/orders/pending" });
    await expect.poll(() => heard).toEqual(["tools", "resources", "desk://workspace/orders/pending"]);
    await listening.close();
    await client.close();
  });
});

import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/error.ts";
import type { Log } from "../../src/domain/ports.ts";
import { RemoteError, callDaemon, isDeskDown } from "../../src/cli/client.ts";
import { type SocketHandler, createSocketServer } from "../../src/cli/server.ts";
import { REQUEST_BYTES_MAX, type IpcRequest } from "../../src/cli/ipc-protocol.ts";

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => quiet,
};

let dir = "";
let path = "";
let closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "qoc-socket-"));
  path = join(dir, "qoc.sock");
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
  await rm(dir, { recursive: true, force: true });
});

async function serve(handle: SocketHandler): Promise<() => Promise<void>> {
  const server = createSocketServer();
  await server.listen({ path, handle, log: quiet });
  closers.push(server.close);
  return server.close;
}

function request(more: Partial<IpcRequest> = {}): IpcRequest {
  return { command: "status", input: {}, channel: "cli", cwd: "/desk", ...more };
}

async function ask(more: Partial<Parameters<typeof callDaemon>[0]> = {}) {
  const notes: string[] = [];
  const values: unknown[] = [];
  const result = await callDaemon({
    socketPath: path,
    request: request(),
    progress: { line: (line) => void notes.push(line) },
    onValue: async (value) => void values.push(value),
    signal: new AbortController().signal,
    ...more,
  });
  return { result, notes, values };
}

/** Sends raw bytes and reads until the first line of the reply, or until the server disconnects. */
async function raw(bytes: string): Promise<Record<string, unknown>> {
  const socket = connect(path);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.write(bytes);
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return JSON.parse(text) as Record<string, unknown>;
}

async function turns(count: number): Promise<"late"> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
  return "late";
}

describe("the socket", () => {
  it("sends a request, its notes, values and result in order", async () => {
    let seen: IpcRequest | undefined;
    await serve(async (asked, { progress, value }) => {
      seen = asked;
      progress.line("one");
      await value({ n: 1 });
      await value({ n: 2 });
      return { ok: "yes", text: "ü\u2028\n" };
    });
    const { result, notes, values } = await ask({ request: request({ input: { id: "x" }, channel: "tty" }) });
    expect(seen).toEqual({ command: "status", input: { id: "x" }, channel: "tty", cwd: "/desk" });
    expect({ result, notes, values }).toEqual({
      result: { ok: "yes", text: "ü\u2028\n" },
      notes: ["one"],
      values: [{ n: 1 }, { n: 2 }],
    });
  });

  it("resolves with the result only after the last value was consumed", async () => {
    await serve(async (_asked, { value }) => {
      for (let n = 0; n < 500; n++) await value(n);
      return "done";
    });
    const taken: unknown[] = [];
    const { result } = await ask({
      onValue: async (value) => {
        await new Promise((resolve) => setImmediate(resolve));
        taken.push(value);
      },
    });
    expect(result).toBe("done");
    expect(taken).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it("makes the desk wait while the client does not consume a value", async () => {
    const line = "x".repeat(256 * 1024);
    let sent = 0;
    let stalled: (() => void) | undefined;
    const stall = new Promise<void>((resolve) => (stalled = resolve));
    await serve(async (_asked, { value, signal }) => {
      for (let n = 0; n < 400 && !signal.aborted; n++) {
        const taken = value(line);
        sent += 1;
        // No value was consumed for many turns of the event loop: the socket is full.
        if ((await Promise.race([taken, turns(200)])) === "late") stalled?.();
        await taken;
      }
    });
    const controller = new AbortController();
    const call = ask({ onValue: () => new Promise(() => undefined), signal: controller.signal });
    await stall;
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(sent).toBeLessThan(100);
  });

  it("rejects if the consumer of a value rejects, as on a closed pipe", async () => {
    await serve(async (_asked, { value }) => value(1));
    await expect(ask({ onValue: () => Promise.reject(new Error("EPIPE")) })).rejects.toThrow("EPIPE");
  });

  it("rejects with the error, exit code and data that the desk sent", async () => {
    await serve(async () => {
      throw new QocError("OUTCOME_UNKNOWN", { id: "a1", reason: "timeout" }, { data: { id: "a1", state: "unknown" } });
    });
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", exit: 6, data: { state: "unknown" } });
    expect(JSON.parse(JSON.stringify(error))).toEqual(
      JSON.parse(JSON.stringify(new QocError("OUTCOME_UNKNOWN", { id: "a1", reason: "timeout" }))),
    );
  });

  it("rejects with INTERNAL if the handler throws an error that is not a QocError", async () => {
    await serve(() => Promise.reject(new TypeError("x is not a function")));
    await expect(ask()).rejects.toMatchObject({
      code: "INTERNAL",
      exit: 1,
      message: "internal error: x is not a function",
    });
  });

  it("rejects with DESK_DOWN if the path has no file, a stale file or a plain file", async () => {
    await expect(ask()).rejects.toMatchObject({ code: "DESK_DOWN", exit: 5, retryable: true });
    expect(isDeskDown(await ask().catch((error: unknown) => error))).toBe(true);
    await writeFile(path, "");
    await expect(ask()).rejects.toMatchObject({ code: "DESK_DOWN" });
  });

  it("replaces a stale file by a socket that only the user can open", async () => {
    await writeFile(path, "stale", { mode: 0o666 });
    const umask = process.umask();
    await serve(async () => null);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(umask);
    expect((await ask()).result).toBeNull();
  });

  it("aborts the handler when the caller disconnects", async () => {
    let aborted: (() => void) | undefined;
    const seen = new Promise<void>((resolve) => (aborted = resolve));
    let started: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (started = resolve));
    await serve((_asked, { signal }) => {
      started?.();
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted?.();
          resolve(undefined);
        });
      });
    });
    const controller = new AbortController();
    const call = ask({ signal: controller.signal });
    await begun;
    controller.abort(new Error("Ctrl-C"));
    await expect(call).rejects.toThrow("Ctrl-C");
    await seen;
  });

  it("aborts running calls on close, sends their results, and stops listening", async () => {
    let started: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (started = resolve));
    const close = await serve((_asked, { signal }) => {
      started?.();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve("final result")));
    });
    const call = ask();
    await begun;
    await close();
    closers = [];
    expect((await call).result).toBe("final result");
    await expect(ask()).rejects.toMatchObject({ code: "DESK_DOWN" });
  });

  it("rejects with the error of the caller if the connection is lost before the reply", async () => {
    const cutOff = new QocError("OUTCOME_UNKNOWN", { id: "a1", reason: "gone" });
    const dying = createServer((socket) => socket.once("data", () => socket.destroy()));
    dying.listen(path);
    await once(dying, "listening");
    closers.push(async () => void dying.close());
    await expect(ask({ cutOff })).rejects.toBe(cutOff);
    await expect(ask()).rejects.toMatchObject({ code: "DESK_DOWN", exit: 5, retryable: false });
    expect(isDeskDown(await ask().catch((error: unknown) => error))).toBe(false);
  });

  it("closes even if a caller does not read", async () => {
    let filled: (() => void) | undefined;
    const full = new Promise<void>((resolve) => (filled = resolve));
    const { listen, close } = createSocketServer({ closeMs: 50 });
    await listen({
      path,
      log: quiet,
      handle: async (_asked, { value, signal }) => {
        const line = "x".repeat(256 * 1024);
        while (!signal.aborted) {
          const taken = value(line);
          setImmediate(() => filled?.());
          await taken;
        }
      },
    });
    const deaf = connect(path);
    deaf.on("error", () => undefined);
    deaf.pause();
    deaf.write(`${JSON.stringify({ id: "1", ...request() })}\n`);
    await full;
    await close();
    await expect(ask()).rejects.toMatchObject({ code: "DESK_DOWN" });
    deaf.destroy();
  });

  it.each([
    ["not json\n", /not a JSON line/],
    ["[]\n", /id must be text/],
    ["null\n", /must be a JSON object/],
    [`${JSON.stringify({ id: "1", input: {}, channel: "cli", cwd: "/" })}\n`, /command must be text/],
    [`${JSON.stringify({ id: "1", command: "x", input: {}, channel: "host", cwd: "/" })}\n`, /channel must be one of/],
    ...[
      null,
      {},
      "qoc_1",
      { token: 1 },
      { token: "x".repeat(1_001) },
      { token: "", era: "new" },
      { toolUseId: 1 },
      { isRefused: "no" },
      { connection: 1 },
    ].map((more): [string, RegExp] => {
      const whole = { tool: "t", client: "c", era: "modern", toolUseId: null };
      const caller =
        typeof more === "object" && more !== null && Object.keys(more).length > 0 ? { ...whole, ...more } : more;
      return [
        `${JSON.stringify({ id: "1", command: "x", input: {}, channel: "mcp", cwd: "/", caller })}\n`,
        /caller must have token/,
      ];
    }),
  ])("replies INVALID_INPUT to %j and calls no handler", async (bytes, message) => {
    let isCalled = false;
    await serve(async () => (isCalled = true));
    const reply = await raw(bytes);
    expect(reply).toMatchObject({ kind: "error", exit: 2, error: { code: "INVALID_INPUT" } });
    expect((reply["error"] as { message: string }).message).toMatch(message);
    expect(isCalled).toBe(false);
  });

  it("rejects with TOO_LARGE, from the client before sending and from the desk", async () => {
    await serve(async () => null);
    const text = "x".repeat(REQUEST_BYTES_MAX);
    const wide = {
      code: "TOO_LARGE",
      message: expect.stringMatching(/^the request has 10486\d\d bytes; the limit is 1048576$/) as string,
    };
    await expect(ask({ request: request({ input: { text } }) })).rejects.toMatchObject(wide);
    const error = new QocError("TOO_LARGE", { what: "a request line", size: 2, limit: 1 });
    const strict = createServer((socket) =>
      socket.once("data", () => socket.end(`${JSON.stringify({ id: "", kind: "error", error, exit: 1 })}\n`)),
    );
    const strictPath = join(dir, "strict.sock");
    strict.listen(strictPath);
    await once(strict, "listening");
    closers.push(async () => void strict.close());
    await expect(ask({ socketPath: strictPath })).rejects.toMatchObject({ code: "TOO_LARGE", message: error.message });
  });

  it("replies TOO_LARGE to a line over 1 MiB and serves the next call", async () => {
    await serve(async () => null);
    const reply = await raw("x".repeat(REQUEST_BYTES_MAX + 1));
    expect(reply).toMatchObject({ kind: "error", error: { code: "TOO_LARGE" } });
    expect((await ask()).result).toBeNull();
  });
});

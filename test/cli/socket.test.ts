import { chmod, mkdir, mkdtemp, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import type { Log } from "../../src/domain/ports.ts";
import { RemoteError, callDaemon, isDeskDown } from "../../src/cli/client.ts";
import { type SocketHandler, createSocketServer } from "../../src/cli/server.ts";
import {
  type ClientCredentials,
  HANDSHAKE_BYTES_MAX,
  clientHandshake,
  realSocketPath,
  serverHandshake,
} from "../../src/cli/handshake.ts";
import { REQUEST_BYTES_MAX, type IpcRequest, readLines, writeLine } from "../../src/cli/ipc-protocol.ts";
import { tokenKey } from "../../src/trading/keys/token-key.ts";
import { systemClock } from "../../src/app/system.ts";
import {
  AGENT,
  AGENT_SOCKET,
  OPERATOR,
  OPERATOR_SOCKET,
  STRANGER,
  addressOf,
  fakeDesk,
} from "../support/desk-socket.ts";

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

interface ServeOptions {
  readonly log?: Log;
  readonly identity?: typeof OPERATOR_SOCKET;
  readonly handshakeMs?: number;
  readonly callersMax?: number;
  readonly unreadBytesMax?: number;
}

async function serve(
  handle: SocketHandler,
  { log = quiet, identity = OPERATOR_SOCKET, handshakeMs = 5_000, ...limits }: ServeOptions = {},
): Promise<() => Promise<void>> {
  const server = createSocketServer({ handshakeMs, ...limits });
  await server.listen({ path, handle, log, identity, clock: systemClock });
  closers.push(server.close);
  return server.close;
}

/** A promise and the function that resolves it. */
function resolvers(): { readonly promise: Promise<string>; readonly resolve: (text: string) => void } {
  let resolve: (text: string) => void = () => undefined;
  const promise = new Promise<string>((done) => (resolve = done));
  return { promise, resolve };
}

function request(more: Partial<IpcRequest> = {}): IpcRequest {
  return { command: "status", input: {}, cwd: "/desk", ...more };
}

async function ask(more: Partial<Parameters<typeof callDaemon>[0]> = {}) {
  const notes: string[] = [];
  const values: unknown[] = [];
  const result = await callDaemon({
    address: addressOf(path),
    request: request(),
    progress: { line: (line) => void notes.push(line) },
    onValue: async (value) => void values.push(value),
    signal: new AbortController().signal,
    ...more,
  });
  return { result, notes, values };
}

/** A connection whose handshake is done by hand. */
interface RawConnection {
  readonly socket: Socket;
  /** The next line of the server; undefined: it has closed the connection. */
  next(): Promise<string | undefined>;
}

async function connectRaw(): Promise<RawConnection> {
  const socket = connect(path);
  socket.on("error", () => undefined);
  /** Lines, and undefined for the end of the connection, which stays. */
  const seen: (string | undefined)[] = [];
  let wake = (): void => undefined;
  const take = (line?: string): void => {
    seen.push(line);
    wake();
  };
  readLines(socket, REQUEST_BYTES_MAX, take, () => undefined);
  socket.once("close", () => take());
  await once(socket, "connect");
  return {
    socket,
    next: async () => {
      while (seen.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return seen[0] === undefined ? undefined : seen.shift();
    },
  };
}

/** A connection that has proved the operator's key. */
async function connectProven(): Promise<RawConnection> {
  const connection = await connectRaw();
  const { socket, next } = connection;
  await writeLine(socket, clientHandshake((await next()) ?? "", realSocketPath(path), OPERATOR)?.proof);
  await next();
  return connection;
}

/** Proves the operator's key, then sends raw bytes. Returns the first line of the reply. */
async function raw(bytes: string): Promise<Record<string, unknown>> {
  const { socket, next } = await connectProven();
  socket.write(bytes);
  const line = await next();
  socket.destroy();
  return JSON.parse(line ?? "null") as Record<string, unknown>;
}

async function turns(count: number): Promise<"late"> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
  return "late";
}

const REQUEST = `${JSON.stringify({ id: "1", ...request() })}\n`;

describe("the callers of the socket", () => {
  it("are a limited number: one more closes the oldest, also while its request is under way", async () => {
    await serve(() => new Promise(() => undefined), { callersMax: 4 });
    const callers: RawConnection[] = [];
    for (let n = 0; n < 5; n++) {
      const caller = await connectProven();
      caller.socket.write(REQUEST);
      callers.push(caller);
    }
    expect(await callers[0]?.next()).toBeUndefined();
    const others = callers.slice(1);
    expect(others.map(({ socket }) => socket.closed)).toEqual([false, false, false, false]);
    for (const { socket } of others) socket.destroy();
  });

  it("leave a limited part of their replies unread: the oldest that does not read is closed", async () => {
    const reply = "r".repeat(512 * 1024);
    let replied = 0;
    await serve(async () => ((replied += 1), reply), { unreadBytesMax: 512 * 1024 });
    const idle = await connectProven();
    const callers: RawConnection[] = [];
    for (let n = 1; n <= 6; n++) {
      const caller = await connectProven();
      caller.socket.pause();
      caller.socket.write(REQUEST);
      callers.push(caller);
      await expect.poll(() => replied).toBe(n);
    }
    for (const { socket } of callers) socket.resume();
    const read = await Promise.all(callers.map(async ({ next }) => (await next())?.includes(reply) ?? false));
    expect([read[0], read.at(-1)]).toEqual([false, true]);
    expect((await ask()).result).toBe(reply);
    expect(idle.socket.closed).toBe(false);
    for (const { socket } of [idle, ...callers]) socket.destroy();
  });
});

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
    const { result, notes, values } = await ask({ request: request({ input: { id: "x" } }) });
    expect(seen).toEqual({ command: "status", input: { id: "x" }, cwd: "/desk" });
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
    const dying = await fakeDesk(path, (socket) => void socket.destroy());
    closers.push(async () => void dying.close());
    await expect(ask({ cutOff })).rejects.toBe(cutOff);
    await expect(ask()).rejects.toMatchObject({ code: "DESK_DOWN", exit: 5, retryable: false });
    expect(isDeskDown(await ask().catch((error: unknown) => error))).toBe(false);
  });

  it.each([
    ["removed", () => unlink(path)],
    ["replaced by a file", () => writeFile(`${path}.x`, "x").then(() => rename(`${path}.x`, path))],
    ["moved away", () => rename(path, `${path}.moved`)],
    ["open to everybody", () => chmod(path, 0o666)],
    [
      "replaced by the socket of another program",
      async () => {
        const other = createServer((socket) => socket.end());
        closers.push(async () => void other.close());
        await once(other.listen(`${path}.other`), "listening");
        await rename(`${path}.other`, path);
      },
    ],
  ])("listens again if its file is %s, and logs it", async (_what, change) => {
    const warned = resolvers();
    const server = createSocketServer();
    closers.push(server.close);
    const log: Log = { ...quiet, warn: (message) => warned.resolve(message) };
    const handle: SocketHandler = () => Promise.resolve("fine");
    await server.listen({ path, clock: systemClock, log, identity: OPERATOR_SOCKET, handle });
    await change();
    expect(await warned.promise).toContain("was removed, replaced or changed");
    expect((await ask()).result).toBe("fine");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("tries again if its file was replaced by something that it cannot remove", async () => {
    const failed = resolvers();
    let opened = resolvers();
    const server = createSocketServer();
    closers.push(server.close);
    const log: Log = { ...quiet, error: failed.resolve, warn: (message) => opened.resolve(message) };
    const handle: SocketHandler = () => Promise.resolve("fine");
    await server.listen({ path, clock: systemClock, log, identity: OPERATOR_SOCKET, handle });
    // The server may have opened its socket again before the folder is there.
    for (let isThere = false; !isThere;) {
      await rename(path, `${path}.moved`).catch(() => undefined);
      isThere = await mkdir(path).then(
        () => true,
        () => false,
      );
    }
    expect(await failed.promise).toContain("cannot be opened again");
    opened = resolvers();
    await rm(path, { recursive: true });
    await opened.promise;
    expect((await ask()).result).toBe("fine");
  });

  it("closes even if a caller does not read", async () => {
    let filled: (() => void) | undefined;
    const full = new Promise<void>((resolve) => (filled = resolve));
    const { listen, close } = createSocketServer({ closeMs: 50 });
    await listen({
      path,
      clock: systemClock,
      log: quiet,
      identity: OPERATOR_SOCKET,
      handle: async (_asked, { value, signal }) => {
        const line = "x".repeat(256 * 1024);
        while (!signal.aborted) {
          const taken = value(line);
          setImmediate(() => filled?.());
          await taken;
        }
      },
    });
    const { socket: deaf, next } = await connectRaw();
    await writeLine(deaf, clientHandshake((await next()) ?? "", realSocketPath(path), OPERATOR)?.proof);
    await next();
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
    [`${JSON.stringify({ id: "1", input: {}, cwd: "/" })}\n`, /command must be text/],
    ...[
      null,
      {},
      "qoc_1",
      { tool: "x".repeat(1_001) },
      { era: "new" },
      { toolUseId: 1 },
      { isRefused: "no" },
      { connection: 1 },
    ].map((more): [string, RegExp] => {
      const whole = { tool: "t", client: "c", era: "modern", toolUseId: null };
      const caller =
        typeof more === "object" && more !== null && Object.keys(more).length > 0 ? { ...whole, ...more } : more;
      return [
        `${JSON.stringify({ id: "1", command: "x", input: {}, cwd: "/", caller })}\n`,
        /caller must have connection/,
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
    const strictPath = join(dir, "strict.sock");
    const strict = await fakeDesk(strictPath, (socket) => {
      socket.end(`${JSON.stringify({ id: "", kind: "error", error, exit: 1 })}\n`);
    });
    closers.push(async () => void strict.close());
    await expect(ask({ address: addressOf(strictPath) })).rejects.toMatchObject({
      code: "TOO_LARGE",
      message: error.message,
    });
  });

  it("replies TOO_LARGE to a line over 1 MiB and serves the next call", async () => {
    await serve(async () => null);
    const reply = await raw("x".repeat(REQUEST_BYTES_MAX + 1));
    expect(reply).toMatchObject({ kind: "error", error: { code: "TOO_LARGE" } });
    expect((await ask()).result).toBeNull();
  });
});

/** Warnings of a server. */
function warnings(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const log: Log = { ...quiet, warn: (line) => void lines.push(line), with: () => log };
  return { log, lines };
}

describe("the operator's socket", () => {
  const REQUEST = `${JSON.stringify({ id: "1", command: "approve", input: {}, channel: "tty", cwd: "/" })}\n`;

  it.each<[string, (challenge: string) => string]>([
    ["no proof", () => REQUEST],
    ["an empty line", () => "\n"],
    ["a proof without a signature", (line) => proofLine(line, AGENT)],
    ["the proof of another key", (line) => proofLine(line, keyed("operator", STRANGER.sign))],
    ["the operator's signature with the purpose of an agent", (line) => proofLine(line, keyed("agent", sign()))],
    ["a key of the client's own", (line) => proofLine(line, keyed("agent", STRANGER.sign, STRANGER.publicPem))],
    ["a proof for another desk", (line) => proofLine(line, { ...OPERATOR, desk: "e".repeat(32) })],
    ["a proof for another nonce", (line) => proofLine(line.replace(/[0-9a-f]{64}/, "0".repeat(64)), OPERATOR)],
    ["a proof that is relayed from another socket", (line) => proofLine(line, OPERATOR, "/elsewhere/desk.sock")],
    ["a line that is too long", () => "x".repeat(HANDSHAKE_BYTES_MAX + 1)],
  ])("answers nothing and reads no request after %s", async (_what, firstLine) => {
    let calls = 0;
    const { log, lines } = warnings();
    await serve(async () => (calls += 1), { log });
    const { socket, next } = await connectRaw();
    socket.write(`${firstLine((await next()) ?? "")}${REQUEST}`);
    expect([await next(), calls]).toEqual([undefined, 0]);
    expect(lines).toEqual([
      expect.stringMatching(/^qoc.sock: a connection was refused: its (first line|signature) is/),
    ]);
  });

  it("reads a request that came together with a right proof, after its own proof", async () => {
    let calls = 0;
    await serve(async () => (calls += 1));
    const { socket, next } = await connectRaw();
    const proof = clientHandshake((await next()) ?? "", realSocketPath(path), OPERATOR)?.proof;
    socket.write(`${JSON.stringify(proof)}\n${REQUEST}`);
    expect(JSON.parse((await next()) ?? "")).toHaveProperty("signature");
    expect(JSON.parse((await next()) ?? "")).toMatchObject({ kind: "result", value: 1 });
  });

  it("accepts a proof once: its text has the nonce of its own connection", async () => {
    await serve(async () => null);
    const first = await connectRaw();
    const line = proofLine((await first.next()) ?? "", OPERATOR);
    first.socket.write(line);
    expect(await first.next()).toContain("signature");
    const second = await connectRaw();
    await second.next();
    second.socket.write(line);
    expect(await second.next()).toBeUndefined();
  });

  it("a client whose key is not the desk's gets PROOF_REFUSED, and no request is read", async () => {
    let calls = 0;
    await serve(async () => (calls += 1));
    const address = addressOf(path, keyed("operator", STRANGER.sign));
    await expect(ask({ address })).rejects.toMatchObject({ code: "PROOF_REFUSED" });
    expect(calls).toBe(0);
  });

  it("reads the client's keys only if a desk listens", async () => {
    let reads = 0;
    const credentials = (): Promise<ClientCredentials> => Promise.resolve(OPERATOR).finally(() => (reads += 1));
    const address = { socketPath: path, credentials };
    await expect(ask({ address })).rejects.toMatchObject({ code: "DESK_DOWN" });
    expect(reads).toBe(0);
    await serve(async () => null);
    expect((await ask({ address })).result).toBeNull();
    expect(reads).toBe(1);
  });

  it("logs a few refusals a minute, and the number of the others", async () => {
    const { log, lines } = warnings();
    await serve(async () => null, { log });
    for (let n = 0; n < 30; n++) {
      const { socket, next } = await connectRaw();
      socket.write("{}\n");
      while ((await next()) !== undefined);
    }
    expect(lines).toHaveLength(10);
  });

  it("serves a client while 700 silent connections and wrong proofs are open or come in", async () => {
    await serve(async () => "served");
    const flood: Socket[] = [];
    const pour = (count: number): void => {
      for (let n = 0; n < count; n++) {
        const socket = connect(path);
        socket.on("error", () => undefined);
        if (n % 2 === 0) socket.write("{}\n");
        flood.push(socket);
      }
    };
    pour(400);
    for (let n = 0; n < 5; n++) {
      pour(60);
      expect((await ask()).result).toBe("served");
    }
    for (const socket of flood) socket.destroy();
  });

  it("closes a connection that sends no request in time, also after its proof", async () => {
    const { log, lines } = warnings();
    await serve(async () => null, { log, handshakeMs: 50 });
    const silent = await connectRaw();
    const proven = await connectRaw();
    await silent.next();
    proven.socket.write(proofLine((await proven.next()) ?? "", OPERATOR));
    await proven.next();
    expect([await silent.next(), await proven.next()]).toEqual([undefined, undefined]);
    expect(lines).toEqual(Array(2).fill(expect.stringContaining("it sent no request in time")));
  });

  it("does not close a call that takes longer than the handshake may", async () => {
    await serve(() => new Promise((resolve) => setTimeout(() => resolve("late"), 150)), { handshakeMs: 50 });
    expect((await ask()).result).toBe("late");
  });
});

describe("a client", () => {
  it.each<[string, string | ((line: string) => string), RegExp]>([
    ["that sends no challenge", "hello\n", /is not a challenge/],
    ["of another protocol", `${JSON.stringify({ protocol: 2, nonce: "0".repeat(64) })}\n`, /is not a challenge/],
    ["that sends a long line", "x".repeat(HANDSHAKE_BYTES_MAX + 1), /too long/],
    ["that sends no proof", () => "{}\n", /its proof is wrong/],
    [
      "with another host key",
      (line) => {
        const answer = handshakeOf({ ...OPERATOR_SOCKET, sign: STRANGER.sign }).answer(line);
        return typeof answer === "string" ? answer : `${JSON.stringify(answer.proof)}\n`;
      },
      /its proof is wrong/,
    ],
  ])("sends no request to a program %s in the desk's place", async (_what, answer, reason) => {
    const seen: string[] = [];
    const fake = createServer((socket) => {
      socket.on("error", () => undefined);
      if (typeof answer === "string") return void socket.write(answer);
      const handshake = handshakeOf(OPERATOR_SOCKET);
      void writeLine(socket, handshake.challenge);
      readLines(
        socket,
        REQUEST_BYTES_MAX,
        (line) => {
          seen.push(line);
          if (seen.length === 1) socket.write(answer(line));
        },
        () => undefined,
      );
    });
    fake.listen(path);
    await once(fake, "listening");
    closers.push(async () => void fake.close());
    await expect(ask()).rejects.toMatchObject({
      code: "DESK_NOT_PROVEN",
      message: expect.stringMatching(reason) as string,
    });
    for (const line of seen) expect(line).not.toContain("status");
  });

  it("connects again if the desk closes the connection before its proof, and then says so", async () => {
    let connections = 0;
    const closing = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    closing.listen(path);
    await once(closing, "listening");
    closers.push(async () => void closing.close());
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "DESK_DOWN", retryable: true });
    expect([connections, isDeskDown(error)]).toEqual([25, false]);
  });
});

describe("the agents' socket", () => {
  const TOKEN = `qoc_${"5".repeat(64)}`;
  const seen: unknown[] = [];
  beforeEach(async () => {
    seen.length = 0;
    await serve(async (_asked, _reply, client) => void seen.push(client), { identity: AGENT_SOCKET });
  });

  it("takes an agent without a token, and an agent that proves the key of its token", async () => {
    await ask({ address: addressOf(path, AGENT) });
    const { publicPem, sign: prove } = tokenKey(TOKEN);
    await ask({ address: addressOf(path, keyed("agent", prove, publicPem)) });
    expect(seen).toEqual([{ publicPem: undefined }, { publicPem }]);
  });

  it.each<[string, ClientCredentials]>([
    ["the operator's proof", OPERATOR],
    ["a key without its proof", keyed("agent", STRANGER.sign, tokenKey(TOKEN).publicPem)],
    ["a text that is not a key", keyed("agent", STRANGER.sign, "key")],
  ])("refuses %s", async (_what, credentials) => {
    await expect(ask({ address: addressOf(path, credentials) })).rejects.toMatchObject({ code: "PROOF_REFUSED" });
    expect(seen).toEqual([]);
  });

  it("never gets the token", async () => {
    const { socket, next } = await connectRaw();
    const { publicPem, sign: prove } = tokenKey(TOKEN);
    const line = proofLine((await next()) ?? "", keyed("agent", prove, publicPem));
    socket.destroy();
    expect(line).not.toContain("5".repeat(20));
  });
});

function sign() {
  if (OPERATOR.key === undefined) throw new Error("the operator has a key");
  return OPERATOR.key.sign;
}

function keyed(prover: "operator" | "agent", signer: (text: string) => string, publicPem?: string): ClientCredentials {
  return { ...OPERATOR, key: { prover, sign: signer, publicPem } };
}

function proofLine(challenge: string, credentials: ClientCredentials, socket = realSocketPath(path)): string {
  return `${JSON.stringify(clientHandshake(challenge, socket, credentials)?.proof)}\n`;
}

function handshakeOf(identity: typeof OPERATOR_SOCKET) {
  return serverHandshake({ ...identity, random: (bytes) => "ab".repeat(bytes) }, realSocketPath(path));
}

/**
 * The process of custom guards, used once a live connector is enabled: a child of the desk, alone like a connector's
 * process, with the thread of the guards inside. If the process is lost, the next task starts another one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import crypto from "node:crypto";
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { messageOf } from "../domain/errors/error.ts";
import type { Ids } from "../domain/ports.ts";
import { SESSION_KEY_BYTES, frameAuthenticator, frameEncoder } from "../protocol/frames.ts";
import type { GuardProcessReply, GuardProcessRequest } from "../protocol/guard-messages.ts";
import { readFrames } from "./frame-stream.ts";
import {
  type GuardReply,
  type GuardRequest,
  type GuardThread,
  type GuardThreadOptions,
  guardEventSchema,
  piscinaFolder,
} from "./guard-thread.ts";
import type { ProcessSandbox } from "./process-sandbox.ts";
import { permissionFlags } from "./transport.ts";

const REPLY_BYTES_MAX = 4 * 1024 * 1024;
const START_TIMEOUT_MS = 10_000;
/** The process ends a task at its timeout itself. It is ended if it does not report that within this further time. */
const REPORT_TIMEOUT_MS = 1_000;
const HEAP_MB = 128;
const STDERR_CHARS_MAX = 2_000;

export interface GuardProcessOptions extends GuardThreadOptions {
  /** Absolute path of the process's code. */
  readonly processFile: string;
  readonly ids: Ids;
  readonly sandbox: ProcessSandbox;
  /** An empty folder. */
  readonly folder: string;
}

/** Resolves when the process can run guards. @throws Error if it cannot be started. */
export async function startGuardProcess(options: GuardProcessOptions): Promise<GuardThread> {
  const guards = new GuardProcess(options);
  await guards.start();
  return guards;
}

const replySchema: z.ZodType<GuardProcessReply> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("warning"), reason: z.string().max(STDERR_CHARS_MAX) }),
  z.strictObject({
    type: z.literal("result"),
    id: z.int(),
    events: z.array(guardEventSchema),
    problem: z.string().max(STDERR_CHARS_MAX).optional(),
  }),
]);

interface GuardChild {
  readonly child: ChildProcess;
  send(request: GuardProcessRequest): void;
  /** Resolves with the first reply of that kind, rejects when the process ends. */
  readonly ready: Promise<void>;
  readonly ended: Promise<string>;
}

class GuardProcess implements GuardThread {
  readonly #options: GuardProcessOptions;
  readonly #waiting = new Map<number, (reply: GuardReply) => void>();
  #running: GuardChild | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(options: GuardProcessOptions) {
    this.#options = options;
  }

  async start(): Promise<GuardChild> {
    const running = (this.#running ??= this.#spawn());
    const cancel = this.#options.clock.after(START_TIMEOUT_MS, () => running.child.kill("SIGKILL"));
    try {
      await running.ready;
      return running;
    } finally {
      cancel();
    }
  }

  async request({ guards, subject, timeoutMs }: GuardRequest): Promise<GuardReply> {
    let running: GuardChild;
    try {
      running = await this.start();
    } catch (error) {
      return { events: [], problem: `has no process: ${messageOf(error)}` };
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const replied = new Promise<GuardReply>((resolve) => this.#waiting.set(id, resolve));
    const late = timeoutMs + REPORT_TIMEOUT_MS;
    const cancel = this.#options.clock.after(late, () => running.child.kill("SIGKILL"));
    running.send({ type: "run", id, guards, subject, timeoutMs });
    const ended = running.ended.then((reason): GuardReply => ({ events: [], problem: `ended its process: ${reason}` }));
    try {
      return await Promise.race([replied, ended]);
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#running?.child.kill("SIGKILL");
    await this.#running?.ended;
  }

  #spawn(): GuardChild {
    const { workerFile, piscinaFile, sources, processFile, ids, sandbox, folder, onLost } = this.#options;
    const readable = [processFile, workerFile, piscinaFolder(piscinaFile)];
    const { program, args, env, cwd } = sandbox.commandOf({
      args: [
        ...[...permissionFlags(), "--allow-worker", "--no-warnings", "--no-addons", `--max-old-space-size=${HEAP_MB}`],
        ...readable.map((path) => `--allow-fs-read=${path}${path === readable[2] ? "/*" : ""}`),
        processFile,
      ],
      readable,
      environment: { TZ: Intl.DateTimeFormat().resolvedOptions().timeZone },
      folder,
    });
    const child = spawn(program, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"], detached: true });
    let failure = "";
    child.on("error", (error) => (failure ||= error.message));
    // A process that cannot be started has no pipes.
    if (child.stdio === undefined) throw new Error("check the process limit of this machine (ulimit -u)");
    const sessionKey = Buffer.from(ids.random(SESSION_KEY_BYTES), "hex");
    const encode = frameEncoder(frameAuthenticator(crypto, sessionKey, "host-to-worker"));
    const send = (request: GuardProcessRequest): void =>
      encode(request).forEach((part) => void child.stdin.write(part));
    child.stdin.on("error", () => undefined);
    child.stdin.write(sessionKey);
    let becomeReady: () => void = () => undefined;
    const isReady = new Promise<void>((resolve) => (becomeReady = resolve));
    // The process runs code of the guards, so its replies are checked as those of a connector.
    readFrames(child.stdout, {
      authenticator: frameAuthenticator(crypto, sessionKey, "worker-to-host"),
      headerBytesMax: REPLY_BYTES_MAX,
      onMessage: (message) => {
        const reply: GuardProcessReply = replySchema.parse(message);
        if (reply.type === "ready") becomeReady();
        else if (reply.type === "warning") onLost(reply.reason);
        else this.#waiting.get(reply.id)?.(reply);
      },
      onInvalid: (reason) => {
        failure ||= `a message could not be read: ${reason}`;
        child.kill("SIGKILL");
      },
    });
    const ended = endOf(child, () => failure).then((reason) => {
      this.#running = undefined;
      if (!this.#isClosed) onLost(reason);
      return reason;
    });
    const ready = Promise.race([
      isReady,
      ended.then((reason) => {
        throw new Error(reason);
      }),
    ]);
    ready.catch(() => undefined);
    send({ type: "load", workerFile, piscinaFile, sources });
    return { child, send, ready, ended };
  }
}

/** Resolves with the reason when the process has ended. */
function endOf(
  child: { readonly stderr: Readable; readonly stdin: Writable } & ChildProcess,
  failure: () => string,
): Promise<string> {
  let output = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (chunk: string) => (output = (output + chunk).slice(-STDERR_CHARS_MAX)));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`it could not be started: ${error.message}`));
    child.once("close", (code, signal) => {
      const line = output.split("\n").find((text) => /\w*Error\b|^bwrap: /.test(text));
      resolve(failure() || line || (signal === null ? `it ended with code ${code ?? 0}` : `it was ended by ${signal}`));
    });
  });
}

/** `qoc up --detach`: starts the daemon in the background and waits until it answers or ends. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { UpReport } from "../commands/command.ts";
import { type DeskAddress, callDaemon } from "../cli/client.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Progress } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";

export interface StartDaemonOptions {
  readonly bin: string;
  readonly root: string;
  readonly address: DeskAddress;
  readonly logFile: string;
  /** Further flags of `qoc up`. */
  readonly flags: readonly string[];
  readonly env: Record<string, string | undefined>;
  readonly progress: Progress;
}

/** The longest time until the desk answers, and then until its connectors have started. */
const READY_MS = 30_000;
/** After this time a line says what is waited for. */
const QUIET_MS = 1_000;
const POLL_MS = 25;

/** Resolves with the output of the child's `qoc up`. @throws the child's error if it ends first, START_FAILED. */
export async function startDaemon(options: StartDaemonOptions, signal: AbortSignal): Promise<UpReport> {
  const out = openSync(options.logFile, "w", 0o600);
  const child = spawn(process.execPath, [options.bin, "up", "--json", "-C", options.root, ...options.flags], {
    detached: true,
    stdio: ["ignore", out, out],
    env: options.env as NodeJS.ProcessEnv,
  });
  closeSync(out);
  let ended: string | undefined;
  child.once("exit", (code, by) => (ended = endOf(code, by)));
  child.once("error", ({ message }) => (ended = message));
  const report = { pid: child.pid, socket: options.address.socketPath, log: options.logFile };
  let started = performance.now();
  let isUp = false;
  let isSaid = false;
  while (performance.now() - started < READY_MS) {
    signal.throwIfAborted();
    if (ended !== undefined) throw childError(options.logFile, ended);
    const facts = upFactsOf(options.logFile);
    if (facts !== undefined) {
      child.unref();
      return { ...report, ...facts };
    }
    const starting = await startingConnectors(options.address);
    if (starting !== undefined && !isUp) [isUp, started] = [true, performance.now()];
    if (starting !== undefined && !isSaid && performance.now() - started > QUIET_MS) {
      isSaid = true;
      options.progress.line(`the desk answers; waiting for ${starting.join(", ") || "its connectors"}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (isUp) {
    child.unref();
    return report;
  }
  child.kill("SIGTERM");
  throw new QocError("START_FAILED", { why: `it did not answer within ${READY_MS / 1000} s` });
}

/** The connectors that start; undefined if the desk does not answer. */
async function startingConnectors(address: DeskAddress): Promise<readonly string[] | undefined> {
  try {
    const connectors = await callDaemon({
      address,
      request: { command: "connectors list", input: {}, cwd: "/" },
      progress: { line: () => undefined },
      onValue: () => Promise.resolve(),
      signal: AbortSignal.timeout(5_000),
    });
    return (connectors as readonly { name: string; state: string }[])
      .filter(({ state }) => state === "starting")
      .map(({ name }) => name);
  } catch {
    return undefined;
  }
}

function jsonLines(logFile: string): readonly Record<string, unknown>[] {
  return readFileSync(logFile, "utf8")
    .split("\n")
    .map(tryParseJson)
    .filter((value): value is Record<string, unknown> => typeof value === "object" && value !== null);
}

/** The child prints one JSON object with these facts when it is ready. */
function upFactsOf(logFile: string): Record<string, unknown> | undefined {
  return jsonLines(logFile).find((value) => "readyMs" in value);
}

/** What the end of a process says. A desk that is stopped ends with the code 0. */
function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (code === 0) return "it was stopped before it was ready";
  return signal === null ? `it ended with the exit code ${code ?? "unknown"}` : `it was ended by the signal ${signal}`;
}

function childError(logFile: string, ended: string): QocError {
  const report = jsonLines(logFile).find((value) => typeof value["code"] === "string");
  const details = report?.["details"] as Record<string, string> | undefined;
  if (report !== undefined)
    return new QocError(report["code"] as "INTERNAL", {
      ...details,
      message: details?.["message"] ?? String(report["message"]),
    });
  const output = readFileSync(logFile, "utf8").trim().split("\n").slice(-3).join(" | ");
  return new QocError("START_FAILED", { why: output === "" ? ended : `${ended}: ${output}` });
}

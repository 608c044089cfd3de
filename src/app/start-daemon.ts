/** `qoc up --detach`: starts the daemon in the background and waits until it answers or ends. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { UpReport } from "../commands/command.ts";
import { type DeskAddress, callDaemon } from "../cli/client.ts";
import { QocError } from "../domain/error.ts";
import { tryParseJson } from "../lib/json.ts";

export interface StartDaemonOptions {
  readonly bin: string;
  readonly root: string;
  readonly address: DeskAddress;
  readonly logFile: string;
  /** Further flags of `qoc up`. */
  readonly flags: readonly string[];
  readonly env: Record<string, string | undefined>;
}

const READY_MS = 30_000;
const POLL_MS = 25;

/** Resolves with the output of the child's `qoc up`. @throws the child's error if it ends first. */
export async function startDaemon(options: StartDaemonOptions, signal: AbortSignal): Promise<UpReport> {
  const out = openSync(options.logFile, "w", 0o600);
  const child = spawn(process.execPath, [options.bin, "up", "--json", "-C", options.root, ...options.flags], {
    detached: true,
    stdio: ["ignore", out, out],
    env: options.env as NodeJS.ProcessEnv,
  });
  closeSync(out);
  let exit: number | undefined;
  child.once("exit", (code) => (exit = code ?? 1));
  child.once("error", () => (exit = 1));
  const started = performance.now();
  while (performance.now() - started < READY_MS) {
    signal.throwIfAborted();
    if (exit !== undefined) throw childError(options.logFile, exit);
    if (await isAnswering(options.address)) {
      child.unref();
      return {
        pid: child.pid,
        socket: options.address.socketPath,
        log: options.logFile,
        ...upFactsOf(options.logFile),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  child.kill("SIGTERM");
  throw new QocError("INTERNAL", {
    message: `the desk was not ready after ${READY_MS / 1000} s; see ${options.logFile}`,
  });
}

async function isAnswering(address: DeskAddress): Promise<boolean> {
  try {
    await callDaemon({
      address,
      request: { command: "connectors list", input: {}, cwd: "/" },
      progress: { line: () => undefined },
      onValue: () => Promise.resolve(),
      signal: AbortSignal.timeout(5_000),
    });
    return true;
  } catch {
    return false;
  }
}

function jsonLines(logFile: string): readonly Record<string, unknown>[] {
  return readFileSync(logFile, "utf8")
    .split("\n")
    .map(tryParseJson)
    .filter((value): value is Record<string, unknown> => typeof value === "object" && value !== null);
}

/** The child prints one JSON object with these facts when it is ready. */
function upFactsOf(logFile: string): Record<string, unknown> {
  return jsonLines(logFile).find((value) => "readyMs" in value) ?? {};
}

function childError(logFile: string, exit: number): QocError {
  const report = jsonLines(logFile).find((value) => typeof value["code"] === "string");
  const details = report?.["details"] as Record<string, string> | undefined;
  if (report !== undefined)
    return new QocError(report["code"] as "INTERNAL", {
      ...details,
      message: details?.["message"] ?? String(report["message"]),
    });
  const tail = readFileSync(logFile, "utf8").trim().split("\n").slice(-3).join(" | ");
  return new QocError("INTERNAL", { message: `the desk ended with exit code ${exit} before it was ready: ${tail}` });
}

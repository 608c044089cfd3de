/** Finds out once whether the desk's processes can run inside bubblewrap on this machine. */
import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { messageOf } from "../domain/errors/error.ts";
import type { Clock } from "../domain/ports.ts";
import { type ProcessSandbox, bubblewrapSandbox, plainProcesses } from "../host/process-sandbox.ts";
import { findProgram } from "./find-program.ts";

const PROBE_MS = 10_000;
const OUTPUT_CHARS_MAX = 300;
/** Loads what a connector's worker loads lazily: some builds of Node read these parts from files. */
const PROBE = `new Request("http://127.0.0.1/");new FormData();require("crypto").createHash("sha256")`;

/** Returns a function that searches at its first call and remembers the result. `path` is the PATH variable. */
export function processSandboxFinder(path: string, clock: Clock): () => Promise<ProcessSandbox> {
  let found: Promise<ProcessSandbox> | undefined;
  return () => (found ??= findProcessSandbox(path, clock));
}

async function findProcessSandbox(path: string, clock: Clock): Promise<ProcessSandbox> {
  const none = (problem: string): ProcessSandbox => plainProcesses(process.execPath, problem);
  if (process.platform !== "linux") return none("bubblewrap exists on Linux only");
  const program = await findProgram("bwrap", path);
  if (program === undefined) return none("bubblewrap is not installed");
  const node = realpathSync(process.execPath);
  const sandbox = bubblewrapSandbox({ bubblewrap: program.real, node, libraries: sharedLibraries() });
  const failure = await probe(sandbox, clock);
  return failure === undefined ? sandbox : none(`bubblewrap does not work on this machine: ${failure}`);
}

/** The libraries that this process has loaded, by the names that the dynamic linker used. */
function sharedLibraries(): readonly string[] {
  const { report } = process;
  // Without the names of peers, which a report looks up.
  Object.assign(report, { excludeNetwork: true });
  const { sharedObjects } = report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
  return sharedObjects.filter((file) => file.startsWith("/") && !file.endsWith(".node"));
}

/** bubblewrap may be installed and yet forbidden, as in many containers. Returns the reason if Node does not run. */
function probe(sandbox: ProcessSandbox, clock: Clock): Promise<string | undefined> {
  const { program, args, env } = sandbox.commandOf({ args: ["-e", PROBE], readable: [], environment: {}, folder: "/" });
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(0, OUTPUT_CHARS_MAX)));
    const cancel = clock.after(PROBE_MS, () => child.kill("SIGKILL"));
    child.once("error", (error) => resolve(messageOf(error)));
    child.once("close", (code, signal) => {
      cancel();
      resolve(
        code === 0 ? undefined : output.trim().split("\n")[0] || `it ended with ${signal ?? `code ${code ?? 0}`}`,
      );
    });
  });
}

/** Runs attacks in separate host processes. If a host dies, that is the result of its current attack; a new host runs the remaining ones. */
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type Level } from "./attacks.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles the attack host into one file, because it is also run by other versions of Node. Returns the path of the file. */
export async function buildAttackHost(): Promise<string> {
  const outfile = `${ROOT}dist/attacks/attack-host.mjs`;
  await build({
    entryPoints: [`${ROOT}test/conformance/attack-host.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "warning",
  });
  return outfile;
}

export interface RunOptions {
  /** Path of the host that `buildAttackHost` returned. */
  readonly host: string;
  readonly level: Level;
  readonly ids: readonly string[];
  /** Node's binary; this one's by default. */
  readonly node?: string;
  /** How much faster than life the supervisor's waits are. */
  readonly speed?: number;
}

/** A host that says nothing for this long hangs. */
const SILENT_MS = 60_000;

export async function runAttacks(options: RunOptions): Promise<readonly AttackResult[]> {
  const results: AttackResult[] = [];
  for (const batch of batches(options.ids)) {
    let left = batch;
    while (left.length > 0) {
      const { done, died } = await oneHost(options, left);
      results.push(...done);
      left = left.slice(done.length);
      const [victim, ...rest] = left;
      if (victim === undefined) break;
      results.push(deadHost(victim, options.level, died));
      left = rest;
    }
  }
  return results;
}

/** What ends a life badly may leave memory or a thread behind: it has a host to itself, so that no other row is measured beside it. */
function batches(ids: readonly string[]): readonly (readonly string[])[] {
  const alone = ids.filter((id) => groupOf(id) === "ends");
  return [...alone.map((id) => [id]), ids.filter((id) => groupOf(id) !== "ends")];
}

function groupOf(id: string): string | undefined {
  return ATTACKS.find((attack) => attack.id === id)?.group;
}

function deadHost(id: string, level: Level, said: string): AttackResult {
  return {
    id,
    level,
    outcome: "host dies",
    otherP99Ms: Number.NaN,
    otherFailed: Number.NaN,
    stallMs: Number.NaN,
    fillsLost: Number.NaN,
    recoverMs: null,
    secretsSeen: [],
    polluted: [],
    said,
  };
}

function oneHost(options: RunOptions, ids: readonly string[]): Promise<{ done: AttackResult[]; died: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ATTACK_SPEED: String(options.speed ?? 1), NODE_OPTIONS: "" };
    const child = spawn(options.node ?? process.execPath, [options.host, options.level, ...ids], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const done: AttackResult[] = [];
    let last = "";
    let timer = setTimeout(() => child.kill("SIGKILL"), SILENT_MS);
    createInterface({ input: child.stderr }).on("line", (line) => {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), SILENT_MS);
      if (line.startsWith("RESULT ")) done.push(JSON.parse(line.slice("RESULT ".length)) as AttackResult);
      else if (!line.startsWith("BEGIN ")) last = `${last}\n${line}`.slice(-500);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ done, died: `${signal ?? `code ${code ?? 0}`}${last}` });
    });
  });
}

export const ALL_IDS: readonly string[] = ATTACKS.map(({ id }) => id);

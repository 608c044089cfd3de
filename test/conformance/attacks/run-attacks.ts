/**
 * Runs attacks in separate host processes. If a host crashes, that is the result of its current attack; a new host runs
 * the remaining ones.
 */
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type IsolationLevel, expectedOutcomes } from "./attacks.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Bundles the attack host into one file, because it is also run by other versions of Node. Test files that run at the
 * same time give different names. Returns its path.
 */
export async function buildAttackHost(name = "attack-host"): Promise<string> {
  const outfile = `${ROOT}dist/attacks/${name}.mjs`;
  await build({
    entryPoints: [`${ROOT}test/conformance/attacks/attack-host.ts`],
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
  readonly level: IsolationLevel;
  readonly ids: readonly string[];
  /** Path of a Node binary; the current one by default. */
  readonly node?: string | undefined;
  /** Factor by which pings and back-off are accelerated. Below 1, every time-out is longer, too. */
  readonly speed?: number;
}

/** A host that prints nothing for this long is killed. */
const SILENCE_MS_MAX = 120_000;
const SILENT = "killed, because it was silent";
/** Part of the text of CALL_TIMEOUT. */
const NO_RESPONSE = "did not respond within";

export async function runAttacks(options: RunOptions): Promise<readonly AttackResult[]> {
  const results: AttackResult[] = [];
  for (const batch of batches(options)) {
    let remaining = batch;
    while (remaining.length > 0) {
      const { completed, exit } = await runHost(options, remaining);
      results.push(...completed);
      const [fatal, ...others] = remaining.slice(completed.length);
      if (fatal === undefined) break;
      results.push(crashResult(fatal, options.level, exit));
      remaining = others;
    }
  }
  return results;
}

/**
 * Attacks on threads may leave memory or threads behind in a host whose workers are threads, so each has its own host
 * there and does not distort other results.
 */
function batches({ ids, level }: RunOptions): readonly (readonly string[])[] {
  const isolated = level === "worker" ? ids.filter((id) => groupOf(id) === "threads") : [];
  return [...isolated.map((id) => [id]), ids.filter((id) => !isolated.includes(id))];
}

function groupOf(id: string): string | undefined {
  return ATTACKS.find((attack) => attack.id === id)?.group;
}

function crashResult(id: string, level: IsolationLevel, output: string): AttackResult {
  return {
    id,
    level,
    outcome: "host crashes",
    otherP99Ms: Number.NaN,
    otherFailed: Number.NaN,
    stallMs: Number.NaN,
    fillsLost: Number.NaN,
    recoverMs: null,
    secretsSeen: [],
    polluted: [],
    output,
  };
}

function runHost(options: RunOptions, ids: readonly string[]): Promise<{ completed: AttackResult[]; exit: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ATTACK_SPEED: String(options.speed ?? 1), NODE_OPTIONS: "" };
    const silenceMs = SILENCE_MS_MAX / Math.min(1, options.speed ?? 1);
    const child = spawn(options.node ?? process.execPath, [options.host, options.level, ...ids], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const completed: AttackResult[] = [];
    let lastOutput = "";
    let killed: string | undefined;
    const kill = (): void => {
      killed = SILENT;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(kill, silenceMs);
    createInterface({ input: child.stderr }).on("line", (line) => {
      clearTimeout(timer);
      timer = setTimeout(kill, silenceMs);
      if (line.startsWith("RESULT ")) completed.push(JSON.parse(line.slice("RESULT ".length)) as AttackResult);
      else if (!line.startsWith("BEGIN ")) lastOutput = `${lastOutput}\n${line}`.slice(-500);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ completed, exit: `${killed ?? signal ?? `code ${code ?? 0}`}${lastOutput}` });
    });
  });
}

/** Pings and back-off are accelerated by this factor in tests. */
const TEST_SPEED = 3;
/** An attack that runs again has four times the desk's own times. */
const PATIENT_SPEED = 0.25;

/**
 * Runs the levels beside each other, because an attack mostly waits. Returns the results by level and id.
 *
 * A worker that gets too little of a busy machine does not start, answer or end in time, and a host is silent for too
 * long. If an attack ends so although it should end otherwise, it runs again after all others, with longer times, and
 * that result counts.
 */
export async function runLevels(
  levels: readonly IsolationLevel[],
  idsAt: (level: IsolationLevel) => readonly string[],
  node?: string,
): Promise<ReadonlyMap<string, AttackResult>> {
  const host = await buildAttackHost(node === undefined ? "attack-host" : "attack-host-of-other-nodes");
  const runs = levels.map((level) => runAttacks({ host, level, ids: idsAt(level), node, speed: TEST_SPEED }));
  const all = (await Promise.all(runs)).flat();
  const results = new Map(all.map((result) => [keyOf(result), result]));
  for (const { level, id, outcome: was } of all.filter(isTooLate))
    for (const result of await runAttacks({ host, level, ids: [id], node, speed: PATIENT_SPEED })) {
      process.stderr.write(`${keyOf(result)} was ${was} on a busy machine; with longer times: ${result.outcome}\n`);
      results.set(keyOf(result), result);
    }
  return results;
}

function keyOf({ level, id }: AttackResult): string {
  return `${level} ${id}`;
}

/** An attack that succeeds once has succeeded, and a host that ends by itself has crashed. */
function isTooLate({ level, id, outcome, output }: AttackResult): boolean {
  const attack = ATTACKS.find((candidate) => candidate.id === id);
  if (attack === undefined || expectedOutcomes(attack, level).includes(outcome)) return false;
  return outcome === "contained" || outcome === "zombie" || output.startsWith(SILENT) || output.includes(NO_RESPONSE);
}

export const ALL_IDS: readonly string[] = ATTACKS.map(({ id }) => id);

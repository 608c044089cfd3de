/**
 * `npm run attacks [-- LEVEL… NODE…]`: runs every attack in real time at both levels with each given Node binary, and
 * prints the table of docs/attacks.md.
 */
import { execFileSync } from "node:child_process";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type Attack, type IsolationLevel } from "./attacks.ts";
import { ALL_IDS, buildAttackHost, runAttacks } from "./run-attacks.ts";

const host = await buildAttackHost();
function isLevel(arg: string): arg is IsolationLevel {
  return arg === "worker" || arg === "process" || arg === "bubblewrap";
}
const args = process.argv.slice(2);
const levels: readonly IsolationLevel[] = args.some(isLevel) ? args.filter(isLevel) : ["worker", "process"];
const binaries = args.filter((arg) => !isLevel(arg));
const nodes = binaries.length > 0 ? binaries : [process.execPath];

function majorOf(node: string): string {
  return execFileSync(node, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" }).trim();
}
function worst(values: readonly number[], digits = 0): string {
  const measuredValues = values.filter((value) => Number.isFinite(value));
  return measuredValues.length === 0 ? "-" : Math.max(...measuredValues).toFixed(digits);
}

/** One outcome if all versions agree, otherwise the outcome of each version. */
function outcomes(byNode: ReadonlyMap<string, AttackResult>): string {
  const distinct = new Set([...byNode.values()].map(({ outcome }) => outcome));
  if (distinct.size === 1) return [...distinct][0] ?? "";
  return [...byNode].map(([major, { outcome }]) => `${major}: ${outcome}`).join(", ");
}

function rowOf(attack: Attack, level: IsolationLevel, byNode: ReadonlyMap<string, AttackResult>): string {
  const results = [...byNode.values()];
  const crashes = results.filter(({ outcome }) => outcome === "host crashes").length;
  return [
    attack.id,
    attack.title,
    level,
    outcomes(byNode),
    crashes === 0 ? "yes" : crashes === results.length ? "**no**" : "**not always**",
    worst(
      results.map(({ otherP99Ms }) => otherP99Ms),
      1,
    ),
    worst(results.map(({ fillsLost }) => fillsLost)),
    worst(results.map(({ recoverMs }) => recoverMs ?? Number.NaN)),
    [...new Set(results.flatMap(({ secretsSeen }) => secretsSeen))].join(", ") || "none",
  ]
    .map((cell) => cell.replaceAll("|", "\\|"))
    .join(" | ");
}

const measured = new Map<string, Map<string, AttackResult>>();
for (const node of nodes) {
  const major = majorOf(node);
  for (const level of levels) {
    process.stderr.write(`Node ${major}, ${level} ...\n`);
    for (const result of await runAttacks({ host, level, ids: ALL_IDS, node })) {
      const key = `${level} ${result.id}`;
      measured.set(key, (measured.get(key) ?? new Map()).set(major, result));
    }
  }
}
process.stdout.write(
  `| id | attack | level | outcome | desk alive | other's p99, ms | fills lost | recovered in, ms | secrets seen |\n|${"---|".repeat(9)}\n`,
);
for (const attack of ATTACKS) {
  for (const level of levels)
    process.stdout.write(`| ${rowOf(attack, level, measured.get(`${level} ${attack.id}`) ?? new Map())} |\n`);
}

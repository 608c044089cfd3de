/**
 * `npm run attacks [-- LEVEL… NODE…]`: runs every attack in real time at both levels, under each Node binary that is named, and prints
 * the table of docs/attacks.md.
 */
import { execFileSync } from "node:child_process";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type Attack, type Level } from "./attacks.ts";
import { ALL_IDS, buildAttackHost, runAttacks } from "./run-attacks.ts";

const host = await buildAttackHost();
function isLevel(word: string): word is Level {
  return word === "worker" || word === "process";
}
const words = process.argv.slice(2);
const levels: readonly Level[] = words.some(isLevel) ? words.filter(isLevel) : ["worker", "process"];
const named = words.filter((word) => !isLevel(word));
const nodes = named.length > 0 ? named : [process.execPath];

function majorOf(node: string): string {
  return execFileSync(node, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" }).trim();
}
function worst(values: readonly number[], digits = 0): string {
  const known = values.filter((value) => Number.isFinite(value));
  return known.length === 0 ? "-" : Math.max(...known).toFixed(digits);
}

/** The same word for all versions, or each version's own. */
function outcomes(byNode: ReadonlyMap<string, AttackResult>): string {
  const words = new Set([...byNode.values()].map(({ outcome }) => outcome));
  if (words.size === 1) return [...words][0] ?? "";
  return [...byNode].map(([major, { outcome }]) => `${major}: ${outcome}`).join(", ");
}

function rowOf(attack: Attack, level: Level, byNode: ReadonlyMap<string, AttackResult>): string {
  const all = [...byNode.values()];
  const dead = all.filter(({ outcome }) => outcome === "host dies").length;
  return [
    attack.id,
    attack.title,
    level,
    outcomes(byNode),
    dead === 0 ? "yes" : dead === all.length ? "**no**" : "**not always**",
    worst(
      all.map(({ otherP99Ms }) => otherP99Ms),
      1,
    ),
    worst(all.map(({ fillsLost }) => fillsLost)),
    worst(all.map(({ recoverMs }) => recoverMs ?? Number.NaN)),
    [...new Set(all.flatMap(({ secretsSeen }) => secretsSeen))].join(", ") || "none",
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

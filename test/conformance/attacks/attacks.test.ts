/**
 * Runs every attack at both levels in separate host processes, and checks the outcome, the second connector, fills and
 * secrets. Pings and back-off are accelerated; no test asserts a time.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type Attack, type IsolationLevel, expectedOutcomes } from "./attacks.ts";
import { findSandbox } from "../../support/process-sandbox.ts";
import { ALL_IDS, runLevels } from "./run-attacks.ts";

const sandbox = await findSandbox();
if (sandbox.problem !== undefined)
  process.stderr.write(`\nSKIPPED: the attacks inside bubblewrap: ${sandbox.problem}\n\n`);
const LEVELS: readonly IsolationLevel[] = [
  "worker",
  "process",
  ...(sandbox.problem === undefined ? (["bubblewrap"] as const) : []),
];

/** Bubblewrap takes files, the network and other processes away from a process, and changes nothing else. */
const OUTSIDE = new Set(["authority", "escapes", "secrets"]);
function attacksAt(level: IsolationLevel): readonly Attack[] {
  return level === "bubblewrap" ? ATTACKS.filter(({ group }) => OUTSIDE.has(group)) : ATTACKS;
}

let results: ReadonlyMap<string, AttackResult> = new Map();
beforeAll(async () => {
  results = await runLevels(LEVELS, (level) => attacksAt(level).map(({ id }) => id));
}, 3_600_000);

it("every attack has a unique id", () => {
  expect(new Set(ALL_IDS).size).toBe(ALL_IDS.length);
  expect(ALL_IDS.length).toBeGreaterThan(140);
});

describe.each(LEVELS)("at the %s level", (level) => {
  it.each(attacksAt(level))(`$id at the ${level} level ends as expected: $title`, (attack) => {
    const result = results.get(`${level} ${attack.id}`);
    expect(expectedOutcomes(attack, level), result?.output).toContain(result?.outcome);
    expect(result?.secretsSeen).toEqual([]);
    expect(result?.polluted).toEqual([]);
    if (result?.outcome === "host crashes") return;
    expect(result?.otherFailed).toBe(0);
    expect(result?.fillsLost).toBe(0);
  });
});

it("no attack at the process level crashes the desk", () => {
  expect(
    [...results.values()].filter(({ level, outcome }) => level !== "worker" && outcome === "host crashes"),
  ).toEqual([]);
});

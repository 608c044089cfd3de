/**
 * Runs every attack at both levels in separate host processes, and checks the outcome, the second connector, fills and
 * secrets. Pings and back-off are accelerated; no test asserts a time.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type IsolationLevel, expectedOutcomes } from "./attacks.ts";
import { NETWORK_ATTACKS } from "./network-attacks.ts";
import { findSandbox } from "../../support/process-sandbox.ts";
import { ALL_IDS, buildAttackHost, runAttacks } from "./run-attacks.ts";

const SPEED = 3;
const sandbox = await findSandbox();
if (sandbox.problem !== undefined)
  process.stderr.write(`\nSKIPPED: the attacks inside bubblewrap: ${sandbox.problem}\n\n`);
const LEVELS: readonly IsolationLevel[] = [
  "worker",
  "process",
  ...(sandbox.problem === undefined ? (["bubblewrap"] as const) : []),
];

/** The results by level and id. The levels run beside each other: an attack mostly waits. */
async function runLevels(
  levels: readonly IsolationLevel[],
  ids: readonly string[],
  node?: string,
): Promise<ReadonlyMap<string, AttackResult>> {
  const host = await buildAttackHost();
  const runs = levels.map((level) => runAttacks({ host, level, ids, node, speed: SPEED }));
  const all = (await Promise.all(runs)).flat();
  return new Map(all.map((result) => [`${result.level} ${result.id}`, result]));
}

let results: ReadonlyMap<string, AttackResult> = new Map();
beforeAll(async () => {
  results = await runLevels(LEVELS, ALL_IDS);
}, 1_200_000);

it("every attack has a unique id", () => {
  expect(new Set(ALL_IDS).size).toBe(ALL_IDS.length);
  expect(ALL_IDS.length).toBeGreaterThan(140);
});

describe.each(LEVELS)("at the %s level", (level) => {
  it.each(ATTACKS)(`$id at the ${level} level ends as expected: $title`, (attack) => {
    const result = results.get(`${level} ${attack.id}`);
    expect(expectedOutcomes(attack, level), result?.output).toContain(result?.outcome);
    expect(result?.secretsSeen).toEqual([]);
    expect(result?.polluted).toEqual([]);
    if (result?.outcome === "host crashes") return;
    expect(result?.otherFailed).toBe(0);
    expect(result?.fillsLost).toBe(0);
  });
});

/** Bubblewrap only takes more away from a process; the walk of walker.test.ts starts each version inside it. */
const OTHER_NODE_LEVELS = ["worker", "process"] as const;
/** Other versions of Node: paths of binaries, separated by colons. */
const OTHER_NODES = (process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "");

describe.each(OTHER_NODES)("with %s", (node) => {
  let otherResults: ReadonlyMap<string, AttackResult> = new Map();
  beforeAll(async () => {
    otherResults = await runLevels(
      OTHER_NODE_LEVELS,
      NETWORK_ATTACKS.map(({ id }) => id),
      node,
    );
  }, 1_200_000);

  describe.each(OTHER_NODE_LEVELS)("at the %s level", (level) => {
    it.each(NETWORK_ATTACKS)("$id ends as expected: $title", (attack) => {
      const result = otherResults.get(`${level} ${attack.id}`);
      expect(expectedOutcomes(attack, level), result?.output).toContain(result?.outcome);
    });
  });
});

it("no attack at the process level crashes the desk", () => {
  expect(
    [...results.values()].filter(({ level, outcome }) => level !== "worker" && outcome === "host crashes"),
  ).toEqual([]);
});

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
const results = new Map<string, AttackResult>();

beforeAll(async () => {
  const host = await buildAttackHost();
  await Promise.all(
    LEVELS.map(async (level) => {
      for (const result of await runAttacks({ host, level, ids: ALL_IDS, speed: SPEED }))
        results.set(`${level} ${result.id}`, result);
    }),
  );
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

/** Other versions of Node: paths of binaries, separated by colons. */
const OTHER_NODES = (process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "");
const OTHER_CASES = OTHER_NODES.flatMap((node) => LEVELS.map((level) => [level, node] as const));

describe.each(OTHER_CASES)("at the %s level with %s", (level, node) => {
  const otherResults = new Map<string, AttackResult>();
  beforeAll(async () => {
    const ids = NETWORK_ATTACKS.map(({ id }) => id);
    for (const result of await runAttacks({ host: await buildAttackHost(), level, ids, node, speed: SPEED }))
      otherResults.set(result.id, result);
  }, 1_200_000);

  it.each(NETWORK_ATTACKS)("$id ends as expected: $title", (attack) => {
    const result = otherResults.get(attack.id);
    expect(expectedOutcomes(attack, level), result?.output).toContain(result?.outcome);
  });
});

it("no attack at the process level crashes the desk", () => {
  expect(
    [...results.values()].filter(({ level, outcome }) => level !== "worker" && outcome === "host crashes"),
  ).toEqual([]);
});

/**
 * Every attack at both levels, each in a host of its own process: what becomes of the attacker, of the desk, of the other
 * connector, of fills and of secrets. Pings and back-off run at a third of their time; nothing here asserts a time.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { AttackResult } from "./attack-host.ts";
import { ATTACKS, type Level, expected } from "./attacks.ts";
import { ALL_IDS, buildAttackHost, runAttacks } from "./run-attacks.ts";

const SPEED = 3;
const LEVELS = ["worker", "process"] as const satisfies readonly Level[];
const results = new Map<string, AttackResult>();

beforeAll(async () => {
  const host = await buildAttackHost();
  await Promise.all(
    LEVELS.map(async (level) => {
      for (const result of await runAttacks({ host, level, ids: ALL_IDS, speed: SPEED }))
        results.set(`${level} ${result.id}`, result);
    }),
  );
}, 600_000);

it("every attack has an id of its own", () => {
  expect(new Set(ALL_IDS).size).toBe(ALL_IDS.length);
  expect(ALL_IDS.length).toBeGreaterThan(80);
});

describe.each(LEVELS)("at the %s level", (level) => {
  it.each(ATTACKS)("$id $title", (attack) => {
    const result = results.get(`${level} ${attack.id}`);
    expect(expected(attack, level), result?.said).toContain(result?.outcome);
    expect(result?.secretsSeen).toEqual([]);
    expect(result?.polluted).toEqual([]);
    if (result?.outcome === "host dies") return;
    expect(result?.otherFailed).toBe(0);
    expect(result?.fillsLost).toBe(0);
  });
});

it("no attack ends the desk from a process of its own", () => {
  expect([...results.values()].filter(({ level, outcome }) => level === "process" && outcome === "host dies")).toEqual(
    [],
  );
});

/**
 * Runs the attacks on the network and on native code with the other versions of Node at both levels, because these
 * depend on the code of Node itself. Bubblewrap only takes more away from a process; walker.test.ts starts each version
 * inside it.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { AttackResult } from "./attack-host.ts";
import { expectedOutcomes } from "./attacks.ts";
import { ESCAPE_ATTACKS } from "./escape-attacks.ts";
import { NETWORK_ATTACKS } from "./network-attacks.ts";
import { runLevels } from "./run-attacks.ts";

const LEVELS = ["worker", "process"] as const;
/** From C48 on the rows are of native code, and each version of Node has its own. */
const NATIVE_ATTACKS = ESCAPE_ATTACKS.filter(({ id }) => /^C\d+$/.test(id) && Number(id.slice(1)) >= 48);
const NODE_ATTACKS = [...NETWORK_ATTACKS, ...NATIVE_ATTACKS];
/** Paths of binaries, separated by colons. */
const NODES = (process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "");
if (NODES.length === 0)
  process.stderr.write(
    "\nSKIPPED: the attacks on the network and on native code with other versions of Node: QOC_NODES names none\n\n",
  );

describe.skipIf(NODES.length === 0).each(NODES.length === 0 ? ["another version of Node"] : NODES)(
  "with %s",
  (node) => {
    let results: ReadonlyMap<string, AttackResult> = new Map();
    beforeAll(async () => {
      results = await runLevels(LEVELS, () => NODE_ATTACKS.map(({ id }) => id), node);
    }, 3_600_000);

    describe.each(LEVELS)("at the %s level", (level) => {
      it.each(NODE_ATTACKS)("$id ends as expected: $title", (attack) => {
        const result = results.get(`${level} ${attack.id}`);
        expect(expectedOutcomes(attack, level), result?.output).toContain(result?.outcome);
      });
    });
  },
);

/** Calls that an agent's own program denied are recorded like calls that the desk refuses. */
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DryRun, RunReport } from "../../src/runs/runs.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = fileURLToPath(new URL("../fixtures/agents/claude.mjs", import.meta.url));

let desk: TempDesk;
let beside: string;
beforeEach(async () => {
  beside = mkdtempSync(join(tmpdir(), "qoc-plan-"));
  const command = JSON.stringify([process.execPath, AGENT, join(beside, "plan.json")]);
  desk = await tempDesk({
    config: (template) => `${template}\n[agent]\nruntime = "claude"\ncommand = ${command}\nunconfined = true\n`,
  });
});
afterEach(async () => {
  await desk.stop();
  await discard(desk);
  await rm(beside, { recursive: true, force: true });
});

it.each([
  ["once is in the log", 1, 0],
  ["three times is in the log once, and in the inbox", 3, 1],
])("a tool call that the agent's program denied %s", async (_what, turns, alerts) => {
  const { tools } = await desk.call<DryRun>("run", { issue: "001", dryRun: true });
  writeFileSync(
    join(beside, "plan.json"),
    JSON.stringify({ tools: tools.map((tool) => `mcp__qoc__${tool}`), calls: "Bash", turns }),
  );
  const { outcome, run } = await desk.call<RunReport>("run", { issue: "001" });
  expect(outcome).toBe("done");
  await desk.closeAgents();
  const lines = JSON.stringify(await desk.services.readLogs({ tail: 500 }));
  expect(lines.split(`refused Bash (its own) to agent:${run}: denied by the agent program`)).toHaveLength(2);
  const items = readdirSync(join(desk.root, "inbox")).filter((name) => name.includes(`alert-refused-${run}`));
  expect(items).toHaveLength(alerts);
  for (const name of items) expect(desk.read(`inbox/${name}`)).toContain("- `Bash (its own)`: 3 times");
});

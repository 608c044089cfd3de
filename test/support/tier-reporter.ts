/** Prints after `npm test` which other test tiers exist, with the command of each. */
import type { Reporter, TestModule } from "vitest/node";
import { TIERS } from "./tiers.ts";

export class TierReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tiersRun = new Set(modules.map(({ project }) => project.name));
    const others = TIERS.filter(({ name }) => !tiersRun.has(name));
    const isDefaultRun = TIERS.every(({ name, isDefault }) => !isDefault || tiersRun.has(name));
    if (!isDefaultRun || others.length === 0) return;
    const width = Math.max(...others.map(({ command }) => command.length));
    const lines = others.map(({ command, covers }) => `  ${command.padEnd(width)}  ${covers}`);
    process.stdout.write(`\nOther tests, not part of this run:\n${lines.join("\n")}\n`);
  }
}

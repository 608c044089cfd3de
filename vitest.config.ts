import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SlowFirst } from "./test/support/slow-first.ts";
import { TierReporter } from "./test/support/tier-reporter.ts";
import { TIERS, excludedBy } from "./test/support/tiers.ts";

/** `.ci/run` names a file here and sums the counts of all tiers. */
const jsonFile = process.env["QOC_TEST_REPORT"];
const jsonReporter: ["json", { outputFile: string }][] =
  jsonFile === undefined ? [] : [["json", { outputFile: jsonFile }]];

/** `.ci/run` runs failed files again with nothing beside them. */
const IS_ALONE = process.env["QOC_TEST_ALONE"] === "1";

/** Tests spend much of their time waiting: one worker more than there are cores. */
const WORKERS = IS_ALONE ? 1 : availableParallelism() + 1;
/** Of tests that mostly wait. More of them would fail by their time-outs on a slow machine. */
const WAITING_WORKERS = 2 * availableParallelism();

export default defineConfig({
  resolve: { alias: { "@qoc-app/sdk": fileURLToPath(new URL("./src/domain/sdk.ts", import.meta.url)) } },
  // Connectors import price files as text, as the host's bundler lets them.
  plugins: [
    {
      name: "csv-as-text",
      enforce: "pre",
      load: (id) => (id.endsWith(".csv") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))};` : undefined),
    },
  ],
  test: {
    // Files are transformed once for all tiers; an entry is found by the file's content and this configuration.
    experimental: { fsModuleCache: true },
    projects: TIERS.map((tier) => ({
      extends: true,
      test: {
        name: tier.name,
        include: [...tier.include],
        exclude: ["**/node_modules/**", ...excludedBy(tier)],
        isolate: tier.sharesModules !== true,
        setupFiles: tier.sharesModules === true ? ["test/support/real-timers.ts"] : [],
        // The root config's setup runs once for all projects.
        globalSetup: [],
        // Vitest runs projects with other numbers of workers one after the other.
        ...(tier.mostlyWaits === true && !IS_ALONE && { maxWorkers: WAITING_WORKERS, sequence: { groupOrder: 1 } }),
      },
    })),
    reporters: ["default", new TierReporter(), ...jsonReporter],
    globalSetup: ["test/support/temp-folder.ts"],
    sequence: { sequencer: SlowFirst },
    // The whole check runs a failed test once more, because one process that got no processor for seconds fails a test
    // of real time-outs. Its summary names each test that passed only then: that test or its subject has a fault.
    retry: jsonFile === undefined ? 0 : 1,
    // Limits for a test that hangs. They are far above what a busy machine needs: no test may fail because it is slow.
    testTimeout: 240_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    // Hooks start desks, browsers and programs, which takes long if all processors are busy.
    hookTimeout: 240_000,
    pool: "forks",
    maxWorkers: WORKERS,
  },
});

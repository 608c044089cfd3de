import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

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
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/temp-folder.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: "forks",
    // Much of a test is waiting: two at a time even where there is one core to spare.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});

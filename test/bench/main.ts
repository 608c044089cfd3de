/**
 * `npm run bench -- [--short] [--keep] [ROW ...]`: bundles the benchmarks as the program is bundled, because a loader
 * changes what is measured, and runs them. The bundle is in a folder beside `test/support`, so that its paths hold.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outfile = fileURLToPath(new URL("../.bench/bench.mjs", import.meta.url));
await build({
  entryPoints: [`${here}bench.ts`],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, ["--expose-gc", outfile, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;

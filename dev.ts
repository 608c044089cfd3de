/**
 * `npm run dev -- <command>`: runs the CLI from the sources in src/. Workers and `qoc up --detach` run from dist/,
 * so a missing dist/ is built first. Run `npm run build` after a change in sandbox/ or src/protocol/.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

if (!existsSync(new URL("dist/sandbox/adapter-worker.cjs", import.meta.url))) {
  process.stderr.write("dist/ is missing: building it once\n");
  execFileSync(process.execPath, [fileURLToPath(new URL("build.mjs", import.meta.url))], {
    stdio: ["ignore", 2, "inherit"],
  });
}
const { run } = await import("./src/app/main.ts");
process.exitCode = await run(process.argv.slice(2));

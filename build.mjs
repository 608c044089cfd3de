// Emits what runs: dist/src (the host, by tsc), and by esbuild dist/sandbox/adapter-worker.cjs (the worker's one text) and
// dist/sandbox/guard-worker.cjs (the thread of custom guards).
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL(".", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.build.json`], {
  stdio: "inherit",
});
await build({
  entryPoints: [`${root}sandbox/adapter-worker.ts`, `${root}sandbox/guard-worker.ts`],
  outdir: `${root}dist/sandbox`,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "warning",
});
// The entries of all commands as JSON: help, completion of words and routing read it instead of importing the commands.
const { readEntries } = await import("./dist/src/commands/command-index.js");
writeFileSync(`${root}dist/src/commands/index.json`, JSON.stringify(await readEntries()));

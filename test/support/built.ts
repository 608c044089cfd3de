/** Tests of the built program need `dist`. They fail without it; a skipped test would hide that nothing was tested. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const INDEX = fileURLToPath(new URL("../../dist/src/commands/index.json", import.meta.url));

/** @throws if the program is not built. */
export function requireBuild(): void {
  if (!existsSync(INDEX)) throw new Error("dist is not built: run node build.mjs");
}

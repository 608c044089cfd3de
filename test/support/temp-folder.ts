/** Vitest's global setup: one temporary folder for everything that a test run creates, removed when the run ends. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export function setup(): () => void {
  // Vitest runs the setup for each project in one process; nested folders would make a socket's path too long.
  if (basename(tmpdir()).startsWith("qoc-t-")) return () => undefined;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "qoc-t-"));
  process.env["TMPDIR"] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

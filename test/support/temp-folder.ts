/** One temporary folder for everything that a run of the tests leaves there; it goes when they are over. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function setup(): () => void {
  const room = mkdtempSync(join(realpathSync(tmpdir()), "qoc-t-"));
  process.env["TMPDIR"] = room;
  return () => rmSync(room, { recursive: true, force: true, maxRetries: 3 });
}

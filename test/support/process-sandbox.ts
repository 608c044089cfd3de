/** How tests start processes: plainly, or inside bubblewrap where this machine has it. */
import { systemClock } from "../../src/app/system.ts";
import { processSandboxFinder } from "../../src/app/find-process-sandbox.ts";
import { plainProcesses } from "../../src/host/process-sandbox.ts";

export const PLAIN = plainProcesses(process.execPath, "a test starts it");
export const findSandbox = processSandboxFinder(process.env["PATH"] ?? "", systemClock);

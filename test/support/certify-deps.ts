/** What `certifyAdapter` needs from this machine: the real disk, clock and sandbox, and this package's worker. */
import { fileURLToPath } from "node:url";
import type { CertifyDeps } from "../../src/app/certify-adapter.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { findSandbox } from "./process-sandbox.ts";

export const CERTIFY_DEPS: CertifyDeps = {
  disk: nodeDisk(),
  clock: systemClock,
  ids: systemIds,
  packageRoot: fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, ""),
  user: { uid: process.getuid?.() ?? 0, home: "/absent" },
  sandbox: findSandbox,
};

/** The kit against whole adapters: a correct one, the documented skeleton, and the paper venue. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type CertifyOptions, certify } from "../../src/certify/certify.ts";
import { startProcess } from "../../src/host/process-transport.ts";
import { startWorker } from "../../src/host/transport.ts";
import { residentMb } from "../../src/main/processes.ts";
import { systemClock, systemIds } from "../../src/main/world.ts";
import { readCertifySettings } from "../../src/workspace/certify-settings.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { WORKER_TEXT } from "../kit/adapter-stand.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EMPTY = mkdtempSync(join(tmpdir(), "qoc-empty-"));
const disk = nodeDisk();

const run = async (adapter: string, more: Partial<CertifyOptions> = {}) => {
  const isolation = more.isolation ?? "worker";
  return certify({
    adapter,
    name: "my-venue",
    settings: await readCertifySettings(disk, adapter),
    isolation,
    transport: (memoryMb) =>
      isolation === "process"
        ? startProcess({ text: WORKER_TEXT, memoryMb, cwd: EMPTY, clock: systemClock, residentMb })
        : startWorker({ text: WORKER_TEXT, name: "kit", memoryMb }),
    disk,
    clock: systemClock,
    ids: systemIds,
    say: (line) => process.env["KIT_SAY"] && console.log(line),
    ...more,
  });
};

const failures = (report: Awaited<ReturnType<typeof run>>) =>
  report.cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => `${id}: ${reason}`);

describe("certify", () => {
  it("certifies a complete adapter", { timeout: 120_000 }, async () => {
    const report = await run(at("test/fixtures/venue-adapter/index.ts"));
    expect(failures(report)).toEqual([]);
    expect(report.counts.skipped).toBe(0);
    expect(report.certified).toBe(true);
  });
});

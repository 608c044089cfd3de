/**
 * Walks everything that an adapter can reach, at both levels, and fails on a native handle. Other versions of Node are
 * taken from QOC_NODES, a list of binaries separated by colons.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { findSandbox } from "../../support/process-sandbox.ts";
import { OPENINGS } from "./openings.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const HOST = `${ROOT}dist/attacks/walker-host.mjs`;
const NODES = [process.execPath, ...(process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "")];
const sandbox = await findSandbox();
if (sandbox.problem !== undefined)
  process.stderr.write(`\nSKIPPED: the walk inside bubblewrap: ${sandbox.problem}\n\n`);
const LEVELS = ["worker", "process", ...(sandbox.problem === undefined ? ["bubblewrap"] : [])];
const TIMEOUT_MS = 120_000;

interface WalkerReport {
  readonly failure?: string;
  readonly visited: number;
  readonly left: number;
  readonly getters: number;
  readonly probes: Readonly<Record<string, string>>;
  readonly hits: readonly string[];
}

async function walk(level: string, opening: string, node = process.execPath): Promise<WalkerReport> {
  const { stdout } = await promisify(execFile)(node, [HOST, level, opening], { maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout) as WalkerReport;
}
function openProbes({ probes }: WalkerReport): readonly string[] {
  return Object.entries(probes)
    .filter(([, result]) => result.includes("OPEN"))
    .map(([name, result]) => `${name}: ${result}`);
}

beforeAll(async () => {
  await build({
    entryPoints: [`${ROOT}test/conformance/walker/walker-host.ts`],
    outfile: HOST,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "warning",
  });
});

describe.each(NODES)("with %s", (node) => {
  it.each(LEVELS)(
    "an adapter at the %s level reaches no native handle",
    async (level) => {
      const report = await walk(level, "closed", node);
      expect(report.failure).toBeUndefined();
      expect(report.hits).toEqual([]);
      expect(openProbes(report)).toEqual([]);
      // The walk was complete, and the network was in use.
      expect(report.left).toBe(0);
      expect(report.visited).toBeGreaterThan(3_000);
      expect(report.getters).toBeGreaterThan(10_000);
      expect(report.probes).toMatchObject({ fetch: "made", "long body": "read", WebSocket: "closed", TCP: "echoed" });
      expect(Object.values(report.probes)).not.toContain("no answer");
    },
    TIMEOUT_MS,
  );
});

it.each(Object.keys(OPENINGS))(
  "the walker finds the handle in a worker that is opened by %s",
  async (opening) => {
    const report = await walk("worker", opening);
    expect(report.failure).toBeUndefined();
    expect([...report.hits, ...openProbes(report)]).not.toEqual([]);
  },
  TIMEOUT_MS,
);

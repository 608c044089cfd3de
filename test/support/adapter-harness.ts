/** Runs one adapter source as a connector on a real worker thread, and records its fills and states. */
import { mkdtempSync, readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ALLOWED_BUILTINS } from "../../src/protocol/messages.ts";
import type { Clock } from "../../src/domain/ports.ts";
import { bundleAdapter } from "../../src/host/bundle.ts";
import { Connector } from "../../src/host/connector.ts";
import type { ConnectorOptions } from "../../src/host/connector-options.ts";
import { openStore } from "../../src/host/connector-store.ts";
import { handleAdapterRequest } from "../../src/host/incoming-fills.ts";
import { startProcess } from "../../src/host/process-transport.ts";
import { type Transport, startWorker } from "../../src/host/transport.ts";
import { residentMb } from "../../src/app/processes.ts";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type QuietLog, quietLog } from "./quiet-log.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const WORKER_TEXT = readFileSync(`${ROOT}dist/sandbox/adapter-worker.cjs`, "utf8");

/** Source of an adapter with the seven required methods; `more` overrides them. */
export function adapterSource(more: string, head = ""): string {
  return `
import { VenueRejection, NotSent } from "@qoc-app/sdk";
${head}
export default class Adapter {
  ctx: any;
  async connect(ctx: any) { this.ctx = ctx; }
  async disconnect() {}
  async getQuote(symbol: string) { return { symbol, bid: 99, ask: 101, timestamp: 1_700_000_000_000 }; }
  async getPositions() { return []; }
  async getBuyingPower() { return 1000; }
  async placeOrder(order: any): Promise<any> { return { venueOrderId: "v-" + order.clientOrderId, status: "acknowledged" }; }
  async cancelOrder(id: string) {}
${more}
}
`;
}

export interface AdapterHarness {
  readonly connector: Connector;
  readonly log: QuietLog;
  readonly fills: unknown[];
  readonly states: { state: string; reason: string | undefined }[];
  /** Resolves when the connector is in the given state. */
  reached(state: string): Promise<void>;
  readonly dir: string;
}

export interface AdapterHarnessOptions {
  readonly secrets?: Record<string, string>;
  readonly options?: Record<string, unknown>;
  readonly hosts?: readonly string[];
  readonly tcp?: readonly string[];
  readonly memoryMb?: number;
  readonly isolation?: "worker" | "process";
  readonly trusted?: ConnectorOptions["acceptedDigest"];
  readonly redact?: (text: string) => string;
  /** Handles the adapter's requests instead of the store. */
  readonly onAsk?: ConnectorOptions["onRequest"];
  readonly clock?: Clock;
  readonly onFills?: ConnectorOptions["onFills"];
  /** Path of the adapter to load instead of the source. */
  readonly file?: string;
}

const EMPTY = mkdtempSync(join(tmpdir(), "qoc-empty-"));

function startLife({ isolation, memoryMb = 64, clock = systemClock }: AdapterHarnessOptions): Transport {
  return isolation === "process"
    ? startProcess({ text: WORKER_TEXT, memoryMb, cwd: EMPTY, clock, residentMb })
    : startWorker({ text: WORKER_TEXT, name: "harness", memoryMb });
}

export async function adapterHarness(source: string, given: AdapterHarnessOptions = {}): Promise<AdapterHarness> {
  const dir = await mkdtemp(join(tmpdir(), "qoc-harness-"));
  const file = given.file ?? join(dir, "adapter.ts");
  if (given.file === undefined) await writeFile(file, source);
  const disk = nodeDisk();
  const log = quietLog();
  const fills: unknown[] = [];
  const states: AdapterHarness["states"] = [];
  const waiting = new Set<() => void>();
  const connector = new Connector({
    name: "harness",
    clock: given.clock ?? systemClock,
    log,
    random: () => 0.5,
    bundle: () =>
      bundleAdapter({
        connector: "harness",
        adapter: file,
        disk,
        allowed: ALLOWED_BUILTINS,
        tcp: (given.tcp ?? []).length > 0,
      }),
    acceptedDigest: () => given.trusted?.(),
    quarantineReason: () => undefined,
    redact: given.redact ?? ((text) => text),
    secrets: () => Promise.resolve(given.secrets ?? {}),
    options: given.options ?? {},
    ...(given.hosts === undefined ? {} : { hosts: given.hosts }),
    tcp: given.tcp ?? [],
    transport: () => startLife(given),
    onFills: async (generation, batch) => {
      await given.onFills?.(generation, batch);
      fills.push(...batch);
    },
    onRequest: given.onAsk ?? handleAdapterRequest(openStore(disk, join(dir, "store")), () => Promise.resolve([])),
    onState: (state, reason) => {
      states.push({ state, reason });
      for (const wake of waiting) wake();
    },
  });
  const reached = (state: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (connector.facts.state !== state) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { connector, log, fills, states, reached, dir };
}

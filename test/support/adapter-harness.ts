/** Runs an adapter (a source text or a file) in a real worker, and records its fills, states and log. */
import { mkdtempSync, readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NetworkPolicy } from "../../src/protocol/egress-messages.ts";
import { ALLOWED_BUILTINS } from "../../src/protocol/limits.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { Clock, FillBatch } from "../../src/domain/ports.ts";
import type { VenueActivity, VenueFill, VenueQuote, VenueReport } from "../../src/domain/market/venue.ts";
import { createRequestHandler } from "../../src/host/adapter-requests.ts";
import { bundleAdapter } from "../../src/host/bundle.ts";
import { Connector } from "../../src/host/connector.ts";
import type { ConnectorOptions } from "../../src/host/connector-options.ts";
import { openStore } from "../../src/host/connector-store.ts";
import { type Egress, openEgress } from "../../src/host/egress.ts";
import { startProcess } from "../../src/host/process-transport.ts";
import { type Transport, startWorker } from "../../src/host/transport.ts";
import { TurnSlices } from "../../src/host/turn-slices.ts";
import { residentMb } from "../../src/app/processes.ts";
import type { ProcessSandbox } from "../../src/host/process-sandbox.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { PLAIN } from "./process-sandbox.ts";
import { type QuietLog, quietLog } from "./quiet-log.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const WORKER_TEXT = readFileSync(`${ROOT}dist/sandbox/adapter-worker.cjs`, "utf8");

/** An adapter with the seven required methods. `methods` are added to it and override them. */
export function adapterSource(methods: string, head = ""): string {
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
${methods}
}
`;
}

export interface AdapterHarness {
  readonly connector: Connector;
  readonly log: QuietLog;
  readonly fills: VenueFill[];
  readonly pushed: {
    readonly reports: VenueReport[];
    readonly activities: VenueActivity[];
    readonly quotes: VenueQuote[];
  };
  readonly states: { state: string; reason: string | undefined }[];
  /** Resolves when the connector is in that state. */
  reached(state: string): Promise<void>;
  readonly dir: string;
}

export interface AdapterHarnessOptions {
  readonly secrets?: Record<string, string>;
  readonly options?: Record<string, unknown>;
  readonly hosts?: readonly string[];
  readonly tcp?: readonly string[];
  readonly proxy?: string;
  /** PEM texts. */
  readonly certificates?: readonly string[];
  /** Replaces the worker's code. */
  readonly workerText?: string;
  /** Replaces the shared egress thread. */
  readonly egress?: Egress;
  readonly memoryMb?: number;
  readonly isolation?: "worker" | "process";
  /** How a process is started; plainly by default. */
  readonly sandbox?: ProcessSandbox;
  readonly trusted?: ConnectorOptions["acceptedDigest"];
  readonly redact?: (text: string) => string;
  /** Replaces the store and the bars. */
  readonly requestHandler?: ConnectorOptions["requestHandler"];
  readonly clock?: Clock;
  /** Called with each batch before it is recorded in `fills`. */
  readonly onFills?: (batch: FillBatch) => Promise<void>;
  /** An adapter file, used instead of the source text. */
  readonly file?: string;
}

const EMPTY_DIR = mkdtempSync(join(tmpdir(), "qoc-empty-"));

/** One egress thread for all harnesses of a test file, as in a desk. */
export const sharedEgress: Egress = openEgress(`${ROOT}dist/sandbox/egress-thread.cjs`);

async function startTransport(options: AdapterHarnessOptions, network: NetworkPolicy): Promise<Transport> {
  const {
    isolation,
    memoryMb = 64,
    clock = systemClock,
    egress = sharedEgress,
    workerText: text = WORKER_TEXT,
    sandbox = PLAIN,
  } = options;
  return isolation === "process"
    ? startProcess({ text, memoryMb, cwd: EMPTY_DIR, clock, ids: systemIds, sandbox, residentMb, egress, network })
    : startWorker({ text, name: "harness", memoryMb, egress: egress.connect(network) });
}

export async function adapterHarness(source: string, options: AdapterHarnessOptions = {}): Promise<AdapterHarness> {
  const dir = await mkdtemp(join(tmpdir(), "qoc-adapter-"));
  const file = options.file ?? join(dir, "adapter.ts");
  if (options.file === undefined) await writeFile(file, source);
  const disk = nodeDisk();
  const log = quietLog();
  const fills: VenueFill[] = [];
  const states: AdapterHarness["states"] = [];
  const pushed: AdapterHarness["pushed"] = { reports: [], activities: [], quotes: [] };
  const waiters = new Set<() => void>();
  const connector = new Connector({
    name: "harness" as ConnectorName,
    clock: options.clock ?? systemClock,
    log,
    random: () => 0.5,
    bundle: () =>
      bundleAdapter({
        connector: "harness",
        adapter: file,
        disk,
        allowed: ALLOWED_BUILTINS,
        tcp: (options.tcp ?? []).length > 0,
      }),
    acceptedDigest: () => options.trusted?.(),
    quarantineReason: () => undefined,
    redact: options.redact ?? ((text) => text),
    redactOwn: options.redact ?? ((text) => text),
    secrets: () => Promise.resolve(options.secrets ?? {}),
    options: options.options ?? {},
    hosts: options.hosts,
    tcp: options.tcp ?? [],
    proxy: options.proxy,
    certificates: () => Promise.resolve(options.certificates ?? []),
    transport: (network) => startTransport(options, network),
    slices: new TurnSlices(options.clock ?? systemClock),
    fillSink: {
      accept: async (batch) => {
        await options.onFills?.(batch);
        fills.push(...batch.fills);
      },
    },
    pushSink: {
      reports: (reports) => Promise.resolve(void pushed.reports.push(...reports)),
      activities: (activities) => Promise.resolve(void pushed.activities.push(...activities)),
      quotes: (quotes) => void pushed.quotes.push(...quotes),
    },
    requestHandler:
      options.requestHandler ??
      createRequestHandler({
        clock: options.clock ?? systemClock,
        store: openStore(disk, join(dir, "store"), options.clock ?? systemClock),
        bars: () => Promise.resolve([]),
        source: undefined,
      }),
    onStateChange: ({ state, reason }) => {
      states.push({ state, reason });
      for (const check of waiters) check();
    },
  });
  const reached = (state: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (connector.status.state !== state) return;
        waiters.delete(check);
        resolve();
      };
      waiters.add(check);
      check();
    });
  return { connector, log, fills, pushed, states, reached, dir };
}

/** A valid fill in the form that adapters emit. */
export function sampleFill(fillId: string) {
  return {
    fillId,
    venueOrderId: "v",
    symbol: "X",
    side: "buy",
    quantity: "1",
    price: "1",
    timestamp: 1_700_000_000_000,
  };
}

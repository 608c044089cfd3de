/** Builds each configured connector from its parts: bundle, secrets, store, transport. */
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import { ALLOWED_BUILTINS } from "../protocol/limits.ts";
import type { Capabilities } from "../domain/sdk.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { VenueConnection } from "../domain/market/venue.ts";
import type { ConnectorRecord } from "../domain/desk-state.ts";
import type { Clock, Disk, FillSink, Ids, Log, PushSink } from "../domain/ports.ts";
import { createRequestHandler } from "../host/adapter-requests.ts";
import type { Digest } from "../domain/ids.ts";
import { type Bundle, type BundleRequest, bundleAdapter } from "../host/bundle.ts";
import { readCertificates } from "../host/certificates.ts";
import { Connector } from "../host/connector.ts";
import type { ConnectorOptions } from "../host/connector-options.ts";
import { openStore } from "../host/connector-store.ts";
import type { Egress } from "../host/egress.ts";
import type { ExchangeRequest } from "../host/exchange-module.ts";
import type { ProcessSandbox } from "../host/process-sandbox.ts";
import { startProcess } from "../host/process-transport.ts";
import type { SecretStore } from "../host/secrets.ts";
import type { Slots } from "../lib/slots.ts";
import type { TurnSlices } from "../host/turn-slices.ts";
import { type Transport, startWorker } from "../host/transport.ts";
import type { QuoteSource } from "../domain/sdk.ts";
import type { BarStore } from "../workspace/bars.ts";
import { builtInType, hasOthersCode } from "../workspace/built-in-types.ts";
import type { ConnectorConfig } from "../workspace/config.ts";
import { LAYOUT, bundleFolder } from "../workspace/layout.ts";
import type { ConnectorLevels } from "./connector-levels.ts";
import { residentMb } from "./processes.ts";

export interface ConnectorDeps {
  readonly root: string;
  readonly home: string;
  readonly packageRoot: string;
  readonly disk: Disk;
  readonly bars: BarStore;
  /** What the connector of this name quotes. */
  readonly sourceOf: (connector: string) => QuoteSource;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly secrets: SecretStore;
  readonly workerText: string;
  readonly egress: Egress;
  /** Path of the file that NODE_EXTRA_CA_CERTS names. */
  readonly extraCertificates?: string | undefined;
  /** How processes are started on this machine. */
  readonly sandbox: () => Promise<ProcessSandbox>;
  readonly levels: ConnectorLevels;
  readonly admit: (config: ConnectorConfig, capabilities: Capabilities) => Promise<void>;
  /** An empty folder: where a connector's process finds itself. */
  readonly emptyDir: string;
  /**
   * The journal's record of a connector: the adapter file accepted last, the account, and the reason of a quarantine by
   * the operator.
   */
  readonly recordOf: (
    connector: string,
  ) => Pick<ConnectorRecord, "adapterDigest" | "accountId" | "quarantineReason"> | undefined;
  /** The other connector that trades the account that this one reached. */
  readonly accountTakenBy: (connector: string, found: VenueConnection) => string | undefined;
  /** The digest of the adapter file that the live key signed. */
  readonly signedCode: (connector: string) => Digest | undefined;
  readonly isLive: (config: ConnectorConfig) => boolean;
  /** Gets the author's own files of each bundle. */
  readonly onSources: (connector: string, paths: readonly string[]) => void;
  readonly fillSink: FillSink;
  readonly pushSink: PushSink;
  readonly slices: TurnSlices;
  readonly starts: Slots;
  readonly onStateChange: ConnectorOptions["onStateChange"];
}

/** For a connector whose table states no memory_mb. */
export const MEMORY_MB = 256;
const GRANT_TCP = "tcp:";

export function adapterPath(packageRoot: string, config: ConnectorConfig): string {
  const folder = config.quotes === undefined ? config.type : `${config.type}-on-quotes`;
  return config.adapter ?? `${packageRoot}/connectors/${folder}/index.ts`;
}

/** The addresses that a connector may connect to by TCP. */
export function tcpOf({ grant }: ConnectorConfig): readonly string[] {
  return grant.filter((entry) => entry.startsWith(GRANT_TCP)).map((entry) => entry.slice(GRANT_TCP.length));
}

/** The exchange of a built-in ccxt connector. The package is the user's, in the desk's folder or beside Qoc. */
export function exchangeOf(
  { type, adapter, options }: ConnectorConfig,
  folders: readonly string[],
): ExchangeRequest | undefined {
  const { exchange } = options;
  const isBuiltIn = type === "ccxt" && adapter === undefined;
  return isBuiltIn && typeof exchange === "string" ? { id: exchange, folders } : undefined;
}

type BundleDeps = Pick<ConnectorDeps, "root" | "home" | "packageRoot" | "disk">;

/** @throws ADAPTER_MISSING, ADAPTER_BUNDLE. */
export function bundleOf(
  { root, home, packageRoot, disk }: BundleDeps,
  config: ConnectorConfig,
  more: Pick<BundleRequest, "signal" | "onSources" | "cacheDir"> = {},
): Promise<Bundle> {
  return bundleAdapter({
    connector: config.name,
    adapter: adapterPath(packageRoot, config),
    disk,
    allowed: ALLOWED_BUILTINS,
    tcp: tcpOf(config).length > 0,
    exchange: exchangeOf(config, [root, packageRoot]),
    packages: { wanted: builtInType(config)?.packages ?? [], folder: root },
    cacheDir: bundleFolder(home),
    ...more,
  });
}

/** The digest of the adapter file as it is now; undefined if it cannot be bundled. */
export function codeOf(deps: BundleDeps, config: ConnectorConfig): Promise<Digest | undefined> {
  return bundleOf(deps, config).then(
    ({ digest }) => digest,
    () => undefined,
  );
}

/** A number from 0 to 1. */
export function randomShare(ids: Ids): number {
  return Number.parseInt(ids.random(4), 16) / 0xff_ff_ff_ff;
}

export function openConnector(deps: ConnectorDeps, config: ConnectorConfig): Connector {
  const { root, disk, clock, ids, secrets } = deps;
  const log = deps.log.with({ connector: config.name });
  const store = openStore(disk, `${root}/${LAYOUT.connectors}/${config.name}`, clock);
  const tcp = tcpOf(config);
  const needsSignature = (): boolean => hasOthersCode(config) && deps.isLive(config);
  return new Connector({
    name: config.name,
    clock,
    log,
    random: () => randomShare(ids),
    bundle: (signal) => bundleOf(deps, config, { signal, onSources: (paths) => deps.onSources(config.name, paths) }),
    // A built-in adapter changes with each version of Qoc: its digest is compared if it runs packages of the user, and
    // real money depends on them.
    acceptedDigest: () =>
      config.adapter !== undefined || needsSignature()
        ? (deps.signedCode(config.name) ?? deps.recordOf(config.name)?.adapterDigest)
        : undefined,
    needsSignature,
    quarantineReason: () => deps.recordOf(config.name)?.quarantineReason,
    secrets: () => secrets.resolve(config.name, config.auth),
    redact: secrets.redact,
    redactOwn: (text) => secrets.redactOwn(config.name, text),
    options: config.options,
    accountId: () => deps.recordOf(config.name)?.accountId,
    accountTakenBy: (found) => (config.orders ? deps.accountTakenBy(config.name, found) : undefined),
    mode: config.mode,
    hosts: config.hosts,
    dataOnly: !config.orders,
    tcp,
    proxy: config.proxy,
    certificates: () => readCertificates(disk, config.name, certificateFiles(deps, config)),
    transport: (network) => startTransport(deps, config, network),
    fillSink: deps.fillSink,
    pushSink: deps.pushSink,
    slices: deps.slices,
    starts: deps.starts,
    requestHandler: createRequestHandler({
      clock: deps.clock,
      store,
      bars: (symbol) => deps.bars.read(symbol),
      source: config.quotes === undefined ? undefined : deps.sourceOf(config.quotes),
    }),
    onStateChange: deps.onStateChange,
    admit: (capabilities) => deps.admit(config, capabilities),
  });
}

/** Both isolation levels run the same worker text over the same protocol. */
async function startTransport(
  deps: ConnectorDeps,
  config: ConnectorConfig,
  network: NetworkPolicy,
): Promise<Transport> {
  const { workerText: text, emptyDir: cwd, clock, ids, levels } = deps;
  const memoryMb = config.memoryMb ?? MEMORY_MB;
  const { level } = levels.levelOf(config);
  const sandbox = level === "process" ? await deps.sandbox() : undefined;
  const { egress } = deps;
  if (sandbox === undefined) {
    levels.place(config, { sandbox, failure: undefined });
    return startWorker({ text, name: config.name, memoryMb, egress: egress.connect(network) });
  }
  const onStart = (failure: string | undefined): void => levels.place(config, { sandbox, failure });
  try {
    return await startProcess({ text, memoryMb, cwd, clock, ids, sandbox, residentMb, egress, network, onStart });
  } catch (error) {
    levels.place(config, { sandbox, failure: messageOf(error) });
    throw error;
  }
}

/**
 * With a file of its own, Node trusts only what is passed to it, so the file of NODE_EXTRA_CA_CERTS is passed as well.
 */
function certificateFiles({ extraCertificates }: ConnectorDeps, { ca }: ConnectorConfig): readonly string[] {
  return [extraCertificates, ca].filter((path) => path !== undefined);
}

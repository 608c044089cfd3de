/** `qoc connect`: connects a new connector once, without orders, and appends its table to desk.toml. */
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { usageError } from "../commands/command.ts";
import type { ConnectRequest, ConnectedVenue } from "../commands/connected-venue.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Progress } from "../domain/ports.ts";
import type { Digest } from "../domain/ids.ts";
import type { Mode } from "../domain/market/venue.ts";
import { Connector } from "../host/connector.ts";
import { openEgress } from "../host/egress.ts";
import type { ProcessSandbox } from "../host/process-sandbox.ts";
import { findExchange } from "../host/exchange-module.ts";
import { startProcess } from "../host/process-transport.ts";
import { type SecretStore, openSecretStore } from "../host/secrets.ts";
import { startWorker } from "../host/transport.ts";
import { TurnSlices } from "../host/turn-slices.ts";
import { openVenueClient } from "../host/venue-client.ts";
import { unlessAborted } from "../lib/aborted.ts";
import { accountTaken } from "../trading/account/account-owner.ts";
import { readPublicKeys } from "../trading/keys/operator-keys.ts";
import type { RecordedDesk } from "../trading/recorded-desk.ts";
import { removeFolder } from "./remove-folder.ts";
import { tablesOf } from "../workspace/accepted-config.ts";
import { builtInType } from "../workspace/built-in-types.ts";
import { CONFIG_BYTES_MAX, type ConnectorConfig, type DeskConfig } from "../workspace/config.ts";
import { connectorTable, secretVariables, withConnector } from "../workspace/connector-table.ts";
import { LAYOUT, globalConfigPath, keyPath, readDeskId } from "../workspace/layout.ts";
import { takeLock } from "../workspace/lock.ts";
import { missingForLive } from "./live-requirements.ts";
import { MEMORY_MB, bundleOf, exchangeOf, tcpOf } from "./open-connectors.ts";
import type { DeskOptions } from "./open-desk.ts";
import { nodeProcesses, residentMb } from "./processes.ts";
import { readRecordedDesk } from "./read-recorded-desk.ts";

export interface ConnectDeps extends Pick<
  DeskOptions,
  "root" | "packageRoot" | "version" | "disk" | "clock" | "ids" | "env" | "home"
> {
  readonly sandbox: () => Promise<ProcessSandbox>;
}

/**
 * Connects once, or writes the table if the request has the digest of the desk.toml that was shown.
 * @throws USAGE, CONNECTOR_EXISTS, CONNECT_SECRETS, CONNECT_FAILED, CONNECT_NOT_WRITTEN, and the problems of desk.toml.
 */
export async function connectVenue(
  deps: ConnectDeps,
  request: ConnectRequest,
  progress: Progress,
): Promise<ConnectedVenue> {
  if (request.digest !== undefined) return writeTable(deps, request);
  const { facts, config } = await extendConfig(deps, request);
  const connector = config.connectors.at(-1);
  if (connector === undefined) throw new QocError("INTERNAL", { message: "the new connector is not in desk.toml" });
  const secrets = openSecretStore(deps.disk, deps.env);
  await requireExchange(deps, connector, request);
  if (request.lacks !== undefined) throw usageError("connect", request.lacks);
  requireSecrets(deps, request);
  progress.line(`connecting ${request.name} once, without orders`);
  const reached = await reach({ ...deps, secrets }, { connector, request, progress });
  const missing = reached.mode === "live" ? await missingNow(deps, config, connector) : [];
  return { ...facts, ...reached, missing, isWritten: false };
}

/** Reads desk.toml, and what it would be with the connector. */
async function extendConfig(deps: ConnectDeps, request: ConnectRequest) {
  const { disk, root } = deps;
  const path = `${root}/${LAYOUT.config}`;
  const before = await disk.readText(path, CONFIG_BYTES_MAX);
  const { line, text, config } = withConnector({ path, text: before }, request, await globalFile(deps));
  const facts = {
    name: request.name,
    type: request.type,
    secrets: secretVariables(request).map(({ variable }) => variable),
    table: connectorTable(request),
    line,
    digest: digestOf(before),
    settings: tablesOf(config, root).connector.at(-1) ?? {},
  };
  return { path, facts, text, config };
}

/** One process at a time reads desk.toml and replaces it, so that two of them lose no table. */
async function writeTable(deps: ConnectDeps, request: ConnectRequest): Promise<ConnectedVenue> {
  const { disk, root, ids } = deps;
  const refuse = (reason: string): never => {
    throw new QocError("CONNECT_NOT_WRITTEN", { reason, next: `type again: ${request.again}` });
  };
  const owner = { root, nonce: ids.random(8), processes: nodeProcesses };
  const lock = await takeLock(disk, `${root}/${LAYOUT.state}/connect.lock`, owner).catch((error: unknown) => {
    if (error instanceof QocError && error.code === "LOCKED") return refuse("another qoc connect writes it now");
    throw error;
  });
  try {
    const { path, facts, text } = await extendConfig(deps, request);
    if (request.digest !== facts.digest) refuse("it was changed after the table was shown");
    await disk.writeAtomic(path, text, (await disk.facts(path))?.mode);
    return { ...facts, isWritten: true };
  } finally {
    await lock.release();
  }
}

async function globalFile({ disk, home }: ConnectDeps): Promise<{ path: string; text: string } | undefined> {
  const path = globalConfigPath(home);
  if ((await disk.facts(path)) === undefined) return undefined;
  return { path, text: await disk.readText(path, CONFIG_BYTES_MAX) };
}

/** Before the secrets: no key helps an exchange that ccxt does not have. @throws CONNECT_NOT_WRITTEN. */
async function requireExchange(
  deps: ConnectDeps,
  config: ConnectorConfig,
  { again, againWith }: ConnectRequest,
): Promise<void> {
  const request = exchangeOf(config, [deps.root, deps.packageRoot]);
  const found = request === undefined ? undefined : await findExchange(deps.disk, request);
  if (found === undefined || "path" in found) return;
  const { problem: reason, near } = found;
  const next = near === undefined ? again : againWith(near);
  throw new QocError("CONNECT_NOT_WRITTEN", { reason, next: `correct that, then type: ${next}` });
}

function requireSecrets({ env }: ConnectDeps, request: ConnectRequest): void {
  const missing = secretVariables(request)
    .map(({ variable }) => variable)
    .filter((variable) => (env[variable] ?? "") === "");
  if (missing.length === 0) return;
  const details = { connector: request.name, missing: missing.join(" and "), next: request.again };
  throw new QocError("CONNECT_SECRETS", details);
}

/** What a live connector lacks, so that the person reads it before the desk refuses to start it. */
async function missingNow(
  { disk, home, root }: ConnectDeps,
  { guards }: DeskConfig,
  connector: ConnectorConfig,
): Promise<readonly string[]> {
  const deskId = await readDeskId(disk, root);
  const { live } = await readPublicKeys(disk, keyPath(home, deskId), deskId);
  return missingForLive(connector, { isolation: connector.isolation, guards, hasLiveKey: live !== undefined });
}

type Reached = Pick<ConnectedVenue, "mode" | "environment" | "accountId" | "permissions" | "account" | "positions">;

interface Reach {
  readonly connector: ConnectorConfig;
  readonly request: ConnectRequest;
  readonly progress: Progress;
}

type ReachDeps = ConnectDeps & { readonly secrets: SecretStore };

/** Starts the connector, reads whom it reached and what is there, and stops it. */
async function reach(deps: ReachDeps, { connector: config, request, progress }: Reach): Promise<Reached> {
  const desk = await readRecordedDesk(deps, deps.root);
  const cwd = await mkdtemp(join(tmpdir(), "qoc-connect-"));
  const egress = openEgress(`${deps.packageRoot}/dist/sandbox/egress-thread.cjs`);
  const connector = openOnce(deps, { config, desk, progress, cwd, egress });
  try {
    return await unlessAborted(request.signal, readOnce(connector, config, deps.secrets));
  } catch (error) {
    if (request.signal.aborted) throw error;
    const message = deps.secrets.redact(reasonOf(error, config.name));
    const details = { connector: config.name, message, correct: likelyFault(config, request), next: request.again };
    throw new QocError("CONNECT_FAILED", details, { cause: error });
  } finally {
    await connector.stop();
    await egress.close();
    await removeFolder(cwd);
  }
}

/** What a person corrects: a connector without keys and without a network names its own fault. */
function likelyFault(config: ConnectorConfig, request: ConnectRequest): string {
  if (secretVariables(request).length > 0)
    return request.words.hosts === undefined ? "the keys or the network" : "the keys, --hosts or the network";
  return builtInType(config)?.hosts(config.options) === undefined ? "that" : "the address or the network";
}

const ADD_HOST = ": add it in desk.toml to allow it";

/** The first line, without what the error around it says too, and without the name of the error's class. */
function reasonOf(error: unknown, name: string): string {
  const [line = ""] = messageOf(error).split("\n");
  const prefix = ["connect: ", `connector ${name} refuses to connect: `, `connector ${name}: `];
  const reason = prefix.reduce((rest, words) => (rest.startsWith(words) ? rest.slice(words.length) : rest), line);
  // The flag of the command writes the host to desk.toml.
  return reason.replace(/^(?:NotSent|VenueRejection|RateLimited|\w*Error): /, "").replace(ADD_HOST, "");
}

interface OneSession {
  readonly config: ConnectorConfig;
  readonly desk: RecordedDesk;
  readonly progress: Progress;
  readonly cwd: string;
  readonly egress: ReturnType<typeof openEgress>;
}

function openOnce(deps: ReachDeps, { config, desk, progress, cwd, egress }: OneSession): Connector {
  const { clock, ids, secrets } = deps;
  const text = readFileSync(`${deps.packageRoot}/dist/sandbox/adapter-worker.cjs`, "utf8");
  const stored = new Map<string, unknown>();
  const quiet = (): void => undefined;
  const warn = (message: string): void => progress.line(secrets.redact(`${config.name}: ${message}`));
  const log = { debug: quiet, info: quiet, warn, error: quiet, with: () => log };
  return new Connector({
    name: config.name,
    clock,
    log,
    random: () => 0,
    bundle: (signal) => bundleOf(deps, config, { signal }),
    acceptedDigest: (): Digest | undefined => undefined,
    quarantineReason: () => undefined,
    secrets: () => secrets.resolve(config.name, config.auth),
    redact: secrets.redact,
    redactOwn: (text) => secrets.redactOwn(config.name, text),
    options: config.options,
    accountId: () => desk.state.connectors.get(config.name)?.accountId,
    accountTakenBy: (found) => accountTaken(desk, { name: config.name, found, connectors: new Map() }),
    mode: config.mode,
    hosts: config.hosts,
    dataOnly: !config.orders,
    tcp: tcpOf(config),
    transport: async (network) => {
      const common = { text, memoryMb: MEMORY_MB };
      if (config.isolation !== "process")
        return startWorker({ ...common, name: config.name, egress: egress.connect(network) });
      return startProcess({ ...common, cwd, clock, ids, sandbox: await deps.sandbox(), residentMb, egress, network });
    },
    // The desk reads these again when it starts the connector: this session keeps nothing.
    fillSink: { accept: () => Promise.resolve() },
    pushSink: { reports: () => Promise.resolve(), activities: () => Promise.resolve(), quotes: quiet },
    slices: new TurnSlices(clock),
    requestHandler: {
      handle: ({ operation, key, value }) => {
        if (operation === "bars") return desk.workspace.bars.read(key);
        if (operation === "quote" || operation === "instrument")
          return Promise.reject(new Error("the connector that quotes names runs in the desk alone"));
        if (operation === "put") stored.set(key, value);
        return Promise.resolve(operation === "get" ? stored.get(key) : undefined);
      },
    },
    onStateChange: quiet,
  });
}

async function readOnce(connector: Connector, { name, mode }: ConnectorConfig, secrets: SecretStore): Promise<Reached> {
  await connector.start();
  const { state, lastError, connection, capabilities } = connector.status;
  if (state !== "ready") throw new Error(secrets.redact(lastError ?? `it is ${state}`));
  const client = openVenueClient(new Map([[name, connector]]));
  const [account, positions] = [await client.account(name), await client.positions(name)];
  const stated: Mode = connection?.mode ?? capabilities.mode ?? mode ?? "unstated";
  return {
    mode: stated,
    environment: connection?.environment ?? null,
    accountId: connection?.accountId ?? null,
    permissions: connection?.permissions ?? null,
    account:
      account === undefined
        ? { currency: null, nav: null, cash: null, buyingPower: await client.buyingPower(name) }
        : { currency: account.currency, nav: account.nav, cash: account.cash, buyingPower: account.buyingPower },
    positions: positions.length,
  };
}

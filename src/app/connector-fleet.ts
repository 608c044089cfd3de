/**
 * Runs all connectors of a desk: starts them together, reconciles each with its venue, polls orders and accounts on
 * timers, and implements the desk's venue gateway.
 */
import type { Desk } from "../trading/desk.ts";
import { accountTaken } from "../trading/account/account-owner.ts";
import { forgetInstruments } from "../trading/market/instruments.ts";
import { markInterruptedUnknown, reconcileConnector } from "../trading/orders/reconcile.ts";
import { followActivities, recordActivities } from "../trading/account/record-activity.ts";
import { receiveReports } from "../trading/fills/record-report.ts";
import { recordFills } from "../trading/fills/record-fill.ts";
import { signedCode } from "../trading/config/desk-config.ts";
import type { ConnectorStatus, VenueGateway } from "../trading/market/venue-gateway.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { FillBatch, PushSink } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Mode } from "../domain/market/venue.ts";
import type { Connector } from "../host/connector.ts";
import type { ConnectorStateChange } from "../host/connector-options.ts";
import { inspectMethod } from "../host/inspect-method.ts";
import { VenueOutage } from "../host/restart-policy.ts";
import { Slots } from "../lib/slots.ts";
import { TurnSlices } from "../host/turn-slices.ts";
import { openVenueClient } from "../host/venue-client.ts";
import { hasOthersCode } from "../workspace/built-in-types.ts";
import type { ConnectorConfig, DeskConfig } from "../workspace/config.ts";
import { ConnectorLevels } from "./connector-levels.ts";
import { BackOff } from "../lib/back-off.ts";
import { ConnectorRounds } from "./connector-rounds.ts";
import { requireComplete } from "./live-requirements.ts";
import { quoteSource } from "../trading/market/quote-source.ts";
import { type ConnectorDeps, adapterPath, openConnector, randomShare } from "./open-connectors.ts";

export interface FleetOptions extends Omit<
  ConnectorDeps,
  | "fillSink"
  | "pushSink"
  | "onStateChange"
  | "accountTakenBy"
  | "recordOf"
  | "signedCode"
  | "isLive"
  | "onSources"
  | "levels"
  | "admit"
  | "slices"
  | "starts"
  | "sourceOf"
> {
  readonly config: DeskConfig;
  /** Runs the custom guards in a process of their own. Returns why that is not possible. */
  readonly moveGuards: () => Promise<string | undefined>;
}

export interface Fleet {
  readonly venues: VenueGateway;
  /** Whether a live connector is known to be enabled. */
  readonly isLive: boolean;
  /** Gives the connectors the desk that they report to. Does not start them. */
  attach(desk: Desk): Promise<void>;
  /** Starts all connectors; they load after `mayLoad`. Resolves when each is reconciled, or its first attempt fails. */
  start(mayLoad?: Promise<unknown>): Promise<void>;
  /** Starts connectors that are new in desk.toml. */
  add(connectors: readonly ConnectorConfig[]): void;
  /** Resolves as `start` for the connectors that were added. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const RECONCILE_AGAIN = { firstMs: 5_000, maxMs: 60_000 };
/** A hundred workers that start at once are each slower than the time limit of a start. */
const STARTS_AT_ONCE = 8;
const REASON_CHARS_MAX = 2_000;

export function openFleet(options: FleetOptions): Fleet {
  return new ConnectorFleet(options);
}

class ConnectorFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #connectors = new Map<string, Connector>();
  readonly #configs: ConnectorConfig[] = [];
  readonly #byName = new Map<string, ConnectorConfig>();
  readonly venues: VenueGateway;
  #desk: Desk | undefined;
  #isStopping = false;
  #adding = Promise.resolve();
  /** Connectors whose start or restart is under way: the code that started them reconciles them. */
  readonly #starting = new Set<string>();
  readonly #rounds: ConnectorRounds;
  /** Connectors that are being moved to a process. */
  readonly #moving = new Set<string>();
  readonly #levels: ConnectorLevels;
  readonly #slices: TurnSlices;
  readonly #starts = new Slots(0);
  /** Connectors that were live by the journal when the desk started. */
  readonly #wasLive = new Set<string>();
  /** The author's own files of each adapter, as far as they were read since the desk started. */
  readonly #sources = new Map<string, ReadonlySet<string>>();
  /** Connectors that the operator is putting into quarantine. */
  readonly #quarantining = new Set<string>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#levels = new ConnectorLevels({
      configs: this.#configs,
      adapterPath: (config) => adapterPath(options.packageRoot, config),
      builtInFolder: `${options.packageRoot}/connectors`,
      wasLive: ({ name }) => this.#wasLive.has(name),
    });
    this.#slices = new TurnSlices(options.clock);
    this.#rounds = new ConnectorRounds({
      clock: options.clock,
      log: options.log,
      markMs: options.config.uta.snapshotInterval * 1000,
      desk: () => this.#openDesk(),
      isStopping: () => this.#isStopping,
      random: () => randomShare(options.ids),
    });
    this.#open(options.config.connectors);
    const client = openVenueClient(this.#connectors);
    this.venues = {
      ...client,
      place: (order) => {
        if (this.#byName.get(order.terms.connector)?.orders === true) return client.place(order);
        return Promise.resolve({
          kind: "not-sent",
          reason: `${order.terms.connector} takes no orders (orders = false)`,
        });
      },
      status: () => this.#configs.map((config) => this.#fullStatus(config)),
      facts: (name) => {
        const config = this.#byName.get(name);
        return config === undefined ? undefined : { ...this.#statusOf(config), mode: this.#mode(config) };
      },
      sources: (name) => [...(this.#sources.get(name) ?? [])],
      inspect: async (name, method, words) => {
        return inspectMethod(this.#connectorOf(name), name, { method, words, clock: options.clock });
      },
      restart: (name) => this.#restart(name),
      cutOff: async (name, reason) => this.#connectors.get(name)?.quarantine(reason),
      quarantine: (name, reason) => this.#quarantine(name, reason),
    };
  }

  #open(connectors: readonly ConnectorConfig[]): readonly ConnectorConfig[] {
    const enabled = connectors.filter((config) => config.enabled);
    for (const config of enabled) {
      const parts: ConnectorDeps = {
        ...this.#options,
        slices: this.#slices,
        starts: this.#starts,
        levels: this.#levels,
        admit: (connector, capabilities) => this.#admit(connector, capabilities),
        fillSink: { accept: (batch) => this.#acceptFills(config, batch) },
        pushSink: this.#pushSink(config),
        onStateChange: (change) => this.#recordState(config, change),
        recordOf: (name) => this.#openDesk().state.connectors.get(name),
        accountTakenBy: (name, found) => accountTaken(this.#openDesk(), { name, found, connectors: this.#connectors }),
        signedCode: (name) => signedCode(this.#openDesk().state, name),
        isLive: (connector) => this.#mode(connector) === "live",
        sourceOf: (name) => quoteSource(() => this.#openDesk(), name),
        onSources: (name, paths) => this.#sources.set(name, new Set([...(this.#sources.get(name) ?? []), ...paths])),
      };
      this.#configs.push(config);
      this.#levels.add(config);
      this.#byName.set(config.name, config);
      this.#connectors.set(config.name, openConnector(parts, config));
    }
    return enabled;
  }

  async attach(desk: Desk): Promise<void> {
    this.#desk = desk;
    for (const [name, { mode }] of desk.state.connectors) if (mode === "live") this.#wasLive.add(name);
    if (desk.readOnly() === undefined) await markInterruptedUnknown(desk);
  }

  get isLive(): boolean {
    return this.#levels.live !== undefined;
  }

  start(mayLoad: Promise<unknown> = Promise.resolve()): Promise<void> {
    void mayLoad.then(() => this.#starts.add(STARTS_AT_ONCE));
    return this.#start(this.#configs);
  }

  add(connectors: readonly ConnectorConfig[]): void {
    if (this.#isStopping) return;
    const starting = this.#start(this.#open(connectors));
    this.#adding = this.#adding.then(() => starting);
  }

  settled(): Promise<void> {
    return this.#adding;
  }

  async #start(configs: readonly ConnectorConfig[]): Promise<void> {
    const starts = configs.map((config) =>
      this.#startAndReconcile(config, () => this.#connectors.get(config.name)?.start()),
    );
    // The rounds of one connector do not wait for the start of another.
    for (const { name } of configs) this.#rounds.start(name);
    await Promise.all(starts);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#connectors.values()].map((connector) => connector.stop()));
  }

  async #restart(name: string): Promise<void> {
    const config = this.#byName.get(name);
    const connector = this.#connectors.get(name);
    if (config === undefined || connector === undefined)
      throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: "" });
    // A file that may not be loaded must not stop the session that runs.
    if (hasOthersCode(config) && this.#mode(config) === "live") await connector.checkFile();
    this.#openDesk().fillBudgets.reset(name);
    await this.#startAndReconcile(config, () => connector.restart());
  }

  async #quarantine(name: string, reason: string): Promise<void> {
    this.#quarantining.add(name);
    try {
      await this.#connectors.get(name)?.quarantine(reason);
    } finally {
      this.#quarantining.delete(name);
    }
  }

  async #startAndReconcile(config: ConnectorConfig, start: () => Promise<void> | undefined): Promise<void> {
    this.#starting.add(config.name);
    try {
      await start();
    } finally {
      this.#starting.delete(config.name);
      this.#levels.settle(config.name);
    }
    await this.#reconcile(config);
  }

  /**
   * Called when an adapter has said what it is, before it connects. A live connector starts when no code of others is
   * left in the desk's process. @throws VenueOutage otherwise.
   */
  async #admit(config: ConnectorConfig, capabilities: Capabilities): Promise<void> {
    const levels = this.#levels;
    levels.report(config, capabilities);
    if (levels.live === undefined) return;
    for (const other of this.#configs) if (other !== config && levels.isMisplaced(other)) this.#move(other);
    if (levels.isMisplaced(config)) throw new VenueOutage(`it moves to a process of its own: ${levels.live} is live`);
    if (!levels.isLive(config)) return;
    await requireComplete(this.#openDesk(), config, levels.levelOf(config).level);
    const obstacle = (await this.#options.moveGuards()) ?? (await levels.obstacle());
    if (obstacle !== undefined) throw new VenueOutage(`it is live and cannot start: ${obstacle}`);
  }

  #move({ name }: ConnectorConfig): void {
    if (this.#moving.has(name)) return;
    this.#moving.add(name);
    this.#options.log.info(`connector ${name} moves to a process of its own: ${this.#levels.live ?? ""} is live`);
    void this.#connectors
      .get(name)
      ?.move()
      .finally(() => this.#moving.delete(name));
  }

  #openDesk(): Desk {
    if (this.#desk === undefined)
      throw new QocError("INTERNAL", { message: "a connector called the desk before it was open" });
    return this.#desk;
  }

  #fullStatus(config: ConnectorConfig): ConnectorStatus {
    const status = this.#statusOf(config);
    const problem = this.#desk?.market.reconcileProblems.get(config.name);
    return {
      name: config.name,
      type: config.type,
      mode: this.#mode(config),
      orders: config.orders,
      ...this.#levels.shown(config),
      adapter: adapterPath(this.#options.packageRoot, config),
      ...status,
      // The problem of now; an error of an earlier session may be left.
      lastError: problem ?? status.lastError,
      ...(problem !== undefined && { comparisonFails: true }),
      ...this.#connectors.get(config.name)?.metrics,
    };
  }

  #statusOf(config: ConnectorConfig): Connector["status"] {
    return this.#connectorOf(config.name).status;
  }

  #connectorOf(name: string): Connector {
    const connector = this.#connectors.get(name);
    if (connector === undefined) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: "" });
    return connector;
  }

  /**
   * The mode in desk.toml, else the mode that the adapter reports. Before an adapter reports one, only the built-in
   * paper venue is paper.
   */
  #mode(config: ConnectorConfig): Mode {
    // If either is live, the mode is live: desk.toml must not make an account with real money look like paper.
    if (config.mode === "live" || this.#levels.saysLive(config)) return "live";
    // Once live, it stays live until the live key signs otherwise.
    if (this.#desk?.state.config.livePins.has(config.name) === true) return "live";
    return (
      config.mode ??
      this.#statusOf(config).capabilities.mode ??
      (config.adapter === undefined && config.type === "paper" ? "paper" : "unstated")
    );
  }

  async #acceptFills({ name }: ConnectorConfig, batch: FillBatch): Promise<void> {
    const newFills = await recordFills(this.#openDesk(), batch);
    if (newFills > 0) this.#rounds.markSoon(name);
  }

  #pushSink({ name }: ConnectorConfig): PushSink {
    return {
      reports: async (reports) => {
        const outcome = await receiveReports(this.#openDesk(), name, reports);
        if (outcome.hasChanges) this.#rounds.markSoon(name);
        if (outcome.hasUnmatched) this.#openDesk().market.followPace.soon(name);
        this.#rounds.closeGapsSoon(name, outcome.gaps);
      },
      activities: async (activities, unread) => {
        const fresh = await recordActivities(this.#openDesk(), name, activities, { unread });
        if (fresh > 0) this.#rounds.markSoon(name);
      },
      quotes: (quotes) => {
        const { clock, market } = this.#openDesk();
        for (const quote of quotes) market.quotes.keep(name, { ...quote, receivedMono: clock.monotonic() });
      },
    };
  }

  #recordState(config: ConnectorConfig, { state, reason }: ConnectorStateChange): void {
    const desk = this.#openDesk();
    if (state !== "ready") {
      desk.market.reconciled.delete(config.name);
      desk.market.reconcileProblems.delete(config.name);
      // Without its stream a connector does not say when a quote has changed.
      desk.market.quotes.forget(config.name);
    }
    if (state === "starting" || state === "restarting") forgetInstruments(desk, config.name);
    if (state === "stopped" || state === "quarantined" || state === "restarting") this.#levels.end(config.name);
    if (desk.readOnly() !== undefined) {
      // Otherwise the event has a line of its own.
      const fields = { connector: config.name, reason: reason?.split("\n")[0] };
      this.#options.log.info(`connector ${config.name}: ${state}`, fields);
      return;
    }
    const { digest, connection } = this.#statusOf(config);
    desk.publish({
      type: "connector.changed",
      connector: config.name,
      state,
      mode: this.#mode(config),
      reason: reason?.slice(0, REASON_CHARS_MAX),
      adapterDigest: digest,
      accountId: state === "ready" ? connection?.accountId : undefined,
      by: state === "quarantined" && this.#quarantining.has(config.name) ? "human" : undefined,
    });
    if (state === "degraded") this.#rounds.probeDegraded(config.name);
    // `start` and `restart` reconcile the connector themselves; every other change to ready is reconciled here.
    if (state === "ready" && !this.#starting.has(config.name)) void this.#reconcile(config);
  }

  /**
   * The gate blocks orders to this connector until the reconciliation succeeds. A failed one is repeated, more and more
   * rarely.
   */
  async #reconcile(config: ConnectorConfig, pauses = this.#reconcilePauses()): Promise<void> {
    const desk = this.#openDesk();
    if (this.#isStopping || desk.readOnly() !== undefined || this.#statusOf(config).state !== "ready") return;
    try {
      await reconcileConnector(desk, config.name);
      desk.market.reconcileProblems.delete(config.name);
      await followActivities(desk, config.name);
    } catch (error) {
      if (this.#isStopping) return;
      const { name } = config;
      const problem = messageOf(error);
      if (desk.market.reconcileProblems.get(name) !== problem)
        this.#options.log.error(`reconciling ${name}: ${problem}`, { connector: name });
      desk.market.reconcileProblems.set(name, problem);
      this.#options.clock.after(pauses.next(), () => void this.#reconcile(config, pauses));
    }
  }

  #reconcilePauses(): BackOff {
    return new BackOff({ ...RECONCILE_AGAIN, random: () => randomShare(this.#options.ids) });
  }
}

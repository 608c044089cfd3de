/** All connectors of a desk: started together, reconciled one by one, followed on timers, and shown as the desk's venues. */
import type { Desk } from "../trading/desk.ts";
import { markAccount } from "../trading/market-snapshot.ts";
import { markInterruptedUnknown, followOrders, reconcileConnector } from "../trading/reconcile.ts";
import { recordFills } from "../trading/record-fill.ts";
import type { ConnectorStatus, VenueGateway } from "../trading/venue-gateway.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { FillBatch } from "../domain/ports.ts";
import type { Mode } from "../domain/venue.ts";
import type { Connector, ConnectorStateChange } from "../host/connector.ts";
import { openVenueClient } from "../host/venue-client.ts";
import type { ConnectorConfig, DeskConfig } from "../workspace/config.ts";
import { type ConnectorDeps, adapterPath, openConnector } from "./open-connectors.ts";

export interface FleetOptions extends Omit<ConnectorDeps, "fillSink" | "onStateChange" | "remembered"> {
  readonly config: DeskConfig;
}

export interface Fleet {
  readonly venues: VenueGateway;
  /** Ties connectors to the desk; nothing is started yet. */
  attach(desk: Desk): Promise<void>;
  /** Starts all; resolves when each has come up or failed its first attempt, and those up are reconciled. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const RECONCILE_AGAIN_MS = 5_000;
const POLL_ORDERS_MS = 2_000;
const DEGRADED_PROBE_MS = 5_000;
const MARK_AFTER_FILL_MS = 100;

export function openFleet(options: FleetOptions): Fleet {
  return new ConnectorFleet(options);
}

class ConnectorFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #connectors = new Map<string, Connector>();
  readonly #configs: readonly ConnectorConfig[];
  readonly #byName: ReadonlyMap<string, ConnectorConfig>;
  readonly venues: VenueGateway;
  #desk: Desk | undefined;
  #isStopping = false;
  /** Connectors whose start somebody waits for. */
  readonly #awaited = new Set<string>();
  readonly #marking = new Set<string>();
  /** Connectors that the operator is putting into quarantine. */
  readonly #byHand = new Set<string>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#configs = options.config.connectors.filter((config) => config.enabled);
    this.#byName = new Map(this.#configs.map((config) => [config.name, config]));
    for (const config of this.#configs) {
      this.#connectors.set(
        config.name,
        openConnector(
          {
            ...options,
            fillSink: { accept: (batch) => this.#acceptFills(config, batch) },
            onStateChange: (change) => this.#changed(config, change),
            remembered: (name) => this.#attached().state.connectors.get(name),
          },
          config,
        ),
      );
    }
    const calls = openVenueClient(this.#connectors);
    this.venues = {
      ...calls,
      place: (order) => {
        if (this.#byName.get(order.terms.connector)?.orders === true) return calls.place(order);
        return Promise.resolve({
          kind: "not-sent",
          reason: `${order.terms.connector} takes no orders (orders = false)`,
        });
      },
      status: () => this.#configs.map((config) => this.#status(config)),
      facts: (name) => {
        const config = this.#byName.get(name);
        return config === undefined ? undefined : { ...this.#facts(config), mode: this.#mode(config) };
      },
      restart: (name) => this.#restart(name),
      quarantine: (name, reason) => this.#quarantine(name, reason),
    };
  }

  async attach(desk: Desk): Promise<void> {
    this.#desk = desk;
    if (desk.readOnly() === undefined) await markInterruptedUnknown(desk);
  }

  async start(): Promise<void> {
    await Promise.all(
      this.#configs.map((config) => this.#waited(config, () => this.#connectors.get(config.name)?.start())),
    );
    this.#every(POLL_ORDERS_MS, (config) => followOrders(this.#attached(), config.name));
    this.#every(
      this.#options.config.uta.snapshotInterval * 1000,
      async (config) => void (await markAccount(this.#attached(), config.name)),
    );
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
    await this.#waited(config, () => connector.restart());
  }

  async #quarantine(name: string, reason: string): Promise<void> {
    this.#byHand.add(name);
    try {
      await this.#connectors.get(name)?.quarantine(reason);
    } finally {
      this.#byHand.delete(name);
    }
  }

  async #waited(config: ConnectorConfig, begin: () => Promise<void> | undefined): Promise<void> {
    this.#awaited.add(config.name);
    try {
      await begin();
    } finally {
      this.#awaited.delete(config.name);
    }
    await this.#reconcile(config);
  }

  #attached(): Desk {
    if (this.#desk === undefined)
      throw new QocError("INTERNAL", { message: "a connector spoke before the desk was open" });
    return this.#desk;
  }

  #status(config: ConnectorConfig): ConnectorStatus {
    return {
      name: config.name,
      type: config.type,
      mode: this.#mode(config),
      orders: config.orders,
      isolation: config.isolation,
      adapter: adapterPath(this.#options.packageRoot, config),
      ...this.#facts(config),
      ...this.#connectors.get(config.name)?.metrics,
    };
  }

  #facts(config: ConnectorConfig): Connector["status"] {
    const connector = this.#connectors.get(config.name);
    if (connector === undefined) throw new QocError("CONNECTOR_UNKNOWN", { name: config.name, suggestion: "" });
    return connector.status;
  }

  /** desk.toml's word, else the connector's own; before the first handshake the book remembers. */
  #mode(config: ConnectorConfig): Mode {
    // Live from either side is live: a word in desk.toml cannot make real money paper.
    if (config.mode === "live" || this.#facts(config).capabilities.mode === "live") return "live";
    return (
      config.mode ??
      this.#facts(config).capabilities.mode ??
      (config.adapter === undefined && config.type === "paper" ? "paper" : "unstated")
    );
  }

  async #acceptFills(config: ConnectorConfig, batch: FillBatch): Promise<void> {
    const newFills = await recordFills(this.#attached(), batch);
    if (newFills > 0) this.#markSoon(config);
  }

  #changed(config: ConnectorConfig, { state, reason }: ConnectorStateChange): void {
    const desk = this.#attached();
    if (state !== "ready") desk.market.reconciled.delete(config.name);
    this.#options.log.info(`connector ${config.name}: ${state}`, {
      connector: config.name,
      ...(reason === undefined ? {} : { reason }),
    });
    if (desk.readOnly() !== undefined) return;
    const { digest } = this.#facts(config);
    desk.publish({
      type: "connector.changed",
      connector: config.name,
      state,
      mode: this.#mode(config),
      ...(reason === undefined ? {} : { reason: reason.slice(0, 2_000) }),
      ...(digest === undefined ? {} : { adapterDigest: digest }),
      ...(state === "quarantined" && this.#byHand.has(config.name) ? { by: "human" as const } : {}),
    });
    if (state === "degraded") this.#options.clock.after(DEGRADED_PROBE_MS, () => void this.#heal(config));
    // A start and a restart by hand wait for their reconciliation themselves; whatever else makes it ready is reconciled here.
    if (state === "ready" && !this.#awaited.has(config.name)) void this.#reconcile(config);
  }

  /** A fill changes cash and positions: the account is asked for again, once for a burst. */
  #markSoon(config: ConnectorConfig): void {
    if (this.#marking.has(config.name) || this.#isStopping) return;
    this.#marking.add(config.name);
    this.#options.clock.after(MARK_AFTER_FILL_MS, () => {
      this.#marking.delete(config.name);
      if (this.#isStopping || this.#facts(config).state !== "ready" || this.#attached().readOnly() !== undefined)
        return;
      markAccount(this.#attached(), config.name).catch((error: unknown) =>
        this.#options.log.warn(`account of ${config.name}: ${messageOf(error)}`),
      );
    });
  }

  /** Until it is done the gate admits nothing to this connector; a failure is tried again. */
  async #reconcile(config: ConnectorConfig): Promise<void> {
    const desk = this.#attached();
    if (this.#isStopping || desk.readOnly() !== undefined || this.#facts(config).state !== "ready") return;
    try {
      await reconcileConnector(desk, config.name);
    } catch (error) {
      this.#options.log.error(`reconciling ${config.name}: ${messageOf(error)}`, { connector: config.name });
      this.#options.clock.after(RECONCILE_AGAIN_MS, () => void this.#reconcile(config));
    }
  }

  /** A round of its own for each, so that none waits for another's venue. */
  #every(ms: number, work: (config: ConnectorConfig) => Promise<void>): void {
    const round = async (config: ConnectorConfig): Promise<void> => {
      if (this.#isStopping) return;
      const desk = this.#attached();
      if (desk.market.reconciled.has(config.name) && desk.readOnly() === undefined) {
        await work(config).catch((error: unknown) =>
          this.#options.log.warn(`${config.name}: ${messageOf(error)}`, { connector: config.name }),
        );
      }
      this.#options.clock.after(ms, () => void round(config));
    };
    for (const config of this.#configs) this.#options.clock.after(ms, () => void round(config));
  }

  /** One that had stopped answering is asked again and again: its first answer in time makes it ready. */
  async #heal(config: ConnectorConfig): Promise<void> {
    if (this.#isStopping || this.#facts(config).state !== "degraded") return;
    await this.venues.buyingPower(config.name).catch(() => undefined);
    if (this.#facts(config).state === "degraded")
      this.#options.clock.after(DEGRADED_PROBE_MS, () => void this.#heal(config));
  }
}

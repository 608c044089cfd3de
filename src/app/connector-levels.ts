/**
 * The level at which each connector runs. Once a live connector is enabled, every adapter that is not built in runs in
 * a process, and so do custom guards and built-in adapters that run packages of the user: code of others must not share
 * the process of the desk with real money.
 */
import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Capabilities } from "../domain/sdk.ts";
import { isWithin } from "../lib/path-containment.ts";
import type { ProcessSandbox } from "../host/process-sandbox.ts";
import { hasOthersCode } from "../workspace/built-in-types.ts";
import type { ConnectorConfig } from "../workspace/config.ts";

export type IsolationLevel = ConnectorConfig["isolation"];

export interface ConnectorLevelsOptions {
  /** The enabled connectors. */
  readonly configs: readonly ConnectorConfig[];
  /** Path of the connector's adapter. */
  readonly adapterPath: (config: ConnectorConfig) => string;
  /** The package's folder of connectors. */
  readonly builtInFolder: string;
  /** Whether the journal's last record of the connector says that it is live. */
  readonly wasLive: (config: ConnectorConfig) => boolean;
}

/** Where the last session of a connector was started. */
interface Placement {
  /** undefined: in a thread of the desk. */
  readonly sandbox: ProcessSandbox | undefined;
  /** Why its process could not be started. */
  readonly failure: string | undefined;
}

export interface ShownLevel {
  readonly isolation: IsolationLevel;
  /** Why that is not the level in desk.toml. */
  readonly isolationReason?: string | undefined;
  /** Why its process is not inside bubblewrap. */
  readonly sandboxProblem?: string | undefined;
}

export class ConnectorLevels {
  readonly #options: ConnectorLevelsOptions;
  /** The modes that adapters reported at their last start. */
  readonly #reported = new Map<string, Capabilities["mode"]>();
  /** The last session of each connector that was started. */
  readonly #placements = new Map<string, Placement>();
  readonly #placed = new Map<string, { readonly promise: Promise<void>; readonly resolve: () => void }>();
  #live: string | undefined;

  constructor(options: ConnectorLevelsOptions) {
    this.#options = options;
    for (const config of options.configs) this.add(config);
  }

  /** A connector that is added later is among `configs` already. */
  add({ name }: Pick<ConnectorConfig, "name">): void {
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((done) => (resolve = done));
    this.#placed.set(name, { promise, resolve });
  }

  /** The name of a live connector that is enabled, if there is one. It stays the answer until the desk stops. */
  get live(): string | undefined {
    this.#live ??= this.#options.configs.find((config) => this.isLive(config))?.name;
    return this.#live;
  }

  isLive(config: ConnectorConfig): boolean {
    if (config.mode === "live") return true;
    if (this.#reported.has(config.name)) return this.#reported.get(config.name) === "live";
    return this.#options.wasLive(config);
  }

  /** Whether the adapter said at its last handshake that it is live, also if the connector is not ready yet. */
  saysLive({ name }: Pick<ConnectorConfig, "name">): boolean {
    return this.#reported.get(name) === "live";
  }

  /** Records what an adapter says of itself. */
  report({ name }: ConnectorConfig, { mode }: Capabilities): void {
    this.#reported.set(name, mode);
  }

  /** The level of the next session, and why it is not the level in desk.toml. */
  levelOf(config: ConnectorConfig): { readonly level: IsolationLevel; readonly reason?: string | undefined } {
    if (config.isolation === "process") return { level: "process" };
    const { live } = this;
    if (live === undefined || this.#isBuiltIn(config)) return { level: "worker" };
    return { level: "process", reason: `${live} is live` };
  }

  /** The level as the connector runs, or as it will start. */
  shown(config: ConnectorConfig): ShownLevel {
    const { level, reason } = this.levelOf(config);
    const placement = this.#placements.get(config.name);
    if (placement === undefined) return { isolation: level, isolationReason: reason };
    if (placement.sandbox === undefined) return { isolation: "worker" };
    return { isolation: "process", isolationReason: reason, sandboxProblem: placement.sandbox.problem };
  }

  /** A session was started, or could not be started. */
  place({ name }: ConnectorConfig, placement: Placement): void {
    this.#placements.set(name, placement);
    this.settle(name);
  }

  /** The connector's last session has ended. A process that could not be started is not forgotten. */
  end(name: string): void {
    if (this.#placements.get(name)?.failure === undefined) this.#placements.delete(name);
  }

  /** The first attempt to start the connector has ended. */
  settle(name: string): void {
    this.#placed.get(name)?.resolve();
  }

  /** Whether the last session of the connector runs at another level than it must. */
  isMisplaced(config: ConnectorConfig): boolean {
    const placement = this.#placements.get(config.name);
    return placement !== undefined && placement.sandbox === undefined && this.levelOf(config).level === "process";
  }

  /** Why a live connector cannot start yet, after each connector was started once. */
  async obstacle(): Promise<string | undefined> {
    await Promise.all([...this.#placed.values()].map(({ promise }) => promise));
    for (const config of this.#options.configs) {
      if (this.isMisplaced(config)) return `${config.name} still runs in the desk's process`;
      const failure = this.#placements.get(config.name)?.failure;
      if (failure !== undefined && !this.#isBuiltIn(config))
        return `${config.name} could not be moved to a process of its own: ${failure}`;
    }
    return undefined;
  }

  /** Code of Qoc alone. */
  #isBuiltIn(config: ConnectorConfig): boolean {
    const folder = realOf(this.#options.builtInFolder);
    const path = realOf(this.#options.adapterPath(config));
    if (folder === undefined || path === undefined || !isWithin(folder, dirname(path))) return false;
    return !hasOthersCode({ type: basename(dirname(path)) });
  }
}

/** Resolves symbolic links; undefined if the path does not exist. */
function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

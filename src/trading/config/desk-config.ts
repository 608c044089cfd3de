/**
 * The configuration in force. A desk.toml takes force when its tables are in the journal: by itself if it allows no
 * more than the accepted tables, else by `qoc reload` with the operator's signature.
 */
import { SIGNED_FORMAT } from "../../domain/authority/authority.ts";
import { compareConfig, strictestConfig } from "../../domain/config/compare-config.ts";
import { type ConfigChange, type RecordedChange, isSame } from "../../domain/config/config-field.ts";
import { pinsOf } from "../../domain/config/config-state.ts";
import {
  type ConfigTables,
  SETTINGS,
  type Table,
  digestTables,
  nameOf,
  settingsOf,
  statedMode,
} from "../../domain/config/config-tables.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Digest } from "../../domain/ids.ts";
import type { ConfigAccepted, ConfigWaiting } from "../../domain/config/config-event.ts";
import type { CustomGuard } from "../../domain/config/guard-config.ts";
import { configOf } from "../../workspace/accepted-config.ts";
import { hasOthersCode } from "../../workspace/built-in-types.ts";
import { type ConnectorConfig, type DeskConfig, readProblem } from "../../workspace/config.ts";

/** The desk.toml on disk. */
export interface FoundConfig {
  readonly config: DeskConfig;
  readonly tables: ConfigTables;
  /** When desk.toml was written, ms. */
  readonly modifiedAt: number;
}

export interface ConfigReader {
  /**
   * The text of desk.toml and of the user's global file: while it is the same, nothing has changed.
   * @throws CONFIG_UNREADABLE.
   */
  text(): Promise<string>;
  /** @throws CONFIG_UNREADABLE; CONFIG_INVALID and other problems with file and line; FILE_TOO_LARGE. */
  read(): Promise<FoundConfig>;
}

/** The adapter files of connectors, by the digest of their bundle. */
export interface AdapterCode {
  /** Of the file that the connector loaded or refused last. */
  seen(connector: string): Digest | undefined;
  /** Of the file as it is now; undefined if it cannot be bundled. */
  read(connector: ConnectorConfig): Promise<Digest | undefined>;
}

/** How desk.toml relates to what is in force. */
export interface ConfigStanding {
  /** false: the desk was made by an earlier version, and nothing is accepted yet. */
  readonly isPinned: boolean;
  /** When desk.toml was changed, ms; undefined if it is as accepted. */
  readonly changedAt: number | undefined;
  /** Changes that wait for `qoc reload`. */
  readonly waiting: readonly ConfigChange[];
  /** Accepted changes that the running desk cannot apply. */
  readonly restart: readonly ConfigChange[];
  /** Why desk.toml cannot be read. */
  readonly problem: QocError | undefined;
}

export interface DeskConfiguration {
  readonly inForce: DeskConfig;
  /** Reads desk.toml now. @throws as {@link ConfigReader.read}; CONFIG_UNREADABLE. */
  read(): Promise<FoundConfig>;
  /** Reads desk.toml again if it has changed. */
  standing(): Promise<ConfigStanding>;
  /** Puts in force what a running desk can, after the tables are journaled. */
  apply(found: FoundConfig): void;
}

const CHANGES_MAX = 100;
const VALUE_CHARS_MAX = 200;

/** The changes as a record names them. */
export function recordedChanges(changes: readonly ConfigChange[]): readonly RecordedChange[] {
  const short = (value: string | null): string | null =>
    value !== null && value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX - 1)}…` : value;
  return changes
    .slice(0, CHANGES_MAX)
    .map(({ path, before, after, effect }) => ({ path, before: short(before), after: short(after), effect }));
}

/**
 * The state that decides whether the first desk.toml is signed. Nothing pins it in a journal that an earlier version
 * began, or that lost its first records.
 */
export type PinState = Pick<DeskState, "createdFormat" | "deskId" | "lost">;

export function isUpgraded({ createdFormat, deskId, lost }: PinState): boolean {
  return deskId !== "" && (createdFormat < SIGNED_FORMAT || lost.heads.size > 0);
}

type CodeState = Pick<DeskState, "config" | "connectors">;

function codeSource({ type, adapter }: Table): { readonly type: string; readonly adapter: string | undefined } {
  return { type: String(type), adapter: adapter === undefined ? undefined : String(adapter) };
}

/**
 * The tables with the digest of each live connector's adapter with its packages, unless all of it is Qoc's; where
 * `codeOf` knows none, with the accepted one. A connector whose table was signed before tables had digests is bound to
 * the code that it ran.
 */
function withCode(
  { config, connectors }: CodeState,
  tables: ConfigTables,
  codeOf: (connector: string) => Digest | undefined,
): ConfigTables {
  const connector = tables.connector.map((table): Table => {
    const name = nameOf(table);
    const isLive = statedMode(table) === "live" || config.livePins.has(name);
    if (!isLive || !hasOthersCode(codeSource(table))) return table;
    const before = config.accepted?.tables.connector.find((known) => nameOf(known) === name)?.["code"];
    const code = codeOf(name) ?? before;
    const isAsBefore = before === undefined && code === connectors.get(name)?.adapterDigest;
    return code === undefined || isAsBefore ? table : { ...table, code };
  });
  return { ...tables, connector };
}

/** The digest that the live key signed for a live connector; undefined if none was. */
export function signedCode({ config }: Pick<DeskState, "config">, connector: string): Digest | undefined {
  const table = config.accepted?.tables.connector.find((known) => nameOf(known) === connector);
  return table?.["code"] as Digest | undefined;
}

interface ConfigStart {
  readonly config: DeskConfig;
  readonly tables: ConfigTables;
  readonly events: readonly (ConfigAccepted | ConfigWaiting)[];
}

/**
 * What is in force at the start of a desk, and what is journaled of it. A new desk accepts its first file, up to live
 * connectors.
 */
export function startConfig(state: PinState & CodeState, { config, ...read }: FoundConfig, root: string): ConfigStart {
  const found = withCode(state, read.tables, () => undefined);
  const { accepted, waiting } = state.config;
  const pins = pinsOf(state.config);
  if (accepted === undefined && isUpgraded(state)) return { config, tables: found, events: [] };
  const before = accepted?.tables ?? { ...found, connector: [] };
  const tables = strictestConfig(before, found, pins);
  const [digest, foundDigest] = [digestTables(tables), digestTables(found)];
  const isNew = digest !== accepted?.digest;
  const changes = recordedChanges(compareConfig(before, tables));
  const held = compareConfig(tables, found, pins);
  const isToldAlready = !isNew && waiting === foundDigest;
  return {
    config: digest === foundDigest ? config : configOf(tables, root),
    tables,
    events: [
      ...(isNew ? [{ type: "config.accepted", digest, tables, changes } as const] : []),
      ...(held.length > 0 && !isToldAlready
        ? [{ type: "config.waiting", digest: foundDigest, changes: recordedChanges(held) } as const]
        : []),
    ],
  };
}

export interface ConfigurationOptions {
  readonly root: string;
  readonly state: Readonly<DeskState>;
  readonly reader: ConfigReader;
  /** The desk.toml that was read at the start. */
  readonly found: FoundConfig;
  /** Its text. */
  readonly text: string;
  readonly start: Pick<ConfigStart, "config" | "tables">;
  readonly adapters: AdapterCode;
  /** Replaces the custom guards. */
  readonly onGuards: (guards: readonly CustomGuard[]) => void;
  /** Starts connectors that did not run before. */
  readonly onConnectors: (connectors: readonly ConnectorConfig[]) => void;
}

/** The last comparison of desk.toml with what is in force, and all that it depends on. */
interface Comparison {
  readonly of: readonly unknown[];
  readonly standing: ConfigStanding;
}

/** The digests that `withCode` reads. */
function codesOf(
  { connectors }: CodeState,
  found: FoundConfig | QocError,
  seen: AdapterCode["seen"],
): readonly (Digest | undefined)[] {
  if (found instanceof QocError) return [];
  return found.tables.connector.flatMap((table) => {
    const name = nameOf(table);
    return [seen(name), connectors.get(name)?.adapterDigest];
  });
}

export function openConfiguration({ root, state, reader, ...options }: ConfigurationOptions): DeskConfiguration {
  let { config: inForce, tables: running } = options.start;
  let read: { readonly text: string; readonly found: FoundConfig | QocError } = options;
  let compared: Comparison | undefined;
  const current = async (): Promise<FoundConfig | QocError> => {
    try {
      const text = await reader.text();
      if (text !== read.text) read = { text, found: await reader.read().catch(readProblem) };
      return read.found;
    } catch (error) {
      return readProblem(error);
    }
  };
  return {
    get inForce() {
      return inForce;
    },
    read: async () => {
      try {
        const text = await reader.text();
        const found = await reader.read();
        read = { text, found };
        const codes = new Map<string, Digest | undefined>();
        for (const connector of found.config.connectors) {
          const isLive = connector.mode === "live" || state.config.livePins.has(connector.name);
          if (isLive && hasOthersCode(connector)) codes.set(connector.name, await options.adapters.read(connector));
        }
        return { ...found, tables: withCode(state, found.tables, (name) => codes.get(name)) };
      } catch (error) {
        throw readProblem(error);
      }
    },
    standing: async () => {
      const found = await current();
      const of = [found, running, state.config, isUpgraded(state), ...codesOf(state, found, options.adapters.seen)];
      // Each approval asks, and the comparison takes longer than all guards together.
      if (compared === undefined || !isSameList(compared.of, of)) {
        const known =
          found instanceof QocError
            ? found
            : { ...found, tables: withCode(state, found.tables, options.adapters.seen) };
        compared = { of, standing: standingOf(state, running, known) };
      }
      return compared.standing;
    },
    apply: (found) => {
      const before = inForce;
      const known = new Set(running.connector.map(nameOf));
      running = reloadable(running, found.tables);
      inForce = withSameGuards(before, configOf(running, root));
      const custom = (guards: DeskConfig["guards"]) => guards.filter((guard) => guard.kind === "custom");
      if (!sameElements(custom(before.guards), custom(inForce.guards))) options.onGuards(custom(inForce.guards));
      options.onConnectors(inForce.connectors.filter(({ name }) => !known.has(name)));
    },
  };
}

function standingOf(
  state: PinState & Pick<DeskState, "config">,
  running: ConfigTables,
  found: FoundConfig | QocError,
): ConfigStanding {
  const { accepted } = state.config;
  const isPinned = accepted !== undefined || !isUpgraded(state);
  const restart = accepted !== undefined ? compareConfig(running, accepted.tables) : [];
  if (found instanceof QocError) return { isPinned, changedAt: undefined, waiting: [], restart, problem: found };
  const waiting = compareConfig(accepted?.tables ?? running, found.tables, pinsOf(state.config));
  const changedAt = waiting.length > 0 ? found.modifiedAt : undefined;
  return { isPinned, changedAt, waiting, restart, problem: undefined };
}

/** The running tables with every accepted change that needs no restart. */
function reloadable(running: ConfigTables, accepted: ConfigTables): ConfigTables {
  const changes = compareConfig(running, accepted);
  const kept = new Set(changes.filter(({ needs }) => needs === "restart").map(({ path }) => path));
  const settings = SETTINGS.map((name) => {
    const [before, after] = [settingsOf(running, name), settingsOf(accepted, name)];
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const members = fields.map((field) => [field, kept.has(`${name}.${field}`) ? before[field] : after[field]]);
    return [name, Object.fromEntries(members)];
  });
  const known = new Set(running.connector.map(nameOf));
  const added = accepted.connector.filter((table) => !known.has(nameOf(table)));
  return {
    ...(Object.fromEntries(settings) as Pick<ConfigTables, (typeof SETTINGS)[number]>),
    connector: [...running.connector.map((table) => withAcceptedCode(table, accepted)), ...added],
    guard: accepted.guard,
    news: running.news,
    schedule: accepted.schedule ?? [],
  };
}

/** The next start of the connector compares its file with this digest. */
function withAcceptedCode(table: Table, accepted: ConfigTables): Table {
  const found = accepted.connector.find((known) => nameOf(known) === nameOf(table));
  return found?.["code"] === undefined ? table : { ...table, code: found["code"] };
}

/** Custom guards are known by their objects, so an unchanged guard keeps its object. */
function withSameGuards(before: DeskConfig, after: DeskConfig): DeskConfig {
  const same = (a: CustomGuard, b: CustomGuard): boolean =>
    a.key === b.key &&
    a.adapter === b.adapter &&
    a.code === b.code &&
    a.enabled === b.enabled &&
    isSame(a.options as never, b.options as never);
  const known = before.guards.filter((guard) => guard.kind === "custom");
  const guards = after.guards.map((guard) =>
    guard.kind === "custom" ? (known.find((other) => same(other, guard)) ?? guard) : guard,
  );
  return { ...after, guards };
}

function sameElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element) => b.includes(element));
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, index) => element === b[index]);
}

/**
 * The tables that a signature covers the difference to: those accepted last. Before the first, every connector and
 * guard is new.
 */
export function acceptedTables({ accepted }: DeskState["config"], found: ConfigTables): ConfigTables {
  return accepted?.tables ?? { ...found, connector: [], guard: [] };
}

export function guardsWait({ waiting, problem }: ConfigStanding): boolean {
  return problem !== undefined || waiting.some(({ path }) => path.startsWith("guard"));
}

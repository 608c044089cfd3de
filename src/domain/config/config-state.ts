/** The accepted desk.toml, folded from the journal. */
import type { LivePins } from "./compare-config.ts";
import { type ConfigTables, type Table, nameOf, statedMode } from "./config-tables.ts";
import type { ConfigAccepted, ConfigWaiting } from "./config-event.ts";
import type { ConnectorChanged } from "../event.ts";
import type { Digest } from "../ids.ts";

export interface AcceptedConfig {
  readonly seq: number;
  readonly tables: ConfigTables;
  readonly digest: Digest;
}

export interface ConfigState {
  /** The tables that took force last; undefined before the first, and in a journal of an earlier version. */
  readonly accepted?: AcceptedConfig | undefined;
  /** The digest of a desk.toml that waits for `qoc reload`. */
  readonly waiting?: Digest | undefined;
  readonly livePins: LivePins;
  /** The connectors that stated no mode, as they were accepted last: they become paper by a signature. */
  readonly unstatedPins: LivePins;
}

export const NO_CONFIG: ConfigState = { livePins: new Map(), unstatedPins: new Map() };

/** What a new table is compared with: the connectors that are not known to be paper. */
export function pinsOf({ livePins, unstatedPins }: Pick<ConfigState, "livePins" | "unstatedPins">): LivePins {
  return new Map([...unstatedPins, ...livePins]);
}

/** A connector ends to be live only by a table that states paper and that the live key signed. */
function acceptConfig(
  { livePins, unstatedPins }: ConfigState,
  seq: number,
  { tables, digest, authority }: ConfigAccepted,
): ConfigState {
  const pins = new Map(livePins);
  const unstated = new Map(unstatedPins);
  for (const table of tables.connector) {
    const name = nameOf(table);
    if (statedMode(table) === "paper" && authority?.key === "live") pins.delete(name);
    else if (statedMode(table) === "live" || pins.has(name)) pins.set(name, table);
    // Which key had to sign is checked with the record.
    if (statedMode(table) === "paper" && authority !== undefined) unstated.delete(name);
    else if (statedMode(table) === "unstated") unstated.set(name, table);
  }
  return { accepted: { seq, tables, digest }, livePins: pins, unstatedPins: unstated };
}

/** A connector is live if its adapter says so, whatever desk.toml says. */
function pinLive(state: ConfigState, { connector, mode }: ConnectorChanged): ConfigState {
  if (mode !== "live" || state.livePins.has(connector)) return state;
  const table: Table | undefined = state.accepted?.tables.connector.find((known) => nameOf(known) === connector);
  return { ...state, livePins: new Map([...state.livePins, [connector, table ?? { name: connector }]]) };
}

export function foldConfig(
  state: ConfigState,
  seq: number,
  event: ConfigAccepted | ConfigWaiting | ConnectorChanged,
): ConfigState {
  switch (event.type) {
    case "config.accepted":
      return acceptConfig(state, seq, event);
    case "config.waiting":
      return { ...state, waiting: event.digest };
    case "connector.changed":
      return pinLive(state, event);
  }
}

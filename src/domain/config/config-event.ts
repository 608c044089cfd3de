/** The events of desk.toml. */
import type { Authority } from "../authority/authority.ts";
import type { RecordedChange } from "./config-field.ts";
import type { ConfigTables } from "./config-tables.ts";
import type { Digest } from "../ids.ts";

/**
 * The tables of desk.toml took force. `digest` covers them. Without an authority they allow no more than the tables
 * before; `shown` is the digest of the changes that the human signed.
 */
export interface ConfigAccepted {
  readonly type: "config.accepted";
  readonly digest: Digest;
  readonly tables: ConfigTables;
  readonly changes: readonly RecordedChange[];
  readonly shown?: Digest | undefined;
  readonly authority?: Authority | undefined;
}
/** At the start of the desk, desk.toml allowed more than the accepted tables: these changes are not in force. */
export interface ConfigWaiting {
  readonly type: "config.waiting";
  readonly digest: Digest;
  readonly changes: readonly RecordedChange[];
}

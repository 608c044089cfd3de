/** What `qoc connect` asks of the caller's process, and what it gets. */
import type { Table } from "../domain/config/config-tables.ts";
import type { Mode } from "../domain/market/venue.ts";
import type { ConnectWords } from "../workspace/built-in-types.ts";

/** A connector for desk.toml, to be connected once, or to be written. */
export interface ConnectRequest {
  readonly name: string;
  readonly type: string;
  readonly environment: "paper" | "live";
  readonly envPrefix: string;
  readonly address?: string | undefined;
  readonly venue?: string | undefined;
  /** The words that the type takes. */
  readonly words: ConnectWords;
  /** Which of them is missing for this exchange, as an error. */
  readonly lacks?: string | undefined;
  /** Of a paper venue: the connector on whose quotes it trades. */
  readonly quotes?: string | undefined;
  /** Writes the table, if desk.toml still has this digest. Absent: connects once and writes nothing. */
  readonly digest?: string | undefined;
  /** The whole command, for hints. */
  readonly again: string;
  /** The same with another exchange. */
  readonly againWith: (exchange: string) => string;
  readonly from: string;
  readonly signal: AbortSignal;
}

/** A new connector: its table, and what its venue said. What the venue said is absent after the table was written. */
export interface ConnectedVenue {
  readonly name: string;
  readonly type: string;
  /** The environment variables of its secrets. */
  readonly secrets: readonly string[];
  /** The lines for desk.toml. */
  readonly table: readonly string[];
  /** The first of them in desk.toml. */
  readonly line: number;
  /** Of desk.toml without the table. */
  readonly digest: string;
  /** The table with every default, as a signature covers it. */
  readonly settings: Table;
  readonly isWritten: boolean;
  readonly mode?: Mode | undefined;
  /** The venue's name of the environment; null: the venue does not say. */
  readonly environment?: string | null | undefined;
  readonly accountId?: string | null | undefined;
  readonly permissions?: readonly string[] | null | undefined;
  /** Amounts in the account's currency; null: the venue does not say. */
  readonly account?:
    | {
        readonly currency: string | null;
        readonly nav: string | null;
        readonly cash: string | null;
        readonly buyingPower: string;
      }
    | undefined;
  /** How many positions the account has. */
  readonly positions?: number | undefined;
  /** What a live connector still needs before it starts. */
  readonly missing?: readonly string[] | undefined;
}

/** The events of an instrument's position at its venue. */
import type { Actor } from "../authority/actor.ts";
import type { Authority } from "../authority/authority.ts";
import type { DecimalText } from "../decimal.ts";
import type { ConnectorName } from "../ids.ts";

/** The position of the venue differs from the fills: the instrument is blocked until they agree or a human says so. */
export interface InstrumentFlagged {
  readonly type: "instrument.flagged";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly expected: DecimalText;
  readonly actual: DecimalText;
}
/** A human adopted the venue's quantity, and signed it. */
export interface InstrumentCleared {
  readonly type: "instrument.cleared";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly quantity: DecimalText;
  readonly note: string;
  readonly actor: Actor;
  readonly authority?: Authority | undefined;
}

/** A human stated a split or a new name that the venue does not announce, and signed it: the lots keep their cost. */
export interface SplitStated {
  readonly type: "instrument.split";
  readonly connector: ConnectorName;
  readonly symbol: string;
  /** Units after, units before: 7 for 1. A new name alone is 1 for 1. */
  readonly ratio: readonly [after: DecimalText, before: DecimalText];
  readonly newSymbol?: string | undefined;
  readonly note: string;
  readonly actor: Actor;
  readonly authority?: Authority | undefined;
}

/** A comparison found the venue's quantity equal to the fills that count: no decision, and the quantity stays. */
export interface InstrumentAgreed {
  readonly type: "instrument.agreed";
  readonly connector: ConnectorName;
  readonly symbol: string;
}

/** The position follows the venue's after fills of orders that this desk did not send. */
export interface PositionAdopted {
  readonly type: "position.adopted";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly quantity: DecimalText;
}

export type InstrumentEvent = InstrumentFlagged | InstrumentCleared | SplitStated | InstrumentAgreed | PositionAdopted;

/** The profit ledger of a running desk: it follows each record, and a checkpoint keeps it. */
import type { KeptProjection, ProjectionPlan } from "../../bus/kept-projection.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { messageOf } from "../../domain/errors/error.ts";
import type { Recorded } from "../../domain/event.ts";
import type { Log } from "../../domain/ports.ts";
import { type LedgerParts, closedCounts, closedParts, openParts, removeClosed } from "./ledger-parts.ts";
import { ProfitLedger } from "./profit-ledger.ts";

/** More would make one checkpoint long; the next one takes the others. */
const TRADES_AT_ONCE = 20_000;

export class KeptLedger implements KeptProjection {
  readonly #log: Pick<Log, "error">;
  readonly #ledger: ProfitLedger;
  /** undefined after a failure: the readers then fold the whole journal. */
  #parts: LedgerParts | undefined;

  constructor(state: Readonly<DeskState>, parts: LedgerParts | undefined, log: Pick<Log, "error">) {
    this.#log = log;
    this.#parts = parts;
    this.#ledger = new ProfitLedger(state, { currency: parts?.currency ?? "", trades: () => true }, parts);
  }

  /** The fold of the state that the ledger follows, and of the ledger. A failure of the ledger stops no order. */
  beside(fold: (recorded: Recorded) => void): (recorded: Recorded) => void {
    return (recorded) => {
      this.#follow("before", recorded);
      fold(recorded);
      this.#follow("after", recorded);
    };
  }

  plan(): ProjectionPlan {
    const parts = this.#parts;
    if (parts === undefined) return NOTHING_KEPT;
    const counts = closedCounts(parts, TRADES_AT_ONCE);
    const { rows, points, trades } = closedParts(parts, counts);
    const times = trades.map(({ fill }) => fill.at);
    return {
      sections: { profitRows: rows, valuePoints: points, trades },
      tradeTimes: times.reduce(({ from, to }, at) => ({ from: Math.min(from, at), to: Math.max(to, at) }), {
        from: Number.MAX_SAFE_INTEGER,
        to: 0,
      }),
      isFull: trades.length === TRADES_AT_ONCE,
      rest: () => {
        if (this.#parts === undefined) return NOTHING_KEPT.rest();
        const value = openParts(parts, counts);
        return { value, growing: [value.trades] };
      },
      remove: () => removeClosed(parts, counts),
    };
  }

  #follow(step: "before" | "after", recorded: Recorded): void {
    if (this.#parts === undefined) return;
    try {
      this.#ledger[step](recorded);
    } catch (error) {
      this.#parts = undefined;
      this.#log.error(`profit and loss are not followed; reports read the whole journal: ${messageOf(error)}`);
    }
  }
}

const NOTHING_KEPT: ProjectionPlan = {
  sections: { profitRows: [], valuePoints: [], trades: [] },
  tradeTimes: { from: 0, to: 0 },
  isFull: false,
  rest: () => ({ value: null, growing: [] }),
  remove: () => undefined,
};

/** How many fills, changes of orders and activities a connector may report. A connector over its budget is cut off. */
import type { Clock } from "../../domain/ports.ts";
import { RateWindow } from "../../lib/rate-window.ts";

/**
 * own: fits its order. misfit: of an order that the desk did not send, disputed, in excess, changed or taken back.
 * report: a pushed report that changes an order. multiplier, asset: an instrument's, of an answer that changes it.
 */
export type FillKind = "own" | "misfit" | "report" | "activity" | "multiplier" | "asset";

export const FILLS_PER_HOUR: Readonly<Record<FillKind, number>> = {
  own: 100_000,
  misfit: 5_000,
  report: 20_000,
  activity: 5_000,
  multiplier: 5_000,
  asset: 5_000,
};
const HOUR_MS = 60 * 60 * 1000;

const NOUNS: Readonly<Record<FillKind, string>> = {
  own: "fills",
  misfit: "fills that fit no order of this desk",
  report: "changes of orders",
  activity: "activities",
  multiplier: "changes of multipliers",
  asset: "assets of instruments",
};

export interface FillBudgets {
  /** Counts one record. Returns the budget that it exceeds, or undefined. */
  spend(connector: string, kind: FillKind): { readonly limit: number; readonly what: string } | undefined;
  /** The operator started the connector again. */
  reset(connector: string): void;
}

/** The budgets outlast a restart of the connector's worker, so that a crash does not renew them. */
export function createFillBudgets(clock: Pick<Clock, "monotonic">): FillBudgets {
  const windows = new Map<string, Record<FillKind, RateWindow>>();
  const windowsOf = (connector: string): Record<FillKind, RateWindow> => {
    let known = windows.get(connector);
    if (known === undefined) {
      const open = (kind: FillKind): RateWindow =>
        new RateWindow({ clock, limit: FILLS_PER_HOUR[kind], windowMs: HOUR_MS });
      known = {
        ...{ own: open("own"), misfit: open("misfit"), report: open("report") },
        ...{ activity: open("activity"), multiplier: open("multiplier"), asset: open("asset") },
      };
      windows.set(connector, known);
    }
    return known;
  };
  return {
    spend: (connector, kind) =>
      windowsOf(connector)[kind].spend()
        ? undefined
        : { limit: FILLS_PER_HOUR[kind], what: `${NOUNS[kind]} within an hour` },
    reset: (connector) => void windows.delete(connector),
  };
}

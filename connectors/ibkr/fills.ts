/** Executions as fills. The commission of an execution comes in a message of its own, a moment later. */
import type { Fill, OrderReport } from "@qoc-app/sdk";
import { type CommissionReport, type Execution, Liquidities, SecType } from "@stoqey/ib";
import { isLess, isStated, plain } from "./amounts.ts";
import { type NamedContract, isInPercent, priceOf } from "./contracts.ts";
import type { ExecutionRow } from "./rows.ts";
import { millisOf } from "./times.ts";

/** A fill waits so long for its commission, and the report that an order is filled for its fills. */
const COMMISSION_MS = 250;
const FILLS_MS = 500;
const KEPT_MAX = 5_000;

export interface Fee {
  readonly fee: string;
  /** Absent if TWS does not state it: then it is the currency of the price. */
  readonly feeCurrency?: string;
}

interface PendingFill {
  readonly fill: Fill;
  readonly timer: NodeJS.Timeout;
}

export interface FillFeedOptions {
  readonly emitFill: (fill: Fill) => void;
  readonly emitReport: (report: OrderReport) => void;
}

/** Emits each fill once with its commission if it comes in time, and else again with it; then the order's report. */
export class FillFeed {
  readonly #options: FillFeedOptions;
  readonly #pending = new Map<string, PendingFill>();
  /** Fills that were emitted without a commission, which may still come. */
  readonly #incomplete = new Map<string, Fill>();
  /** Commissions that came before their executions. */
  readonly #early = new Map<string, Fee>();
  /** What is filled of an order, as its executions say. */
  readonly #filled = new Map<string, string>();
  readonly #reports = new Map<string, { readonly report: OrderReport; readonly timer: NodeJS.Timeout }>();
  /** The state of an order that was reported last: TWS repeats it. */
  readonly #reported = new Map<string, string>();

  constructor(options: FillFeedOptions) {
    this.#options = options;
  }

  addFill(fill: Fill, cumulated: string): void {
    keep(this.#filled, fill.venueOrderId, cumulated);
    const early = this.#early.get(fill.fillId);
    this.#early.delete(fill.fillId);
    if (early !== undefined) this.#emit({ ...fill, ...early });
    else {
      // If the venue uses an id again, both fills are passed on.
      this.#emitPending(fill.fillId);
      const timer = setTimeout(() => this.#giveUp(fill.fillId), COMMISSION_MS);
      this.#pending.set(fill.fillId, { fill, timer });
    }
  }

  addCommission(report: CommissionReport): void {
    const { execId = "" } = report;
    const fee = feeOf(report);
    if (fee === undefined) return;
    const pending = this.#pending.get(execId);
    const late = this.#incomplete.get(execId);
    if (pending !== undefined) {
      clearTimeout(pending.timer);
      this.#pending.delete(execId);
      this.#emit({ ...pending.fill, ...fee });
    } else if (late !== undefined) {
      this.#incomplete.delete(execId);
      this.#emit({ ...late, ...fee });
    } else keep(this.#early, execId, fee);
  }

  /** The report of an order follows its fills. */
  addReport(report: OrderReport): void {
    const { venueOrderId, status, filledQuantity, averagePrice = "" } = report;
    const state = `${status} ${String(filledQuantity)} ${averagePrice} ${report.reason ?? ""}`;
    if (this.#reported.get(venueOrderId) === state) return;
    keep(this.#reported, venueOrderId, state);
    clearTimeout(this.#reports.get(venueOrderId)?.timer);
    const timer = setTimeout(() => this.#emitReport(venueOrderId), FILLS_MS);
    this.#reports.set(venueOrderId, { report, timer });
    this.#emitReportIfComplete(venueOrderId);
  }

  close(): void {
    for (const { timer } of [...this.#pending.values(), ...this.#reports.values()]) clearTimeout(timer);
    this.#pending.clear();
    this.#reports.clear();
  }

  #giveUp(fillId: string): void {
    const pending = this.#pending.get(fillId);
    if (pending !== undefined) keep(this.#incomplete, fillId, pending.fill);
    this.#emitPending(fillId);
  }

  #emitPending(fillId: string): void {
    const pending = this.#pending.get(fillId);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending.delete(fillId);
    this.#emit(pending.fill);
  }

  #emit(fill: Fill): void {
    this.#options.emitFill(fill);
    this.#emitReportIfComplete(fill.venueOrderId);
  }

  #emitReportIfComplete(venueOrderId: string): void {
    const report = this.#reports.get(venueOrderId)?.report;
    if (report === undefined) return;
    const isPending = [...this.#pending.values()].some(({ fill }) => fill.venueOrderId === venueOrderId);
    const filled = this.#filled.get(venueOrderId) ?? "0";
    if (!isPending && !isLess(filled, String(report.filledQuantity))) this.#emitReport(venueOrderId);
  }

  #emitReport(venueOrderId: string): void {
    const entry = this.#reports.get(venueOrderId);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    this.#reports.delete(venueOrderId);
    this.#options.emitReport(entry.report);
  }
}

/** Adds an entry as the newest, and drops the oldest one if there are too many. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > KEPT_MAX) for (const oldest of map.keys()) return void map.delete(oldest);
}

/** A commission that is not set is undefined. */
export function feeOf({ commission, currency = "" }: CommissionReport): Fee | undefined {
  if (!isStated(commission)) return undefined;
  return { fee: plain(commission), ...(currency !== "" && { feeCurrency: currency }) };
}

/**
 * A correction has the id of what it corrects with another last number: `0000e0d5.1234.01.02` corrects `….01`, and so
 * does a further correction, `….03`: the desk counts each trade once, under its first id.
 */
function correctedBy(execId: string): string | undefined {
  const [, stem = "", last = ""] = /^(.+\.)(\d+)$/.exec(execId) ?? [];
  return Number(last) > 1 ? `${stem}${"1".padStart(last.length, "0")}` : undefined;
}

/**
 * An execution without an order, such as the assignment of an option, has an order of its own.
 * @throws Error if the execution lacks what a fill needs.
 */
export function fillOf({ execution }: ExecutionRow, named: NamedContract, zoneOffsetMs: number): Fill {
  const { symbol } = named;
  const { execId = "", permId = 0, orderRef = "", side, shares, price, time = "", lastLiquidity } = execution;
  if (execId === "" || !isStated(shares) || !isStated(price))
    throw new Error(`execution ${execId} of order ${permId} in ${symbol} lacks its id or its amounts`);
  if (side !== "BOT" && side !== "SLD")
    throw new Error(`execution ${execId} of order ${permId} has the side ${JSON.stringify(side)}`);
  const fill: Fill = {
    fillId: execId,
    venueOrderId: permId === 0 ? `execution ${execId}` : String(permId),
    symbol,
    side: side === "BOT" ? "buy" : "sell",
    quantity: plain(shares),
    price: priceOf(price, named),
    timestamp: millisOf(time, zoneOffsetMs),
  };
  const corrects = correctedBy(execId);
  if (orderRef !== "") fill.clientOrderId = orderRef;
  if (corrects !== undefined) fill.corrects = corrects;
  if (lastLiquidity === Liquidities.Added) fill.liquidity = "maker";
  if (lastLiquidity === Liquidities.Removed) fill.liquidity = "taker";
  return fill;
}

/**
 * Whether an execution is a fill of the desk. That of a combination holds nothing: its legs have executions of their
 * own. That of a bond has a price in percent: the desk sees the position instead, which has a value.
 */
export function isFill({ contract }: ExecutionRow): boolean {
  return contract.secType !== SecType.BAG && !isInPercent(contract);
}

/** What is filled of the order with this execution, as text. */
export function cumulatedOf({ cumQty, shares }: Execution): string {
  return plain(cumQty ?? shares ?? 0);
}

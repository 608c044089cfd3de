/**
 * Work of a connector that runs on timers: following its orders, marking its account, fetching its activities, and
 * calling it while it is degraded. The timers of one connector do not wait for another.
 */
import { messageOf } from "../domain/errors/error.ts";
import type { ConnectorName } from "../domain/ids.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { BackOff } from "../lib/back-off.ts";
import type { Desk } from "../trading/desk.ts";
import { observeRates } from "../trading/account/exchange-rates.ts";
import { markAccount } from "../trading/market/market-snapshot.ts";
import {
  askAgain,
  closeGap,
  followOrders,
  followUnreadFills,
  followWorking,
  paced,
} from "../trading/orders/reconcile.ts";
import { followActivities } from "../trading/account/record-activity.ts";
import type { ReportedOrder } from "../trading/fills/record-report.ts";

export interface RoundOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Between two marks of an account. */
  readonly markMs: number;
  readonly desk: () => Desk;
  readonly isStopping: () => boolean;
  /** Returns numbers from 0 to 1. */
  readonly random: () => number;
}

const FOLLOW_MS = 2_000;
const PROBES = { firstMs: 5_000, maxMs: 60_000 };
const MARK_AFTER_FILL_MS = 100;
/** Besides, so many bytes: a mark that differs journals the whole account, and the rates of its balances. */
const MARK_BYTES_PER_MS = 16;
const RATE_BYTES = 256;
/** The fills of a report that was pushed usually arrive just behind it. */
const GAP_MS = 1_000;

export class ConnectorRounds {
  readonly #options: RoundOptions;
  /** Connectors whose account is fetched again shortly, after a fill. */
  readonly #marking = new Set<string>();
  /** The newest report of each order whose fills are fetched shortly, by connector. */
  readonly #gaps = new Map<string, Map<string, ReportedOrder>>();

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  start(connector: ConnectorName): void {
    this.#every(FOLLOW_MS, connector, async (desk) => {
      if (desk.market.followPace.isDue(desk, connector)) await followOrders(desk, connector);
    });
    this.#every(this.#options.markMs, connector, (desk) =>
      paced(desk, connector, async () => {
        await observeRates(desk, connector);
        await markAccount(desk, connector);
        if ((await followActivities(desk, connector)) || (await followUnreadFills(desk, connector))) return;
        if (desk.market.followPace.isListDue(desk, connector)) await followWorking(desk, connector);
      }),
    );
  }

  /** A fill changes cash and positions: fetches the account again, once for a burst of fills. */
  markSoon(connector: ConnectorName): void {
    const { clock, log, desk, isStopping } = this.#options;
    if (this.#marking.has(connector) || isStopping()) return;
    this.#marking.add(connector);
    clock.after(MARK_AFTER_FILL_MS + this.#markBytes(connector) / MARK_BYTES_PER_MS, () => {
      this.#marking.delete(connector);
      if (!this.#isUsable(connector)) return;
      markAccount(desk(), connector).catch((error: unknown) =>
        log.warn(`account of ${connector}: ${messageOf(error)}`),
      );
    });
  }

  /** What the last mark of the account took in the journal, nearly. */
  #markBytes(connector: ConnectorName): number {
    const record = this.#options.desk().state.accounts.get(connector);
    if (record === undefined) return 0;
    const { account, positions } = record;
    const rates = (account.balances ?? []).length * RATE_BYTES;
    return rates + Buffer.byteLength(JSON.stringify([account, ...positions.values()]));
  }

  /** Fetches the fills that pushed reports contain and that have not arrived by themselves. */
  closeGapsSoon(connector: ConnectorName, gaps: readonly ReportedOrder[]): void {
    if (gaps.length === 0) return;
    const waiting = this.#gaps.get(connector);
    const kept = waiting ?? new Map<string, ReportedOrder>();
    for (const gap of gaps) kept.set(gap.order.id, gap);
    if (waiting !== undefined) return;
    this.#gaps.set(connector, kept);
    this.#options.clock.after(GAP_MS, () => {
      this.#gaps.delete(connector);
      if (!this.#isUsable(connector)) return;
      const desk = this.#options.desk();
      void paced(desk, connector, async () => {
        for (const { order, report } of kept.values()) await closeGap(desk, order, report);
      });
    });
  }

  /**
   * Calls a degraded connector, more and more rarely, until it answers in time: the first answer makes it ready, unless
   * its stream is down, or a read that failed before fails again.
   */
  probeDegraded(connector: ConnectorName): void {
    this.#probeAfter(connector, new BackOff({ ...PROBES, random: this.#options.random }));
  }

  #probeAfter(connector: ConnectorName, pauses: BackOff): void {
    const { clock, desk, isStopping } = this.#options;
    // A venue that refuses polls is not asked more often by the probe.
    const ms = Math.max(pauses.next(), desk().market.polls.waitMs(connector));
    clock.after(ms, () => {
      if (isStopping() || !this.#isDegraded(connector)) return;
      const again = (): void => {
        if (!isStopping() && this.#isDegraded(connector)) this.#probeAfter(connector, pauses);
      };
      askAgain(desk(), connector).then(again, again);
    });
  }

  #isDegraded(connector: string): boolean {
    return this.#options.desk().venues.facts(connector)?.state === "degraded";
  }

  #isUsable(connector: string): boolean {
    const { desk, isStopping } = this.#options;
    return !isStopping() && desk().venues.facts(connector)?.state === "ready" && desk().readOnly() === undefined;
  }

  /** Repeats `work` on a timer of the connector's own, so that a slow venue does not delay the others. */
  #every(ms: number, connector: ConnectorName, work: (desk: Desk) => Promise<void>): void {
    const { clock, log, isStopping } = this.#options;
    const round = async (): Promise<void> => {
      if (isStopping()) return;
      const desk = this.#options.desk();
      const isDue = desk.market.polls.waitMs(connector) === 0;
      if (isDue && desk.market.reconciled.has(connector) && desk.readOnly() === undefined) {
        await work(desk).catch((error: unknown) => log.warn(`${connector}: ${messageOf(error)}`, { connector }));
      }
      clock.after(ms, () => void round());
    };
    clock.after(ms, () => void round());
  }
}

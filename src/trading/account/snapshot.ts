/** Writes a balance sheet of the whole desk to `snapshots/` and journals it. */
import type { AccountView } from "../../domain/account/account-view.ts";
import type { DecimalText } from "../../domain/decimal.ts";
import { messageOf } from "../../domain/errors/error.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import type { Actor } from "../../domain/event.ts";
import type { StartCause } from "../../domain/config/schedule-event.ts";
import { digestOf } from "../../domain/digest.ts";
import { accountView } from "./account-view.ts";
import type { Desk } from "../desk.ts";
import { iso } from "../../lib/time.ts";
import { markAccount } from "../market/market-snapshot.ts";

export interface SnapshotView extends AccountView {
  readonly path: string;
  readonly time: string;
  readonly connectors: readonly string[];
  /** Connectors that did not answer; they count at their last known value. */
  readonly stale: readonly string[];
}

/** `cause`: of a snapshot that a schedule began. */
export async function takeSnapshot(desk: Desk, actor: Actor, cause?: StartCause): Promise<SnapshotView> {
  const stale = await markAll(desk);
  const fileRates = await desk.workspace.rates.read();
  const book = accountView(desk, { askedAt: desk.market.askedAt, fileRates });
  const time = iso(desk.clock.now());
  const connectors = desk.config.connectors.filter((connector) => connector.enabled).map((connector) => connector.name);
  const written = await desk.workspace.snapshots.write(
    {
      time,
      currency: book.currency,
      nav: book.nav,
      cash: book.cash,
      buyingPower: book.buyingPower,
      profit: book.profit,
      fees: book.fees,
      accounts: book.accounts,
      rates: book.rates,
      connectors,
      stale,
      positions: book.positions.filter(({ standing }) => standing === "enabled"),
      exposures: book.exposures,
    },
    desk.config.workspace.historyMaxSnapshots,
  );
  desk.publish({
    type: "file.written",
    path: written.path,
    digest: digestOf(written.text),
    command: "snapshot",
    actor,
  });
  await desk.commit({ type: "snapshot.taken", path: written.path, nav: book.nav as DecimalText | null, cause });
  desk.history.request("snapshot", actor);
  return { ...book, path: written.path, time, connectors, stale };
}

/** Marks every enabled connector. Returns the names of those that did not answer. */
export async function markAll(desk: Desk): Promise<readonly string[]> {
  const stale: string[] = [];
  await Promise.all(
    desk.config.connectors
      .filter((connector) => connector.enabled)
      .map(async (connector) => {
        try {
          await markAccount(desk, connector.name as ConnectorName);
        } catch (error) {
          stale.push(connector.name);
          desk.log.warn(`account of ${connector.name}: ${messageOf(error)}`);
        }
      }),
  );
  return stale.toSorted();
}

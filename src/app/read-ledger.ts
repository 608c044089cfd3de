/**
 * The profit and loss of a desk, which may be running: what its checkpoint and its archive have, and the fold of the
 * records that follow. Without a checkpoint the whole journal is folded. Nothing is written.
 */
import { scanJournal } from "../bus/journal-read.ts";
import { openReplay } from "../bus/replay.ts";
import { type DateRange, isInRange } from "../commands/date-range.ts";
import type { DeskLedger, LedgerQuery } from "../commands/desk-ledger.ts";
import { openItems } from "../domain/market/unread-item.ts";
import type { Disk } from "../domain/ports.ts";
import { type TradeRange, ledgerWithArchive } from "../trading/account/archived-ledger.ts";
import { ProfitLedger } from "../trading/account/profit-ledger.ts";
import { readPublicKeys } from "../trading/keys/operator-keys.ts";
import { dateInZone } from "../trading/market/market-snapshot.ts";
import type { DeskConfig } from "../workspace/config.ts";
import { LAYOUT, keyPath, readDeskId } from "../workspace/layout.ts";
import { type FoldStart, type FoldStartOptions, foldAfterCheckpoint, foldOfAll } from "./desk-checkpoint.ts";

export interface LedgerPlace {
  readonly disk: Disk;
  readonly root: string;
  readonly home: string;
  /** The version of Qoc. */
  readonly version: string;
}

type LedgerRequest = LedgerQuery & { readonly config: Pick<DeskConfig, "account" | "workspace"> };

/** A running desk may write the next checkpoint meanwhile, and remove files of the checkpoint that was read. */
const ATTEMPTS = 3;

export async function readLedger(place: LedgerPlace, request: LedgerRequest): Promise<DeskLedger> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const read = await readAfterCheckpoint(place, request).catch(() => undefined);
    if (read !== undefined) return read;
  }
  const whole = await readFrom(
    place,
    foldOfAll({ ...place, currency: request.config.account.currency, onDamage: () => undefined }),
    request,
  );
  if (whole === undefined) throw new Error("a fold of the whole journal has no start to lack");
  return whole;
}

/** @throws DESK_ID_MISSING, KEY_INVALID, ARCHIVE_DAMAGED and the like. */
async function readAfterCheckpoint(place: LedgerPlace, request: LedgerRequest): Promise<DeskLedger | undefined> {
  const { currency } = request.config.account;
  const deskId = await readDeskId(place.disk, place.root);
  const keys = await readPublicKeys(place.disk, keyPath(place.home, deskId), deskId);
  const start = await foldAfterCheckpoint({ ...place, deskId, keys, currency, onDamage: () => undefined });
  return typeof start === "object" ? readFrom(place, start, request) : undefined;
}

/** One record at a time. Returns undefined if the journal or the checkpoint lacks what the start needs. */
async function readFrom(
  { disk, root }: Pick<FoldStartOptions, "disk" | "root">,
  { state, archive, ledger: parts, from }: FoldStart,
  { trades, config }: LedgerRequest,
): Promise<DeskLedger | undefined> {
  if (parts === undefined) return undefined;
  const { currency, riskFreePct } = config.account;
  const range = trades && tradeRange(trades, config.workspace.timezone);
  const ledger = new ProfitLedger(state, { currency, trades: (at) => range?.isKept(at) === true }, parts);
  const { take } = openReplay(state);
  const { corrupt, lacksStart } = await scanJournal(disk, `${root}/${LAYOUT.journal}`, {
    from,
    take: (recorded) => {
      ledger.before(recorded);
      take(recorded);
      ledger.after(recorded);
    },
  });
  if (lacksStart === true) return undefined;
  ledger.finish();
  const problem = corrupt === undefined ? null : `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`;
  const unread = [...new Set(openItems(state.unread).map(({ connector }) => connector))];
  return {
    ...ledgerWithArchive(archive, parts, range),
    ...{ currency, riskFreePct, problem },
    ...(unread.length > 0 && { unread }),
  };
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A date of any time zone begins at most a day before it begins in UTC, and ends at most a day after. */
function tradeRange(dates: DateRange, timeZone: string): TradeRange {
  const { from, to } = dates;
  return {
    first: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from) - DAY_MS,
    last: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to) + 2 * DAY_MS,
    isKept: (at) => isInRange(dateInZone(timeZone, at), dates),
  };
}

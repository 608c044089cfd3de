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
import { type FoldStart, foldAfterCheckpoint, foldOfAll } from "./desk-checkpoint.ts";
import { type OpenedCheck, journalProblem } from "./journal-guard.ts";

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

/** A desk that runs has compared its journal. */
function uncompared(): Promise<OpenedCheck> {
  return Promise.resolve({ check: undefined, unchecked: undefined });
}

/** `compare` makes what the journal is compared with. */
export async function readLedger(
  place: LedgerPlace,
  request: LedgerRequest,
  compare: () => Promise<OpenedCheck> = uncompared,
): Promise<DeskLedger> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const read = await readAfterCheckpoint(place, request, compare).catch(() => undefined);
    if (read !== undefined) return read;
  }
  const whole = await readFrom(
    place,
    foldOfAll({ ...place, currency: request.config.account.currency, onDamage: () => undefined }),
    request,
    compare,
  );
  if (whole === undefined) throw new Error("a fold of the whole journal has no start to lack");
  return whole;
}

/** @throws DESK_ID_MISSING, KEY_INVALID, ARCHIVE_DAMAGED and the like. */
async function readAfterCheckpoint(
  place: LedgerPlace,
  request: LedgerRequest,
  compare: () => Promise<OpenedCheck>,
): Promise<DeskLedger | undefined> {
  const { currency } = request.config.account;
  const deskId = await readDeskId(place.disk, place.root);
  const keys = await readPublicKeys(place.disk, keyPath(place.home, deskId), deskId);
  const start = await foldAfterCheckpoint({ ...place, deskId, keys, currency, onDamage: () => undefined });
  return typeof start === "object" ? readFrom(place, start, request, compare) : undefined;
}

/** One record at a time. Returns undefined if the journal or the checkpoint lacks what the start needs. */
async function readFrom(
  { disk, root }: LedgerPlace,
  { state, archive, ledger: parts, from }: FoldStart,
  { trades, config }: LedgerRequest,
  compare: () => Promise<OpenedCheck>,
): Promise<DeskLedger | undefined> {
  if (parts === undefined) return undefined;
  const { currency, riskFreePct } = config.account;
  const range = trades && tradeRange(trades, config.workspace.timezone);
  const ledger = new ProfitLedger(state, { currency, trades: (at) => range?.isKept(at) === true }, parts);
  const { take } = openReplay(state);
  const dir = `${root}/${LAYOUT.journal}`;
  // Before the journal: a running desk anchors newer records meanwhile.
  const opened = await compare();
  const scan = await scanJournal(disk, dir, {
    from,
    take: (recorded, hash) => {
      opened.check?.take(recorded, hash);
      ledger.before(recorded);
      take(recorded);
      ledger.after(recorded);
    },
  });
  if (scan.lacksStart === true) return undefined;
  if (from !== undefined) await opened.check?.readEarlier(disk, dir, from.seq, scan);
  ledger.finish();
  const problem = journalProblem(scan, state, opened);
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

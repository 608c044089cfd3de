/**
 * The desk's news feeds: each on its own timer, one fetch of a feed at a time. Each item is written once, and a failing
 * feed is fetched less and less often. The items are text by others, and agents get them marked as such.
 */
import { messageOf } from "../../domain/errors/error.ts";
import { type Untrusted, untrusted } from "../../domain/untrusted.ts";
import { FeedError, type FeedItem } from "../../market-data/feed-item.ts";
import { FetchError, type FetchFeed, type Validators } from "../../market-data/feed-fetch.ts";
import type { ReadFeed } from "../../market-data/feed-thread.ts";
import type { NewsFeed } from "../../workspace/config.ts";
import type { NewsState } from "../../workspace/news.ts";
import type { Desk } from "../desk.ts";
import { iso } from "../../lib/time.ts";
import { dateInZone } from "./market-snapshot.ts";

/** Items of one fetch; later items of a long feed come with the next fetches. */
const ITEMS_PER_FETCH = 50;
/** Items of all feeds on one day. */
const ITEMS_PER_DAY = 500;
const FIRST_MS = 2_000;
/** Delay between the first fetches of two feeds. */
const STAGGER_MS = 1_000;
const BACK_OFF_MAX_MS = 24 * 3_600_000;

export interface FeedStatus {
  readonly name: string;
  readonly status: "waiting" | "ready" | "failing";
  /** Consecutive failures. */
  readonly failures: number;
  /** Items written since the desk started. */
  readonly filed: number;
  readonly fetchedAt: string | null;
  readonly nextAt: string | null;
  /** The error of the last fetch; null if it succeeded. */
  readonly untrusted: Untrusted | null;
}

export interface News {
  /** Fetches one feed, or all, now. A failing feed does not reject: its status has the error. */
  fetchNow(name?: string): Promise<readonly FeedStatus[]>;
  feeds(): readonly FeedStatus[];
  /** Resolves when no fetch is under way. */
  stop(): Promise<void>;
}

type NewsDesk = Pick<Desk, "config" | "clock" | "workspace" | "log" | "history" | "readOnly">;

/** Functions that fetch and parse a feed. */
export interface FeedDeps {
  readonly fetch: FetchFeed;
  readonly read: ReadFeed;
}

interface Feed {
  readonly config: NewsFeed;
  /** Validators of the last document whose items are all written: an unchanged feed needs no work. */
  validators: Validators | undefined;
  failures: number;
  filed: number;
  fetchedAt: number | undefined;
  nextAt: number | undefined;
  problem: string | undefined;
  problemAt: number;
  cancel: () => void;
  running: Promise<void> | undefined;
}

/** Starts the timers of every feed in desk.toml. */
export function startNews(desk: NewsDesk, deps: FeedDeps): News {
  const stopping = new AbortController();
  const feeds = desk.config.news.map((config): Feed => ({
    ...{
      config,
      validators: undefined,
      failures: 0,
      filed: 0,
      fetchedAt: undefined,
      nextAt: undefined,
      problem: undefined,
      problemAt: 0,
    },
    cancel: () => undefined,
    running: undefined,
  }));
  const filing = filer(desk);
  const schedule = (feed: Feed, ms: number): void => {
    feed.cancel();
    if (stopping.signal.aborted) return;
    feed.nextAt = desk.clock.now() + ms;
    feed.cancel = desk.clock.after(ms, () => void run(feed));
  };
  /** Two callers at once wait for the same fetch. */
  const run = (feed: Feed): Promise<void> =>
    (feed.running ??= fetchOne(desk, feed, deps, filing, stopping.signal).finally(() => {
      feed.running = undefined;
      schedule(
        feed,
        Math.min(
          feed.config.everyMs * 2 ** Math.min(feed.failures, 20),
          Math.max(BACK_OFF_MAX_MS, feed.config.everyMs),
        ),
      );
    }));
  for (const [index, feed] of feeds.entries()) schedule(feed, FIRST_MS + index * STAGGER_MS);
  return {
    fetchNow: async (name) => {
      const wanted = feeds.filter(({ config }) => name === undefined || config.name === name);
      await Promise.all(wanted.map(run));
      return wanted.map(statusOf);
    },
    feeds: () => feeds.map(statusOf),
    stop: async () => {
      stopping.abort(new FetchError("the desk is stopping"));
      for (const feed of feeds) feed.cancel();
      await Promise.all(feeds.map(({ running }) => running));
    },
  };
}

function statusOf({ config, failures, filed, fetchedAt, nextAt, problem, problemAt }: Feed): FeedStatus {
  return {
    name: config.name,
    status: failures > 0 ? "failing" : fetchedAt === undefined ? "waiting" : "ready",
    failures,
    filed,
    fetchedAt: fetchedAt === undefined ? null : iso(fetchedAt),
    nextAt: nextAt === undefined ? null : iso(nextAt),
    untrusted: problem === undefined ? null : untrusted(`feed ${config.name}`, problemAt, problem),
  };
}

interface Filed {
  readonly filed: number;
  /** True if items remain for the next fetch. */
  readonly isMore: boolean;
}
type Filing = (feed: NewsFeed, items: readonly FeedItem[]) => Promise<Filed>;

async function fetchOne(
  desk: NewsDesk,
  feed: Feed,
  { fetch, read }: FeedDeps,
  file: Filing,
  signal: AbortSignal,
): Promise<void> {
  const { config } = feed;
  try {
    const fetched = await fetch(config.url, signal, feed.validators);
    const { filed, isMore } =
      fetched === undefined ? { filed: 0, isMore: false } : await file(config, await read(fetched, config.url, signal));
    if (fetched !== undefined)
      feed.validators = isMore ? undefined : { etag: fetched.etag, lastModified: fetched.lastModified };
    [feed.failures, feed.problem, feed.fetchedAt] = [0, undefined, desk.clock.now()];
    feed.filed += filed;
    if (filed > 0) desk.history.request(`news ${config.name}: ${filed}`);
  } catch (error) {
    if (signal.aborted) return;
    feed.failures += 1;
    feed.problem = messageOf(error);
    feed.problemAt = desk.clock.now();
    const fields = { feed: config.name, failures: feed.failures };
    // A failing feed is a warning; any other error is a fault of the desk. The timers continue in both cases.
    if (error instanceof FetchError || error instanceof FeedError)
      desk.log.warn(`news ${config.name}: ${feed.problem}`, fields);
    else desk.log.error(`news ${config.name}: ${feed.problem}`, fields);
  }
}

/**
 * Writes items of one feed after another, so that an item in two feeds is written once and the daily limit is shared.
 */
function filer(desk: NewsDesk): Filing {
  let state: NewsState | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  return (feed, items) => {
    const filed = turn.then(async () => {
      if (desk.readOnly() !== undefined) return { filed: 0, isMore: true };
      state ??= await desk.workspace.news.readState();
      return fileItems(desk, feed, items, state);
    });
    turn = filed.catch(() => undefined);
    return filed;
  };
}

async function fileItems(desk: NewsDesk, feed: NewsFeed, items: readonly FeedItem[], state: NewsState): Promise<Filed> {
  const now = desk.clock.now();
  const today = dateInZone(desk.config.workspace.timezone, now);
  if (state.day !== today) [state.day, state.filed] = [today, 0];
  const known = new Set([...(await desk.workspace.news.ids()), ...[...state.seen.values()].flat()]);
  // An item dated in the future gets the current time.
  const dated = items.map((item) =>
    item.published !== undefined && item.published > now ? { ...item, published: now } : item,
  );
  const fresh = dated.filter(
    ({ id }, index) => !known.has(id) && dated.findIndex((other) => other.id === id) === index,
  );
  const newest = fresh.toSorted((a, b) => (b.published ?? now) - (a.published ?? now)).slice(0, ITEMS_PER_FETCH);
  const remaining = Math.max(0, ITEMS_PER_DAY - state.filed);
  if (newest.length > remaining)
    desk.log.warn(`news ${feed.name}: ${ITEMS_PER_DAY} items were written today; the others wait`, { feed: feed.name });
  const selected = newest.slice(0, remaining);
  for (const { id, title, url, published, text } of selected) {
    const when = published === undefined ? "" : iso(published);
    await desk.workspace.news.write({
      id,
      feed: feed.name,
      title,
      url,
      published: when,
      fetched: iso(now),
      text,
    });
  }
  const filed = { filed: selected.length, isMore: selected.length < fresh.length };
  if (selected.length === 0) return filed;
  state.filed += selected.length;
  state.seen.set(feed.name, [...(state.seen.get(feed.name) ?? []), ...selected.map(({ id }) => id)]);
  await desk.workspace.news.writeState(state);
  return filed;
}

/**
 * The desk's feeds: filed once, over restarts too, within limits, and a feed that fails is asked less and less often.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../../src/domain/digest.ts";
import { type News, startNews } from "../../../src/trading/market/news.ts";
import { decodeFeed, parseFeed } from "../../../src/market-data/feed.ts";
import { FetchError, type FetchFeed, type FetchedFeed, type Validators } from "../../../src/market-data/feed-fetch.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { openWorkspace } from "../../../src/workspace/workspace.ts";
import { readNote } from "../../../src/workspace/frontmatter.ts";
import type { NewsFeed } from "../../../src/workspace/config.ts";
import type { ReadFeed } from "../../../src/market-data/feed-thread.ts";
import { type FakeClock, fakeClock } from "../../support/fake-clock.ts";
import { type QuietLog, quietLog } from "../../support/quiet-log.ts";

const A: NewsFeed = { name: "a", url: "https://a.example/feed", everyMs: 900_000 };
const B: NewsFeed = { name: "b", url: "https://b.example/feed", everyMs: 900_000 };
const NOW = "2026-07-06T13:30:00.000Z";

interface Told {
  readonly guid?: string;
  readonly title: string;
  readonly at?: string;
}
function rss(items: readonly Told[]): string {
  return `<rss><channel>${items
    .map(
      ({ guid, title, at }) =>
        `<item><title>${title}</title>${guid === undefined ? "" : `<guid>${guid}</guid>`}${at === undefined ? "" : `<pubDate>${at}</pubDate>`}<description>Text of ${title}</description></item>`,
    )
    .join("")}</channel></rss>`;
}
function many(count: number, prefix: string): readonly Told[] {
  return Array.from({ length: count }, (_, n) => ({
    guid: `${prefix}${n}`,
    title: `${prefix} ${n}`,
    at: new Date(Date.parse(NOW) - n * 60_000).toUTCString(),
  }));
}

let root: string;
let clock: FakeClock;
let log: QuietLog;
let commits: string[];
let readOnly: string | undefined;
let news: News | undefined;
/** What each address answers now, and how often it was asked. */
let answers: Map<string, string | Error>;
let asked: string[];
/** The validators that came with each question. */
let known: (Validators | undefined)[];

/** Answers like a server with an ETag of the whole text. */
const fetch: FetchFeed = (url, _signal, validators) => {
  asked.push(url);
  known.push(validators);
  const answer = answers.get(url) ?? new FetchError("it answers 404");
  if (typeof answer !== "string") return Promise.reject(answer);
  const etag = digestOf(answer);
  if (validators?.etag === etag) return Promise.resolve(undefined);
  return Promise.resolve({ bytes: Buffer.from(answer), contentType: "text/xml", etag, lastModified: undefined });
};
/** Parses in this thread. The desk parses in a thread of its own, which has its own test. */
const readDocument: ReadFeed = async ({ bytes, contentType }, url) => parseFeed(decodeFeed(bytes, contentType), url);

function start(feeds: readonly NewsFeed[], with_: FetchFeed = fetch): News {
  const config = { news: feeds, workspace: { timezone: "America/New_York" } };
  const history = { request: (why: string) => void commits.push(why) };
  const workspace = openWorkspace({ disk: nodeDisk(), root, clock, secretFiles: () => [] });
  news = startNews({ workspace, clock, log, config, history, readOnly: () => readOnly } as never, {
    fetch: with_,
    read: readDocument,
  });
  return news;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "qoc-news-"));
  [clock, log, commits, readOnly] = [fakeClock(Date.parse(NOW)), quietLog(), [], undefined];
  [answers, asked, known] = [new Map(), [], []];
});
afterEach(async () => {
  await news?.stop();
  rmSync(root, { recursive: true, force: true });
});

function files(): readonly string[] {
  try {
    return readdirSync(join(root, "inbox/news")).toSorted();
  } catch {
    return [];
  }
}
function read(name: string): string {
  return readFileSync(join(root, "inbox/news", name), "utf8");
}

describe("an item", () => {
  it("an item is one Markdown file with its source", async () => {
    answers.set(A.url, rss([{ guid: "1", title: "Rates &amp; more", at: "Sun, 05 Jul 2026 08:30:00 GMT" }]));
    await start([A]).fetchNow();
    const [name = ""] = files();
    expect(name).toMatch(/^2026-07-05-0830-rates-more-[0-9a-f]{16}\.md$/);
    const { fields, body } = readNote(read(name));
    expect(fields).toEqual({
      ...{
        kind: "news",
        status: "new",
        title: "Rates & more",
        source: "a",
        url: "",
        published: "2026-07-05T08:30:00.000Z",
      },
      ...{ fetched: NOW, id: name.slice(-19, -3) },
    });
    expect(body).toBe("> Text of Rates & more\n");
    expect(commits).toEqual(["news a: 1"]);
  });

  it("an item without a time or with a future time gets the current time", async () => {
    answers.set(A.url, rss([{ title: "no time" }, { title: "tomorrow", at: "Sun, 05 Jul 2099 08:30:00 GMT" }]));
    await start([A]).fetchNow();
    expect(files().map((name) => name.slice(0, 15))).toEqual(["2026-07-06-1330", "2026-07-06-1330"]);
    expect(files().map((name) => readNote(read(name)).fields["published"])).toEqual(["", NOW].toSorted());
  });

  it("an item is written once, even if it is fetched again, edited, in another feed of its host, or deleted by a person", async () => {
    const same = { guid: "https://x.example/1", title: "One" };
    answers.set(A.url, rss([same, same]));
    const sibling = { ...B, url: "https://a.example/second" };
    answers.set(sibling.url, rss([{ ...same, title: "One, edited" }]));
    await start([A, sibling]).fetchNow();
    expect(files()).toHaveLength(1);
    await news?.fetchNow();
    await news?.stop();
    clock.advance(5_000);
    await start([A, sibling]).fetchNow();
    expect(files()).toHaveLength(1);
    rmSync(join(root, "inbox/news", files()[0] ?? ""));
    await news?.stop();
    await start([A, sibling]).fetchNow();
    expect(files()).toEqual([]);
  });

  it("an item is written even if a feed of another host has used its id", async () => {
    answers.set(A.url, rss([{ guid: "https://b.example/1", title: "Forged" }]));
    answers.set(B.url, rss([{ guid: "https://b.example/1", title: "Real" }]));
    await start([A]).fetchNow();
    await news?.stop();
    await start([A, B]).fetchNow();
    expect(
      files()
        .map((name) => readNote(read(name)).fields["title"])
        .toSorted(),
    ).toEqual(["Forged", "Real"]);
  });

  it("an item whose file exists is not written again if the state file is lost or damaged", async () => {
    answers.set(A.url, rss(many(3, "n")));
    await start([A]).fetchNow();
    await news?.stop();
    const [first = ""] = files();
    writeFileSync(join(root, "inbox/news", first), "read by a person");
    writeFileSync(join(root, ".qoc/news.json"), '{"format":');
    expect(await start([A]).fetchNow()).toMatchObject([{ filed: 0 }]);
    await news?.stop();
    rmSync(join(root, ".qoc"), { recursive: true });
    expect(await start([A]).fetchNow()).toMatchObject([{ filed: 0 }]);
    expect(files()).toHaveLength(3);
    expect(read(first)).toBe("read by a person");
  });

  it("no item is written on a read-only desk", async () => {
    answers.set(A.url, rss(many(1, "n")));
    readOnly = "the journal is damaged";
    expect(await start([A]).fetchNow()).toMatchObject([{ status: "ready", filed: 0 }]);
    expect(files()).toEqual([]);
  });
});

describe("limits", () => {
  it("one fetch writes its newest fifty items, and the next fetches write the others", async () => {
    answers.set(A.url, rss(many(120, "n")));
    expect(await start([A]).fetchNow()).toMatchObject([{ filed: 50 }]);
    expect(files().map((name) => readNote(read(name)).fields["title"])).toContain("n 0");
    expect(files().map((name) => readNote(read(name)).fields["title"])).not.toContain("n 50");
    await news?.fetchNow();
    expect(await news?.fetchNow()).toMatchObject([{ filed: 120 }]);
  });

  it("five hundred items are written a day, also over restarts, and more on the desk's next day", async () => {
    start([A]);
    for (let n = 0; n < 11; n++) {
      answers.set(A.url, rss(many(50, `n${n}-`)));
      await news?.fetchNow();
      if (n === 5) {
        await news?.stop();
        start([A]);
      }
    }
    expect(files()).toHaveLength(500);
    expect(log.text()).toContain("500 items were written today");
    // Midnight in New York.
    clock.step(Date.parse("2026-07-07T03:59:00.000Z") - clock.now());
    await news?.fetchNow();
    expect(files()).toHaveLength(500);
    clock.step(120_000);
    await news?.fetchNow();
    expect(files()).toHaveLength(550);
  });
});

describe("a feed that has not changed", () => {
  const etags = (): readonly (string | undefined)[] => known.map((validators) => validators?.etag);

  it("an unchanged feed is requested with its validators and does not count as a failure", async () => {
    const text = rss(many(3, "n"));
    answers.set(A.url, text);
    await start([A]).fetchNow();
    expect(await news?.fetchNow()).toMatchObject([{ status: "ready", failures: 0, filed: 3 }]);
    answers.set(A.url, rss(many(4, "n")));
    expect(await news?.fetchNow()).toMatchObject([{ filed: 4 }]);
    expect(etags()).toEqual([undefined, digestOf(text), digestOf(text)]);
  });

  it("a feed is read whole while some of its items are not written yet", async () => {
    answers.set(A.url, rss(many(60, "n")));
    readOnly = "the journal is damaged";
    await start([A]).fetchNow();
    readOnly = undefined;
    await news?.fetchNow();
    expect(await news?.fetchNow()).toMatchObject([{ filed: 60 }]);
    await news?.fetchNow();
    expect(etags().map((etag) => etag !== undefined)).toEqual([false, false, false, true]);
  });
});

describe("timers", () => {
  it("each feed is fetched shortly after the start, one second apart, and then at its interval", async () => {
    answers.set(A.url, rss([]));
    answers.set(B.url, rss([]));
    start([A, { ...B, everyMs: 60_000 }]);
    expect(news?.feeds()).toMatchObject([
      { status: "waiting", nextAt: "2026-07-06T13:30:02.000Z" },
      { nextAt: "2026-07-06T13:30:03.000Z" },
    ]);
    await due(2_000);
    expect(asked).toEqual([A.url]);
    await due(1_000);
    expect(asked).toEqual([A.url, B.url]);
    await due(60_000);
    expect(asked).toEqual([A.url, B.url, B.url]);
    expect(news?.feeds()).toMatchObject([
      { status: "ready", failures: 0, untrusted: null, fetchedAt: "2026-07-06T13:30:02.000Z" },
      { status: "ready" },
    ]);
  });

  it("a failing feed is fetched less and less often, at least once a day, and at its interval after a success", async () => {
    start([A]);
    await due(2_000);
    const waits: number[] = [];
    const wait = (): number => Date.parse(news?.feeds()[0]?.nextAt ?? "") - clock.now();
    for (let n = 0; n < 9; n++) {
      waits.push(wait() / 60_000);
      await due(wait());
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_440, 1_440, 1_440]);
    expect(news?.feeds()).toMatchObject([
      { status: "failing", failures: 10, untrusted: { source: "feed a", text: "it answers 404" } },
    ]);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(10);
    answers.set(A.url, rss(many(1, "n")));
    await due(wait());
    expect(news?.feeds()).toMatchObject([{ status: "ready", failures: 0, untrusted: null }]);
    expect(wait()).toBe(900_000);
  });

  it.each([
    ["a page", "<html></html>", "the document is neither RSS nor Atom"],
    ["a bomb", "<!DOCTYPE x [<!ENTITY a 'b'>]><rss/>", "the document declares entities"],
  ])("a feed that returns %s fails with a line in the log", async (_what, answer, says) => {
    answers.set(A.url, answer);
    expect(await start([A]).fetchNow()).toMatchObject([{ status: "failing", untrusted: { text: says } }]);
    expect(log.text()).toBe(`warn news a: ${says}`);
  });

  it("a feed has one fetch at a time, and no fetch after the stop", async () => {
    let answer: (value: FetchedFeed) => void = () => undefined;
    let calls = 0;
    const slow: FetchFeed = (_url, signal) => {
      calls += 1;
      return new Promise((resolve, reject) => {
        answer = resolve;
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    };
    start([A], slow);
    const both = [news?.fetchNow(), news?.fetchNow("a")];
    expect(calls).toBe(1);
    answer({ bytes: Buffer.from(rss([])), contentType: "", etag: undefined, lastModified: undefined });
    await Promise.all(both);
    const last = news?.fetchNow();
    await news?.stop();
    await last;
    expect(calls).toBe(2);
    expect(clock.waiting).toBe(0);
    expect(log.text()).toBe("");
  });
});

/** Time passes, and what fell due then is done. */
async function due(ms: number): Promise<void> {
  const before = asked.length;
  clock.advance(ms);
  if (asked.length > before) await news?.fetchNow("nobody").then(() => settled());
}

/** A fetch that is under way ends before the next timer is set. */
async function settled(): Promise<void> {
  while (news?.feeds().some(({ nextAt }) => nextAt !== null && Date.parse(nextAt) <= clock.now()) === true) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

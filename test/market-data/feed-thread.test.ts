/** Feeds parsed in real threads: valid ones, invalid ones, and documents that take too long or too much memory. */
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { FeedError } from "../../src/market-data/feed-item.ts";
import { feedReader } from "../../src/market-data/feed-thread.ts";
import { systemClock } from "../../src/app/system.ts";
import { fakeClock } from "../support/fake-clock.ts";

const WORKER = fileURLToPath(new URL("../../dist/src/market-data/feed-worker.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "qoc-feed-thread-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const URL_OF = "https://x.example/feed";
const never = new AbortController().signal;
function document(text: string) {
  return { bytes: Buffer.from(text), contentType: "text/xml", etag: undefined, lastModified: undefined };
}
function worker(name: string, source: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, source);
  return path;
}
function failure(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => "read",
    (error: Error) => (error instanceof FeedError ? error.message : `not a FeedError: ${error.message}`),
  );
}

describe("a feed parsed in its own thread", () => {
  const read = feedReader({ workerFile: WORKER, clock: systemClock });

  it("has the same items as in the main thread", async () => {
    const items = await read(
      document("<rss><channel><item><title>Z&#252;rich</title></item></channel></rss>"),
      URL_OF,
      never,
    );
    expect(items).toMatchObject([{ title: "Zürich", url: "", published: undefined }]);
  });

  it("is rejected with a message if the document is not a feed", async () => {
    expect(await failure(read(document("<html/>"), URL_OF, never))).toBe("the document is neither RSS nor Atom");
  });

  it("does not block the main thread while a document of many tags is parsed", async () => {
    let turns = 0;
    let isRead = false;
    const turn = (): void => {
      turns += 1;
      if (!isRead) setImmediate(turn);
    };
    turn();
    const before = turns;
    await read(document(`<rss><channel>${"<a>x</a>".repeat(100_000)}</channel></rss>`), URL_OF, never);
    isRead = true;
    expect(turns - before).toBeGreaterThan(1_000);
  });
});

describe("a feed thread", () => {
  it("is terminated if it returns no result within the time limit", async () => {
    const clock = fakeClock();
    const workerFile = worker("loop", "for (;;);");
    const reading = failure(feedReader({ workerFile, clock })(document(""), URL_OF, never));
    clock.advance(10_000);
    expect(await reading).toBe("parsing took longer than 10 s");
    expect(clock.waiting).toBe(0);
  });

  it("is terminated if it needs more memory than its limit", async () => {
    const workerFile = worker("memory", "const all = []; for (;;) all.push(new Array(10_000).fill(all.length));");
    const read = feedReader({ workerFile, clock: systemClock, limits: { megabytes: 16 } });
    expect(await failure(read(document(""), URL_OF, never))).toBe("parsing took more than 16 MB");
  });

  it.each([
    ["throws", "throw new Error('broken');", "broken"],
    ["exits", "", "the thread ended without a result"],
  ])("fails only its own feed if it %s", async (name, source, message) => {
    const read = feedReader({ workerFile: worker(name, source), clock: systemClock });
    expect(await failure(read(document(""), URL_OF, never))).toBe(message);
  });

  it("gets no environment variables of the desk", async () => {
    process.env["QOC_FEED_TEST"] = "seen";
    const workerFile = worker("env", "throw new Error(JSON.stringify(process.env));");
    expect(await failure(feedReader({ workerFile, clock: systemClock })(document(""), URL_OF, never))).toBe("{}");
    delete process.env["QOC_FEED_TEST"];
  });

  it("is terminated when the desk stops, and leaves no timer", async () => {
    const clock = fakeClock();
    const stop = new AbortController();
    const reading = failure(
      feedReader({ workerFile: worker("loop", "for (;;);"), clock })(document(""), URL_OF, stop.signal),
    );
    stop.abort(new FeedError("the desk stops"));
    expect(await reading).toBe("the desk stops");
    expect(await failure(feedReader({ workerFile: WORKER, clock })(document(""), URL_OF, stop.signal))).toBe(
      "the desk stops",
    );
    expect(clock.waiting).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { EMPTY_LOG, type PagedLogOptions, type PagedLog, append, load } from "../../../connectors/paper/paged-log.ts";
import { CrashStore } from "../../support/crash-store.ts";

const SHAPE: PagedLogOptions = { name: "rows", pageRows: 3, pages: 2 };

/**
 * Appends row after row and stores the tail, as the vault does; dies at the `last`-th put. What was committed comes
 * back.
 */
async function live(disk: Map<string, string>, last: number, lands: boolean): Promise<number> {
  let puts = 0;
  let dead: () => void = () => undefined;
  const death = new Promise<"dead">((resolve) => (dead = () => resolve("dead")));
  const store: CrashStore = new CrashStore(disk, {
    lands: () => lands,
    delay: async () => {
      await Promise.resolve();
      puts += 1;
      if (puts < last) return;
      store.crash();
      dead();
    },
  });
  let committed = 0;
  const work = async (): Promise<void> => {
    let tail: PagedLog<number> = EMPTY_LOG;
    for (let row = 1; row <= 30; row++) {
      const next: PagedLog<number> = await append(store, SHAPE, tail, [row]);
      await store.put("tail", next);
      [tail, committed] = [next, row];
    }
  };
  await Promise.race([work(), death]);
  return committed;
}

describe("a paged log", () => {
  it.each([true, false])(
    "lose no committed row of the window at a crash at any put (which reaches the disk: %s)",
    async (lands) => {
      for (let last = 1; last <= 40; last++) {
        const disk = new Map<string, string>();
        const committed = await live(disk, last, lands);
        const store = new CrashStore(disk);
        const tail = ((await store.get("tail")) ?? EMPTY_LOG) as PagedLog<number>;
        const rows = await load(store, SHAPE, tail);
        const newest = rows.at(-1) ?? 0;
        expect([committed, committed + 1]).toContain(newest);
        const kept = Math.min(tail.sealed, SHAPE.pages) * SHAPE.pageRows + tail.rows.length;
        expect(rows).toEqual(Array.from({ length: kept }, (_, n) => newest - kept + 1 + n));
      }
    },
  );

  it("append seals several pages at once and writes each once", async () => {
    const store = new CrashStore();
    const tail = await append(store, SHAPE, EMPTY_LOG, [1, 2, 3, 4, 5, 6, 7]);
    expect(tail).toEqual({ sealed: 2, rows: [7] });
    expect(store.puts.map(({ key }) => key)).toEqual(["rows-0", "rows-1"]);
    expect(await load(store, SHAPE, tail)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("sealed pages are on disk before the log that contains them is stored", async () => {
    const order: string[] = [];
    const store = new CrashStore(new Map(), { delay: () => new Promise((resolve) => setTimeout(resolve, 1)) });
    const tail = await append(store, SHAPE, EMPTY_LOG, [1, 2, 3]).finally(() =>
      order.push(`appended with ${[...store.disk.keys()].join()}`),
    );
    expect(order).toEqual(["appended with rows-0"]);
    expect(tail.rows).toEqual([]);
  });
});

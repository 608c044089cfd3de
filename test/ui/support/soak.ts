/** A long time in the life of a page: what the desk does meanwhile, and what the page weighs. */
import type { Page } from "playwright-core";
import type { DeskEvent } from "../../../src/domain/event.ts";
import type { BrowserDesk } from "./browser-desk.ts";

export interface Weight {
  readonly heapMb: number;
  /** Nodes of the document, also those that only a script holds. */
  readonly nodes: number;
  readonly listeners: number;
  readonly text: string;
}

/** Returns a function that weighs the page after a garbage collection. */
export async function weigh(page: Page): Promise<() => Promise<Weight>> {
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  return async () => {
    await client.send("HeapProfiler.collectGarbage");
    const { metrics } = await client.send("Performance.getMetrics");
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    const [heapMb, nodes, listeners] = [of("JSHeapUsedSize") / 1e6, of("Nodes"), of("JSEventListeners")];
    return { heapMb, nodes, listeners, text: `${heapMb.toFixed(1)} MB, ${nodes} nodes, ${listeners} listeners` };
  };
}

/** Records of all kinds that pages follow, hundreds a second, and a proposal that comes and goes each second. */
export function storm({ desk, call, propose }: BrowserDesk): { count(): number; stop(): Promise<void> } {
  const { desk: running } = desk.open;
  const kinds: readonly DeskEvent[] = [
    { type: "trading.changed", state: "active", reason: "a soak", actor: "human" } as DeskEvent,
    { type: "connector.changed", connector: "paper", state: "ready", generation: 1 } as unknown as DeskEvent,
    { type: "file.written", path: "inbox/soak.md", actor: "human" } as unknown as DeskEvent,
    { type: "file.written", path: "issues/soak.md", actor: "human" } as unknown as DeskEvent,
  ];
  const ended = new AbortController();
  let count = 0;
  const work = (async () => {
    for (let round = 0; !ended.signal.aborted; round += 1) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => running.commit(kinds[n % kinds.length] as DeskEvent)));
      count += 50;
      if (round % 10 === 0) {
        const id = await propose({ limitPrice: String(1_000 + (round % 1_000)) });
        await call("reject", { id, comment: "a soak" });
        count += 2;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    count: () => count,
    stop: () => {
      ended.abort();
      return work;
    },
  };
}

/** The tab is hidden, the machine sleeps for an hour, and the human comes back. */
export async function sleepAndWake(page: Page): Promise<void> {
  await page.evaluate(() => {
    const set = (state: string): void => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    };
    set("hidden");
    (globalThis as any).skip?.(3_600_000);
    set("visible");
  });
  await page.getByText("up to date").waitFor();
}

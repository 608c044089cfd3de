/** The budgets of the page: bytes, requests, and what drawing and scrolling cost, as ratios in the same browser. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeskState, foldDeskState } from "../../src/domain/desk-state.ts";
import { orderRows } from "../../src/trading/orders/order-rows.ts";
import { scenario } from "../support/journal-scenario.ts";
import { NO_ARCHIVE } from "../support/no-archive.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { fiveYears } from "./support/equity-scenario.ts";

const DIST = fileURLToPath(new URL("../../dist/ui/", import.meta.url));

function zipped(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(DIST + name), { level: 9 }).length, 0) / 1_000;
}

const FILES = readdirSync(DIST);
/** What `index.html` loads: the first route. */
const FIRST = [...readFileSync(`${DIST}index.html`, "utf8").matchAll(/(?:src|href)="([^"]+)"/g)].map(
  ([, name]) => name ?? "",
);

describe("the bytes of the page, compressed", () => {
  it.each([
    ["scripts of the first route", FIRST.filter((name) => name.endsWith(".js")), 45],
    ["all scripts", FILES.filter((name) => name.endsWith(".js")), 110],
    ["style sheets", FILES.filter((name) => name.endsWith(".css")), 8],
  ] as const)("%s stay within their budget", (what, names, budget) => {
    expect(names.length).toBeGreaterThan(0);
    const size = zipped(names);
    process.stdout.write(`${what}: ${size.toFixed(1)} of ${budget} kB\n`);
    expect(size).toBeLessThan(budget);
  });
});

const ORDERS = 10_000;

/** Filled orders as a trading desk has them. */
function tradedOrders(): DeskState {
  const tale = scenario().desk().connector("paper");
  for (let n = 0; n < ORDERS; n++) {
    const id = `20260706-${String(n).padStart(5, "0")}`;
    const symbol = ["SPX", "AAPL", "MSFT", "BTC/USD"][n % 4] ?? "";
    const terms = { symbol, side: n % 3 === 0 ? "sell" : "buy", quantity: "10", limitPrice: "2900.25" } as const;
    tale.working(id, terms).fill(id, { quantity: "10", price: "2899.5" });
  }
  return foldDeskState(tale.records());
}

/** The parts in which the page reads all orders, as the desk's answers. */
const parts: string[] = [];
beforeAll(async () => {
  const desk = { state: tradedOrders(), archive: NO_ARCHIVE };
  let after: string | undefined;
  do {
    const page = await orderRows(desk, { after, limit: 500 });
    parts.push(JSON.stringify({ value: page, values: [], notes: [] }));
    after = page.next ?? undefined;
  } while (after !== undefined);
});

it("the answers of 10,000 orders, in parts of 500", () => {
  const bytes = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  process.stdout.write(`${ORDERS} orders: ${(bytes / 1e6).toFixed(2)} MB in ${parts.length} parts\n`);
  expect([parts.length, bytes < 1_100_000]).toEqual([20, true]);
});

describePage("the cost of the page", () => {
  let browser: TestBrowser;
  let desk: BrowserDesk;
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  it("the first paint needs four requests, and little more time than an empty page", async () => {
    const context = await browser.context();
    const { page } = await desk.signIn(context);
    const requests: string[] = [];
    page.on("request", (request) => {
      if (!request.url().includes("/api/")) requests.push(new URL(request.url()).pathname);
    });
    await page.reload();
    await page.getByText("up to date").waitFor();
    const own = requests.filter((path) => !path.includes("icon-") && !path.includes("all-pages-"));
    expect(own.length).toBeLessThanOrEqual(4);
    const paint = (): Promise<number> =>
      page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN);
    const first = await paint();
    await page.route("**/empty", (route) => route.fulfill({ contentType: "text/html", body: "<p>empty</p>" }));
    await page.goto(`${desk.origin}/empty`);
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    process.stdout.write(
      `first contentful paint ${first.toFixed(0)} ms; an empty page ${(await paint()).toFixed(0)} ms\n`,
    );
    await context.close();
  });

  it("the terms of a proposal can be read soon after its address is opened", async () => {
    const context = await browser.context();
    const { page } = await desk.signIn(context);
    const id = await desk.propose();
    await page.goto("about:blank");
    await page.goto(`${desk.origin}/ui/#/review/${id}`);
    const at = await page.waitForFunction(() =>
      /BUY 2 SPX/.test(document.querySelector("h1")?.textContent ?? "") ? performance.now() : undefined,
    );
    process.stdout.write(`terms readable after ${Number(await at.jsonValue()).toFixed(0)} of 600 ms\n`);
    await context.close();
  });

  it("10,000 orders: 60 rows in the document, a filter within some frames, and no long task while scrolling", async () => {
    const context = await browser.context();
    const { page, go } = await desk.signIn(context);
    await page.route("**/ui/api/command", (route) => {
      const { command, input } = route.request().postDataJSON() as { command: string; input: { after?: string } };
      if (command !== "orders rows") return route.continue();
      const before = parts.findIndex((part) => part.includes(`"next":"${input.after}"`));
      return route.fulfill({ contentType: "application/json", body: parts[before + 1] ?? "" });
    });
    await go("orders");
    await page.getByText("10,000 orders, newest first").waitFor();
    expect(await page.locator("[data-row]").count()).toBeLessThan(60);
    const measured = await page.evaluate(async () => {
      const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      /** The median time until the second frame after a change. */
      const twoFrames = async (times: number, change: (step: number) => void): Promise<number> => {
        const costs: number[] = [];
        for (let step = 1; step <= times; step += 1) {
          const started = performance.now();
          change(step);
          await nextFrame();
          await nextFrame();
          costs.push(performance.now() - started);
        }
        return costs.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? Number.NaN;
      };
      const frame = document.querySelector(".frame");
      const field = document.querySelector<HTMLInputElement>("[data-filter]");
      if (frame === null || field === null) throw new Error("no frame of rows, or no filter");
      // The floor: the same browser copies and lays out the same rows without any program around them.
      let copy = document.createElement("div");
      const floor = await twoFrames(20, () => {
        copy.remove();
        copy = frame.cloneNode(true) as HTMLDivElement;
        document.body.append(copy);
      });
      copy.remove();
      let [longest, last] = [0, performance.now()];
      const scroll = await twoFrames(40, (step) => {
        frame.scrollTop = step * 4_000;
        longest = Math.max(longest, step === 1 ? 0 : performance.now() - last);
        last = performance.now();
      });
      const lastRow = document.querySelector("[data-row]:last-child")?.textContent ?? "";
      const filter = await twoFrames(10, (step) => {
        field.value = step % 2 === 0 ? "btc sell" : "btc";
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return { floor, scroll, filter, longest: longest / 2, lastRow };
    });
    expect(measured.lastRow).toMatch(/^20260706-0\d{4}/);
    await page.getByText(/^[\d,]+ of 10,000 orders$/).waitFor();
    const { floor, scroll, filter, longest } = measured;
    const shown = [floor, scroll, filter, longest].map((ms) => ms.toFixed(0)).join(", ");
    process.stdout.write(`two frames: floor, scroll, filter; one frame of a scroll at worst: ${shown} ms\n`);
    expect(scroll / floor).toBeLessThan(5);
    expect(filter / floor).toBeLessThan(8);
    await context.close();
  });

  it("five years of the NAV are drawn with their fills, and the point that a key chose outlives a new drawing", async () => {
    const context = await browser.context();
    const { page, go } = await desk.signIn(context);
    let asked = 0;
    let answerFills: (() => void) | undefined;
    await page.route("**/ui/api/command", (route) => {
      const { command, input } = route.request().postDataJSON() as { command: string; input: { points?: number } };
      if (command === "fills list") answerFills = () => void route.continue();
      if (command === "equity points") asked = input.points ?? Infinity;
      if (command === "equity points") return route.fulfill({ json: { value: fiveYears(), values: [], notes: [] } });
      return command === "fills list" ? undefined : route.continue();
    });
    await page.evaluate(() => {
      (globalThis as any).longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries())
          (globalThis as any).longest = Math.max((globalThis as any).longest, duration);
      }).observe({ type: "longtask" });
    });
    await go("equity");
    const plot = page.getByRole("img", { name: /^NAV 1,/ });
    await plot.locator("canvas").waitFor();
    // The desk sends at most so many points.
    const largest = JSON.stringify(
      Array.from({ length: asked }, () => ["2026-11-28T10:00:00.000Z", "123456789.12345678", "0.123456"]),
    );
    process.stdout.write(`${asked} points of the equity: at most ${largest.length} bytes\n`);
    expect(largest.length).toBeLessThan(60_000);
    await plot.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    const before = page.getByText(/^26 Nov 2026 · NAV 1,\d{3},\d{3} · drawdown −?\d+\.\d\d %/);
    await before.waitFor();
    const first = await plot.locator("canvas").evaluateHandle((canvas) => canvas);
    await expect.poll(() => answerFills).toBeDefined();
    answerFills?.();
    // The fills have arrived, and the plot is another one.
    await page.waitForFunction((canvas) => !canvas.isConnected, first);
    expect(await before.isVisible()).toBe(true);
    const longest = await page.evaluate(() => Number((globalThis as any).longest));
    process.stdout.write(`1,826 points drawn twice: the longest task ${longest.toFixed(0)} ms (0: below 50)\n`);
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/^25 Nov 2026 · NAV 1,/).waitFor();
    await page.getByText("NAV as a table (1826 rows)").click();
    await page.getByRole("rowheader", { name: /2026-11-27/ }).waitFor();
    await context.close();
  });
});

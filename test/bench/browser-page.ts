/**
 * The page in a browser: its first paint, what its event stream carries, and what it weighs after many events. Skipped
 * on a machine without Chromium.
 */
import { existsSync } from "node:fs";
import { type Page, chromium } from "playwright-core";
import type { DeskEvent } from "../../src/domain/event.ts";
import { type PageDesk, pageDesk } from "../support/page-desk.ts";
import { discard } from "../support/temp-desk.ts";
import { type Row, SHORT, median, ratioOf, say } from "./measure.ts";

const EXECUTABLE = "/usr/bin/chromium";
const PAINTS = SHORT ? 3 : 31;
const EVENTS = SHORT ? 500 : 10_000;
const IDLE_MS = SHORT ? 2_000 : 60_000;
/** Limits of the page. */
const [MESSAGES_A_SECOND, IDLE_BYTES_A_SECOND, HEAP_MB] = [4, 2_000, 60];

export async function pageInBrowser(): Promise<readonly Row[]> {
  if (!existsSync(EXECUTABLE)) {
    say(`SKIPPED: ${EXECUTABLE} does not exist; the page is not measured in a browser`);
    return [];
  }
  const opened = await pageDesk();
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox", "--headless"] });
  try {
    const page = await browser.newPage();
    await page.goto(await opened.link());
    await page.getByText("up to date").waitFor();
    return [await firstPaint(page, opened), ...(await streamAndHeap(page, opened))];
  } finally {
    await browser.close();
    await opened.desk.stop();
    await discard(opened.desk);
  }
}

/** The floor is a short text of the same server. */
async function firstPaint(page: Page, { origin }: PageDesk): Promise<Row> {
  const paint = async (path: string): Promise<number> => {
    await page.goto(`${origin}${path}`);
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    return page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN);
  };
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < PAINTS; round++) {
    ours.push(await paint("/ui/"));
    floor.push(await paint("/nothing"));
  }
  return {
    n: 14,
    name: "first paint",
    what: "page: first contentful paint in Chromium, p50",
    floor: "an empty page of the same server",
    ours: `${median(ours).toFixed(0)} ms`,
    base: `${median(floor).toFixed(0)} ms`,
    ...ratioOf(ours, floor),
    target: "<= 1.5",
  };
}

async function streamAndHeap(page: Page, { desk, origin }: PageDesk): Promise<readonly Row[]> {
  const devTools = await page.context().newCDPSession(page);
  await Promise.all([devTools.send("Network.enable"), devTools.send("Performance.enable")]);
  let stream = "";
  let [bytes, messages] = [0, 0];
  devTools.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.url.includes("/ui/api/events")) stream = requestId;
  });
  devTools.on("Network.dataReceived", ({ requestId, dataLength }) => {
    if (requestId !== stream) return;
    bytes += dataLength;
    messages += 1;
  });
  const meanwhile = async (work: () => Promise<void>): Promise<{ bytes: number; messages: number }> => {
    const started = performance.now();
    [bytes, messages] = [0, 0];
    await work();
    const seconds = (performance.now() - started) / 1_000;
    return { bytes: bytes / seconds, messages: messages / seconds };
  };
  await page.goto(`${origin}/ui/`);
  await page.getByText("up to date").waitFor();
  const idle = await meanwhile(() => pause(IDLE_MS));
  const flood = await meanwhile(async () => {
    for (let sent = 0; sent < EVENTS; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => desk.open.desk.commit(eventOf(sent + n))));
      await pause(5);
    }
  });
  await devTools.send("HeapProfiler.collectGarbage");
  const { metrics } = await devTools.send("Performance.getMetrics");
  const heapMb = (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN) / 1e6;
  const row = (name: string, what: string, value: number, limit: number, unit: string): Row => ({
    ...{ n: 14, name, what: `page: ${what}`, floor: "the limit" },
    ...{ ours: `${value.toFixed(1)} ${unit}`, base: `${limit} ${unit}`, ratio: value / limit, spread: 1 },
    target: "<= 1",
  });
  return [
    row("idle stream", "its event stream while the demo's market moves", idle.bytes, IDLE_BYTES_A_SECOND, "bytes/s"),
    row("busy stream", `its event stream during ${EVENTS} records`, flood.messages, MESSAGES_A_SECOND, "messages/s"),
    row("heap", `its heap after ${EVENTS} records`, heapMb, HEAP_MB, "MB"),
  ];
}

/** Of all kinds that pages follow. */
function eventOf(n: number): DeskEvent {
  const kinds = [
    { type: "trading.changed", state: "active", reason: "a benchmark", actor: "human" },
    { type: "connector.changed", connector: "paper", state: "ready", generation: 1 },
    { type: "file.written", path: `inbox/${n}.md`, actor: "human" },
    { type: "file.written", path: `issues/${n}.md`, actor: "human" },
  ];
  return kinds[n % kinds.length] as unknown as DeskEvent;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

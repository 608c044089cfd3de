/** A real browser for the tests of the page. On a machine without one the tests are skipped, and say so. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type Page, chromium } from "playwright-core";
import { describe } from "vitest";

const EXECUTABLE = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Names of tests are names of this machine.
  "--host-resolver-rules=MAP *.test 127.0.0.1",
];

const hasChromium = existsSync(EXECUTABLE);
if (!hasChromium)
  process.stderr.write(`SKIPPED: ${EXECUTABLE} does not exist; the page is not tested. apt-get install chromium\n`);

/** `describe` for tests that need the browser. */
export const describePage = hasChromium ? describe : describe.skip;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 780 };

/** How long a test waits for what must come: a loaded machine is slow. */
export const PATIENT = { timeout: 60_000 };

/** The languages and zones of tests are fixed, so that texts and screenshots are too. */
const PLACE = { locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" } as const;

export interface TestBrowser {
  /** A browser of its own kind: cookies, storage and locks are new. */
  context(options?: {
    viewport?: typeof PHONE;
    colorScheme?: "light" | "dark";
    bypassCSP?: boolean;
    /** The clocks and timers of its pages run so many times faster, and `skip(ms)` in a page lets time pass. */
    speed?: number;
  }): Promise<BrowserContext>;
  /**
   * Runs `work`, and returns the CPU time of each task of the page's main thread meanwhile, in ms of the processor for
   * which the budgets are written: on a slower one each time is divided by how much longer a fixed piece of work takes
   * there. Elapsed time would count other programs of a busy machine, too.
   */
  tasks(page: Page, work: () => Promise<void>): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** A mark of the main thread of one page: a browser has many threads. */
const MAIN_THREAD = "qoc-main-thread";

/** What `fixedWork` takes on the processor for which the budgets of the page are written, ms. */
const FIXED_WORK_MS = 4;

/** Returns the median time of a fixed piece of work like the page's: elements, texts, JSON and sorting. */
function fixedWork(): number {
  const times: number[] = [];
  for (let round = 0; round < 21; round += 1) {
    const started = performance.now();
    const rows = Array.from({ length: 2_000 }, (_, n) => ({ id: `order-${(n * 7_919) % 2_000}`, quantity: String(n) }));
    const read = JSON.parse(JSON.stringify(rows)) as typeof rows;
    read.sort((a, b) => (a.id < b.id ? -1 : 1));
    const list = document.createElement("ul");
    for (const { id } of read.slice(0, 500)) list.append(Object.assign(document.createElement("li"), { title: id }));
    times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b)[10] ?? Number.NaN;
}

/** Returns how many times slower than that processor this one is now; 1 if it is not slower. */
async function slowness(page: Page): Promise<number> {
  return Math.max(1, (await page.evaluate(fixedWork)) / FIXED_WORK_MS);
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** CPU time, µs. */
  readonly tdur?: number;
}

export async function openBrowser(): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "qoc-chromium-"));
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: [...FLAGS, `--data-path=${folder}`] });
  return {
    context: async ({ viewport = DESKTOP, colorScheme = "light", bypassCSP = false, speed } = {}) => {
      const context = await browser.newContext({
        ...PLACE,
        ...{ viewport, colorScheme, bypassCSP },
        // The certificate of a test is its own.
        ignoreHTTPSErrors: true,
      });
      if (speed !== undefined) await context.addInitScript(hurry, speed);
      return context;
    },
    tasks: async (page, work) => {
      const before = await slowness(page);
      await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing", "-*"] });
      await page.evaluate((name) => void performance.mark(name), MAIN_THREAD);
      await work();
      // The trace has a task once it has ended, and an answer of the page can come before that.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
      const slower = (before + (await slowness(page))) / 2;
      const own = traceEvents.find(({ name }) => name === MAIN_THREAD);
      return traceEvents.flatMap(({ name, pid, tid, tdur = 0 }) =>
        name.endsWith("RunTask") && pid === own?.pid && tid === own.tid ? [tdur / 1_000 / slower] : [],
      );
    },
    close: async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function hurry(speed: number): void {
  const [wall, monotonic, wait] = [Date.now.bind(Date), performance.now.bind(performance), setTimeout];
  const [from, start] = [wall(), monotonic()];
  let skipped = 0;
  Date.now = () => from + (wall() - from) * speed + skipped;
  performance.now = () => start + (monotonic() - start) * speed;
  globalThis.setTimeout = ((run: () => void, ms = 0) => wait(run, ms / speed)) as never;
  Object.assign(globalThis, { skip: (ms: number) => void (skipped += ms) });
}

/** Timers of the page wait until the returned function is called: a pause lasts as long as a busy machine needs. */
export async function holdTimers(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const real = setTimeout;
    const held: (() => void)[] = [];
    globalThis.setTimeout = ((run: () => void) => held.push(run)) as never;
    Object.assign(globalThis, {
      releaseTimers: () => {
        globalThis.setTimeout = real;
        for (const run of held) real(run);
      },
    });
  });
  return () => page.evaluate(() => (globalThis as any).releaseTimers());
}

/** Everything that went wrong on a page without a test asking for it. */
export interface Complaints {
  readonly errors: string[];
  /** Requests to another origin. */
  readonly foreign: string[];
}

/** Collects errors of scripts, violations of the policy, and requests that leave the page's origin. */
export function watch(page: Page, origin: string): Complaints {
  const complaints: Complaints = { errors: [], foreign: [] };
  page.on("pageerror", (error) => complaints.errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.errors.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:") && !url.startsWith("blob:"))
      complaints.foreign.push(url);
  });
  return complaints;
}

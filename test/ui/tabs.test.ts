/** More than one tab, more than one address, and a long time: one stream, notices without terms, and memory. */
import { type Server, type Socket, connect, createServer } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { PAGES } from "../../src/ui/pages-list.ts";
import { freePort } from "../support/free-port.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser, watch } from "./support/chromium.ts";
import { type Weight, sleepAndWake, storm, weigh } from "./support/soak.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
/** What `ssh -L` does: it forwards a port of this machine to the desk's, byte by byte. */
let forwarder: Server;
let forwarded: number;
const carried = new Set<Socket>();
let isCut = false;

/** The clocks and timers of the page run so many times faster; with SOAK_MINUTES as fast as any, for that time. */
const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 0);
const [SPEED, SOAK_MS] = MINUTES > 0 ? [1, MINUTES * 60_000] : [20, 9_000];

/** Of one round of the soak. Each page has more than this, so that a page that stays in memory is seen. */
const GROWTH_MAX = { heapMb: 0.3, nodes: 60, listeners: 8 };

/** A loaded machine is slow. */
const PATIENT = { timeout: 10_000 };

async function tab(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${desk.origin}/ui/`);
  await page.getByText("up to date").waitFor();
  return page;
}

/** The streams that the tabs of a browser have asked for. */
function streamsOf(from: BrowserContext): string[] {
  const asked: string[] = [];
  from.on("request", (request) => {
    if (request.url().includes("/ui/api/events")) asked.push(request.url());
  });
  return asked;
}

/** Rejects what waits, so that each test counts from nothing. */
async function clear(): Promise<void> {
  for (const { id } of await desk.call<{ id: string; state: string }[]>("orders list", { state: "proposed" }))
    await desk.call("reject", { id, comment: "a test" });
}

describePage("tabs and addresses", () => {
  beforeAll(async () => {
    forwarded = await freePort();
    const config = (text: string): string => `${calm(text)}\n[ui]\norigins = ["http://localhost:${forwarded}"]\n`;
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config })]);
    forwarder = createServer((socket) => {
      const onward = connect(desk.desk.port, "127.0.0.1");
      for (const end of [socket, onward]) end.on("error", () => void [socket, onward].map((each) => each.destroy()));
      carried.add(socket);
      socket.once("close", () => void (carried.delete(socket), onward.destroy()));
      if (isCut) socket.destroy();
      socket.pipe(onward).pipe(socket);
    }).listen(forwarded, "127.0.0.1");
  });
  afterAll(async () => {
    forwarder?.close();
    await browser?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context();
  });
  afterEach(async () => {
    await context.close();
    await clear();
  });

  it("three tabs share one stream; the lead moves when its tab is closed, and the others go on", async () => {
    const asked = streamsOf(context);
    const { page: first } = await desk.signIn(context);
    const [second, third] = [await tab(), await tab()];
    expect(asked).toHaveLength(1);
    await first.close();
    await expect.poll(() => asked.length, PATIENT).toBe(2);
    await desk.propose();
    for (const page of [second, third]) await expect.poll(() => page.title(), PATIENT).toBe("(1) Qoc");
    await second.close();
    await third.getByText("up to date").waitFor();
    await clear();
    await expect.poll(() => third.title(), PATIENT).toBe("Qoc");
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it("a notification is shown by choice, in a tab that is not looked at, and says no more than a number", async () => {
    await context.grantPermissions(["notifications"], { origin: desk.origin });
    await context.addInitScript(() => {
      const shown: string[] = [];
      Object.assign(globalThis, { shown });
      globalThis.Notification = class extends EventTarget {
        static readonly permission = "granted";
        static readonly requestPermission = async (): Promise<string> => "granted";
        constructor(title: string, options: { readonly body: string }) {
          super();
          shown.push(`${title}: ${options.body}`);
        }
      } as never;
    });
    const { page, go } = await desk.signIn(context);
    const shown = (): Promise<string[]> => page.evaluate(() => (globalThis as any).shown);
    const hide = (state: string): Promise<void> =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => hidden });
      }, state);
    await hide("hidden");
    await desk.propose();
    await page.waitForFunction(() => document.title === "(1) Qoc");
    await go("settings");
    await page.getByRole("group", { name: "notifications" }).getByLabel("on").check();
    await hide("visible");
    await desk.propose({ quantity: "3" });
    await page.waitForFunction(() => document.title === "(2) Qoc");
    await hide("hidden");
    await desk.propose({ quantity: "4" });
    await expect.poll(shown, PATIENT).toEqual(["Qoc: 3 proposals wait"]);
    // Of several tabs one names a proposal; while a tab is looked at, none does.
    const second = await tab();
    const told = async (): Promise<number> =>
      (await Promise.all([page, second].map((each) => each.evaluate(() => (globalThis as any).shown.length)))).reduce(
        (sum, count) => sum + count,
      );
    await desk.propose({ quantity: "5" });
    for (const each of [page, second]) await each.waitForFunction(() => document.title === "(4) Qoc");
    await second.waitForFunction(() => localStorage.getItem("qoc.named")?.split(" ").length === 4);
    expect(await told()).toBe(1);
    await second.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    });
    await desk.propose({ quantity: "6" });
    for (const each of [page, second]) await each.waitForFunction(() => document.title === "(5) Qoc");
    await expect.poll(told, PATIENT).toBe(2);
    // The other tab takes its turn, and finds the proposal named.
    await second.evaluate(() => navigator.locks.request("qoc.named", () => undefined));
    expect(await told()).toBe(2);
  });

  it("works at a forwarded port that [ui] origins names: signs in, follows the desk, and approves", async () => {
    const origin = `http://localhost:${forwarded}`;
    const page = await context.newPage();
    const complaints = watch(page, origin);
    await page.goto((await desk.link()).replace(desk.origin, origin));
    await page.getByText("up to date").waitFor();
    const id = await desk.propose({ limitPrice: "2990", quantity: "1" });
    await page.getByRole("link", { name: /buy 1 SPX limit 2990/ }).click();
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("The venue accepted it.").or(page.getByText("Filled.")).first().waitFor();
    await desk.reaches(id, "accepted", "filled");
    expect(complaints).toEqual({ errors: [], foreign: [] });
  });

  it("at a port that no one named the desk serves nothing", async () => {
    const other = await freePort();
    const stranger = createServer((socket) => {
      socket.pipe(connect(desk.desk.port, "127.0.0.1")).pipe(socket);
    }).listen(other, "127.0.0.1");
    const page = await context.newPage();
    expect((await page.goto(`http://localhost:${other}/ui/`))?.status()).toBe(421);
    stranger.close();
  });

  it("keeps its memory while thousands of events, cuts of the connection and sleeps pass", async () => {
    const page = await (await browser.context({ speed: SPEED })).newPage();
    await page.goto((await desk.link()).replace(desk.origin, `http://localhost:${forwarded}`));
    await page.getByText("up to date").waitFor();
    const go = (route: string): Promise<void> => page.evaluate((hash) => void (location.hash = hash), `#/${route}`);
    const look = await weigh(page);
    const events = storm(desk);
    let rounds = 0;
    const live = async (ms: number): Promise<void> => {
      for (const end = performance.now() + ms; performance.now() < end; rounds += 1) {
        for (const { page: route } of PAGES) {
          await go(route);
          await page.locator("h1").waitFor();
        }
        isCut = true;
        for (const socket of carried) socket.destroy();
        await page.getByText("connection lost").waitFor();
        isCut = false;
        await page.getByText("up to date").waitFor();
        await sleepAndWake(page);
        await page.keyboard.press("?");
        await page.keyboard.press("Escape");
      }
      await go("settings");
      await page.getByText("This browser’s session is").waitFor();
    };
    const weighed = async (): Promise<readonly [Weight, Weight]> => {
      await live(SOAK_MS / 3);
      const first = await look();
      await live(SOAK_MS);
      return [first, await look()];
    };
    const [early, late] = await weighed().finally(events.stop);
    const minutes = ((SPEED * SOAK_MS) / 60_000).toFixed(0);
    process.stdout.write(
      `soak of ${minutes} minutes of the page, ${events.count()} events, ${rounds} rounds: ${early.text}; then ${late.text}\n`,
    );
    expect(late.heapMb).toBeLessThan(60);
    const growth = (name: keyof typeof GROWTH_MAX): number => (late[name] - early[name]) / rounds;
    for (const name of ["heapMb", "nodes", "listeners"] as const)
      expect(growth(name), name).toBeLessThan(GROWTH_MAX[name]);
    await page.context().close();
  });
});

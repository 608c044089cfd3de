/** More than one tab, more than one address, and a long time: one stream, notices without terms, and memory. */
import { type Server, type Socket, connect, createServer } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { PAGES } from "../../src/ui/pages-list.ts";
import { freePort } from "../support/free-port.ts";
import { type BrowserDesk, arriveAt, browserDesk, calm } from "./support/browser-desk.ts";
import { PATIENT, type TestBrowser, describePage, openBrowser, watch } from "./support/chromium.ts";
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

/** A slow machine needs longer for as many rounds: what the page holds at any time is a part of few of them. */
const ROUNDS_MIN = { early: 3, late: 8 };

/** Of one round of the soak. Each page has more than this, so that a page that stays in memory is seen. */
const GROWTH_MAX = { heapMb: 0.3, nodes: 60, listeners: 8 };

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

/** Keeps the texts of notifications in `globalThis.shown`, and shows none. */
function recordNotifications(): void {
  const shown: string[] = [];
  Object.assign(globalThis, { shown });
  globalThis.Notification = class extends EventTarget {
    static readonly permission = "granted";
    static readonly requestPermission = async (): Promise<string> => "granted";
    constructor(title: string, options: { readonly body: string; readonly tag: string }) {
      super();
      if (options.tag !== "qoc.waiting") throw new Error("a second notification would not replace the first");
      shown.push(`${title}: ${options.body}`);
    }
  } as never;
}

/** Resolves once so many tabs of the browser say that they are looked at. */
async function holders(page: Page, count: number): Promise<void> {
  await page.waitForFunction(async (wanted) => {
    const { held = [] } = await navigator.locks.query();
    return held.filter(({ name }) => name === "qoc.looked-at").length === wanted;
  }, count);
}

/** A human turns to a tab, or away from it; then so many tabs are looked at. */
async function look(page: Page, isVisible: boolean, count: number): Promise<void> {
  await page.evaluate(
    (state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    },
    isVisible ? "visible" : "hidden",
  );
  await holders(page, count);
}

/** Resolves once each tab counts as its title says, and has named what it names. */
async function haveTitle(tabs: readonly Page[], title: string): Promise<void> {
  for (const page of tabs) {
    await page.waitForFunction((wanted) => document.title === wanted, title, PATIENT);
    // Tabs take turns with this lock, and a tab asks for it in the task in which it sets its title.
    await page.evaluate(() => navigator.locks.request("qoc.named", () => undefined));
  }
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
    await context.addInitScript(recordNotifications);
    const { page, go } = await desk.signIn(context);
    const shown = (): Promise<string[]> => page.evaluate(() => (globalThis as any).shown);
    await look(page, false, 0);
    await desk.propose();
    await page.waitForFunction(() => document.title === "(1) Qoc");
    await go("settings");
    await page.getByRole("group", { name: "notifications" }).getByLabel("on").check();
    await look(page, true, 1);
    await desk.propose({ quantity: "3" });
    await haveTitle([page], "(2) Qoc");
    await look(page, false, 0);
    await desk.propose({ quantity: "4" });
    await haveTitle([page], "(3) Qoc");
    expect(await shown()).toEqual(["Qoc: 3 proposals wait"]);
    // Of several tabs one names a proposal; while a tab is looked at, none does.
    const second = await tab();
    const tabs = [page, second];
    // Tabs are processes, and one may read the names before those that another wrote have reached it. The browser shows
    // one notification then, because a second one with the same tag takes its place without a sound.
    const told = async (): Promise<readonly string[]> => [
      ...new Set((await Promise.all(tabs.map((each) => each.evaluate(() => (globalThis as any).shown)))).flat()),
    ];
    await holders(second, 1);
    await desk.propose({ quantity: "5" });
    await haveTitle(tabs, "(4) Qoc");
    expect(await told()).toEqual(["Qoc: 3 proposals wait"]);
    await look(second, false, 0);
    await desk.propose({ quantity: "6" });
    await haveTitle(tabs, "(5) Qoc");
    expect((await told()).toSorted()).toEqual(["Qoc: 3 proposals wait", "Qoc: 5 proposals wait"]);
  });

  it("a hidden tab says nothing of a proposal that the tab which is looked at has not read yet", async () => {
    await context.grantPermissions(["notifications"], { origin: desk.origin });
    await context.addInitScript(recordNotifications);
    const { page: hidden, go } = await desk.signIn(context);
    await go("settings");
    await hidden.getByRole("group", { name: "notifications" }).getByLabel("on").check();
    await look(hidden, false, 0);
    const seen = await tab();
    await holders(hidden, 1);
    // The tab that is looked at gets no answer before the hidden one has shown its count.
    let arrive = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    await seen.route("**/ui/api/command", async (route) => {
      await until;
      await route.continue();
    });
    await desk.propose();
    await haveTitle([hidden], "(1) Qoc");
    arrive();
    await haveTitle([seen], "(1) Qoc");
    for (const each of [hidden, seen]) expect(await each.evaluate(() => (globalThis as any).shown)).toEqual([]);
  });

  it("works at a forwarded port that [ui] origins names: signs in, follows the desk, and approves", async () => {
    const origin = `http://localhost:${forwarded}`;
    const page = await context.newPage();
    const complaints = watch(page, origin);
    await page.goto((await desk.link()).replace(desk.origin, origin));
    await arriveAt(page);
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

  it(
    "keeps its memory while thousands of events, cuts of the connection and sleeps pass",
    { timeout: SOAK_MS + 600_000 },
    async () => {
      const page = await (await browser.context({ speed: SPEED })).newPage();
      await page.goto((await desk.link()).replace(desk.origin, `http://localhost:${forwarded}`));
      await page.getByText("up to date").waitFor();
      const go = (route: string): Promise<void> => page.evaluate((hash) => void (location.hash = hash), `#/${route}`);
      const look = await weigh(page);
      const events = storm(desk);
      let rounds = 0;
      const live = async (ms: number, roundsMin: number): Promise<void> => {
        const [end, enough] = [performance.now() + ms, rounds + roundsMin];
        for (; performance.now() < end || rounds < enough; rounds += 1) {
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
        await live(SOAK_MS / 3, ROUNDS_MIN.early);
        const first = await look();
        rounds = 0;
        await live(SOAK_MS, ROUNDS_MIN.late);
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
    },
  );
});

/** More than one tab, more than one address, and a long time: one stream, notices without terms, and memory. */
import { type Server, connect, createServer } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser, watch } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
/** What `ssh -L` does: it forwards a port of this machine to the desk's, byte by byte. */
let forwarder: Server;
let forwarded: number;

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

  it("keeps its memory while the desk changes 300 times", async () => {
    const { page } = await desk.signIn(context);
    const client = await context.newCDPSession(page);
    const heap = async (): Promise<number> => {
      await client.send("HeapProfiler.collectGarbage");
      return (await client.send("Runtime.getHeapUsage")).usedSize / 1e6;
    };
    const churn = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n += 1) {
        await desk.call("halt", { reason: `soak ${n}` });
        await desk.call("resume", { reason: `soak ${n}` });
      }
      await page.getByRole("button", { name: "Halt trading" }).waitFor();
    };
    await churn(50);
    const early = await heap();
    await churn(100);
    const late = await heap();
    process.stdout.write(`heap of the page after 100 and 300 changes: ${early.toFixed(1)}, ${late.toFixed(1)} MB\n`);
    expect(late).toBeLessThan(60);
    expect(late / early).toBeLessThan(1.5);
  });
});

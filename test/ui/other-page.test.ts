/**
 * A page of another server, open in the operator's browser: the links that it follows, the presses that it passes on,
 * and the cookies that it sets reach the desk's page.
 */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, holdTimers, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let server: Server;
let other: string;
/** What its next answers set. */
let cookies: readonly string[] = [];

/** An order that works at the venue, far from the market. */
async function workingOrder(): Promise<string> {
  const id = await desk.propose({ limitPrice: "100" });
  const { digest } = await desk.call<{ digest: string }>("orders show", { id });
  await desk.call("approve", { id, digest });
  await desk.reaches(id, "accepted");
  return id;
}

async function isCancelled(id: string): Promise<boolean> {
  const { state, cancelRequested } = await desk.call<{ state: string; cancelRequested: boolean }>("orders show", {
    id,
  });
  return cancelRequested || state !== "accepted";
}

/** The middle of the button that asks for the cancel of the order on the page. */
async function cancelButton(page: Page): Promise<readonly [x: number, y: number]> {
  const button = page.getByRole("button", { name: "Ask for a cancel" });
  await button.waitFor();
  const { x, y, width, height } = (await button.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  return [x + width / 2, y + height / 2];
}

async function setCookies(lines: readonly string[]): Promise<void> {
  const page = await context.newPage();
  cookies = lines;
  await page.goto(`${other}/`);
  cookies = [];
  await page.close();
}

describePage("a page of another server", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "set-cookie": [...cookies] }).end("<p>other</p>");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    other = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context();
  });
  afterEach(() => context.close());

  it("W05 that opens a link with a code of its own leaves the session as it is", async () => {
    const { page } = await desk.signIn(context);
    const opened = await context.newPage();
    await opened.goto(`${other}/`);
    await opened.evaluate((link) => void (location.href = link), `${desk.origin}/ui/#login=${"A".repeat(43)}`);
    await opened.getByRole("alert").waitFor();
    expect(await opened.getByRole("alert").textContent()).toContain("this link opens no page");
    // A page that is loaded again proves the key of the session again.
    await page.reload();
    await page.getByText("up to date").waitFor();
    await page.locator("#halt").click();
    await page.getByRole("button", { name: "Resume…" }).waitFor();
    await page.getByRole("button", { name: "Resume…" }).click();
    await page.getByLabel("your reason").fill("it was a test");
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await page.getByRole("button", { name: "Halt trading" }).waitFor();
  });

  it("W51 that closes its window at the first press of a double click passes on no press of a button", async () => {
    await desk.signIn(context);
    const id = await workingOrder();
    const page = await context.newPage();
    await page.goto(`${other}/`);
    const opening = context.waitForEvent("page");
    await page.evaluate(() => void open("/over"));
    const over = await opening;
    await over.evaluate(() => addEventListener("mousedown", () => close()));
    await page.goto(`${desk.origin}/ui/#/orders/${id}`);
    const [x, y] = await cancelButton(page);
    const devTools = await context.newCDPSession(page);
    await devTools.send("Emulation.setFocusEmulationEnabled", { enabled: false });
    await page.waitForFunction(() => !document.hasFocus());
    // The pause after the page was opened is over: its timer began before this one. What follows is a pause of its own.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 701)));
    await holdTimers(page);
    await Promise.all([over.waitForEvent("close"), over.mouse.click(x, y).catch(() => undefined)]);
    await page.waitForFunction(() => document.hasFocus());
    await page.mouse.click(x, y);
    await page.getByText("Nothing was pressed.").waitFor({ state: "attached" });
    expect(await isCancelled(id)).toBe(false);
    // A key is meant for the page that has the focus.
    await page.getByRole("button", { name: "Ask for a cancel" }).press("Enter");
    await desk.reaches(id, "cancelled");
  });

  it("W51 that opens the desk between two presses passes on no press of a button", async () => {
    await desk.signIn(context);
    const id = await workingOrder();
    await context.close();
    // The pause of the page lasts longer than a busy machine needs for a press.
    context = await browser.context({ speed: 0.01 });
    await desk.signIn(context);
    const page = await context.newPage();
    await page.goto(`${desk.origin}/ui/#/orders/${id}`);
    const [x, y] = await cancelButton(page);
    await page.mouse.click(x, y);
    await page.getByText("Nothing was pressed.").waitFor({ state: "attached" });
    expect(await isCancelled(id)).toBe(false);
    await page.getByRole("button", { name: "Ask for a cancel" }).press("Enter");
    await desk.reaches(id, "cancelled");
  });

  it("W51 that opens the desk in a small window while the human types passes on no key", async () => {
    await desk.signIn(context);
    const id = await desk.propose();
    const page = await context.newPage();
    await page.goto(`${other}/`);
    await page.evaluate((address) => {
      const small = "popup,width=900,height=100,left=9999,top=9999";
      addEventListener("keydown", () => void open(address, "desk", small), { once: true });
    }, `${desk.origin}/ui/#/review`);
    const opening = context.waitForEvent("page");
    await page.keyboard.press("b");
    const opened = await opening;
    await opened.getByRole("heading", { name: "Another page opened this one" }).waitFor();
    // "a" goes to the button that approves, and Enter presses it.
    for (const _ of [1, 2, 3, 4]) {
      await opened.keyboard.type("anana", { delay: 200 });
      await opened.keyboard.press("Enter");
    }
    expect(await opened.locator("header.top").count()).toBe(0);
    await opened.getByRole("button", { name: "Go on to the desk" }).click();
    await opened.waitForURL(`**/ui/#/review/${id}`);
    await opened.locator('#approve[aria-disabled="false"]').waitFor();
    // A reload asks no more: no other page can cause one.
    await opened.reload();
    await opened.locator('#approve[aria-disabled="false"]').waitFor();
    // The other page has no hold on the window any more: it can open another one, which asks again.
    const again = context.waitForEvent("page");
    await page.evaluate((address) => void open(address, "desk"), `${desk.origin}/ui/#/review`);
    await (await again).getByRole("heading", { name: "Another page opened this one" }).waitFor();
    await desk.call("reject", { id, comment: "a test" });
  });

  it("W51 a page that a link of qoc ui opened asks for no press, also if it is loaded again", async () => {
    const link = await desk.link();
    const page = await context.newPage();
    await page.goto(`${other}/`);
    await page.evaluate((address) => void (location.href = address), link);
    await page.locator("header.top").waitFor();
    await page.reload();
    await page.locator("header.top").waitFor();
    // The page of the other site, in the same tab, leads to the desk.
    await page.goto(`${other}/`);
    await page.evaluate((address) => void (location.href = address), `${desk.origin}/ui/#/review`);
    await page.getByRole("heading", { name: "Another page opened this one" }).waitFor();
  });

  it("W51 whose keys go on while a review comes to the front approves nothing until they rest", async () => {
    await desk.signIn(context);
    const id = await desk.propose();
    await context.close();
    // The pause of the review lasts for seven seconds.
    context = await browser.context({ speed: 0.1 });
    await desk.signIn(context);
    const page = await context.newPage();
    await page.goto(`${desk.origin}/ui/#/review/${id}`);
    const approve = page.locator("#approve");
    await approve.waitFor();
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      await page.keyboard.press("a");
      await page.keyboard.press("Enter");
      await page.waitForTimeout(300);
    }
    expect(await approve.getAttribute("aria-disabled")).toBe("true");
    await page.locator('#approve[aria-disabled="false"]').waitFor();
    await page.keyboard.press("Enter");
    await desk.reaches(id, "accepted");
  });

  it("W40 that sets cookies of the same name for every path does not shut the page out", async () => {
    const { page } = await desk.signIn(context);
    const [{ name = "" } = {}] = await context.cookies();
    const paths = ["/ui/api/command", "/ui/api/", "/ui/api", "/ui/", "/ui", "/"];
    await setCookies([
      ...paths.map((path) => `${name}=other; Path=${path}; Secure; SameSite=None; Partitioned`),
      ...paths.filter((path) => path !== "/ui").map((path) => `${name}=other; Path=${path}`),
    ]);
    expect(await context.cookies()).toHaveLength(12);
    await page.reload();
    await page.getByText("up to date").waitFor();
    expect(await page.locator("h1").textContent()).toBe("Desk");
  });

  it("W40 that replaces the page's cookie signs the page out, and a new link signs it in", async () => {
    const { page } = await desk.signIn(context);
    const [{ name = "" } = {}] = await context.cookies();
    await setCookies([`${name}=other; Path=/ui`]);
    await page.reload();
    await page.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    await page.goto(await desk.link());
    await page.getByText("up to date").waitFor();
  });
});

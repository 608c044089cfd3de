/** Nothing on the page is older than its label says: on every route, if the desk is gone, hangs, or the tab slept. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { PAGES } from "../../src/ui/pages-list.ts";
import { type BrowserDesk, type SignedInPage, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let signedIn: SignedInPage;
let routes: readonly string[];

/** An hour passes without the page: it was hidden, or the machine slept. */
async function sleep(page: Page, ms: number): Promise<void> {
  await page.evaluate(async (slept) => {
    (globalThis as any).skip(slept);
    document.dispatchEvent(new Event("visibilitychange"));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }, ms);
}

/** What has no label, a label that is newer than it is, or a label that does not count the hour. */
async function wrongLabels(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const named = (element: Element): string => (element.textContent ?? "").trim().slice(0, 60);
    const labelOf = (element: Element): HTMLElement | undefined => {
      for (let each: Element | null = element; each !== null; each = each.parentElement) {
        const label = each.querySelector<HTMLElement>(
          ":scope > header .age, :scope > .heading .age, :scope > p > .age",
        );
        if (label !== null) return label;
      }
      return undefined;
    };
    for (const read of document.querySelectorAll<HTMLElement>("[data-as-of]")) {
      const label = labelOf(read);
      const [since, asOf] = [Number(label?.dataset["since"]), Number(read.dataset["asOf"])];
      if (!(since <= asOf)) problems.push(`labelled ${since} but asked ${asOf}: ${named(read)}`);
    }
    for (const label of document.querySelectorAll(".age"))
      if (!/^as of \d+ h ago$/.test(named(label))) problems.push(`it says ${named(label)}`);
    // A number that no reading has is no value of the desk.
    const free =
      "[data-as-of], .age, time, kbd, h1, h2 code, button, .bar, .changed-terms, .line-notices, .notice, option, select";
    const walker = document.createTreeWalker(document.querySelector("main") as Node, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      if (/\d/.test(node.nodeValue ?? "") && node.parentElement?.closest(free) === null)
        problems.push(`a number without a reading: ${node.nodeValue?.trim()}`);
    return problems;
  });
}

describePage("the age of what is shown", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    const { run } = await desk.call<{ run: string }>("run", { issue: "001" });
    const filled = await desk.propose({ limitPrice: "2990", quantity: "1" });
    const { digest } = await desk.call<{ digest: string }>("orders show", { id: filled });
    await desk.call("approve", { id: filled, digest });
    await desk.reaches(filled, "filled");
    await desk.call("snapshot");
    const waiting = await desk.propose({ limitPrice: "1000" });
    const [note] = await desk.call<readonly { path: string }[]>("research list", {});
    const [item] = await desk.call<readonly { path: string }[]>("inbox list", {});
    routes = [
      ...PAGES.map(({ page }) => page),
      ...[`review/${waiting}`, `orders/${filled}`, "issues/001", "research/SPX", `agents/${run}`],
      ...[note, item].map(
        (file, index) => `${index === 0 ? "research" : "inbox"}/${encodeURIComponent(file?.path ?? "")}`,
      ),
    ];
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context({ speed: 1 });
    signedIn = await desk.signIn(context);
  });
  afterEach(() => context.close());

  it("W56 each value of each route has a label that is not newer, also an hour after the desk has gone", async () => {
    const { page, go } = signedIn;
    const found: Record<string, readonly string[]> = {};
    for (const route of routes) {
      await go(route);
      await page.waitForFunction(() => document.querySelector(".loading, main:empty") === null);
      await page.waitForFunction(() => !document.body.textContent?.includes("not read yet"));
      await context.setOffline(true);
      await sleep(page, 3_600_000);
      const wrong = await wrongLabels(page);
      const line = (await page.locator("header .line").textContent()) ?? "";
      // A stream that is open already outlives the switch to offline: then the header has the status's age.
      const isSaid = /connection lost|as of 1 h ago/.test(line);
      const problems = [...wrong, ...(isSaid ? [] : [`the header says ${line}`])];
      if (problems.length > 0) found[route] = problems;
      await context.setOffline(false);
      await page.getByText("up to date").waitFor();
    }
    expect(found).toEqual({});
  });

  it("W62 halts although the answer before the signature came slowly", async () => {
    const { page } = signedIn;
    await page.evaluate(() => {
      const real = globalThis.fetch;
      globalThis.fetch = async (url, options) => {
        const answer = await real(url, options);
        const { command, input } = JSON.parse(String(options?.body ?? "{}"));
        // Five seconds pass for the page, and none for the desk.
        if (command === "halt" && input.authority === undefined) (globalThis as any).skip(5_000);
        return answer;
      };
    });
    await page.getByRole("button", { name: "Halt trading" }).click();
    await page.getByRole("button", { name: "Resume…" }).waitFor();
    await desk.call("resume", { reason: "a test" });
  });

  it("a desk that sends events and answers nothing is not up to date", async () => {
    const { page } = signedIn;
    await page.route("**/ui/api/command", () => undefined);
    await sleep(page, 30_000);
    // The stream is back at once, and says that something changed; the status does not come.
    await page.getByText(/○ as of \d+ s ago/).waitFor();
    expect(await page.getByText("up to date").count()).toBe(0);
    await page.unroute("**/ui/api/command");
  });
});

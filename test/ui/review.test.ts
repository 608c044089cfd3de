/** The review of a proposal in a real browser, at a real desk: what can be decided, and what changes meanwhile. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { PAGES } from "../../src/ui/pages-list.ts";
import {
  DESKTOP,
  PATIENT,
  PHONE,
  type TestBrowser,
  describePage,
  holdTimers,
  openBrowser,
} from "./support/chromium.ts";
import { type BrowserDesk, type SignedInPage, calm, browserDesk } from "./support/browser-desk.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let signedIn: SignedInPage;

function approveButton() {
  return signedIn.page.locator("#approve");
}

async function why(): Promise<string> {
  return (await signedIn.page.locator(".bar .why").textContent()) ?? "";
}

async function isOn(): Promise<boolean> {
  return (await approveButton().getAttribute("aria-disabled")) === "false";
}

async function becomesOn(): Promise<void> {
  await signedIn.page.locator('#approve[aria-disabled="false"]').waitFor();
}

async function open(id: string): Promise<void> {
  await signedIn.go(`review/${id}`);
  await approveButton().waitFor();
}

/** The file of a proposal. */
function fileOf(id: string): string {
  return join(desk.root, "orders/pending", `${id}.toml`);
}

/** The desk's folder watcher, which a daemon has, reads the folder after a change; a status does so too. */
async function edit(id: string, change: (text: string) => string): Promise<void> {
  writeFileSync(fileOf(id), change(readFileSync(fileOf(id), "utf8")));
  await desk.call("status");
}

async function approvalsOf(id: string): Promise<readonly Record<string, string>[]> {
  return (await desk.call<{ approvals: Record<string, string>[] }>("orders show", { id })).approvals;
}

/** In the page: 3 s after the connection is cut, the page is marked as late if it has not said so. */
function timeTheCut(): void {
  addEventListener("offline", () => {
    setTimeout(() => {
      const isSaid = document.body.textContent?.includes("connection lost") === true;
      if (!isSaid) document.documentElement.dataset["late"] = "yes";
    }, 3_000);
  });
}

describePage("a review", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context();
    signedIn = await desk.signIn(context);
  });
  afterEach(async () => {
    expect(signedIn.complaints).toEqual({ errors: [], foreign: [] });
    await context.close();
  });

  it("W50 W51 a heavy order: the button is on only after the symbol is typed and nothing moved for 700 ms", async () => {
    await open(await desk.propose({ quantity: "5", limitPrice: "2950" }));
    expect(await isOn()).toBe(false);
    expect(await why()).toBe("Type SPX to approve: 14,750.00 USD is more than 10,000.00 USD.");
    await signedIn.page.getByLabel("Type SPX to approve").fill("SPX");
    await becomesOn();
    expect(await why()).toMatch(/^Approves .*, digest [0-9a-f]{8}…, at paper\.$/);
    // The page comes to the front.
    const release = await holdTimers(signedIn.page);
    await signedIn.page.evaluate(() => void dispatchEvent(new Event("focus")));
    await signedIn.page.locator('#approve[aria-disabled="true"]').waitFor();
    await release();
    await becomesOn();
  });

  it("W52 W53 W54 terms edited while they are read: off at once, old terms stay, new ones start again", async () => {
    const id = await desk.propose({ quantity: "5", limitPrice: "2950" });
    await open(id);
    await signedIn.page.getByLabel("Type SPX to approve").fill("SPX");
    await becomesOn();
    const bar = await signedIn.page.locator(".bar").boundingBox();
    await edit(id, (text) => text.replace(/^quantity = .*$/m, 'quantity = "6"'));
    await signedIn.page.getByText("The terms changed while you were reading.").first().waitFor();
    expect(await isOn()).toBe(false);
    expect(await signedIn.page.locator("h1").textContent()).toContain("BUY 5 SPX");
    expect(await signedIn.page.getByRole("alert").textContent()).toContain("quantity: 5 → 6");
    await signedIn.page.locator(".heading").getByText("its terms changed").waitFor();
    expect(await signedIn.page.locator(".bar").boundingBox()).toEqual(bar);
    await signedIn.page.getByRole("button", { name: "Show the new terms" }).click();
    await signedIn.page.getByRole("heading", { level: 1, name: /BUY 6 SPX/ }).waitFor();
    expect(await signedIn.page.getByLabel("Type SPX to approve").inputValue()).toBe("");
    expect(await isOn()).toBe(false);
  });

  it("W55 a double click: one approval", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    await approveButton().dblclick();
    await signedIn.page.getByText("The venue accepted it.").or(signedIn.page.getByText("Filled.")).first().waitFor();
    expect(await approvalsOf(id)).toHaveLength(1);
  });

  it("W55 Enter twice in the field that `a` goes to: one approval; Escape leaves the field", async () => {
    const id = await desk.propose({ quantity: "5", limitPrice: "2950" });
    await open(id);
    const { keyboard } = signedIn.page;
    const field = signedIn.page.getByLabel("Type SPX to approve");
    const hasFocus = (): Promise<boolean> => field.evaluate((element) => element === document.activeElement);
    await keyboard.press("a");
    expect(await hasFocus()).toBe(true);
    await keyboard.press("Escape");
    expect(await hasFocus()).toBe(false);
    await keyboard.press("a");
    await keyboard.type("spx");
    await becomesOn();
    await Promise.all([keyboard.press("Enter"), keyboard.press("Enter")]);
    await signedIn.page.getByText("The venue accepted it.").waitFor();
    expect(await approvalsOf(id)).toHaveLength(1);
  });

  it("W55 two tabs: one approval, and the other tab shows who decided", async () => {
    const id = await desk.propose({ quantity: "3" });
    await open(id);
    const other = await context.newPage();
    await other.goto(`${desk.origin}/ui/#/review/${id}`);
    await other.locator('#approve[aria-disabled="false"]').waitFor();
    await becomesOn();
    // Both at once: a click that waits until its button rests would come after the other tab's approval.
    const buttons = [approveButton(), other.locator("#approve")];
    await Promise.all(buttons.map((button) => button.evaluate((element: HTMLElement) => element.click())));
    for (const page of [signedIn.page, other]) await page.getByText("The venue accepted it.").waitFor();
    expect(await approvalsOf(id)).toHaveLength(1);
  });

  it("W58 a blocking guard: the button is off, and says which guard", async () => {
    await open(await desk.propose({ quantity: "100" }));
    await signedIn.page.getByText("max-order-nav blocks it.").waitFor();
    expect(await isOn()).toBe(false);
    expect(await why()).toBe("2 of 14 guards block: max-order-nav.");
    expect(await signedIn.page.locator("ul.checks li").first().textContent()).toContain("max-order-nav");
  });

  it("W59 words changed and terms not: both are shown, and the record has the digest of what was shown", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    await edit(id, (text) => text.replace("A small one.", "The operator said yes by phone."));
    await signedIn.page.getByText("What you read before.").waitFor();
    const words = signedIn.page.locator("section", { hasText: "in its author" });
    expect(await words.locator(".earlier blockquote").textContent()).toContain("A small one.");
    await signedIn.page.keyboard.press("w");
    await words.locator(".earlier blockquote").waitFor({ state: "detached" });
    await signedIn.page.keyboard.press("w");
    await words.locator(".earlier blockquote").waitFor();
    expect(await words.locator(".said blockquote").first().textContent()).toContain("by phone");
    await becomesOn();
    await approveButton().click();
    await signedIn.page.getByText("The venue accepted it.").waitFor();
    const journal = readFileSync(join(desk.root, ".qoc/journal/000001.ndjson"), "utf8").trim().split("\n");
    const approved = journal
      .map((line) => JSON.parse(line))
      .findLast((line) => JSON.stringify(line).includes("order.approved"));
    expect(JSON.stringify(approved)).toMatch(/"shown":"sha256:[0-9a-f]{64}"/);
  });

  it("W64 the approval's record has channel http and the digest that was shown", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    const digest = await signedIn.page.locator(".columns .digest").first().textContent();
    await approveButton().click();
    await signedIn.page.getByText("The venue accepted it.").waitFor();
    expect(await approvalsOf(id)).toMatchObject([{ channel: "http", by: "human", digest }]);
  });

  it("a decision at a terminal ends the review, and its words are shown", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    await desk.call("reject", { id, comment: "not at this price" });
    await signedIn.page.getByText("It was decided elsewhere while you were reading").waitFor();
    expect(await approveButton().count()).toBe(0);
    expect(await signedIn.page.locator(".said blockquote").first().textContent()).toBe("not at this price");
  });

  it("a rejection takes words, and they reach the author", async () => {
    const id = await desk.propose();
    await open(id);
    await signedIn.page.getByRole("button", { name: "Reject…" }).click();
    const dialog = signedIn.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Reject", exact: true }).click({ force: true });
    expect(await dialog.locator(".why").textContent()).toBe("write your reason first");
    await dialog.getByRole("button", { name: "too large" }).click();
    await dialog.getByLabel("your reason").pressSequentially(" before earnings");
    await dialog.getByRole("button", { name: "Reject", exact: true }).click();
    await signedIn.page.getByText("Rejected.").waitFor();
    const { state, untrusted } = await desk.call<any>("orders show", { id });
    expect([state, untrusted.reason.text]).toEqual(["rejected", "too large before earnings"]);
  });

  it("a rejection that comes after an approval in a terminal says that it changed nothing", async () => {
    const id = await desk.propose({ limitPrice: "1000" });
    await open(id);
    const { digest } = await desk.call<{ digest: string }>("orders show", { id });
    const { page } = signedIn;
    await page.route("**/ui/api/command", async (route) => {
      const { command } = route.request().postDataJSON() as { command: string };
      if (command === "reject") await desk.call("approve", { id, digest }).catch(() => undefined);
      await route.continue();
    });
    await page.locator("#reject").click();
    await page.getByRole("dialog").getByRole("textbox").fill("not convincing");
    await page.getByRole("button", { name: "Reject", exact: true }).click();
    await page
      .getByText(/decided elsewhere while you were reading.*: approved at .* by a human in a terminal/)
      .waitFor();
    expect(await page.locator(".unsent").textContent()).toBe("not convincing");
    expect(await approvalsOf(id)).toHaveLength(1);
    await page.unroute("**/ui/api/command");
    await desk.call("cancel", { id });
  });

  it("a decision elsewhere keeps the reason that was being written", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    await signedIn.page.keyboard.press("x");
    await signedIn.page.getByLabel("your reason").fill("the earnings come tomorrow");
    await desk.call("reject", { id, comment: "not at this price" });
    const kept = signedIn.page.locator(".notice", { hasText: "What you had written was not sent:" });
    await kept.getByText("the earnings come tomorrow").waitFor();
    await kept.getByRole("button", { name: "Copy it" }).waitFor();
  });

  it("the queue is walked with j, k and the arrow keys, and lists what was decided today", async () => {
    const [first, second] = [await desk.propose({ limitPrice: "1001" }), await desk.propose({ limitPrice: "1002" })];
    await open(first);
    const { page } = signedIn;
    const heading = page.getByRole("heading", { level: 1, name: /1,002/ });
    await page.locator(`.queue a[href$="${second}"]`).waitFor();
    await page.keyboard.press("j");
    await heading.waitFor();
    await page.keyboard.press("k");
    await page.getByRole("heading", { level: 1, name: /1,001/ }).waitFor();
    await page.locator(`.queue a[href$="${first}"]`).focus();
    await page.keyboard.press("ArrowDown");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain(second);
    await page.keyboard.press("Enter");
    await heading.waitFor();
    await desk.call("reject", { id: second, comment: "a test" });
    const decided = page.locator(`.queue .decided a[href="#/orders/${second}"]`);
    await decided.getByText("rejected: ").waitFor({ state: "attached" });
  });

  it("a number that moves while it is read has a dot for 3 seconds, and nothing else moves", async () => {
    const id = await desk.propose({ limitPrice: "1003" });
    await open(id);
    await becomesOn();
    const { page } = signedIn;
    const [bid, dot] = [page.locator(".quote dd").first(), page.locator(".quote dd .moved").first()];
    const [place, before] = [await bid.boundingBox(), await bid.textContent()];
    expect(await dot.count()).toBe(0);
    await page.evaluate(() => {
      const real = globalThis.fetch;
      globalThis.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!String(options?.body).includes('"review":true')) return answer;
        const body = (await answer.json()) as any;
        body.value.review.quote.bid = "1.25";
        return Response.json(body);
      };
    });
    await page.keyboard.press("q");
    await bid.getByText("1.25").waitFor();
    expect(before).not.toBe("1.25");
    expect(await dot.textContent()).toBe("1.25");
    expect(await bid.boundingBox()).toEqual(place);
    await dot.waitFor({ state: "detached" });
  });

  it("W56 W57 a cut line is said within 3 s, nothing can be decided, and it comes back by itself", async () => {
    await open(await desk.propose());
    await becomesOn();
    await signedIn.page.evaluate(timeTheCut);
    await context.setOffline(true);
    await signedIn.page.getByText("connection lost").waitFor();
    expect(await signedIn.page.locator("html").getAttribute("data-late")).toBeNull();
    expect(await isOn()).toBe(false);
    expect(await why()).toContain("connection to the desk is lost");
    await context.setOffline(false);
    await signedIn.page.getByText("up to date").waitFor();
    await becomesOn();
  });

  it("W60 the answer is lost after sending: the page asks what happened, and sends nothing again", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    await signedIn.page.evaluate(() => {
      const real = globalThis.fetch;
      (globalThis as any).sent = 0;
      globalThis.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!String(options?.body).includes('"authority"')) return answer;
        (globalThis as any).sent += 1;
        throw new TypeError("the connection was cut");
      };
    });
    await approveButton().click();
    await signedIn.page.getByText("The venue accepted it.").waitFor();
    expect(await signedIn.page.evaluate(() => (globalThis as any).sent)).toBe(1);
    expect(await approvalsOf(id)).toHaveLength(1);
  });

  it("W62 W63 halt takes one press; resume asks and takes a reason", async () => {
    await open(await desk.propose());
    await becomesOn();
    await signedIn.page.getByRole("button", { name: "Halt trading" }).click();
    await signedIn.page.getByText(/■ HALTED .*: halted on the page/).waitFor();
    expect(await why()).toBe("Trading is halted. Resume first.");
    await signedIn.page.getByRole("button", { name: "Resume…" }).click();
    const dialog = signedIn.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Resume", exact: true }).click({ force: true });
    expect((await desk.call<any>("status")).trading.state).toBe("halted");
    await dialog.getByLabel("your reason").fill("checked the venue");
    await dialog.getByRole("button", { name: "Resume", exact: true }).click();
    await signedIn.page.getByRole("button", { name: "Halt trading" }).waitFor();
    await becomesOn();
    expect((await desk.call<any>("status")).trading.reason).toBe("checked the venue");
  });

  it("W62 halts on every page, while nothing is answered, with the stream cut, and over an open dialog", async () => {
    const { page, go } = signedIn;
    const shown = page.locator("#halt").getByText("Resume…");
    const halted = async (press: () => Promise<void>, isFollowed = true): Promise<void> => {
      await press();
      const state = async (): Promise<string> => (await desk.call<any>("status")).trading.state;
      await expect.poll(state, PATIENT).toBe("halted");
      // A page that shows the halt late would have another button under the next press.
      if (isFollowed) await shown.waitFor();
      await desk.call("resume", { reason: "a test" });
    };
    const button = page.locator("header").getByRole("button", { name: "Halt trading" });
    for (const { page: route } of PAGES) {
      await go(route);
      await halted(() => button.click());
    }
    await open(await desk.propose({ limitPrice: "1004" }));
    await button.waitFor();
    await page.keyboard.press("x");
    const dialog = page.getByRole("dialog", { name: /^Reject/ });
    await halted(() => dialog.getByRole("button", { name: "Halt trading" }).click());
    await page.keyboard.press("Escape");
    await page.route("**/ui/api/events*", (route) => route.abort());
    await page.route("**/ui/api/command", (route) =>
      route.request().postDataJSON().command === "halt" ? route.continue() : undefined,
    );
    await page.reload();
    await page.getByText("Reading the proposal…").waitFor();
    await halted(() => button.click(), false);
  });

  it("W62 the halt button stays at its place, however long the reason is", async () => {
    const { page } = signedIn;
    const place = async (): Promise<readonly number[]> => {
      const { x = 0, y = 0, width = 0 } = (await page.locator("#halt").boundingBox()) ?? {};
      return [Math.round(x + width), Math.round(y)];
    };
    for (const screen of [DESKTOP, PHONE, { ...PHONE, width: 320 }]) {
      await page.setViewportSize(screen);
      const before = await place();
      await desk.call("halt", { reason: "the venue reports fills that no order of this desk explains ".repeat(6) });
      await page.locator("#halt").getByText("Resume…").waitFor();
      expect(await place()).toEqual(before);
      await desk.call("resume", { reason: "a test" });
      await page.locator("#halt").getByText("Halt trading").waitFor();
    }
  });

  it("a failed resume is named beside the halt button, until trading is active after all", async () => {
    const { page } = signedIn;
    await desk.call("halt", { reason: "a test" });
    await page.route("**/ui/api/command", (route) =>
      route.request().postDataJSON().command === "resume" ? route.abort() : route.continue(),
    );
    await page.getByRole("button", { name: "Resume…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("your reason").fill("checked the venue");
    await dialog.getByRole("button", { name: "Resume", exact: true }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByRole("button", { name: "Back" }).click();
    await dialog.waitFor({ state: "detached" });
    const failure = page.locator(".halt-place").getByRole("alert");
    expect(await failure.textContent()).toMatch(
      /^Not resumed: the desk did not answer: .*\. In a terminal: qoc resume$/,
    );
    await desk.call("resume", { reason: "in a terminal" });
    await failure.waitFor({ state: "detached" });
  });

  it("a working order is cancelled on request", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    await approveButton().click();
    await signedIn.page.getByText("The venue accepted it.").waitFor();
    await signedIn.page.getByRole("button", { name: "Ask for a cancel" }).click();
    await signedIn.page.getByText("Cancelled.").waitFor();
  });

  it("W62 orders in flight are listed and cancelled from every page", async () => {
    const ids = [await desk.propose({ limitPrice: "1000" }), await desk.propose({ limitPrice: "999" })];
    for (const id of ids) {
      const { digest } = await desk.call<{ digest: string }>("orders show", { id });
      await desk.call("approve", { id, digest });
    }
    const { page, go } = signedIn;
    await go("settings");
    await page.getByRole("button", { name: /in flight: list and cancel/ }).click();
    const dialog = page.getByRole("dialog", { name: "Orders in flight" });
    await dialog.getByRole("button", { name: `Cancel ${ids[0]}` }).click();
    await desk.reaches(ids[0] ?? "", "cancelled");
    // The row stays under the mouse, so that a second press cancels no other order.
    await dialog
      .locator("li.gone")
      .filter({ hasText: ids[0] ?? "" })
      .waitFor();
    await page.mouse.move(0, 0);
    await dialog.getByText(ids[0] ?? "").waitFor({ state: "detached" });
    await dialog.getByRole("button", { name: "Cancel all…" }).click();
    await dialog.getByRole("button", { name: /^Ask for the cancel of / }).click();
    await desk.reaches(ids[1] ?? "", "cancelled");
    await dialog.getByText("None is left.").waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("button", { name: /in flight: list and cancel/ }).waitFor({ state: "detached" });
  });

  it("no single key decides", async () => {
    const id = await desk.propose();
    await open(id);
    await becomesOn();
    for (const key of ["a", "y", "r", "w", "j", "k", "q", "Shift+H", "Escape"]) await signedIn.page.keyboard.press(key);
    const { state } = await desk.call<{ state: string }>("orders show", { id });
    expect(state).toBe("proposed");
  });
});

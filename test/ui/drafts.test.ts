/** Texts that a human has begun to write outlive the session, and no longer than they are wanted. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type BrowserDesk, arriveAt, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;

/** The session ends, and a new link opens the next one in the same tab. */
async function endAndSignIn(page: Page): Promise<void> {
  await desk.call("ui revoke", { all: true });
  await page.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
  const link = await desk.link();
  await page.evaluate((address) => void (location.href = address), link);
  await arriveAt(page);
}

function kept(page: Page): Promise<string | null> {
  return page.evaluate(() => localStorage.getItem("qoc.drafts"));
}

describePage("a text that was begun", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context();
  });
  afterEach(() => context?.close());

  it("the reason of a rejection is there after the login, in another tab, too, until it is sent", async () => {
    const { page, go } = await desk.signIn(context);
    const id = await desk.propose();
    await go(`review/${id}`);
    await page.getByRole("button", { name: "Reject…" }).click();
    await page.getByLabel("your reason").fill("too large for today");
    await endAndSignIn(page);
    await go(`review/${id}`);
    await page.getByRole("button", { name: "Reject…" }).click();
    expect(await page.getByLabel("your reason").inputValue()).toBe("too large for today");
    const other = await desk.signIn(context);
    await other.go(`review/${id}`);
    await other.page.getByRole("button", { name: "Reject…" }).click();
    expect(await other.page.getByLabel("your reason").inputValue()).toBe("too large for today");
    await other.page.getByRole("button", { name: "Reject", exact: true }).click();
    await desk.reaches(id, "rejected");
    await other.page.getByText("Rejected.").first().waitFor();
    expect(await kept(other.page)).toBeNull();
  });

  it("the reason of a resume is there after the login, until it is withdrawn", async () => {
    const { page } = await desk.signIn(context);
    await desk.call("halt", { reason: "a test" });
    await page.getByRole("button", { name: "Resume…" }).click();
    await page.getByLabel("your reason").fill("looked at the venue");
    await endAndSignIn(page);
    await page.getByRole("button", { name: "Resume…" }).click();
    expect(await page.getByLabel("your reason").inputValue()).toBe("looked at the venue");
    await page.getByRole("button", { name: "Back" }).click();
    await page.getByRole("button", { name: "Resume…" }).click();
    expect(await page.getByLabel("your reason").inputValue()).toBe("");
    await page.getByLabel("your reason").fill("it was a test");
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await page.getByRole("button", { name: "Halt trading" }).waitFor();
    expect(await kept(page)).toBeNull();
  });

  it("a new issue is there after a reload, and a sign-out forgets it", async () => {
    const { page, go } = await desk.signIn(context);
    await go("issues");
    await page.getByLabel("title").fill("Look at gold");
    await page.getByLabel("goal, constraints, acceptance").fill("A note.");
    await page.reload();
    await arriveAt(page);
    await page.getByLabel("title").waitFor();
    expect(await page.getByLabel("title").inputValue()).toBe("Look at gold");
    expect(await page.getByLabel("goal, constraints, acceptance").inputValue()).toBe("A note.");
    await go("settings");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    expect(await kept(page)).toBeNull();
  });

  it("a text of another desk at the same port is offered for no order of this one with the same id", async () => {
    const { page, go } = await desk.signIn(context);
    const id = await desk.propose({ limitPrice: "2700" });
    const { deskId } = desk.desk.open.desk.state;
    expect(await page.evaluate(() => localStorage.getItem("qoc.desk"))).toBe(deskId);
    /** What the human finds who rejects the order at the desk with this id. */
    const foundAt = async (at: string): Promise<string> => {
      await page.evaluate((value) => localStorage.setItem("qoc.desk", value), at);
      await page.reload();
      await arriveAt(page);
      await go(`review/${id}`);
      await page.getByRole("button", { name: "Reject…" }).click();
      return page.getByLabel("your reason").inputValue();
    };
    await go(`review/${id}`);
    await page.getByRole("button", { name: "Reject…" }).click();
    await page.getByLabel("your reason").fill("our client sells first");
    expect(await foundAt("f".repeat(32))).toBe("");
    expect(await foundAt(deskId)).toBe("our client sells first");
  });

  it("a tab that shows one desk loads again when another tab signs in to another desk at its port", async () => {
    const [{ page }, other] = [await desk.signIn(context), await desk.signIn(context)];
    const loaded = page.waitForEvent("load");
    await other.page.evaluate(() => localStorage.setItem("qoc.desk", "e".repeat(32)));
    await loaded;
    await arriveAt(page);
  });

  it("a text of a decision that was made elsewhere is offered after the login", async () => {
    const { page, go } = await desk.signIn(context);
    const id = await desk.propose({ limitPrice: "2800" });
    await go(`review/${id}`);
    await page.getByRole("button", { name: "Reject…" }).click();
    await page.getByLabel("your reason").fill("not at this price");
    await desk.call("reject", { id, comment: "a test" });
    await endAndSignIn(page);
    await go(`review/${id}`);
    await page.getByText("What you had written was not sent:").waitFor();
    await page.getByText("not at this price").waitFor();
  });
});

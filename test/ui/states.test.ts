/**
 * The states of the page that an operator may meet, each made at a real desk or from its answers: accessible, with the
 * words that matter. A screenshot of each is kept in test/ui/artefacts. UPDATE_SCREENSHOTS=1 writes the pictures of
 * docs/page.md, too.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { violations } from "./support/axe.ts";
import { type BrowserDesk, type SignedInPage, browserDesk, calm } from "./support/browser-desk.ts";
import { fiveYears } from "./support/equity-scenario.ts";
import { PHONE, type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

const ARTEFACTS = fileURLToPath(new URL("artefacts/", import.meta.url));
const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
/** Those that docs/page.md shows. */
const IN_DOCS = ["desk", "review", "terms-changed", "phone-sheet", "equity"];
const isUpdating = process.env["UPDATE_SCREENSHOTS"] === "1";
const SCREEN = { width: 1000, height: 640 };

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext | undefined;

/** What another desk would answer: members that replace those of this desk's answers, by command. */
type Changes = Readonly<Record<string, object>>;

async function change(page: Page, changes: Changes): Promise<void> {
  await page.evaluate(
    (replacements: Record<string, object>) => {
      const merged = (value: any, other: any): any =>
        typeof other !== "object" || other === null || Array.isArray(other)
          ? other
          : {
              ...value,
              ...Object.fromEntries(Object.keys(other).map((key) => [key, merged(value?.[key], other[key])])),
            };
      const real = globalThis.fetch;
      globalThis.fetch = async (url, options) => {
        const answer = await real(url, options);
        const { command = "" } = JSON.parse(String(options?.body ?? "{}")) as { command?: string };
        const replacement = replacements[command];
        if (replacement === undefined || !answer.ok) return answer;
        const body = (await answer.json()) as { value: object };
        return Response.json({ ...body, value: merged(body.value, replacement) });
      };
    },
    changes as Record<string, object>,
  );
}

async function enter(options: Parameters<TestBrowser["context"]>[0] = {}): Promise<SignedInPage> {
  context = await browser.context({ viewport: SCREEN, ...options, bypassCSP: true });
  return desk.signIn(context);
}

async function keep(page: Page, name: string): Promise<void> {
  expect(await violations(page)).toEqual([]);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.screenshot({ path: `${ARTEFACTS}${name}.png` });
  if (isUpdating && IN_DOCS.includes(name)) await page.screenshot({ path: `${IMAGES}${name}.png` });
}

describePage("a state of the page", () => {
  beforeAll(async () => {
    for (const folder of [ARTEFACTS, IMAGES]) mkdirSync(folder, { recursive: true });
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    await desk.call("run", { issue: "001" });
    const id = await desk.propose({ limitPrice: "1000", quantity: "1" });
    const { digest } = await desk.call<{ digest: string }>("orders show", { id });
    await desk.call("approve", { id, digest });
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  afterEach(() => context?.close());

  it("the desk, with proposals that wait", async () => {
    const { page } = await enter({ viewport: { width: 1000, height: 800 } });
    await page.getByText("2 wait for you").waitFor();
    await page.getByRole("button", { name: "Cancel all…" }).waitFor();
    await keep(page, "desk");
  });

  it("a review that can be approved", async () => {
    const { page, go } = await enter();
    await go(`review/${await desk.propose()}`);
    await page.locator('#approve[aria-disabled="false"]').waitFor();
    await keep(page, "review");
    await context?.setOffline(true);
    await page.getByText("What you see may be old, and nothing can be decided.").waitFor();
    await page.locator(".columns.old").waitFor();
    await keep(page, "review-connection-lost");
  });

  it("terms that changed while they were read, in the dark", async () => {
    const { page, go } = await enter({ colorScheme: "dark" });
    const id = await desk.propose();
    await go(`review/${id}`);
    await page.locator('#approve[aria-disabled="false"]').waitFor();
    const path = `orders/pending/${id}.toml`;
    await desk.write(path, desk.read(path).replace(/^quantity = .*$/m, 'quantity = "3"'));
    await desk.call("status");
    await page.getByText("The terms changed while you were reading.").first().waitFor();
    await keep(page, "terms-changed");
  });

  it("a phone in the dark, with the sheet open", async () => {
    const { page, go } = await enter({ colorScheme: "dark", viewport: PHONE });
    await go(`review/${await desk.propose({ quantity: "5", limitPrice: "2950" })}`);
    await page.getByRole("button", { name: "Decide…" }).click();
    await page.getByText("Type SPX to approve: 14,750.00 USD").waitFor();
    await keep(page, "phone-sheet");
  });

  it("W68 a live order: marked LIVE, never approved by a click, and the terminal's command is there", async () => {
    const { page, go } = await enter();
    await change(page, { approve: { review: { mode: "live" } } });
    await go(`review/${await desk.propose()}`);
    await page.getByRole("heading", { level: 1, name: /^LIVE BUY/ }).waitFor();
    await page.getByText(/Live orders are approved in a terminal: qoc approve \S+ --digest sha256:/).waitFor();
    expect(await page.locator("#approve, [data-decide]").count()).toBe(0);
    await keep(page, "live");
  });

  it("W61 an unknown outcome: said as unknown, nothing sends again, and the way to resolve it", async () => {
    const { page, go } = await enter();
    await change(page, { "orders show": { state: "unknown" } });
    await go(`orders/${await desk.propose()}`);
    await page.getByRole("alert").getByText("UNKNOWN.").waitFor();
    const buttons = await page.locator("main button").allTextContents();
    expect(buttons).toEqual(["Ask for a cancel", "Resolve by hand…"]);
    await keep(page, "unknown");
  });

  it("W74 a read-only desk: it can be read, says why, and decides nothing", async () => {
    const { page, go } = await enter();
    await change(page, { status: { readOnly: "the journal lacks 3 records" } });
    await go(`review/${await desk.propose()}`);
    await page.getByText("The desk is read-only: the journal lacks 3 records.").waitFor();
    expect(await page.locator("#approve").getAttribute("aria-disabled")).toBe("true");
    await keep(page, "read-only");
  });

  it("a halted desk", async () => {
    const { page } = await enter({ colorScheme: "dark" });
    await page.getByRole("button", { name: "Halt trading" }).click();
    const banner = page.getByRole("banner");
    await banner.getByText(/■ HALTED \(since \d\d:\d\d:\d\d by a human\): halted on the page/).waitFor();
    const { trading } = await desk.call<{ trading: { since: string } }>("status");
    const halt = desk
      .read(".qoc/journal/000001.ndjson")
      .split("\n")
      .findLast((line) => line.includes('"trading.changed"'));
    expect(await banner.locator("time").getAttribute("datetime")).toBe(trading.since);
    expect(halt).toContain(`"ts":"${trading.since}"`);
    await keep(page, "halted");
    await desk.call("resume", { reason: "test" });
  });

  it("the equity of five years, with its drawdown", async () => {
    const { page, go } = await enter();
    await change(page, { "equity points": fiveYears(800) });
    await go("equity");
    await page.locator("canvas").waitFor();
    await keep(page, "equity");
  });
});

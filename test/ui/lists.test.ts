/** The long lists of the page: still rows until the first answer, days of fills, and a filter that the address sets. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { DESKTOP, PHONE, type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;

const FILL_COLUMNS = [
  "time",
  "order",
  "connector",
  "symbol",
  "side",
  "quantity",
  "price",
  "fee",
  "feeCurrency",
  "note",
];

function fillAt(time: string): readonly (string | null)[] {
  return [time, "20261128-001", "paper", "SPX", "buy", "1", "2900", null, null, ""];
}

/** The desk answers a command with these rows, and not before `until` resolves. */
async function answerRows(
  page: Page,
  command: string,
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  until: Promise<void> = Promise.resolve(),
): Promise<void> {
  await page.route("**/ui/api/command", async (route) => {
    if ((route.request().postDataJSON() as { command: string }).command !== command) return route.continue();
    await until;
    return route.fulfill({
      json: { value: { columns, rows, next: null, total: rows.length }, values: [], notes: [] },
    });
  });
}

describePage("a list of the page", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  afterEach(() => context?.close());

  it.each([
    ["a desk screen", "few", DESKTOP, 1],
    ["a desk screen", "many", DESKTOP, 70],
    ["a phone", "few", PHONE, 1],
    ["a phone", "many", PHONE, 70],
  ] as const)("fills have a heading for each day on %s, if they are %s", async (_screen, _few, viewport, times) => {
    context = await browser.context({ viewport });
    const { page, go } = await desk.signIn(context);
    const days = ["2026-11-28T10:00:05.000Z", "2026-11-28T09:00:00.000Z", "2026-11-27T23:59:59.000Z"];
    const rows = days.flatMap((time) =>
      Array.from({ length: time.includes("-28T10") ? times : 1 }, () => fillAt(time)),
    );
    await answerRows(page, "fills list", FILL_COLUMNS, rows);
    await go("fills");
    await page.locator(".group").first().waitFor();
    expect(await page.locator(".group").first().innerText()).toBe("28 Nov 2026");
    await page.locator("[data-row]").first().getByText("10:00:05", { exact: true }).waitFor();
    await page.locator(".frame").evaluateAll((frames) => {
      for (const frame of frames) frame.scrollTop = frame.scrollHeight;
    });
    await page.locator(".group").getByText("27 Nov 2026", { exact: true }).waitFor();
    await page.locator("[data-row]").last().getByText("23:59:59", { exact: true }).waitFor();
    expect(await page.locator(".group").count()).toBeLessThanOrEqual(2);
  });

  it("a filter of the address is followed while the list is open", async () => {
    context = await browser.context();
    const { page, go } = await desk.signIn(context);
    await desk.propose();
    await go("orders?state=filled");
    await page.getByText(/^0 of \d+ orders$/).waitFor();
    await go("orders?symbol=SPX&state=proposed");
    await page.locator("[data-row]").first().waitFor();
    expect(await page.locator("[data-filter]").inputValue()).toBe("SPX");
    expect(await page.getByLabel("state").inputValue()).toBe("proposed");
    await page.goBack();
    await page.getByText(/^0 of \d+ orders$/).waitFor();
    expect(await page.locator("[data-filter]").inputValue()).toBe("");
    await go("orders");
    await page.getByText(/^\d+ orders?, newest first$/).waitFor();
    expect(await page.getByLabel("state").inputValue()).toBe("");
  });

  it.each([
    ["orders", "orders rows", DESKTOP],
    ["orders", "orders rows", PHONE],
    ["fills", "fills list", DESKTOP],
    ["fills", "fills list", PHONE],
  ] as const)(
    "%s: twelve still rows until the first answer, and then nothing has moved",
    async (name, command, screen) => {
      context = await browser.context({ viewport: screen });
      const { page, go } = await desk.signIn(context);
      let arrive = (): void => undefined;
      const until = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const columns = name === "fills" ? FILL_COLUMNS : ["id", "state", "side", "quantity", "symbol", "type", "price"];
      const row =
        name === "fills"
          ? fillAt("2026-11-28T10:00:05.000Z")
          : ["20261128-001", "filled", "buy", "1", "SPX", "limit", "1"];
      await answerRows(
        page,
        command,
        columns,
        Array.from({ length: 14 }, () => row),
        until,
      );
      await go(name);
      await page.getByText(`Reading the ${name}…`).waitFor();
      const still = page.locator("table.still, ul.still");
      expect(await still.locator("tbody tr, li").count()).toBe(12);
      const [place, rowHeight] = [await still.boundingBox(), await heightOf(page, ".still tbody tr, .still li")];
      arrive();
      await page.locator("[data-row]").first().waitFor();
      const list = await page.locator("table.data, ul.cards").boundingBox();
      expect([list?.x, list?.y, list?.width]).toEqual([place?.x, place?.y, place?.width]);
      expect(Math.abs((await heightOf(page, "[data-row]")) - rowHeight)).toBeLessThanOrEqual(2);
    },
  );
});

async function heightOf(page: Page, selector: string): Promise<number> {
  return (await page.locator(selector).first().boundingBox())?.height ?? 0;
}

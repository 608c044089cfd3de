/** The long lists of the page: still rows until the first answer, days of fills, and a filter that the address sets. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { DESKTOP, PATIENT, PHONE, type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

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

  it("a card with a name alone has it at its left", async () => {
    context = await browser.context({ viewport: PHONE });
    const { page, go } = await desk.signIn(context);
    await go("files");
    const name = page.locator("[data-row] strong").first();
    await name.waitFor();
    const [own, card] = [await name.boundingBox(), await page.locator("[data-row]").first().boundingBox()];
    expect((own?.x ?? 0) - (card?.x ?? 0)).toBeLessThan(20);
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

  it("the range of the equity and the lines of the log are in the address, too", async () => {
    context = await browser.context();
    const { page, go } = await desk.signIn(context);
    await go("equity?range=1M");
    await page.getByRole("button", { name: "1M", pressed: true }).waitFor();
    await page.getByRole("button", { name: "1Y" }).click();
    expect(await page.evaluate(() => location.hash)).toBe("#/equity?range=1Y");
    await page.goBack();
    await page.getByRole("button", { name: "1M", pressed: true }).waitFor();
    await page.getByText("Times are in the zone UTC.").waitFor();
    await go("logs?level=warn");
    await page.getByLabel("connector").selectOption("paper");
    expect(await page.evaluate(() => location.hash)).toBe("#/logs?level=warn&connector=paper");
    await page.goBack();
    await expect.poll(() => page.getByLabel("connector").inputValue()).toBe("");
    expect(await page.getByLabel("from level").inputValue()).toBe("warn");
  });

  it.each(HELD_LISTS)(
    "%s: rows keep their places under the mouse, and a press hits the row that it was aimed at",
    async (route, of, change) => {
      context = await browser.context();
      const { page, go } = await desk.signIn(context);
      await change();
      await go(route);
      const links = page.locator(`${of} :is(a, button)`);
      await links.first().waitFor();
      const aimedAt = await links.first().elementHandle();
      const place = await aimedAt?.boundingBox();
      await links.first().hover();
      await change();
      await page.locator(".held-note").getByText("1 new", { exact: true }).waitFor();
      expect(await links.first().evaluate((link, before) => link === before, aimedAt)).toBe(true);
      expect(await aimedAt?.boundingBox()).toEqual(place);
      await page.mouse.move(0, 0);
      await page.locator(".held-note").waitFor({ state: "detached" });
      expect(await links.first().evaluate((link, before) => link === before, aimedAt)).toBe(false);
      expect((await aimedAt?.boundingBox())?.y).toBeGreaterThan(place?.y ?? Infinity);
    },
  );

  it("a row that ended stays under the mouse, without its link, until the mouse leaves", async () => {
    context = await browser.context();
    const { page, go } = await desk.signIn(context);
    const [first, second] = [await desk.propose(), await desk.propose()];
    await go("review");
    const row = page.locator(".queue li").filter({ hasText: first });
    const below = page.locator(".queue li").filter({ hasText: second });
    await below.waitFor();
    const place = await below.boundingBox();
    await below.hover();
    await desk.call("reject", { id: first, comment: "not now" });
    await page.locator(".held-note").getByText("1 ended", { exact: true }).waitFor();
    expect(await row.evaluate(({ inert }: HTMLElement) => inert)).toBe(true);
    expect(await below.boundingBox()).toEqual(place);
    await page.mouse.move(0, 0);
    await row.waitFor({ state: "detached" });
  });

  it("a table without a row gets its first one when the mouse has left what it is aimed at", async () => {
    context = await browser.context();
    const { page, go } = await desk.signIn(context);
    await go("research");
    const notes = page.locator(".card").filter({ has: page.getByRole("heading", { name: "Notes" }) });
    await notes.getByText("No note.").waitFor();
    const below = page.locator(".card").filter({ has: page.getByRole("heading", { name: "News" }) });
    await below.getByText("No feed.").waitFor();
    const place = await below.boundingBox();
    await page.getByRole("link", { name: "all files" }).hover();
    await desk.call("research write", { name: "a", text: "a text" });
    await notes.getByText("1 new", { exact: true }).waitFor();
    expect(await below.boundingBox()).toEqual(place);
    await page.mouse.move(0, 0);
    await notes.getByRole("link", { name: "research/a.md" }).waitFor();
  });

  it.each([
    ["a touch", "touch", "there", false],
    ["a press of a mouse that rests there", "mouse", "there", false],
    ["a press of a mouse that was elsewhere", "mouse", "elsewhere", true],
  ] as const)("%s, right after a notice has moved a link, by %s, %s: follows it? %s", async (...row) => {
    const [, pointerType, mouse, isTaken] = row;
    context = await browser.context();
    const { page, go } = await desk.signIn(context);
    let flagged: readonly string[] = [];
    await page.route("**/ui/api/command", async (route) => {
      if ((route.request().postDataJSON() as { command: string }).command !== "status") return route.continue();
      // The browser may not have stated these yet when the request is taken.
      const own = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
      const response = await route.fetch({ headers: { ...(await route.request().allHeaders()), ...own } });
      const answer = (await response.json()) as { value: object };
      return route.fulfill({ response, json: { ...answer, value: { ...answer.value, flagged } } });
    });
    await go("");
    const link = page.getByRole("link", { name: "details" });
    await link.waitFor();
    await page.waitForFunction(() => document.querySelector(".loading, .still") === null);
    await page.evaluate(pressAfterMove, { pointerType, mouse, name: "details" });
    flagged = ["paper/SPX"];
    await desk.propose();
    await expect.poll(() => pressedAt(page), PATIENT).toBe(isTaken ? "#/connectors" : "#/");
    if (!isTaken) await expect.poll(() => link.evaluate(touch), PATIENT).toBe("#/connectors");
  });

  it("a touch right after rows have moved presses nothing", async () => {
    context = await browser.context();
    const { page, go } = await desk.signIn(context);
    await desk.call("inbox write", { title: "before", text: "a text" });
    await go("inbox");
    const link = page.locator(".items a").filter({ hasText: "before" });
    await link.waitFor();
    await link.evaluate(touchAfterChange);
    await desk.call("inbox write", { title: "added", text: "a text" });
    await expect.poll(() => pressedAt(page), PATIENT).toBe("#/inbox");
    await expect.poll(() => link.evaluate(touch), PATIENT).toContain("#/inbox/");
  });

  it.each(
    SHORT_LISTS.flatMap(([route, command, answer]) =>
      [DESKTOP, PHONE].map((screen) => [route, command, screen, answer] as const),
    ),
  )(
    "%s: still rows until the first answer of %s, and then the first row is where they were",
    async (route, command, screen, answer) => {
      context = await browser.context({ viewport: screen });
      const { page, go } = await desk.signIn(context);
      let arrive = (): void => undefined;
      const until = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      await page.route("**/ui/api/command", async (asked) => {
        if ((asked.request().postDataJSON() as { command: string }).command !== command) return asked.continue();
        await until;
        return asked.fulfill({ json: { value: answer, values: [], notes: [] } });
      });
      await go(route);
      const rows = page.locator(".still :is(tbody tr, li)");
      await rows.first().waitFor();
      // The other lists of the page have their answers.
      await page.waitForFunction(
        () => document.querySelectorAll(".still").length === 1 && document.querySelector(".loading") === null,
      );
      const place = await rows.first().boundingBox();
      arrive();
      await page.waitForFunction(() => document.querySelector(".still") === null);
      const first = await page.evaluate(
        ({ x, y }) => {
          const found = document
            .elementFromPoint(x + 20, y + 10)
            ?.closest("tr, li")
            ?.getBoundingClientRect();
          return found === undefined ? undefined : [found.x, found.y];
        },
        place ?? { x: 0, y: 0 },
      );
      expect(first).toEqual([place?.x, place?.y]);
    },
  );

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

/** A touch of a link. Returns where the page is after it. */
function touch(link: HTMLElement | SVGElement): string {
  link.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, pointerType: "touch" }));
  link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  return location.hash;
}

/** Where the page is after the press that waits for a change; null before it. */
function pressedAt(page: Page): Promise<string | null> {
  return page.locator("html").getAttribute("data-pressed-at");
}

interface AimedPress {
  readonly pointerType: string;
  readonly mouse: "there" | "elsewhere";
  /** Of the link. */
  readonly name: string;
}

/** In the page, at the moment at which the link has moved. The mouse is where the link came to, or elsewhere. */
function pressAfterMove({ pointerType, mouse, name }: AimedPress): void {
  // Looked up each time: the page may draw another link in its place.
  const find = (): Element | undefined => [...document.links].find((link) => link.textContent === name);
  let y = find()?.getBoundingClientRect().y ?? 0;
  const observer = new MutationObserver(() => {
    const link = find();
    if (link === undefined) return;
    const now = link.getBoundingClientRect();
    const isMoved = now.y - y >= 30;
    // A part above the link may have become smaller.
    ({ y } = now);
    if (!isMoved) return;
    observer.disconnect();
    const [at, away] = [
      { clientX: now.x + 5, clientY: now.y + 5 },
      { clientX: 0, clientY: 0 },
    ];
    const common = { bubbles: true, pointerType };
    link.dispatchEvent(new PointerEvent("pointermove", { ...common, ...(mouse === "there" ? at : away) }));
    link.dispatchEvent(new PointerEvent("pointerdown", { ...common, ...at }));
    link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    document.documentElement.dataset["pressedAt"] = location.hash;
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

/** In the page, at the moment at which the link's list has changed. */
function touchAfterChange(link: HTMLElement | SVGElement): void {
  const list = link.closest("ul");
  const observer = new MutationObserver(() => {
    observer.disconnect();
    link.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, pointerType: "touch" }));
    link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    document.documentElement.dataset["pressedAt"] = location.hash;
  });
  if (list !== null) observer.observe(list, { childList: true });
}

/** The inbox is in the order of its titles. */
let itemNumber = 99;
/** Lists of links and buttons, and what adds a row before their first. */
const HELD_LISTS: readonly (readonly [route: string, of: string, change: () => Promise<unknown>])[] = [
  ["orders", "tbody", () => desk.propose()],
  ["record", ".decisions", async () => desk.call("reject", { id: await desk.propose(), comment: "not now" })],
  ["inbox", ".items", () => desk.call("inbox write", { title: `an item ${(itemNumber -= 1)}`, text: "a text" })],
];

/** An answer of each short list, with one row. */
const TEXT = { source: "inbox/a.md", retrievedAt: "2026-11-28T10:00:00.000Z", text: "a text" };
const SHORT_LISTS: readonly (readonly [route: string, command: string, answer: unknown])[] = [
  ["inbox", "inbox list", [{ path: "inbox/a.md", kind: "message", status: "new", untrusted: TEXT }]],
  [
    "issues",
    "issues list",
    [
      {
        ...{ id: "001", path: "issues/001.md", status: "open", priority: "normal", symbols: ["SPX"], contextFiles: [] },
        untrusted: { title: TEXT, body: TEXT },
      },
    ],
  ],
  ["research", "research list", [{ path: "research/a.md", digest: "", bytes: 3 }]],
  [
    "research",
    "entities list",
    {
      entries: [{ symbol: "SPX", kind: "index", path: "entities/SPX.md", isReadable: true, untrusted: TEXT }],
      next: null,
    },
  ],
  [
    "files",
    "files list",
    { entries: [{ path: "a.md", bytes: 3, modified: "2026-11-28T10:00:00.000Z" }], next: null, partial: false },
  ],
  [
    "positions",
    "positions list",
    [
      {
        ...{ connector: "paper", symbol: "SPX", quantity: "1", averagePrice: "2900", markPrice: "2950", value: "2950" },
        ...{ currency: "USD", unrealizedPnl: "50", realizedPnl: "0", fees: [], standing: "enabled" },
      },
    ],
  ],
  [
    "agents",
    "refusals list",
    [{ at: "2026-11-28T10:00:00.000Z", agent: "claude", count: 1, reason: "human only", untrusted: TEXT }],
  ],
  [
    "record",
    "decisions",
    [
      {
        ...{
          date: "2026-11-28T10:00:00.000Z",
          decision: "APPROVED",
          id: "1",
          side: "buy",
          quantity: "1",
          symbol: "SPX",
        },
        ...{ price: "2900", averagePrice: null, state: "accepted", note: "", untrusted: null },
      },
    ],
  ],
];

async function heightOf(page: Page, selector: string): Promise<number> {
  return (await page.locator(selector).first().boundingBox())?.height ?? 0;
}

/** Every route in light and dark, on a desk screen and a phone: accessible, inside its width, and of one origin. */
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PAGES } from "../../src/ui/pages-list.ts";
import { violations } from "./support/axe.ts";
import { DESKTOP, PHONE, type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";
import { type BrowserDesk, type SignedInPage, calm, browserDesk } from "./support/browser-desk.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let filled: string;
let waiting: string;
let blocked: string;

function routes(): readonly string[] {
  return [
    ...PAGES.map(({ page }) => page),
    `review/${waiting}`,
    `review/${blocked}`,
    `orders/${filled}`,
    "issues/001",
    "research/SPX",
    "files",
    "files?find=SPX",
    "files/house-rules.md",
    "inbox/unknown",
    "no-such-page",
  ];
}

/** All routes with all rules of axe: seconds on idle cores, a minute on busy ones. */
const WALK_MS = 180_000;

/** The page is drawn, and has read what it shows. */
async function settle({ page }: SignedInPage): Promise<void> {
  await page.waitForFunction(() => document.querySelector(".loading, .still") === null);
}

/** What sticks out of the width of the screen, and targets that are too small to hit. */
async function geometry({ page }: SignedInPage): Promise<readonly string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) problems.push(`scrolls sideways: ${scrollWidth} of ${clientWidth}`);
    for (const element of document.querySelectorAll("button, select, input, summary, nav a")) {
      const { width, height } = element.getBoundingClientRect();
      const isShown = width > 0 && getComputedStyle(element).visibility === "visible";
      if (isShown && (width < 24 || height < 24) && !element.matches('[type="radio"]'))
        problems.push(`${element.outerHTML.slice(0, 80)} is ${width} by ${height}`);
    }
    for (const table of document.querySelectorAll("main table")) {
      const { right } = table.getBoundingClientRect();
      if (right > clientWidth + 1) problems.push(`a table ends at ${Math.round(right)} of ${clientWidth}`);
    }
    // On a desk screen an amount and its currency are one line.
    for (const amount of document.querySelectorAll(".figure dd > span[title]"))
      if (clientWidth >= 1_000 && amount.getClientRects().length > 1)
        problems.push(`${amount.textContent} is more than one line`);
    return problems;
  });
}

/** The first is a desk screen at 400 percent; phones; a window beside another one. */
const WIDTHS = [320, 390, 800, 1_000];
/** So many frames a plot or a list may take to draw itself for another width. */
const FRAMES_MAX = 30;

/** What sticks out after the window has got this width. */
async function misfits(signedIn: SignedInPage, width: number): Promise<readonly string[]> {
  const { page } = signedIn;
  await page.setViewportSize({ width, height: 640 });
  let problems: readonly string[] = [];
  for (let frame = 0; frame === 0 || (problems.length > 0 && frame < FRAMES_MAX); frame += 1) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    problems = await geometry(signedIn);
  }
  return problems.map((problem) => `at ${width}: ${problem}`);
}

async function walk(signedIn: SignedInPage, check: (route: string) => Promise<readonly string[]>): Promise<object> {
  const found: Record<string, readonly string[]> = {};
  for (const route of routes()) {
    await signedIn.go(route);
    await settle(signedIn);
    const problems = await check(route);
    if (problems.length > 0) found[route] = problems;
  }
  return found;
}

describePage("every route", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    await desk.call("run", { issue: "001" });
    filled = await desk.propose({ limitPrice: "2990" });
    waiting = await desk.propose();
    blocked = await desk.propose({ quantity: "100" });
    const { digest } = await desk.call<{ digest: string }>("orders show", { id: filled });
    await desk.call("approve", { id: filled, digest });
    await desk.reaches(filled, "filled");
    await desk.call("snapshot");
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  it.each([
    ["light", "desktop", DESKTOP],
    ["dark", "desktop", DESKTOP],
    ["light", "phone", PHONE],
    ["dark", "phone", PHONE],
  ] as const)(
    "A02 has no accessibility violation in %s on a %s, and fits it",
    async (colorScheme, _name, viewport) => {
      const context = await browser.context({ colorScheme, viewport, bypassCSP: true });
      const signedIn = await desk.signIn(context);
      const check = async (): Promise<readonly string[]> => [
        ...(await violations(signedIn.page, colorScheme === "dark" ? "contrast" : "all")),
        ...(await geometry(signedIn)),
      ];
      expect(await walk(signedIn, check)).toEqual({});
      await context.close();
    },
    WALK_MS,
  );

  it(
    `A01 fits widths of ${WIDTHS.join(", ")}`,
    async () => {
      const context = await browser.context();
      const signedIn = await desk.signIn(context);
      const check = async (): Promise<readonly string[]> => {
        const problems: string[] = [];
        for (const width of WIDTHS) problems.push(...(await misfits(signedIn, width)));
        return problems;
      };
      expect(await walk(signedIn, check)).toEqual({});
      await context.close();
    },
    WALK_MS,
  );

  it("finds a violation on a page that has one", async () => {
    const context = await browser.context({ bypassCSP: true });
    const { page } = await desk.signIn(context);
    await page.evaluate(() => document.querySelector("main")?.append(document.createElement("button")));
    expect(await violations(page)).toEqual([expect.stringContaining("button-name")]);
    await context.close();
  });

  it("W32 W37 W38 asks no other origin, violates no policy, and links nowhere else", async () => {
    const context: BrowserContext = await browser.context();
    const signedIn = await desk.signIn(context);
    const leading = await walk(signedIn, () =>
      signedIn.page.evaluate(() =>
        [...document.querySelectorAll("a[href], form[action], iframe, object, embed")]
          .map((element) => element.getAttribute("href") ?? element.tagName)
          .filter((href) => !href.startsWith("#")),
      ),
    );
    expect(leading).toEqual({});
    expect(signedIn.complaints).toEqual({ errors: [], foreign: [] });
    await context.close();
  });
});

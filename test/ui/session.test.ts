/** A session as a user has it: the printed link, decisions, what comes without a reload, a phone, and the end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { PAGES } from "../../src/ui/pages-list.ts";
import { PHONE, type TestBrowser, describePage, holdTimers, openBrowser, watch } from "./support/chromium.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;

/** A program that works without end. */
const HANGING = `\n[agent]\nruntime = "command"\ncommand = ${JSON.stringify([process.execPath, "-e", "setInterval(() => {}, 1000)"])}\nunconfined = true\n`;

/** A market that moves slowly: it reaches no other price while the tests run, and fills what it can. */
function steady(template: string): string {
  return `${calm(template).replace("bar_seconds = 600 ", "bar_seconds = 30 ")}${HANGING}`;
}

function journal(): string {
  return readFileSync(join(desk.root, ".qoc/journal/000001.ndjson"), "utf8");
}

describePage("a session of the page", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: steady })]);
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context();
  });
  afterEach(() => context.close());

  it("W01 W02 W05 W08 a link opens one session, its code leaves the address, and a second use says so", async () => {
    const link = await desk.link();
    const code = link.split("#login=")[1] ?? "";
    const page = await context.newPage();
    const requested: string[] = [];
    page.on("request", (request) => requested.push(`${request.url()} ${request.headers()["referer"] ?? ""}`));
    let load = (): void => undefined;
    const isLoaded = new Promise<void>((resolve) => {
      load = resolve;
    });
    await page.route("**/main-*.js", (route) => isLoaded.then(() => route.continue()));
    await page.goto(link, { waitUntil: "commit" });
    // The frame is drawn before the page's scripts are there, and the code has left the address before that.
    await page.locator("header.top").waitFor();
    expect(page.url()).toBe(`${desk.origin}/ui/`);
    load();
    await page.getByText("up to date").waitFor();
    expect(await page.evaluate(() => (globalThis as any).openedLink.code)).toBeUndefined();
    expect(page.url()).toBe(`${desk.origin}/ui/`);
    expect(await page.locator("h1").textContent()).toBe("Desk");
    expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
    expect(requested.filter((line) => line.includes(code))).toEqual([]);
    expect(journal()).not.toContain(code);
    const other = await browser.context();
    const second = await other.newPage();
    await second.goto(link);
    await second.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    expect(await second.getByRole("alert").textContent()).toContain("qoc ui revoke --all");
    await other.close();
  });

  it("a browser without a session says what to type", async () => {
    const page = await context.newPage();
    await page.goto(`${desk.origin}/ui/`);
    expect(await page.locator("main").ariaSnapshot()).toContain('heading "Open this page from a terminal"');
    expect(await page.locator("pre").textContent()).toBe("qoc ui");
  });

  it("W31 the shell holds no secret and nothing of the desk: it is the built file", async () => {
    const page = await context.newPage();
    const answer = await page.goto(`${desk.origin}/ui/`);
    const built = fileURLToPath(new URL("../../dist/ui/index.html", import.meta.url));
    expect(await answer?.text()).toBe(readFileSync(built, "utf8"));
  });

  it("W46 two desks of one machine keep two sessions in one browser", async () => {
    const other = await browserDesk({ config: steady });
    try {
      const pages = [await desk.signIn(context), await other.signIn(context)].map(({ page }) => page);
      const cookies = (await context.cookies()).map(({ name }) => name).filter((name) => name.startsWith("qoc_ui_"));
      expect(new Set(cookies).size).toBe(2);
      const id = await other.propose();
      for (const page of pages) {
        await page.reload();
        await page.getByText("up to date").waitFor();
      }
      // Each page shows its own desk.
      await pages[1]?.getByRole("link", { name: id }).first().waitFor();
      expect(await pages[0]?.getByRole("link", { name: id }).count()).toBe(0);
      // One of them signs out, and the other goes on.
      await other.call("ui revoke", { all: true });
      await pages[1]?.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
      await pages[0]?.reload();
      await pages[0]?.getByText("up to date").waitFor();
    } finally {
      await other.stop();
    }
  });

  it("W44 a page that opened the desk is cut off from it", async () => {
    const page = await context.newPage();
    await page.route("http://localhost:65000/**", (route) =>
      route.fulfill({ contentType: "text/html", body: "<p>other</p>" }),
    );
    await page.goto("http://localhost:65000/");
    const opened = context.waitForEvent("page");
    await page.evaluate((url) => {
      (globalThis as any).handle = open(url);
    }, `${desk.origin}/ui/`);
    await (await opened).getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    await page.waitForFunction(() => (globalThis as any).handle.closed);
  });

  it("W65 a revoked session turns its page into the login page, and another one lives", async () => {
    const { page } = await desk.signIn(context);
    const others = await browser.context();
    const { page: other } = await desk.signIn(others);
    const name = await page.evaluate(() => localStorage.getItem("qoc.session"));
    await desk.call("ui revoke", { session: name });
    await page.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    expect(await page.locator("main").textContent()).toContain("session has ended");
    expect(await other.locator("h1").textContent()).toBe("Desk");
    await others.close();
  });

  it("W65 a new link signs in the tab whose session has ended", async () => {
    const { page } = await desk.signIn(context);
    await page.getByText("up to date").waitFor();
    await desk.call("ui revoke", { all: true });
    await page.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    const link = await desk.link();
    await page.evaluate((address) => void (location.href = address), link);
    await page.getByText("up to date").waitFor();
    expect(page.url()).toBe(`${desk.origin}/ui/`);
  });

  it("W65 the settings list the other sessions, and revoke one", async () => {
    const { page, go } = await desk.signIn(context);
    const others = await browser.context();
    const { page: other } = await desk.signIn(others);
    const name = await other.evaluate(() => localStorage.getItem("qoc.session"));
    await go("settings");
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await other.getByRole("heading", { name: "Open this page from a terminal" }).waitFor();
    await page.mouse.move(0, 0);
    await page.getByRole("button", { name: `Revoke ${name}` }).waitFor({ state: "detached" });
    expect(await page.locator("h1").textContent()).toBe("Settings");
    await others.close();
  });

  it("cancels every order in flight after a second press, each with a signature of its own", async () => {
    const { page, go } = await desk.signIn(context);
    const ids = [await desk.propose({ limitPrice: "1000" }), await desk.propose({ limitPrice: "1001" })];
    for (const id of ids) {
      const { digest } = await desk.call<{ digest: string }>("orders show", { id });
      await desk.call("approve", { id, digest });
    }
    await go("");
    await page.getByRole("button", { name: "2 in flight" }).waitFor();
    await page.getByRole("button", { name: "Cancel all…" }).click();
    await page.getByRole("button", { name: "Ask for the cancel of 2 orders" }).click();
    for (const id of ids) await desk.reaches(id, "cancelled");
    await page.getByText("Orders in flight").waitFor({ state: "detached" });
    const signed = journal()
      .split("\n")
      .filter((line) => line.includes('"cancel.requested"') && line.includes('"key":"session"'));
    expect(signed).toHaveLength(2);
  });

  it("stops an agent's run", async () => {
    const { page, go } = await desk.signIn(context);
    const working = desk.call("run", { issue: "001" }).catch((error: unknown) => error);
    await go("agents");
    await page.getByRole("button", { name: /^Stop run-/ }).click();
    await page.getByText("stopped").first().waitFor();
    expect(await working).toMatchObject({ code: "RUN_FAILED", details: { outcome: "stopped" } });
  });

  it("reads, approves, sees the fill without a reload, and counts what waits in the title", async () => {
    const { page, complaints, go } = await desk.signIn(context);
    expect(await page.title()).toBe("Qoc");
    const id = await desk.propose({ limitPrice: "2990", quantity: "3" });
    await page.getByRole("link", { name: /buy 3 SPX limit 2990/ }).click();
    await page.waitForFunction(() => document.title === "(1) Qoc");
    expect(await page.locator('link[rel="icon"]').getAttribute("href")).toMatch(/^data:image\/png/);
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("Filled.").waitFor();
    await desk.reaches(id, "filled");
    await page.waitForFunction(() => document.title === "Qoc");
    await go("positions");
    await page.getByRole("rowheader", { name: "SPX" }).first().waitFor();
    // The replayed market dates the fill years ago; the curve has it where the desk recorded it.
    const { fills } = await desk.call<{ fills: readonly (readonly [number, number])[] }>("equity points", {});
    expect(fills.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(0);
    await go("inbox");
    await page.getByText("Bought 3 SPX").first().click();
    await page.getByRole("button", { name: "Done" }).click();
    await page.locator("main ul").getByText("Bought 3 SPX").waitFor({ state: "detached" });
    await go("connectors");
    await page.getByRole("button", { name: "Check the desk" }).click();
    await page
      .getByText(/^ok: $/)
      .first()
      .waitFor({ state: "attached" });
    await go("record");
    await page.getByRole("button", { name: "Check the journal" }).click();
    await page.getByText("Nothing is wrong.").waitFor();
    expect(complaints).toEqual({ errors: [], foreign: [] });
  });

  it("on a phone: the sheet opens by one tap, pauses, approves, and the bar does not move", async () => {
    const phone = await browser.context({ viewport: PHONE, colorScheme: "dark" });
    const { page, go } = await desk.signIn(phone);
    const id = await desk.propose({ quantity: "1" });
    await go(`review/${id}`);
    await page.getByText("1 of 1 waiting").waitFor();
    const second = await desk.propose({ quantity: "1", limitPrice: "1200" });
    await page.getByText("1 of 2 waiting").waitFor();
    await page.getByRole("button", { name: "Next proposal" }).click();
    await page.getByRole("heading", { level: 1, name: /1,200/ }).waitFor();
    await desk.call("reject", { id: second, comment: "a test" });
    await go(`review/${id}`);
    const bar = page.locator(".bar");
    const place = await bar.boundingBox();
    expect(place?.height).toBeLessThan(0.1 * PHONE.height);
    await page.mouse.wheel(0, 400);
    expect(await bar.boundingBox()).toEqual(place);
    const release = await holdTimers(page);
    await page.getByRole("button", { name: "Decide…" }).click();
    const approve = page.locator("#approve");
    expect(await approve.getAttribute("aria-disabled")).toBe("true");
    await release();
    await page.getByText(/ · \d+(?:\.\d)? % of NAV/).waitFor();
    // The sheet does not cover the halt button.
    await page.locator("#halt").click({ trial: true });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Decide…" }).click();
    expect((await approve.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("The venue accepted it.").or(page.getByText("Filled.")).first().waitFor();
    await phone.close();
  });

  it.each([
    ["20 minutes ahead", 20],
    ["20 minutes behind", -20],
  ])("a browser whose clock is %s decides, and counts ages by the desk's time", async (_skew, minutes) => {
    await context.addInitScript((ms: number) => {
      const real = Date.now.bind(Date);
      Date.now = () => real() + ms;
    }, minutes * 60_000);
    const { page, go } = await desk.signIn(context);
    const id = await desk.propose({ limitPrice: "1000" });
    await go(`review/${id}`);
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("The venue accepted it.").waitFor();
    await page.getByRole("button", { name: "Ask for a cancel" }).click();
    await desk.reaches(id, "cancelled");
    await page.getByRole("button", { name: "Halt trading" }).click();
    await page.getByText(/■ HALTED .*: halted on the page/).waitFor();
    await desk.call("resume", { reason: "a test" });
    await go(`review/${await desk.propose({ limitPrice: "1001" })}`);
    const ages = async (): Promise<readonly string[]> =>
      (await page.locator("main").innerText()).match(/\d+ (?:s|min|h|d)(?= ago)/g) ?? [];
    await expect.poll(async () => (await ages()).length).toBeGreaterThan(1);
    expect((await ages()).filter((age) => !/^\d+ s$/.test(age))).toEqual([]);
    await page.getByText(/^● up to date, \d+ s$/).waitFor();
  });

  it("keys go to pages, list themselves, and can be switched off", async () => {
    const { page, go } = await desk.signIn(context);
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    // The heading of a new page takes the focus.
    await page.waitForFunction(() => document.activeElement?.matches("h1") && location.hash === "#/orders");
    await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement?.matches("[data-filter]"))).toBe(true);
    await page.keyboard.press("g");
    await page.locator("[data-filter]").fill("");
    await page.locator("h1").focus();
    const newest = await desk.propose({ limitPrice: "1100" });
    await page.locator("[data-row]").first().getByText(newest).waitFor();
    await page.keyboard.press("j");
    const first = await page.evaluate(() => document.activeElement?.getAttribute("href"));
    expect(first).toBe(await page.locator("[data-row] a").first().getAttribute("href"));
    await page.keyboard.press("Enter");
    await page.waitForFunction((href) => location.hash === href, first);
    await go(`orders/${(first ?? "").split("/").at(-1)}`);
    await page.getByRole("heading", { level: 1, name: /SPX/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
    for (const [inner, outer] of [
      ["issues/001", "#/issues"],
      [`review/${newest}`, "#/"],
    ] as const) {
      await go(inner);
      // The page may take the new address after the first press; on the outer page the key does nothing.
      await expect
        .poll(async () => {
          await page.keyboard.press("Escape");
          return page.evaluate(() => location.hash);
        })
        .toBe(outer);
    }
    for (const { key, page: name } of PAGES) {
      await page.locator("main").focus();
      // Both at once: the second key follows within a second and a half.
      await Promise.all([page.keyboard.press("g"), page.keyboard.press(key)]);
      await page.waitForFunction((hash) => location.hash.split("?")[0]?.startsWith(hash), `#/${name}`);
    }
    await page.evaluate(() => {
      const [set, clear] = [setTimeout, clearTimeout];
      const held: (() => void)[] = [];
      globalThis.setTimeout = ((run: () => void, ms = 0) => (ms === 1_500 ? -held.push(run) : set(run, ms))) as never;
      globalThis.clearTimeout = ((id: number) => (id < 0 ? (held[-id - 1] = () => undefined) : clear(id))) as never;
      Object.assign(globalThis, { passFirst: () => held[0]?.() });
    });
    for (const key of ["g", "z", "g"]) await page.keyboard.press(key);
    // The time of the first sequence does not end the second one.
    await page.evaluate(() => (globalThis as any).passFirst());
    await page.keyboard.press("p");
    await page.waitForFunction(() => location.hash === "#/positions");
    // The heading of the page that was just opened takes the focus once.
    await expect
      .poll(async () => {
        await page.keyboard.press("Shift+H");
        return page.evaluate(() => document.activeElement?.id);
      })
      .toBe("halt");
    await go("settings");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("off", { exact: true }).first().check();
    await page.locator("main").focus();
    await page.keyboard.press("?");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("W10 W11 the cookie alone and the page's proof alone approve nothing", async () => {
    const { page } = await desk.signIn(context);
    const id = await desk.propose();
    const call = (headers: Record<string, string>): Promise<number> =>
      page.evaluate(
        async ([order, extra]) => {
          const body = JSON.stringify({ command: "approve", input: { id: order, review: true } });
          const all = { "content-type": "application/json", ...(extra as Record<string, string>) };
          return (await fetch("api/command", { method: "POST", headers: all, body })).status;
        },
        [id, headers] as const,
      );
    expect(await call({})).toBe(401);
    const [sent] = await Promise.all([
      page.waitForRequest((request) => "x-qoc-page" in request.headers()),
      page.reload(),
    ]);
    const proof = { "x-qoc-page": sent.headers()["x-qoc-page"] ?? "" };
    expect(await call(proof)).toBe(200);
    await context.clearCookies();
    expect(await call(proof)).toBe(401);
  });

  it("W41 W42 W43 a page of another port reads no key, frames no page and approves nothing", async () => {
    const { page: own } = await desk.signIn(context);
    await own.close();
    const id = await desk.propose();
    const page = await context.newPage();
    const complaints = watch(page, desk.origin);
    const other = `http://localhost:${desk.desk.port === 65_000 ? 65_001 : 65_000}`;
    await page.route(`${other}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<p>other</p>" }));
    await page.goto(`${other}/`);
    expect(await page.evaluate(() => localStorage.getItem("qoc.page"))).toBeNull();
    await page.evaluate(
      async ([origin, order]) => {
        const body = JSON.stringify({ command: "approve", input: { id: order, review: true } });
        const url = `${origin}/ui/api/command`;
        await fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body }).catch(() => undefined);
        navigator.sendBeacon(url, body);
        const frame = document.createElement("iframe");
        frame.src = `${origin}/ui/`;
        document.body.append(frame);
        await new Promise((resolve) => frame.addEventListener("load", resolve));
      },
      [desk.origin, id] as const,
    );
    expect(await page.frames().at(-1)?.locator("header.top").count()).toBe(0);
    expect((await desk.call<{ state: string }>("orders show", { id })).state).toBe("proposed");
    expect(complaints.foreign.length).toBeGreaterThan(0);
  });
});

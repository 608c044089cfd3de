/** Text of agents in every field that they write: it is shown as text, runs and loads nothing, and hangs nothing. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callAsAgent } from "../support/agent-call.ts";
import { DESKTOP, PHONE, type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";
import { type BrowserDesk, type SignedInPage, calm, browserDesk } from "./support/browser-desk.ts";

const HOSTILE = [
  "<script>globalThis.ran=1</script>",
  '<img src="https://evil.example/x" onerror="globalThis.ran=1">',
  '<svg onload="globalThis.ran=1"></svg><style>body{display:none}</style>',
  "[a](javascript:globalThis.ran=1) [b](data:text/html,x) [c](vbscript:x) ![d](https://evil.example/y)",
  "<https://evil.example/z> **strong** `code`",
  "reversed \u202Etxet\u202C and \u200Bunseen",
].join("\n\n");
/** The same in one line, short enough for a title. */
const LINE = "<script>globalThis.ran=1</script> reversed \u202Etxet and \u200Bunseen [a](javascript:x)";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let signedIn: SignedInPage;
let id: string;

/** What the text must not have done to the page. */
async function harm(): Promise<object> {
  const { page, complaints } = signedIn;
  const ran = await page.evaluate(() => (globalThis as { ran?: number }).ran ?? 0);
  const elements = await page.locator("main :is(script, img, iframe, style, object, embed, form[action])").count();
  const links = await page.locator('a[href]:not([href^="#"])').count();
  const isHidden = await page.evaluate(() => getComputedStyle(document.body).display === "none");
  return { ran, elements, links, isHidden, ...complaints };
}
const NONE = { ran: 0, elements: 0, links: 0, isHidden: false, errors: [], foreign: [] };

describePage("hostile text", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    id = await desk.propose();
    const file = join(desk.root, "orders/pending", `${id}.toml`);
    writeFileSync(file, readFileSync(file, "utf8").replace('"A small one."', `'''${HOSTILE}'''`));
    await desk.write(
      "issues/002-hostile.md",
      `---\nid: "002"\ntitle: ${JSON.stringify(LINE)}\nstatus: open\npriority: normal\n---\n${HOSTILE}\n`,
    );
    await desk.call("inbox write", { title: LINE, text: HOSTILE });
    await desk.write("research/hostile.md", HOSTILE);
    await desk.write("entities/EVIL.md", `---\nsymbol: EVIL\nname: Evil\n---\n${HOSTILE}\n`);
    await desk.write("research/quotes.md", ">".repeat(5_000));
    await desk.write(
      "research/lists.md",
      Array.from({ length: 300 }, (_, depth) => `${"  ".repeat(depth)}- x`).join("\n"),
    );
    desk.desk.open.desk.log.info(`a connector says ${LINE}`);
    await callAsAgent(desk.desk, { command: LINE, caller: { tool: LINE } }).catch(() => undefined);
    context = await browser.context();
    signedIn = await desk.signIn(context);
  });
  afterAll(async () => {
    await context?.close();
    await browser?.close();
    await desk?.stop();
  });

  it.each([
    ["review", (): string => `review/${id}`],
    ["issues", (): string => "issues"],
    ["issue", (): string => "issues/002"],
    ["inbox", (): string => "inbox"],
    ["note", (): string => "research/research%2Fhostile.md"],
    ["file", (): string => "files/research%2Fhostile.md"],
    ["found lines", (): string => "files?find=globalThis"],
    ["entity", (): string => "research/EVIL"],
    ["refused attempt", (): string => "agents"],
    ["logs", (): string => "logs"],
  ] as const)("W34 W35 in %s is text, with unseen characters spelled", async (_name, route) => {
    await signedIn.go(route());
    const main = signedIn.page.locator("main");
    await main.getByText("globalThis.ran=1").first().waitFor();
    const text = (await main.textContent()) ?? "";
    expect(text).toContain("<script>globalThis.ran=1</script>");
    expect(text).toContain("\\u{202e}");
    expect(text).not.toMatch(/[\u202A-\u202E\u200B]/);
    expect(await harm()).toEqual(NONE);
  });

  it("W33 W34 W37 formatted Markdown has no link, image or element of the text", async () => {
    await signedIn.go("research/research%2Fhostile.md");
    await signedIn.page.getByRole("button", { name: "Format" }).click();
    const formatted = signedIn.page.locator(".formatted");
    await formatted.locator("strong").waitFor();
    expect(await formatted.textContent()).toContain("javascript:globalThis.ran=1");
    expect(await formatted.textContent()).toContain("[image: d]");
    expect(await harm()).toEqual(NONE);
  });

  it("W33 no other thread and no other policy can be made", async () => {
    const refused = await signedIn.page.evaluate(() => {
      const attempts = [
        () => new Worker("other.js"),
        () => (globalThis as any).trustedTypes.createPolicy("other", {}),
        () => (globalThis as any).trustedTypes.createPolicy("qoc-worker", {}),
        () => {
          document.body.insertAdjacentHTML("beforeend", "<b>x</b>");
        },
      ];
      return attempts.map((attempt) => {
        try {
          attempt();
          return "done";
        } catch {
          return "refused";
        }
      });
    });
    expect(refused).toEqual(["refused", "refused", "refused", "refused"]);
    signedIn.complaints.errors.length = 0;
  });

  it.each(["quotes", "lists"])(
    "W36 a note of %s that hangs parsers shows its source, and halt answers meanwhile",
    async (name) => {
      await signedIn.go(`research/research%2F${name}.md`);
      await signedIn.page.getByRole("button", { name: "Format" }).click();
      const started = performance.now();
      await signedIn.page.getByRole("button", { name: "Halt trading" }).click();
      await signedIn.page.getByRole("button", { name: "Resume…" }).waitFor();
      expect(performance.now() - started).toBeLessThan(5_000);
      await signedIn.page
        .getByText("Only its source is shown")
        .or(signedIn.page.locator(".formatted"))
        .first()
        .waitFor();
      await desk.call("resume", { reason: "test" });
      await signedIn.page.getByRole("button", { name: "Halt trading" }).waitFor();
    },
  );

  it.each([
    ["desktop", DESKTOP],
    ["phone", PHONE],
  ])(
    "words without an end, a megabyte, and symbols that do not exist: nothing is pushed off a %s",
    async (_screen, size) => {
      const { page, go } = signedIn;
      await page.setViewportSize(size);
      const word = "x".repeat(20_000);
      const order = (changes: string): string =>
        `side = "buy"\nsymbol = "SPX"\nquantity = "1"\ntype = "limit"\nlimit_price = "2900"\n${changes}\n`;
      await desk.write("orders/pending/long-word.toml", order(`rationale = "${word}"\nproposed_by = "${word}"`));
      await desk.write("orders/pending/megabyte.toml", order(`rationale = "${"many words ".repeat(95_000)}"`));
      const symbol = order("rationale = 'x'").replace("SPX", "<img src=x onerror=globalThis.ran=1>\\u202E");
      await desk.write("orders/pending/symbol.toml", symbol);
      await desk.write(
        "issues/003-long.md",
        `---\nid: "003"\ntitle: ${word.slice(0, 3_000)}\nstatus: open\n---\n${word}\n`,
      );
      await desk.call("inbox write", { title: word.slice(0, 200), text: word });
      desk.desk.open.desk.log.info(`the venue says ${word}${word}`);
      await desk.call("status");
      const readable = await desk.propose({ rationale: word.slice(0, 4_000), quantity: "1" });
      for (const route of [
        "",
        "review",
        "review/long-word",
        `review/${readable}`,
        "issues",
        "issues/003",
        "inbox",
        "logs",
        "orders",
      ]) {
        await go(route);
        await page.waitForFunction(() => document.querySelector(".loading") === null);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([route, sideways]).toEqual([route, 0]);
        const halt = await page.locator("#halt").boundingBox();
        expect([route, (halt?.x ?? -1) >= 0 && (halt?.x ?? 0) + (halt?.width ?? 0) <= size.width]).toEqual([
          route,
          true,
        ]);
      }
      const bar = page.locator(".bar");
      await go(`review/${readable}`);
      await bar.waitFor();
      expect(((await bar.boundingBox())?.height ?? 0) < 0.25 * size.height).toBe(true);
      expect(await harm()).toEqual(NONE);
    },
  );
});

/**
 * Another program of this machine, of another user for example, holds the desk's port while the desk is down: the page
 * that is open in the operator's browser goes on asking there.
 */
import { type IncomingHttpHeaders, type IncomingMessage, createServer } from "node:http";
import { once } from "node:events";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../support/page-client.ts";
import { discard, tempDesk } from "../support/temp-desk.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;

/** Listens at the port until the page has sent what it sends. Resolves with the headers. */
async function holdPort(port: number): Promise<IncomingHttpHeaders> {
  const holder = createServer().listen(port, "127.0.0.1");
  const [{ headers, socket }] = (await once(holder, "request")) as [IncomingMessage];
  socket.destroy();
  holder.closeAllConnections();
  await new Promise((resolve) => holder.close(resolve));
  return headers;
}

describePage("a program that holds the port while the desk is down", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    context = await browser.context();
  });
  afterAll(() => browser?.close());

  it("W67 gets nothing that opens the session later; the page goes on after the restart", async () => {
    const { page } = await desk.signIn(context);
    const { port } = desk.desk;
    await desk.desk.stop();
    const heard = await holdPort(port);
    expect(heard).toMatchObject({ cookie: expect.stringContaining("qoc_ui_") as string });
    const again = await tempDesk({ again: { root: desk.root, home: desk.desk.home }, port });
    try {
      const headers = { ...heard, origin: desk.origin, "content-type": "application/json" };
      const body = JSON.stringify({ command: "status", input: {} });
      for (const path of ["/ui/api/command", "/ui/api/logout"])
        expect((await send(port, { method: "POST", path, headers, body })).status).toBe(401);
      await page.getByText("up to date").waitFor();
      expect(await page.locator("h1").textContent()).toBe("Desk");
      const { id } = await again.call<{ id: string }>("orders propose", {
        ...{ side: "buy", symbol: "SPX", quantity: "2", type: "limit", limitPrice: "2900", rationale: "A small one." },
      });
      await page.getByText(id).first().waitFor();
    } finally {
      await again.stop();
      await discard(again);
    }
  });
});

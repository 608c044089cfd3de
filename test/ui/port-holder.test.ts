/**
 * Another program of this machine, of another user for example, holds the desk's port while the desk is down: the page
 * that is open in the operator's browser goes on asking there.
 */
import { type IncomingHttpHeaders, type IncomingMessage, createServer } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { makeCode, send } from "../support/page-client.ts";
import { discard, tempDesk } from "../support/temp-desk.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let stopped: Promise<void> | undefined;
function stopDesk(): Promise<void> {
  return (stopped ??= desk.desk.stop());
}

/** Listens at the port until the page has sent what it sends. Resolves with the headers. */
async function holdPort(port: number): Promise<IncomingHttpHeaders> {
  const holder = createServer().listen(port, "127.0.0.1");
  const [{ headers, socket }] = (await once(holder, "request")) as [IncomingMessage];
  socket.destroy();
  holder.closeAllConnections();
  await new Promise((resolve) => holder.close(resolve));
  return headers;
}

/** Answers as a desk of this run that does not know the session, until the page has sent a proof for that run. */
async function holdPortAs(run: string, port: number): Promise<IncomingHttpHeaders> {
  const proofs = new Set<unknown>();
  return new Promise((resolve) => {
    const holder = createServer(({ headers }, response) => {
      response.writeHead(401, { "content-type": "application/json", "x-qoc-run": run }).end("{}");
      const { "x-qoc-page": proof } = headers;
      if (proof !== undefined) proofs.add(proof);
      // The first proof is for the run that the page knew.
      if (proofs.size < 2) return;
      holder.closeAllConnections();
      holder.close(() => resolve(headers));
    }).listen(port, "127.0.0.1");
  });
}

/** Serves a page and the desk's script, both to be kept for a year. */
async function plantInCache(page: Page, origin: string, { port, script }: { port: number; script: string }) {
  const kept = { "cache-control": "max-age=31536000" };
  const holder = createServer(({ url }, response) => {
    const isPage = url === "/ui/";
    response.writeHead(200, { ...kept, "content-type": isPage ? "text/html" : "text/javascript" });
    response.end(isPage ? `<title>planted</title><script src="${script}"></script>` : `document.title = "script";`);
  }).listen(port, "127.0.0.1");
  await once(holder, "listening");
  await page.goto(`${origin}/ui/`);
  await page.waitForFunction(() => document.title === "script");
  holder.closeAllConnections();
  await new Promise((resolve) => holder.close(resolve));
}

/** Serves a page with a service worker, which answers every later request of the browser for a page. */
async function plantWorker(page: Page, origin: string, port: number): Promise<void> {
  const html = `<title>planted</title><script>navigator.serviceWorker.register("/ui/sw.js", { scope: "/" })</script>`;
  const answer = `new Response(${JSON.stringify("<title>planted</title>")}, { headers: { "content-type": "text/html" } })`;
  const worker = `addEventListener("install", () => skipWaiting());
    addEventListener("activate", (event) => event.waitUntil(clients.claim()));
    addEventListener("fetch", (event) => event.request.mode === "navigate" && event.respondWith(${answer}));`;
  const holder = createServer(({ url }, response) => {
    const isWorker = url === "/ui/sw.js";
    const type = isWorker ? "text/javascript" : "text/html";
    response.writeHead(200, { "content-type": type, "service-worker-allowed": "/" });
    response.end(isWorker ? worker : html);
  }).listen(port, "127.0.0.1");
  await once(holder, "listening");
  await page.goto(`${origin}/ui/`);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  holder.closeAllConnections();
  await new Promise((resolve) => holder.close(resolve));
}

describePage("a program that holds the port while the desk is down", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    context = await browser.context();
  });
  afterAll(async () => {
    await browser?.close();
    if (desk === undefined) return;
    await stopDesk();
    await discard(desk.desk);
  });

  it("W67 gets nothing that opens the session later; the page goes on after the restart", async () => {
    const { page } = await desk.signIn(context);
    const { port } = desk.desk;
    await stopDesk();
    const heard = await holdPort(port);
    expect(heard).toMatchObject({ cookie: expect.stringContaining("qoc_ui_") as string });
    const again = await tempDesk({ again: { root: desk.root, home: desk.desk.home }, port });
    try {
      const body = JSON.stringify({ command: "status", input: {} });
      // The request of the page may have had another body.
      const length = String(Buffer.byteLength(body));
      const headers = { ...heard, origin: desk.origin, "content-type": "application/json", "content-length": length };
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
    }
  });

  it("W67 gets nothing that opens the session of the desk, which runs at another port meanwhile", async () => {
    const left = await browserDesk({ config: calm });
    await left.signIn(context);
    await left.desk.stop();
    // As the desk's own hint says, if another program has the port: qoc up --port N.
    const moved = await tempDesk({ again: { root: left.root, home: left.desk.home } });
    try {
      const headers = { host: `localhost:${moved.port}`, origin: `http://localhost:${moved.port}` };
      const { "x-qoc-run": run } = (await send(moved.port, { path: "/ui/", headers })).headers;
      const heard = await holdPortAs(String(run), left.desk.port);
      expect(heard).toMatchObject({ cookie: expect.stringContaining("qoc_ui_") as string });
      const body = JSON.stringify({ command: "status", input: {} });
      const replayed = {
        ...{ ...heard, ...headers, "content-type": "application/json" },
        ...{ "content-length": String(Buffer.byteLength(body)), "sec-fetch-site": "same-origin" },
      };
      const answer = await send(moved.port, { method: "POST", path: "/ui/api/command", headers: replayed, body });
      expect(answer.status).toBe(401);
    } finally {
      await moved.stop();
      await discard(left.desk);
    }
  });

  it("leaves no script in the browser's cache that runs in the page of a link", async () => {
    const { port } = desk.desk;
    await stopDesk();
    // A browser that does not have the desk's own script yet.
    const page = await (await browser.context()).newPage();
    const index = readFileSync(new URL("../../dist/ui/index.html", import.meta.url), "utf8");
    const script = /src="([^"]+\.js)"/.exec(index)?.[1] ?? "";
    await plantInCache(page, desk.origin, { port, script: new URL(script, `${desk.origin}/ui/`).href });
    const again = await tempDesk({ again: { root: desk.root, home: desk.desk.home }, port });
    try {
      const { code } = await makeCode(again);
      await page.goto(`${desk.origin}/ui/?open=${"0".repeat(32)}#login=${code}`);
      await page.getByText("up to date").waitFor();
      // The browser's cache is empty: the address without the link is the desk's again, too.
      await page.goto("about:blank");
      await page.goto(`${desk.origin}/ui/`);
      await page.getByText("up to date").waitFor();
    } finally {
      await again.stop();
    }
  });

  it("leaves no service worker in the browser that stays when the desk is up again", async () => {
    const { port } = desk.desk;
    await stopDesk();
    const page = await context.newPage();
    await plantWorker(page, desk.origin, port);
    const again = await tempDesk({ again: { root: desk.root, home: desk.desk.home }, port });
    try {
      // The browser asks for the worker's program again a second after each page, and the desk answers.
      await vi.waitFor(
        async () => {
          await page.goto(`${desk.origin}/ui/`);
          await page.waitForFunction(() => document.title.includes("Qoc"), undefined, { timeout: 10_000 });
        },
        { timeout: 120_000 },
      );
      const left = await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
      expect(left).toBe(0);
    } finally {
      await again.stop();
    }
  });
});

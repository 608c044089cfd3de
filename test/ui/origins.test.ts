/** The two recipes of docs/page.md for another machine: `ssh -L`, and a proxy that ends TLS under a name of its own. */
import { spawnSync } from "node:child_process";
import type { Server } from "node:https";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import { ownHeaders, send } from "../support/page-client.ts";
import { type BrowserDesk, arriveAt, browserDesk, calm } from "./support/browser-desk.ts";
import { PHONE, type TestBrowser, describePage, openBrowser, watch } from "./support/chromium.ts";
import { hasSsh, sshForward } from "./support/ssh-forward.ts";
import { tlsProxy } from "./support/tls-proxy.ts";

const NAME = "desk.test";
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
if (!hasOpenssl) process.stderr.write("SKIPPED: openssl does not exist; the page behind TLS is not tested\n");

let browser: TestBrowser;
let desk: BrowserDesk;
let origin: string;

async function deskAt(of: (port: number) => string): Promise<number> {
  const port = await freePort();
  origin = of(port);
  [browser, desk] = await Promise.all([
    openBrowser(),
    browserDesk({ config: (text) => `${calm(text)}\n[ui]\norigins = ["${origin}"]\n` }),
  ]);
  return port;
}
async function close(): Promise<void> {
  await browser?.close();
  await desk?.stop();
}

/** Signs in on a phone at the further origin, follows the desk, approves an order, and halts. */
async function useAt(page: Page): Promise<void> {
  const complaints = watch(page, origin);
  await page.goto((await desk.link()).replace(desk.origin, origin));
  await arriveAt(page);
  const id = await desk.propose({ limitPrice: "2900", quantity: "1" });
  await page.getByRole("link", { name: /buy 1 SPX limit 2900/ }).click();
  await page.getByRole("button", { name: "Decide…" }).click();
  await page.locator('#approve[aria-disabled="false"]').click();
  await page.getByText("The venue accepted it.").or(page.getByText("Filled.")).first().waitFor();
  await desk.reaches(id, "accepted", "filled");
  await page.getByRole("button", { name: "Halt trading" }).click();
  await page.getByText("■ HALTED").waitFor();
  expect(complaints).toEqual({ errors: [], foreign: [] });
}

(hasSsh ? describePage : describe.skip)("the page over ssh -L", () => {
  let end: (() => void) | undefined;
  beforeAll(async () => {
    const port = await deskAt((forwarded) => `http://localhost:${forwarded}`);
    end = await sshForward(port, desk.desk.port);
  });
  afterAll(async () => {
    end?.();
    await close();
  });

  it("signs in, follows the desk, approves and halts, at the port that [ui] origins names", async () => {
    const context = await browser.context({ viewport: PHONE });
    await useAt(await context.newPage());
  });
});

(hasOpenssl ? describePage : describe.skip)("the page behind a proxy that ends TLS", () => {
  let proxy: Server | undefined;
  beforeAll(async () => {
    const port = await deskAt((chosen) => `https://${NAME}:${chosen}`);
    proxy = tlsProxy(NAME, port, desk.desk.port);
  });
  afterAll(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    await close();
  });

  it("is a secure context with a Secure cookie, approves and halts, and at another name there is nothing", async () => {
    const context = await browser.context({ viewport: PHONE });
    const page = await context.newPage();
    await useAt(page);
    expect(await page.evaluate(() => isSecureContext)).toBe(true);
    const [cookie, ...others] = await context.cookies(`${origin}/ui/`);
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/ui", domain: NAME });
    const elsewhere = await context.newPage();
    const other = origin.replace(NAME, "other.test");
    expect((await elsewhere.goto(`${other}/ui/`))?.status()).toBe(421);
  });

  it("the proxy's name needs its own origin: the name without TLS, another port and no origin are refused", async () => {
    const { host } = new URL(origin);
    const post = async (from: string | undefined): Promise<number> => {
      const headers = { ...ownHeaders(desk.desk.port, host), "content-type": "application/json" };
      const request = { method: "POST", path: "/ui/api/command", body: "{}" };
      const sent = from === undefined ? headers : { ...headers, origin: from };
      return (await send(desk.desk.port, { ...request, headers: sent })).status;
    };
    // Without a session; with one it would be a command.
    expect(await post(origin)).toBe(401);
    for (const from of [origin.replace("https:", "http:"), `https://${NAME}`, `http://localhost:${desk.desk.port}`])
      expect([from, await post(from)]).toEqual([from, 403]);
    expect(await post(undefined)).toBe(403);
  });
});

/**
 * What the second server of other-server.test.ts can do besides a page's ordinary requests: redirects, navigations,
 * shared workers and channels of its page; an agent's token at the agents' interfaces; and files of the workspace.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { callAsAgent } from "../support/agent-call.ts";
import { send } from "../support/page-client.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let own: Page;
let server: Server;
let other: string;
let id: string;

/** What must not have happened, by the desk's own word. */
async function standing(): Promise<object> {
  const [{ state, approvals }, { trading }] = await Promise.all([
    desk.call<{ state: string; approvals: unknown[] }>("orders show", { id }),
    desk.call<{ trading: { state: string } }>("status"),
  ]);
  return { state, approvals, trading: trading.state };
}
const UNTOUCHED = { state: "proposed", approvals: [], trading: "active" };

async function pageOfOther(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${other}/ui/`);
  return page;
}

function body(): string {
  return JSON.stringify({ command: "approve", input: { id, review: true } });
}

describePage("a second server of this machine, by other ways", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    server = createServer((request, response) => {
      if (request.url === "/redirect")
        return void response.writeHead(307, { location: `${desk.origin}/ui/api/command` }).end();
      const isScript = request.url === "/shared.js";
      response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      response.end(
        isScript
          ? "onconnect = ({ ports: [port] }) => { port.onmessage = ({ data }) => fetch(...data).then(() => port.postMessage('answered'), () => port.postMessage('failed')) }"
          : "<p>other</p>",
      );
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    other = `http://localhost:${(server.address() as AddressInfo).port}`;
    context = await browser.context();
    own = (await desk.signIn(context)).page;
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    id = await desk.propose();
  });

  it("W42 redirects, shared workers, XMLHttpRequest and elements that load approve nothing", async () => {
    const page = await pageOfOther();
    const results = await page.evaluate(
      async ([origin, text]) => {
        const url = `${origin}/ui/api/command`;
        const post = { method: "POST", body: text, credentials: "include" } as const;
        const json = { "content-type": "application/json", "x-qoc-page": "x".repeat(43) };
        const tried = (options: RequestInit): Promise<string> =>
          fetch("/redirect", options).then(
            () => "answered",
            () => "failed",
          );
        const xhr = (): Promise<string> =>
          new Promise((resolve) => {
            const request = new XMLHttpRequest();
            request.open("POST", url);
            request.withCredentials = true;
            request.setRequestHeader("content-type", "application/json");
            request.addEventListener("load", () => resolve("answered"));
            request.addEventListener("error", () => resolve("failed"));
            request.send(text);
          });
        const shared = (): Promise<string> =>
          new Promise((resolve) => {
            const { port } = new SharedWorker("/shared.js");
            port.addEventListener("message", ({ data }) => resolve(data));
            port.start();
            port.postMessage([url, { ...post, headers: json }]);
          });
        const loads = (tag: string, attributes: object): Promise<string> =>
          new Promise((resolve) => {
            const element = Object.assign(document.createElement(tag), attributes);
            element.addEventListener("load", () => resolve("loaded"));
            element.addEventListener("error", () => resolve("failed"));
            document.head.append(element);
          });
        return {
          redirected: await tried({ ...post, headers: json }),
          "redirected without CORS": await tried({ ...post, mode: "no-cors" }),
          xhr: await xhr(),
          "shared worker": await shared(),
          image: await loads("img", { src: url }),
          style: await loads("link", { rel: "stylesheet", href: `${origin}/ui/` }),
          prefetch: await loads("link", { rel: "prefetch", as: "fetch", href: url }),
        };
      },
      [desk.origin, body()] as const,
    );
    expect(Object.values(results).filter((result) => result !== "failed")).toEqual([]);
    expect(await standing()).toEqual(UNTOUCHED);
    await page.close();
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])(
    "W19 W22 W42 a form of the type %s that navigates to the desk, also over a redirect, approves nothing",
    async (enctype) => {
      for (const redirects of [false, true]) {
        const page = await pageOfOther();
        const target = redirects ? `${other}/redirect` : `${desk.origin}/ui/api/command`;
        await Promise.all([
          page.waitForURL(`${desk.origin}/ui/api/command`),
          page.evaluate(
            ([action, text, type]) => {
              const form = Object.assign(document.createElement("form"), { method: "POST", action, enctype: type });
              // As plain text the name and the value are together the JSON of a command.
              const [name, value] = [`${text.slice(0, -1)},"x":"`, '"}'];
              form.append(Object.assign(document.createElement("input"), { name, value }));
              document.body.append(form);
              form.submit();
            },
            [target, body(), enctype] as const,
          ),
        ]);
        expect(JSON.parse((await page.locator("body").textContent()) ?? "")).toMatchObject({ code: "NOT_PERMITTED" });
        await page.close();
      }
      expect(await standing()).toEqual(UNTOUCHED);
    },
  );

  it("W41 channels and locks with the names of the desk's page reach nothing of another port", async () => {
    const page = await pageOfOther();
    await page.evaluate(async () => {
      const port = new BroadcastChannel("qoc.stream");
      port.postMessage({ line: "lost", message: { kind: "ended", topics: [] } });
      await navigator.locks.request("qoc.stream", { steal: true }, () => undefined);
      localStorage.setItem("qoc.page", "x".repeat(43));
    });
    await desk.propose({ limitPrice: "1001" });
    await own.waitForFunction(() => /^\(\d+\) Qoc$/.test(document.title));
    await own.getByText("up to date").waitFor();
    expect(await own.locator("h1").textContent()).toBe("Desk");
    await page.close();
  });

  it.each([
    ["approve", (): object => ({ id })],
    ["reject", (): object => ({ id, comment: "an agent" })],
    ["resolve", (): object => ({ id, note: "an agent" })],
    ["resume", (): object => ({ reason: "an agent" })],
    ["reload", (): object => ({})],
    ["ui", (): object => ({})],
    ["ui list", (): object => ({})],
    ["passkeys add", (): object => ({})],
    ["agents setup", (): object => ({ client: "claude" })],
  ])("W21 W26 an agent's token does not run %s", async (command, input) => {
    const { token } = desk.desk.agents.endpoint.open(`other-${command.replace(" ", "-")}`, 60_000);
    await expect(callAsAgent(desk.desk, { command, input: input(), token })).rejects.toMatchObject({
      code: "NOT_PERMITTED",
    });
    expect(await standing()).toEqual(UNTOUCHED);
  });

  it("W25 files of the workspace that say that an order is approved approve nothing", async () => {
    const pending = join(desk.root, "orders/pending", `${id}.toml`);
    const text = readFileSync(pending, "utf8");
    writeFileSync(pending, `state = "approved"\napproved_by = "human"\n${text}`);
    await expect(desk.call("approve", { id, review: true })).rejects.toMatchObject({ code: "PROPOSAL_INVALID" });
    writeFileSync(pending, text);
    expect(await standing()).toEqual(UNTOUCHED);
    mkdirSync(join(desk.root, "orders/approved"), { recursive: true });
    renameSync(pending, join(desk.root, "orders/approved", `${id}.toml`));
    await desk.call("status");
    const { approvals, state } = await desk.call<{ approvals: unknown[]; state: string }>("orders show", { id });
    expect(approvals).toEqual([]);
    expect(["proposed", "rejected"]).toContain(state);
  });

  it("W12 desk.toml that names the other server as the page's address is not in force", async () => {
    const before = desk.read("desk.toml");
    await desk.write("desk.toml", `${before}\n[ui]\norigins = ["${other}"]\n`);
    const { config } = await desk.call<{ config: readonly object[] }>("status");
    expect(config).toMatchObject([{ kind: "waiting", fix: expect.stringMatching(/^qoc reload/) }]);
    const host = other.slice("http://".length);
    expect((await send(desk.desk.port, { path: "/ui/", headers: { host } })).status).toBe(421);
    await desk.write("desk.toml", before);
    expect(await standing()).toEqual(UNTOUCHED);
  });
});

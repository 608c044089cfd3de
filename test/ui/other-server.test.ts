/**
 * A second server of this machine with everything that an agent may hold: a port and a page of its own in the
 * operator's browser, the cookie that browsers send to it, an agent's token, and the workspace. It approves no order.
 */
import { type IncomingMessage, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HttpAnswer, postHeaders, send } from "../support/page-client.ts";
import { type BrowserDesk, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, holdTimers, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let server: Server;
let other: string;
let id: string;
/** What the browser sent to the other server. */
const seen: IncomingMessage[] = [];

function cookieSeen(): string {
  return seen.map(({ headers }) => headers.cookie ?? "").find((cookie) => cookie !== "") ?? "";
}

/** What must not have happened, by the desk's own word. */
async function standing(): Promise<object> {
  const [{ state, approvals }, status, events] = await Promise.all([
    desk.call<{ state: string; approvals: unknown[] }>("orders show", { id }),
    desk.call<{ trading: { state: string } }>("status"),
    desk.desk.services.readEvents(),
  ]);
  const sessions = events.filter(({ event }) => event.type === "page.opened").length;
  return { state, approvals, trading: status.trading.state, sessions };
}
const UNTOUCHED = { state: "proposed", approvals: [], trading: "active", sessions: 1 };

describePage("a second server of this machine", () => {
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    server = createServer((request, response) => {
      seen.push(request);
      const isScript = request.url === "/worker.js" || request.url === "/ui/sw.js";
      response.writeHead(200, {
        "content-type": isScript ? "text/javascript" : "text/html",
        "service-worker-allowed": "/",
      });
      response.end(
        isScript
          ? "onmessage = ({ data }) => fetch(...data).then(() => postMessage(1), () => postMessage(0))"
          : "<p>other</p>",
      );
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    other = `http://localhost:${(server.address() as AddressInfo).port}`;
    context = await browser.context();
    await desk.signIn(context);
    id = await desk.propose();
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await desk?.stop();
  });

  it("W40 W42 W43 a page of it approves, halts and reads nothing, by whatever a page can send", async () => {
    const page = await context.newPage();
    await page.goto(`${other}/ui/`);
    // A cookie belongs to every port of its host: alone it is worth nothing.
    expect(cookieSeen()).toMatch(/^qoc_ui_/);
    const results = await page.evaluate(
      async ([origin, order]) => {
        const url = `${origin}/ui/api/command`;
        const bodies = [
          { command: "approve", input: { id: order, review: true } },
          { command: "halt", input: { reason: "x" } },
        ].map((body) => JSON.stringify(body));
        const settled = async (work: () => Promise<unknown>): Promise<string> =>
          Promise.race([
            work().then(
              (value) => String(value),
              () => "failed",
            ),
            new Promise<string>((resolve) => setTimeout(() => resolve("silent"), 30_000)),
          ]);
        const text = (options: RequestInit) => async (): Promise<string> => (await fetch(url, options)).text();
        const found: Record<string, string> = {};
        for (const body of bodies) {
          const post = { method: "POST", body, credentials: "include" } as const;
          const json = { "content-type": "application/json", "x-qoc-page": "x".repeat(43) };
          found["fetch"] = await settled(text({ ...post, headers: json }));
          found["no-cors"] = await settled(text({ ...post, mode: "no-cors" }));
          found["keepalive"] = await settled(text({ ...post, mode: "no-cors", keepalive: true }));
          navigator.sendBeacon(url, new Blob([body], { type: "text/plain" }));
          const worker = new Worker("/worker.js");
          found["worker"] = await settled(
            () =>
              new Promise((resolve) => {
                worker.addEventListener("message", ({ data }) => resolve(data));
                worker.postMessage([url, { ...post, headers: json }], []);
              }),
          );
          const [form, field, frame] = ["form", "input", "iframe"].map((tag) => document.createElement(tag)) as any[];
          frame.name = "target";
          Object.assign(form, { method: "POST", action: url, enctype: "text/plain", target: "target" });
          [field.name, field.value] = [body.slice(0, -1), "}"];
          form.append(field);
          document.body.append(frame, form);
          form.submit();
        }
        const opens = (socket: EventTarget & { close(): void }) => async (): Promise<string> =>
          new Promise((resolve) => {
            socket.addEventListener("open", () => resolve("opened"));
            socket.addEventListener("error", () => resolve("failed"));
          });
        found["socket"] = await settled(opens(new WebSocket(`${origin.replace("http", "ws")}/ui/api/events`)));
        found["events"] = await settled(opens(new EventSource(`${origin}/ui/api/events`, { withCredentials: true })));
        found["script"] = await settled(
          () =>
            new Promise((resolve) => {
              const script = document.createElement("script");
              script.src = `${origin}/ui/`;
              script.addEventListener("load", () => resolve("loaded"));
              script.addEventListener("error", () => resolve("failed"));
              document.head.append(script);
            }),
        );
        // Its service worker has its own origin only, whatever its scope.
        found["service worker"] = await settled(
          async () => (await navigator.serviceWorker.register("/ui/sw.js", { scope: "/" })).scope,
        );
        const opened = open(`${origin}/ui/#/review/${order}`);
        found["opened"] = await settled(async () => {
          await new Promise((resolve) => setTimeout(resolve, 500));
          return opened === null || opened.closed ? "cut off" : opened.document.title;
        });
        return found;
      },
      [desk.origin, id] as const,
    );
    const refused = { fetch: "failed", "no-cors": "failed", keepalive: "failed", worker: "0", socket: "failed" };
    expect(results).toEqual({
      ...refused,
      ...{ events: "failed", script: "failed", "service worker": `${other}/`, opened: "cut off" },
    });
    const frames = await Promise.all(page.frames().map((frame) => frame.locator("header.top").count()));
    expect(frames.every((count) => count === 0)).toBe(true);
    expect(await standing()).toEqual(UNTOUCHED);
  });

  it("W42 W51 the second press of a double click, whose first one closes a window of it, approves nothing", async () => {
    const page = await context.newPage();
    await page.goto(`${other}/`);
    const opened = context.waitForEvent("page");
    await page.evaluate(() => void open("/over"));
    const over = await opened;
    await over.evaluate(() => addEventListener("mousedown", () => close()));
    // The window lies over the desk's page, which its server has loaded behind it and which has come to rest.
    await page.goto(`${desk.origin}/ui/#/review/${id}`);
    const approve = page.locator("#approve");
    await page.locator('#approve[aria-disabled="false"]').waitFor();
    const devTools = await context.newCDPSession(page);
    await devTools.send("Emulation.setFocusEmulationEnabled", { enabled: false });
    await page.waitForFunction(() => !document.hasFocus());
    await holdTimers(page);
    const { x = 0, y = 0, width = 0, height = 0 } = (await approve.boundingBox()) ?? {};
    const [at, level] = [x + width / 2, y + height / 2];
    await Promise.all([over.waitForEvent("close"), over.mouse.click(at, level).catch(() => undefined)]);
    await page.waitForFunction(() => document.hasFocus());
    await page.mouse.click(at, level);
    expect(await approve.getAttribute("aria-disabled")).toBe("true");
    expect(await page.locator(".bar .why").textContent()).toContain("come to the front");
    expect(await standing()).toEqual(UNTOUCHED);
    await page.close();
  });

  it("W10 W21 its program replays the cookie and an agent's token with every header of the page: refused", async () => {
    const { token } = desk.desk.agents.endpoint.open("run-of-the-other", 60_000);
    const { port } = desk.desk;
    const command = (headers: Record<string, string>): Promise<HttpAnswer> =>
      send(port, {
        ...{ method: "POST", path: "/ui/api/command" },
        headers: { ...postHeaders(port), ...headers },
        body: JSON.stringify({ command: "approve", input: { id, review: true } }),
      });
    const cookie = cookieSeen();
    const value = cookie.slice(cookie.indexOf("=") + 1);
    for (const headers of [
      { cookie },
      ...[value, token, desk.desk.open.desk.state.deskId].map((key) => ({ cookie, "x-qoc-page": key })),
    ])
      expect((await command(headers)).status).toBe(401);
    expect((await command({ cookie, "x-qoc-page": value, authorization: `Bearer ${token}` })).status).toBe(403);
    const login = { ...postHeaders(port), cookie, authorization: `Bearer ${token}` };
    const path = "/ui/api/login";
    expect((await send(port, { method: "POST", path, headers: login, body: "{}" })).status).toBe(403);
    // The files of the workspace hold neither half of the session.
    const journal = desk.read(".qoc/journal/000001.ndjson");
    expect(journal).not.toContain(value);
    expect(await standing()).toEqual(UNTOUCHED);
  });

  it("W41 the desk's page has no service worker, and takes no message of another window", async () => {
    const page = await context.newPage();
    await page.goto(`${desk.origin}/ui/`);
    await page.getByText("up to date").waitFor();
    const registered = await page.evaluate(async () => {
      postMessage({ message: { kind: "ended", topics: [] }, line: "lost" }, "*");
      const attempt = navigator.serviceWorker.register("markdown-worker.js").then(
        () => "registered",
        () => "refused",
      );
      return [await attempt, (await navigator.serviceWorker.getRegistrations()).length];
    });
    expect(registered).toEqual(["refused", 0]);
    expect(await page.locator("h1").textContent()).toBe("Desk");
    await page.getByText("up to date").waitFor();
  });
});

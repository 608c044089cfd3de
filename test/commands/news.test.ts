/** News from a server on loopback to what a person and an agent are shown. */
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invoke } from "../../src/commands/invoke.ts";
import { createReadLog } from "../../src/runs/read-log.ts";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

function item(n: number, title: string, text: string): string {
  return `<item><title>${title}</title><guid>urn:x:${n}</guid><pubDate>Sun, 05 Jul 2026 08:3${n}:00 GMT</pubDate><description>${text}</description></item>`;
}
const FEED = `<rss><channel>${[
  item(1, "Phones sell", "Apple Inc. sold more."),
  item(2, "AAPL up 2 %", "So it is."),
  item(3, "AAPLX is a fund", "Nothing else."),
  item(4, "Rates", "The bank \u202eheld them."),
].join("")}<image><url>/tracker.png</url></image></channel></rss>`.replace(
  "<item>",
  '<item><link>/tracker</link><enclosure url="/tracker.mp3"/>',
);

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.writeHead(request.url === "/feed" ? 200 : 500).end(FEED);
});
let desk: TempDesk;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  desk = await tempDesk({
    config: (template) =>
      `${template}\n[[news]]\nname = "wire"\nurl = "${base}/feed"\n\n[[news]]\nname = "down"\nurl = "${base}/down"\nevery = "1h"\n`,
    files: { "entities/AAPL.md": "---\nsymbol: AAPL\nname: Apple Inc.\nkind: equity\n---\n" },
  });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function call<T = unknown>(
  command: string,
  input: Record<string, unknown> = {},
  actor: "human" | "agent:x" = "human",
  sources = createReadLog(),
): Promise<T> {
  return invoke(
    REGISTRY,
    { command, input },
    {
      ...{
        actor,
        channel: "cli",
        desk: desk.services,
        emit: () => Promise.resolve(),
        progress: { line: () => undefined },
        sources,
      },
      ...{ signal: new AbortController().signal, canAsk: false, cwd: desk.root },
    },
  ) as Promise<T>;
}
interface Listed {
  readonly items: readonly { readonly path: string; readonly untrusted: { readonly text: string } }[];
}
async function titles(input: Record<string, unknown>): Promise<readonly string[]> {
  return (await call<Listed>("news list", input, "agent:x")).items.map(({ untrusted }) => untrusted.text);
}

describe("news", () => {
  it("news fetch fetches every feed for a human and reports why a feed failed", async () => {
    expect(await call("news fetch")).toMatchObject([
      { name: "wire", status: "ready", filed: 4, untrusted: null },
      { name: "down", status: "failing", untrusted: { source: "feed down", text: "the response has status 500" } },
    ]);
    expect(await call("news fetch", { feed: "wire" })).toMatchObject([{ name: "wire", filed: 4 }]);
    await expect(call("news fetch", { feed: "wirr" })).rejects.toThrow("no feed wirr (did you mean wire?)");
    await expect(call("news fetch", {}, "agent:x")).rejects.toMatchObject({ code: "NOT_PERMITTED" });
  });

  it("news list is newest first, filters by symbol or entity name, and its items are readable files", async () => {
    expect(await titles({})).toEqual(["Rates", "AAPLX is a fund", "AAPL up 2 %", "Phones sell"]);
    expect(await titles({ limit: 1 })).toEqual(["Rates"]);
    expect(await titles({ symbol: "AAPL" })).toEqual(["AAPL up 2 %", "Phones sell"]);
    expect(await titles({ symbol: "(" })).toEqual([]);
    const sources = createReadLog();
    const { items, feeds } = await call<Listed & { feeds: unknown }>("news list", {}, "agent:x", sources);
    expect(feeds).toMatchObject([
      { name: "wire", status: "ready" },
      { name: "down", status: "failing" },
    ]);
    const [{ path } = { path: "" }] = items;
    expect(path).toMatch(/^inbox\/news\/2026-07-05-0834-rates-[0-9a-f]{16}\.md$/);
    const read = await call<{ untrusted: { text: string } }>("files read", { path }, "agent:x", sources);
    expect(read.untrusted.text).toContain("The bank \\u{202e}held them.\n");
    expect(sources.list()).toEqual([path, "news list"]);
  });

  it("a file of the news folder that cannot be read is listed with what is wrong", async () => {
    await desk.write("inbox/news/2026-07-05-0900-cut-0123456789abcdef.md", '---\ntitle: "cut\n---\n');
    const { items } = await call<{ items: readonly unknown[] }>("news list", { limit: 1 });
    expect(items).toMatchObject([
      { source: "unreadable", isReadable: false, untrusted: { text: expect.stringMatching(/quote/) as string } },
    ]);
    rmSync(`${desk.root}/inbox/news/2026-07-05-0900-cut-0123456789abcdef.md`);
  });

  it("P6 news fetch requests no link of a news item", async () => {
    expect(FEED).toContain("/tracker");
    await call("news fetch", { feed: "wire" });
    expect(new Set(asked)).toEqual(new Set(["/feed", "/down"]));
  });

  it("an agent cannot write a file of the news folder", async () => {
    const path = "inbox/news/2026-07-05-0900-forged-0123456789abcdef.md";
    for (const target of [path, path.replace("news", "NEWS")]) {
      await expect(call("files write", { path: target, text: "forged" }, "agent:x")).rejects.toMatchObject({
        code: "PATH_REFUSED",
      });
    }
  });

  it("news fetch without feeds in desk.toml fails and names the missing setting", async () => {
    const without = {
      ...desk.services,
      desk: { ...desk.services.desk, config: { ...desk.services.desk.config, news: [] } },
    };
    const fetched = invoke(REGISTRY, { command: "news fetch", input: {} }, {
      actor: "human",
      channel: "cli",
      desk: without,
    } as never);
    await expect(fetched).rejects.toThrow("desk.toml names no feed");
  });
});

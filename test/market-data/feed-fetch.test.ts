/** Fetching from a server on loopback: limits on size and time, redirects, and private addresses. */
import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FetchError, type Lookup, feedFetcher } from "../../src/market-data/feed-fetch.ts";
import { systemClock } from "../../src/app/system.ts";
import { fakeClock } from "../support/fake-clock.ts";

let server: Server;
let base = "";
const requests: { url: string; agent: string; encoding: string }[] = [];
/** The conditional headers of the last request. */
let conditions: unknown;
const VALIDATORS = { etag: '"1"', "last-modified": "Sun, 05 Jul 2026 08:30:00 GMT" };
const ROUTES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/feed": (response) =>
    response.writeHead(200, { "content-type": "text/xml; charset=utf-8", ...VALIDATORS }).end("<rss/>"),
  "/same": (response) => response.writeHead(304).end(),
  "/moved": (response) => response.writeHead(301, { location: "/feed" }).end(),
  "/away": (response) => response.writeHead(302, { location: "http://elsewhere.example/feed" }).end(),
  "/port": (response) => response.writeHead(302, { location: "http://127.0.0.1:1/feed" }).end(),
  "/inside": (response) => response.writeHead(302, { location: "http://169.254.169.254/latest" }).end(),
  "/file": (response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  "/nowhere": (response) => response.writeHead(302).end(),
  "/round": (response) => response.writeHead(302, { location: "/round" }).end(),
  "/none": (response) => response.writeHead(404).end(),
  "/zipped": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
  "/large": (response) => response.writeHead(200).end("x".repeat(2_000)),
  "/endless": (response) => {
    response.writeHead(200);
    const writeMore = (): void => {
      while (!response.destroyed && response.write("x".repeat(1_000)));
      if (!response.destroyed) response.once("drain", writeMore);
    };
    writeMore();
  },
  "/silent": () => undefined,
  "/stuck": (response) => void response.writeHead(200).write("<rss>"),
  "/stuck-without-length": (response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { connection: "close" }).write("<rss/>");
  },
  "/switched": (response) =>
    void response.socket?.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const { url = "", headers } = request;
    conditions = [headers["if-none-match"], headers["if-modified-since"]];
    requests.push({ url, agent: headers["user-agent"] ?? "", encoding: String(headers["accept-encoding"]) });
    (ROUTES[url] ?? ROUTES["/none"])?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const never = new AbortController().signal;
const fetchFeed = feedFetcher({ clock: systemClock, userAgent: "qoc/0.0.0", limits: { bytes: 1_000 } });
function failure(path: string): Promise<string> {
  return fetchFeed(`${base}${path}`, never).then(
    () => "answered",
    (error: Error) => (error instanceof FetchError ? error.message : `not a FetchError: ${error.message}`),
  );
}

describe("fetching a feed", () => {
  it("returns the body and its type, sends the user agent, and requests no compression", async () => {
    const fetched = await fetchFeed(`${base}/feed`, never);
    expect({ ...fetched, bytes: Buffer.from(fetched?.bytes ?? []).toString() }).toEqual({
      ...{ bytes: "<rss/>", contentType: "text/xml; charset=utf-8" },
      ...{ etag: '"1"', lastModified: "Sun, 05 Jul 2026 08:30:00 GMT" },
    });
    expect(requests.at(-1)).toEqual({ url: "/feed", agent: "qoc/0.0.0", encoding: "identity" });
    await expect(fetchFeed(`${base}/moved`, never)).resolves.toMatchObject({ contentType: "text/xml; charset=utf-8" });
  });

  it("sends the validators of an earlier response, and resolves to undefined if the document has not changed", async () => {
    await fetchFeed(`${base}/feed`, never, { etag: '"1"', lastModified: "Sun, 05 Jul 2026 08:30:00 GMT" });
    expect(conditions).toEqual(['"1"', "Sun, 05 Jul 2026 08:30:00 GMT"]);
    await expect(fetchFeed(`${base}/same`, never, { etag: '"1"', lastModified: undefined })).resolves.toBeUndefined();
    expect(conditions).toEqual(['"1"', undefined]);
    expect(await failure("/same")).toBe("the response has status 304");
    expect(conditions).toEqual([undefined, undefined]);
  });

  it.each([
    ["/none", /status 404/],
    ["/away", /redirects to http:\/\/elsewhere\.example/],
    ["/port", /redirects to http:\/\/127\.0\.0\.1:1/],
    ["/inside", /redirects to http:\/\/169\.254\.169\.254/],
    ["/file", /redirects to null/],
    ["/nowhere", /redirects/],
    ["/round", /more than 3 redirects/],
    ["/zipped", /compressed/],
    ["/large", /larger than 1000 bytes/],
    ["/endless", /larger than 1000 bytes/],
  ])("rejects %s with a message for the log", async (path, message) => {
    expect(await failure(path)).toMatch(message);
  });

  it.each(["/silent", "/stuck"])("rejects %s after the time limit", async (path) => {
    const clock = fakeClock();
    const before = requests.length;
    const fetching = feedFetcher({ clock, userAgent: "x" })(`${base}${path}`, never);
    const ended = expect(fetching).rejects.toThrow("no complete response within 20 s");
    while (requests.length === before) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(20_000);
    await ended;
    expect(clock.waiting).toBe(0);
  });

  it("rejects a body that the time limit has cut, where the server states no length", async () => {
    const fetching = feedFetcher({ clock: systemClock, userAgent: "x", limits: { ms: 500 } });
    await expect(fetching(`${base}/stuck-without-length`, never)).rejects.toThrow("no complete response within 0.5 s");
  });

  it("rejects a response that switches protocols: Node ends its request without an error", async () => {
    expect(await failure("/switched")).toBe("the connection was closed without a response");
  });

  it("rejects when the desk stops, and leaves no timer", async () => {
    const clock = fakeClock();
    const stop = new AbortController();
    const rejected = expect(feedFetcher({ clock, userAgent: "x" })(`${base}/silent`, stop.signal)).rejects.toThrow(
      FetchError,
    );
    stop.abort(new FetchError("the desk stops"));
    await rejected;
    expect(clock.waiting).toBe(0);
  });

  it("rejects with a FetchError if the connection is refused", async () => {
    expect(await fetchFeed("http://127.0.0.1:1/", never).catch((error: Error) => error)).toBeInstanceOf(FetchError);
  });
});

describe("a host name", () => {
  const lookupOf =
    (addresses: readonly string[]): Lookup =>
    (_host, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
  const fetchWith = (lookup: Lookup, url: string): Promise<unknown> =>
    feedFetcher({ clock: systemClock, userAgent: "x", lookup })(url, never);

  it.each([
    [["127.0.0.1"]],
    [["10.1.2.3"]],
    [["93.184.216.34", "192.168.1.1"]],
    [["::1"]],
    [["::ffff:127.0.0.1"]],
    [["169.254.169.254"]],
  ])("is not connected to if an address of it is private: %j", async (addresses) => {
    const before = requests.length;
    await expect(fetchWith(lookupOf(addresses), base.replace("127.0.0.1", "feeds.example"))).rejects.toThrow(
      "a private address",
    );
    expect(requests).toHaveLength(before);
  });

  it("is a FetchError if it cannot be resolved", async () => {
    await expect(fetchWith((_host, done) => done(new Error("ENOTFOUND"), []), "http://feeds.example/")).rejects.toThrow(
      "ENOTFOUND",
    );
    await expect(fetchWith(lookupOf([]), "http://feeds.example/")).rejects.toThrow("no address");
  });

  it("may be localhost if the configured URL names it", async () => {
    await expect(fetchFeed(base.replace("127.0.0.1", "localhost") + "/feed", never)).resolves.toBeDefined();
  });
});

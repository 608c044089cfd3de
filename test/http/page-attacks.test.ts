/** Requests to the page that no page of the desk sends: other servers of this machine, other sites, agents, replays. */
import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import { type Socket, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signingRequestOf } from "../../src/commands/signed-call.ts";
import { reviewDigest } from "../../src/trading/orders/review.ts";
import { PageClient, makeCode, ownHeaders, postHeaders, send } from "../support/page-client.ts";
import { type PageDesk, pageDesk } from "../support/page-desk.ts";
import { type TempDesk, discard } from "../support/temp-desk.ts";

let opened: PageDesk;
let desk: TempDesk;
let page: PageClient;
beforeAll(async () => {
  opened = await pageDesk();
  ({ desk } = opened);
  page = await PageClient.login(desk);
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

const TERMS = { side: "buy", symbol: "SPX", type: "limit", limitPrice: "100" };

async function propose(quantity = "1"): Promise<{ id: string; digest: string }> {
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...TERMS,
    quantity,
    rationale: "a test",
  });
  return { id, digest };
}

function stateOf(id: string): string | undefined {
  return desk.open.desk.state.orders.get(id as never)?.state;
}

/** A whole and valid approval, as the page would send it. */
async function approval(): Promise<{ id: string; input: Record<string, unknown> }> {
  const { id } = await propose();
  const { review, signing } = await page.review(id);
  const authority = await page.sign(signing);
  return { id, input: { id, digest: review.digest, shown: reviewDigest(review), authority } };
}

type Change = (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders;

function without(...names: readonly string[]): Change {
  return (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function withHeaders(changed: OutgoingHttpHeaders): Change {
  return (headers) => ({ ...headers, ...changed });
}

describe("a valid approval is refused if it comes", () => {
  it.each<[string, Change, number]>([
    ["W10 with the cookie alone", without("x-qoc-page"), 401],
    ["W11 with the page's proof alone", without("cookie"), 401],
    ["W11 with another proof", withHeaders({ "x-qoc-page": "A".repeat(43) }), 401],
    ["W12 W45 under a foreign Host with both halves", withHeaders({ host: "evil.example" }), 421],
    ["W12 under a name that ends in localhost", withHeaders({ host: "evil.localhost" }), 421],
    ["W13 from another port", withHeaders({ origin: "http://localhost:1" }), 403],
    ["W14 from another site", withHeaders({ origin: "https://evil.example" }), 403],
    ["W14 from an origin that begins like the desk's", withHeaders({ origin: "http://localhost.evil.example" }), 403],
    ["W15 from the origin null", withHeaders({ origin: "null" }), 403],
    ["W16 as same-site", withHeaders({ "sec-fetch-site": "same-site" }), 403],
    ["W17 as cross-site", withHeaders({ "sec-fetch-site": "cross-site" }), 403],
    ["W18 without Sec-Fetch headers", without("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"), 403],
    ["W19 as a form", withHeaders({ "content-type": "application/x-www-form-urlencoded" }), 415],
    ["W20 as JSON in plain text", withHeaders({ "content-type": "text/plain" }), 415],
    ["W20 as JSON with a parameter", withHeaders({ "content-type": "application/json; charset=utf-8" }), 415],
    ["W21 with an agent's token", withHeaders({ authorization: "Bearer qoc_agent" }), 403],
    ["W22 as a navigation", withHeaders({ "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }), 403],
    ["W23 without an Origin", without("origin"), 403],
  ])("%s", async (_name, change, status) => {
    const { id, input } = await approval();
    const body = JSON.stringify({ command: "approve", input });
    const answer = await send(desk.port, {
      method: "POST",
      path: "/ui/api/command",
      headers: change(page.headers),
      body,
    });
    expect(answer.status).toBe(status);
    expect(stateOf(id)).toBe("proposed");
    expect(answer.headers).toMatchObject({ "content-security-policy": expect.stringContaining("trusted-types") });
  });

  it("and passes unchanged, once: the second is answered with the receipt", async () => {
    const { id, input } = await approval();
    expect(await page.raw("approve", input)).toMatchObject({ status: 200, body: { value: { id } } });
    const again = await page.raw("approve", input);
    expect(again).toMatchObject({ status: 409, body: { code: "ALREADY_DECIDED", data: { id } } });
  });
});

describe("W25 the signature of one decision is not one of another", () => {
  it("other terms, another order, another session, another action", async () => {
    const [first, second] = [await approval(), await approval()];
    const swapped = await page.raw("approve", { ...second.input, authority: first.input["authority"] });
    expect(swapped.body["code"]).toBe("SIGNATURE_INVALID");
    const otherDigest = await page.raw("approve", { ...first.input, digest: `sha256:${"0".repeat(64)}` });
    expect(otherDigest.body["code"]).toBe("DIGEST_MISMATCH");
    const other = await PageClient.login(desk);
    expect((await other.raw("approve", first.input)).body["code"]).toBe("SIGNATURE_INVALID");
    const asked = await page.raw("halt", { reason: "x" });
    const halt = await page.sign(signingRequestOf(asked.body["data"]));
    expect((await page.raw("halt", { reason: "another reason", authority: halt })).body["code"]).toBe(
      "SIGNATURE_INVALID",
    );
    expect([stateOf(first.id), stateOf(second.id)]).toEqual(["proposed", "proposed"]);
    expect(desk.open.desk.state.trading.state).toBe("active");
  });

  it("the key of a page signs nothing at a terminal, and the desk key signs nothing for a page", async () => {
    const { id, input } = await approval();
    await expect(desk.call("approve", input)).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
    const { review, signing } = await page.review(id);
    const byDesk = { id, digest: review.digest, shown: reviewDigest(review), authority: await desk.sign(signing) };
    expect((await page.raw("approve", byDesk)).body["code"]).toBe("SIGNATURE_INVALID");
    expect(stateOf(id)).toBe("proposed");
  });

  it("W59 an approval without the review that was shown is refused", async () => {
    const { id, digest } = await propose();
    expect((await page.raw("approve", { id, digest })).body["code"]).toBe("PAGE_NOT_ALLOWED");
  });

  it("W55 two tabs approve once, and a second rejection finds the first", async () => {
    const { id } = await propose("2");
    const answers = await Promise.all([page.approve(id), page.approve(id)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(stateOf(id)).toMatch(/accepted|filled/);
  });

  it("an edited proposal is not rejected by a comment on the text before", async () => {
    const { id } = await propose();
    const stale = { id, digest: `sha256:${"1".repeat(64)}`, comment: "too large" };
    expect((await page.decide("reject", stale)).body["code"]).toBe("DIGEST_MISMATCH");
    expect((await page.decide("reject", { id, comment: "no digest" })).body["code"]).toBe("DIGEST_REQUIRED");
    expect(stateOf(id)).toBe("proposed");
  });
});

describe("what a page may not call", () => {
  it.each(["down", "init", "agents setup", "keys protect", "reload", "files write", "history restore", "mcp", "ui"])(
    "W26 %s is an unknown command",
    async (command) => {
      expect(await page.raw(command)).toMatchObject({ status: 404, body: { code: "UNKNOWN_COMMAND" } });
    },
  );

  it("W26 an alias of a command is unknown, and cancel --all signs no order", async () => {
    expect((await page.raw("orders approve", {})).status).toBe(404);
    expect((await page.raw("cancel", { all: true })).body["code"]).toBe("PAGE_NOT_ALLOWED");
  });

  it("W21 both halves of a session are no token of an agent", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    for (const authorization of [`Bearer ${page.page}`, `Bearer ${page.cookie.split("=")[1]}`]) {
      const headers = { ...page.headers, authorization, accept: "application/json, text/event-stream" };
      expect((await send(desk.port, { method: "POST", path: "/mcp", headers, body })).status).toBe(401);
    }
  });

  it("W24 GET runs no command, W29 OPTIONS is refused and no CORS header is sent", async () => {
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"]) {
      const { "content-type": _type, ...headers } = page.headers;
      const answer = await send(desk.port, { method, path: "/ui/api/command", headers });
      expect(answer.status, method).toBe(405);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  it("W27 the stream opens with both halves only", async () => {
    const own = { ...ownHeaders(desk.port), cookie: page.cookie, "x-qoc-page": page.page };
    for (const change of [without("cookie"), without("x-qoc-page")])
      expect((await send(desk.port, { path: "/ui/api/events", headers: change(own) })).status).toBe(401);
  });
});

describe("W28 bodies and connections are bounded", () => {
  it("a body over 64 KiB is refused", async () => {
    const big = await page.raw("orders list", { state: "x".repeat(70_000) });
    expect(big.status).toBe(413);
  });

  it("two hundred unfinished requests leave the desk's other callers their answers", async () => {
    const sockets: Socket[] = [];
    try {
      for (let n = 0; n < 200; n++) {
        const socket = connect(desk.port, "127.0.0.1").on("error", () => undefined);
        await once(socket, "connect");
        const lines = Object.entries(page.headers).map(([name, value]) => `${name}: ${String(value)}`);
        socket.write(`POST /ui/api/command HTTP/1.1\r\n${lines.join("\r\n")}\r\ncontent-length: 100\r\n\r\n{`);
        sockets.push(socket);
      }
      expect((await page.raw("status")).status).toBe(200);
      expect((await send(desk.port, { path: "/", headers: { host: `localhost:${desk.port}` } })).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it.each<[string, string, number]>([
    ["no JSON", "{", 400],
    ["a list", "[]", 400],
    ["an unknown member", JSON.stringify({ command: "status", input: {}, actor: "human" }), 400],
    ["a command that is no text", JSON.stringify({ command: 1 }), 400],
    ["nothing", "", 400],
  ])("a body that is %s is refused", async (_name, body, status) => {
    const answer = await send(desk.port, { method: "POST", path: "/ui/api/command", headers: page.headers, body });
    expect(answer.status).toBe(status);
  });
});

describe("the page's own files", () => {
  it("W30 every answer has the headers, errors too", async () => {
    const host = { host: `localhost:${desk.port}` };
    const answers = await Promise.all([
      send(desk.port, { path: "/ui", headers: host }),
      send(desk.port, { path: "/ui/", headers: host }),
      send(desk.port, { path: "/ui/no-such-file.js", headers: host }),
      send(desk.port, { path: "/ui/api/command", headers: host }),
      send(desk.port, { path: "/ui/", headers: { host: "evil.example" } }),
      page.raw("status"),
    ]);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        "content-security-policy": expect.stringMatching(
          /default-src 'none'.*frame-ancestors 'none'.*trusted-types/,
        ) as string,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
      });
    }
    expect(answers[0]?.headers.location).toBe("/ui/");
  });

  it("a browser that opens the port finds the page, a program the status", async () => {
    const host = `localhost:${desk.port}`;
    expect(await send(desk.port, { path: "/", headers: { host, accept: "text/html" } })).toMatchObject({
      status: 302,
      headers: { location: "/ui/" },
    });
    expect((await send(desk.port, { path: "/", headers: { host } })).status).toBe(200);
  });

  it("another site loads none of them", async () => {
    const headers = { host: `localhost:${desk.port}`, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" };
    expect((await send(desk.port, { path: "/ui/", headers })).status).toBe(403);
  });

  it.each(["/ui/../desk.toml", "/ui/%2e%2e/desk.toml", "/ui//etc/passwd", "/ui/..%2f..%2fdesk.toml"])(
    "%s is no file",
    async (path) => {
      const headers = { host: `localhost:${desk.port}` };
      expect([403, 404]).toContain((await send(desk.port, { path, headers })).status);
    },
  );
});

describe("W40 another server of this machine", () => {
  it("that adds a cookie of the same name does not shut the page out", async () => {
    const [name] = page.cookie.split("=");
    // One for each path that leads to the request and is longer than the desk's, each of them also partitioned.
    const before = Array.from({ length: 11 }, () => `${name}=${"e".repeat(43)}`);
    const cookie = [...before, page.cookie, `${name}=x`].join("; ");
    expect((await page.raw("status", {}, { cookie })).status).toBe(200);
  });

  it("that fills the browser's cookies does not shut the page out", async () => {
    // As many as a browser keeps for one host, each as long as it may be.
    const others = Array.from({ length: 179 }, (_, n) => `${String(n).padStart(8, "c")}=${"v".repeat(4_087)}`);
    const cookie = [...others, page.cookie].join("; ");
    expect((await page.raw("status", {}, { cookie })).status).toBe(200);
  });

  it("W46 with another desk's session gets nothing", async () => {
    const other = { cookie: page.cookie.replace(/^qoc_ui_\w+/, "qoc_ui_00000000") };
    expect((await page.raw("status", {}, other)).status).toBe(401);
  });
});

it("W73 the log and the journal hold no cookie, proof or code", async () => {
  const { code } = await makeCode(desk);
  await send(desk.port, { method: "POST", path: "/ui/api/login", headers: postHeaders(desk.port), body: "{" });
  const logged = JSON.stringify(await desk.services.readLogs({ tail: 1_000 }));
  const journal = JSON.stringify(await desk.services.readEvents());
  for (const secret of [page.page, page.cookie.split("=")[1] ?? "", code])
    expect(logged.includes(secret) || journal.includes(secret)).toBe(false);
});

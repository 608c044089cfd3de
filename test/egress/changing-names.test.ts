/**
 * Names whose addresses change between look-ups, and answers of several addresses. Every connection goes to an address
 * that was checked. 127.0.0.1 is allowed by name here, as a public address is; 127.0.0.2 is not.
 */
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AddressPolicy } from "../../src/egress/address-policy.ts";
import { Dialer } from "../../src/egress/dialer.ts";
import { type Exchange, HeldBytes, type Outlet } from "../../src/egress/exchange.ts";
import { HttpExchange } from "../../src/egress/http-exchange.ts";
import { TcpExchange } from "../../src/egress/tcp-exchange.ts";
import { WebSocketExchange } from "../../src/egress/websocket-exchange.ts";
import type { EgressReply } from "../../src/protocol/egress-messages.ts";

const [NEAR, FAR] = ["127.0.0.1", "127.0.0.2"];
const servers: Server[] = [];
const closers: (() => void)[] = [];
/** Connections of the server at NEAR, and of those at FAR. */
const seen = { near: 0, far: 0 };
/** Both addresses have a server at the first port, and only FAR has one at the second. */
let [both, farOnly] = [0, 0];

async function serve(host: string, port: number, count: () => void): Promise<number> {
  const server = createServer((request, response) => {
    response.setHeader("connection", "close");
    if (request.url === "/away") response.writeHead(302, { location: `http://venue.example:${both}/` });
    response.end("answered");
  });
  servers.push(server);
  server.on("connection", count).listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Opens one exchange with a policy whose look-ups get these answers, the last one again and again. */
function opener(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  const lookup = (_host: string, _options: object, done: (error: null, found: object[]) => void): void => {
    const found = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    done(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  const tcp = [both, farOnly].map((port) => `venue.example:${port}`);
  const network = { hosts: ["venue.example", NEAR], tcp };
  const policy = new AddressPolicy(network, lookup as never, () => []);
  const dialer = new Dialer(network, policy);
  const held = new HeldBytes(1_000_000);
  closers.push(() => dialer.close());
  return (type: string, port: number, path = "/"): Promise<string> =>
    new Promise((resolve) => {
      const outlet: Outlet = {
        send: (reply: EgressReply) => resolve(reply.type),
        release: () => undefined,
        fail: (error) => resolve(String((error as NodeJS.ErrnoException).code)),
      };
      const parts = { policy, dialer, outlet, held: held.share(), responseMs: 60_000 };
      const http = { id: 1, url: `http://venue.example:${port}${path}`, headers: [] };
      const exchanges: Readonly<Record<string, () => Exchange>> = {
        fetch: () => new HttpExchange({ type: "fetch", ...http, method: "GET", redirect: "follow" }, parts),
        websocket: () => {
          const message = { ...http, url: http.url.replace("http", "ws"), protocols: [], deflate: false };
          return new WebSocketExchange({ type: "websocket", ...message }, parts);
        },
        tcp: () => new TcpExchange({ type: "tcp", id: 1, host: "venue.example", port }, parts),
      };
      const exchange = exchanges[type]?.();
      closers.push(() => exchange?.destroy());
    });
}

describe.skipIf(process.platform !== "linux")("a name that changes", () => {
  beforeAll(async () => {
    both = await serve(NEAR, 0, () => (seen.near += 1));
    await serve(FAR, both, () => (seen.far += 1));
    farOnly = await serve(FAR, 0, () => (seen.far += 1));
  });
  afterEach(() => {
    for (const close of closers.splice(0)) close();
    seen.near = 0;
    seen.far = 0;
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });

  it.each(["fetch", "tcp"])("is checked again at each new connection, which is refused: %s", async (type) => {
    const open = opener([NEAR], [FAR]);
    expect(["response", "connected"]).toContain(await open(type, both));
    expect(await open(type, both)).toBe("EACCES");
    expect(seen).toEqual({ near: 1, far: 0 });
  });

  it("is checked again at a redirect to itself", async () => {
    expect(await opener([NEAR], [FAR])("fetch", both, "/away")).toBe("EACCES");
    expect(seen).toEqual({ near: 1, far: 0 });
  });

  it.each(["fetch", "websocket", "tcp"])(
    "with several addresses is dialled at the allowed one alone: %s",
    async (type) => {
      for (const found of [
        [FAR, NEAR],
        [NEAR, FAR],
        [`::ffff:${FAR}`, NEAR],
      ]) {
        seen.near = 0;
        expect(await opener(found)(type, both)).not.toBe("EACCES");
        expect(seen).toEqual({ near: 1, far: 0 });
      }
    },
  );

  it.each(["fetch", "websocket", "tcp"])(
    "has no other address to fall back on if that one is silent: %s",
    async (type) => {
      expect(await opener([NEAR, FAR])(type, farOnly)).toBe("ECONNREFUSED");
      expect(seen).toEqual({ near: 0, far: 0 });
    },
  );

  it.each([[FAR], [`::ffff:${FAR}`], ["::ffff:7f00:2"], ["0.0.0.0"], ["::"], []])(
    "that becomes %s is refused",
    async (...found) => {
      for (const type of ["fetch", "websocket", "tcp"]) expect(await opener(found)(type, both)).toBe("EACCES");
      expect(seen).toEqual({ near: 0, far: 0 });
    },
  );
});

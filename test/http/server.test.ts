/** The desk's TCP port: trusted hosts and origins, limits on connections, and a taken port. */
import { once } from "node:events";
import { Agent, type IncomingMessage, type ServerResponse, request } from "node:http";
import { Server, connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { Readable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { isPortFree } from "../../src/app/port-owner.ts";
import { serveHttp } from "../../src/http/server.ts";
import { freePort } from "../support/free-port.ts";
import { quietLog } from "../support/quiet-log.ts";

/** The page has tests of its own. */
function noPage(_request: unknown, response: ServerResponse): void {
  response.writeHead(404).end();
}

function status(port: number, headers: Record<string, string>, path = "/", host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.once("error", reject);
    call.end();
  });
}

async function fetchAll(port: number, path: string, headers: Record<string, string>) {
  const call = request({ host: "127.0.0.1", port, path, headers, agent: false }).end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const text = await new Response(Readable.toWeb(response) as ReadableStream).text();
  return { status: response.statusCode, type: response.headers["content-type"], text };
}

const hasIpv6 = Object.values(networkInterfaces()).some((found) => found?.some(({ address }) => address === "::1"));
if (!hasIpv6) console.log("skipped: this machine has no address ::1");

describe.skipIf(!hasIpv6)("the address ::1, where a browser looks for localhost first", () => {
  it("is the desk's too, with the same checks", async () => {
    const port = await freePort();
    const page = (_: unknown, response: ServerResponse): void => void response.writeHead(418).end();
    const server = await serveHttp({ port, status: () => ({}), mcp: () => undefined, page, log: quietLog() });
    try {
      expect(await status(port, { host: `localhost:${port}` }, "/", "::1")).toBe(200);
      expect(await status(port, { host: `localhost:${port}` }, "/ui/", "::1")).toBe(418);
      expect(await status(port, { host: `[::1]:${port}` }, "/", "::1")).toBe(403);
    } finally {
      await server.close();
    }
    await expect(status(port, { host: `localhost:${port}` }, "/", "::1")).rejects.toThrow();
  });

  it("of another program is PORT_TAKEN: it would be the page for the browser, and get the code of a link", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "::1");
    await once(other, "listening");
    const options = { status: () => ({}), mcp: () => undefined, page: noPage, log: quietLog() };
    await expect(serveHttp({ port, ...options })).rejects.toMatchObject({ code: "PORT_TAKEN", details: { port } });
    expect(await isPortFree(port)).toBe(false);
    await expect(status(port, {})).rejects.toThrow("ECONNREFUSED");
    await new Promise((resolve) => other.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  });

  it("gives up the connections of a desk that stops", async () => {
    const page = (): void => undefined;
    const server = await serveHttp({ port: 0, status: () => ({}), mcp: () => undefined, page, log: quietLog() });
    const socket = connect(server.port, "::1").on("error", () => undefined);
    await once(socket, "connect");
    const ended = once(socket, "close");
    await server.close();
    await ended;
  });
});

describe("the HTTP server", () => {
  it("answers requests to local names, and refuses every other Host and Origin", async () => {
    const port = await freePort();
    const server = await serveHttp({
      port,
      status: () => ({ up: true }),
      mcp: (_, response) => void response.writeHead(418).end(),
      page: noPage,
      log: quietLog(),
    });
    try {
      expect(await status(port, { host: `127.0.0.1:${port}` })).toBe(200);
      expect(await status(port, { host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
      for (const host of ["evil.example", `localhost.evil.example:${port}`, `0.0.0.0:${port}`, "localhost"]) {
        expect(await status(port, { host })).toBe(403);
      }
      expect(await status(port, { host: `127.0.0.1:${port}`, origin: "https://evil.example" })).toBe(403);
      expect(await status(port, { host: `127.0.0.1:${port}`, origin: "null" })).toBe(403);
      expect(await status(port, { host: `127.0.0.1:${port}` }, "/orders")).toBe(404);
      expect(await status(port, { host: `127.0.0.1:${port}` }, "/mcp")).toBe(418);
      expect(await status(port, { host: "evil.example" }, "/mcp")).toBe(403);
    } finally {
      await server.close();
    }
  });

  it("gives every service worker a program that ends it, because the page has none", async () => {
    const server = await serveHttp({
      port: 0,
      status: () => ({}),
      mcp: () => undefined,
      page: noPage,
      log: quietLog(),
    });
    try {
      const headers = { host: `localhost:${server.port}`, "service-worker": "script" };
      for (const path of ["/ui/sw.js", "/sw.js", "/mcp"]) {
        const response = await fetchAll(server.port, path, headers);
        expect(response).toMatchObject({ status: 200, type: "text/javascript" });
        expect(response.text).toContain("registration.unregister()");
      }
    } finally {
      await server.close();
    }
  });

  it("answers a request while a stranger holds three hundred silent connections", async () => {
    const server = await serveHttp({
      port: 0,
      status: () => ({ up: true }),
      mcp: () => undefined,
      page: noPage,
      log: quietLog(),
    });
    const silent: ReturnType<typeof connect>[] = [];
    try {
      for (let n = 0; n < 300; n++) {
        const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
        silent.push(socket);
        await once(socket, "connect");
      }
      expect(await status(server.port, { host: `127.0.0.1:${server.port}` })).toBe(200);
    } finally {
      for (const socket of silent) socket.destroy();
      await server.close();
    }
  });

  it("adds no listener per request to a connection that sends many requests", async () => {
    const counts: number[] = [];
    const server = await serveHttp({
      port: 0,
      status: () => ({}),
      mcp: (message, response) => {
        counts.push(message.socket.listenerCount("close"));
        response.writeHead(418).end();
      },
      page: noPage,
      log: quietLog(),
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (let n = 0; n < 12; n++) {
        const call = request({ agent, host: "127.0.0.1", port: server.port, path: "/mcp" });
        call.end();
        const [response] = (await once(call, "response")) as [IncomingMessage];
        response.resume();
        await once(response, "end");
        // A host that was busy for some seconds still reads the next request.
        expect(response.headers["keep-alive"]).toBe("timeout=60");
      }
      expect(new Set(counts).size).toBe(1);
    } finally {
      agent.destroy();
      await server.close();
    }
  });

  it("keeps a request open while others connect and stay silent", async () => {
    let respond = (): void => undefined;
    const server = await serveHttp({
      port: 0,
      status: () => ({}),
      mcp: (_, response) => (respond = () => void response.writeHead(418).end()),
      page: noPage,
      log: quietLog(),
    });
    const silent: ReturnType<typeof connect>[] = [];
    try {
      const answer = status(server.port, { host: `127.0.0.1:${server.port}` }, "/mcp");
      for (let n = 0; n < 100; n++) {
        const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
        silent.push(socket);
        await once(socket, "connect");
      }
      respond();
      expect(await answer).toBe(418);
    } finally {
      for (const socket of silent) socket.destroy();
      await server.close();
    }
  });

  it("keeps a request open until its handler responds, however long that takes", async () => {
    const server = await serveHttp({
      port: 0,
      status: () => ({}),
      mcp: (_, response) => void setTimeout(() => response.writeHead(418).end(), 7_000),
      page: noPage,
      log: quietLog(),
    });
    try {
      expect(await status(server.port, { host: `127.0.0.1:${server.port}` }, "/mcp")).toBe(418);
    } finally {
      await server.close();
    }
  });

  it("closes connections that send no request, and limits the number of connections", async () => {
    const server = await serveHttp({
      port: 0,
      status: () => ({}),
      mcp: () => undefined,
      page: noPage,
      log: quietLog(),
    });
    const sockets = Array.from({ length: 140 }, () => connect(server.port, "127.0.0.1").on("error", () => undefined));
    const ended = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    try {
      await Promise.all(ended);
    } finally {
      for (const socket of sockets) socket.destroy();
      await server.close();
    }
  });

  it("rejects with PORT_TAKEN and the port if the port is in use", async () => {
    const port = await freePort();
    const server = await serveHttp({ port, status: () => ({}), mcp: () => undefined, page: noPage, log: quietLog() });
    await expect(
      serveHttp({ port, status: () => ({}), mcp: () => undefined, page: noPage, log: quietLog() }),
    ).rejects.toMatchObject({
      code: "PORT_TAKEN",
      details: { port },
    });
    await server.close();
  });
  it("goes on and logs a warning each time a connection cannot be accepted", async () => {
    const listening = vi.spyOn(Server.prototype, "listen");
    const log = quietLog();
    const server = await serveHttp({ port: 0, status: () => ({}), mcp: () => undefined, page: noPage, log });
    const nodeServer = listening.mock.contexts[0] as Server;
    listening.mockRestore();
    try {
      for (const _ of [1, 2]) nodeServer.emit("error", new Error("accept EMFILE"));
      expect(log.text()).toBe("warn port: accept EMFILE\nwarn port: accept EMFILE");
      expect(await status(server.port, { host: `127.0.0.1:${server.port}` })).toBe(200);
    } finally {
      await server.close();
    }
  });
});

/** The one TCP port: local names only, no other site's page, and a taken port is said. */
import { request } from "node:http";
import { type AddressInfo, Server, connect, createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { serveHttp } from "../../src/http/server.ts";
import { quietLog } from "../support/quiet-log.ts";

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function status(port: number, headers: Record<string, string>, path = "/"): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.once("error", reject);
    call.end();
  });
}

describe("the port", () => {
  it("answers local names, and refuses every other Host and Origin", async () => {
    const port = await freePort();
    const door = await serveHttp(
      port,
      () => ({ up: true }),
      (_, response) => void response.writeHead(418).end(),
      quietLog(),
    );
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
      await door.close();
    }
  });

  it("waits for an answer for as long as it takes", async () => {
    const door = await serveHttp(
      0,
      () => ({}),
      (_, response) => void setTimeout(() => response.writeHead(418).end(), 7_000),
      quietLog(),
    );
    try {
      expect(await status(door.port, { host: `127.0.0.1:${door.port}` }, "/mcp")).toBe(418);
    } finally {
      await door.close();
    }
  });

  it("ends connections that say nothing, and holds only so many", async () => {
    const door = await serveHttp(
      0,
      () => ({}),
      () => undefined,
      quietLog(),
    );
    const sockets = Array.from({ length: 140 }, () => connect(door.port, "127.0.0.1").on("error", () => undefined));
    const ended = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    try {
      await Promise.all(ended);
    } finally {
      for (const socket of sockets) socket.destroy();
      await door.close();
    }
  });

  it("that is taken is named", async () => {
    const port = await freePort();
    const door = await serveHttp(
      port,
      () => ({}),
      () => undefined,
      quietLog(),
    );
    await expect(
      serveHttp(
        port,
        () => ({}),
        () => undefined,
        quietLog(),
      ),
    ).rejects.toMatchObject({ code: "PORT_TAKEN", details: { port } });
    await door.close();
  });
  it("goes on when callers cannot be let in, and says so each time", async () => {
    const listening = vi.spyOn(Server.prototype, "listen");
    const log = quietLog();
    const door = await serveHttp(
      0,
      () => ({}),
      () => undefined,
      log,
    );
    const server = listening.mock.contexts[0] as Server;
    listening.mockRestore();
    try {
      for (const _ of [1, 2]) server.emit("error", new Error("accept EMFILE"));
      expect(log.text()).toBe("warn port: accept EMFILE\nwarn port: accept EMFILE");
      expect(await status(door.port, { host: `127.0.0.1:${door.port}` })).toBe(200);
    } finally {
      await door.close();
    }
  });
});

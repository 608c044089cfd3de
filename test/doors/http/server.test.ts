/** The one TCP port: local names only, no other site's page, and a taken port is said. */
import { request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { serveHttp } from "../../../src/doors/http/server.ts";

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

const status = (port: number, headers: Record<string, string>, path = "/"): Promise<number> =>
  new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.once("error", reject);
    call.end();
  });

describe("the port", () => {
  it("answers local names, and refuses every other Host and Origin", async () => {
    const port = await freePort();
    const door = await serveHttp(port, () => ({ up: true }), (_, response) => void response.writeHead(418).end());
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
    const door = await serveHttp(0, () => ({}), (_, response) => void setTimeout(() => response.writeHead(418).end(), 7_000));
    try {
      expect(await status(door.port, { host: `127.0.0.1:${door.port}` }, "/mcp")).toBe(418);
    } finally {
      await door.close();
    }
  });

  it("ends connections that say nothing, and holds only so many", async () => {
    const door = await serveHttp(0, () => ({}), () => undefined);
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
    const door = await serveHttp(port, () => ({}), () => undefined);
    await expect(serveHttp(port, () => ({}), () => undefined)).rejects.toMatchObject({ code: "PORT_TAKEN", details: { port } });
    await door.close();
  });
});

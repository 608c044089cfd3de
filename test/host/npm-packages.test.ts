/** npm packages that adapters use, unmodified, in a real worker with a server on loopback. */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { type IncomingMessage, type Server, createServer as createHttp } from "node:http";
import { type AddressInfo, type Server as NetServer, type Socket, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { afterEach, describe, expect, it } from "vitest";
import {
  type AdapterHarness,
  type AdapterHarnessOptions,
  adapterSource,
  adapterHarness,
} from "../support/adapter-harness.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/adapters", import.meta.url));
const INSTALLED = fileURLToPath(new URL("../../node_modules", import.meta.url));

const LEVELS = ["worker", "process"] as const;

const closers: (() => unknown)[] = [];
const harnesses: AdapterHarness[] = [];
afterEach(async () => {
  await Promise.all(harnesses.splice(0).map(({ connector }) => connector.stop()));
  for (const close of closers.splice(0)) close();
});

/** Starts an adapter with these methods in a desk folder. */
function startAdapter(methods: string, head: string, options: AdapterHarnessOptions): Promise<AdapterHarness> {
  return startSource(adapterSource(methods, head), options);
}

/** Starts a copy of the fixture adapter in a desk folder that has its npm package installed. */
async function startFixture(name: string, npmPackage: string, options: AdapterHarnessOptions): Promise<AdapterHarness> {
  return startSource(await readFile(join(FIXTURES, name), "utf8"), options, npmPackage);
}

async function startSource(
  source: string,
  options: AdapterHarnessOptions,
  npmPackage?: string,
): Promise<AdapterHarness> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "qoc-npm-")));
  await writeFile(join(root, "desk.toml"), "");
  if (npmPackage !== undefined) {
    await mkdir(dirname(join(root, "node_modules", npmPackage)), { recursive: true });
    await symlink(join(INSTALLED, npmPackage), join(root, "node_modules", npmPackage));
  }
  const file = join(root, "adapter.ts");
  await writeFile(file, source);
  const harness = await adapterHarness("", { file, memoryMb: 256, ...options });
  harnesses.push(harness);
  await harness.connector.start();
  return harness;
}

async function portOf(server: Server | NetServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe("ws", () => {
  const echo = async (): Promise<string> => {
    const server = createHttp();
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(`echo ${String(data)}`)));
    closers.push(() => sockets.close());
    return `ws://127.0.0.1:${await portOf(server)}`;
  };
  const SEND_AND_RECEIVE = `
    async cancelOrder(url: string): Promise<any> {
      const socket = new Client(url);
      await new Promise((resolve) => socket.on("open", resolve));
      socket.send("hello");
      const text = await new Promise((resolve) => socket.on("message", (data: any) => resolve(String(data))));
      socket.close();
      throw new Error(String(text));
    }`;

  it.each([
    ["default import", `import Client from "ws";`],
    ["named import", `import { WebSocket as Client } from "ws";`],
    ["namespace import", `import * as ws from "ws"; const Client = ws.WebSocket;`],
    ["require", `const Client = require("ws");`],
    ["destructured require", `const { WebSocket: Client } = require("ws");`],
  ])("is the sandbox's client, with %s", async (_name, head) => {
    const { connector } = await startAdapter(SEND_AND_RECEIVE, head, { hosts: ["127.0.0.1"] });
    expect(await connector.invoke("cancelOrder", [await echo()])).toMatchObject({ ok: false, message: "echo hello" });
    const elsewhere = await connector.invoke("cancelOrder", ["ws://localhost:1"]);
    expect(elsewhere.ok ? "" : elsewhere.message).toContain("is not among hosts");
  });

  it("reads and writes a connection as a stream, as ccxt.pro does", async () => {
    const { connector } = await startAdapter(
      `async cancelOrder(url: string): Promise<any> {
        const socket = new Client(url);
        const stream = createWebSocketStream(socket, { readableObjectMode: true, readableHighWaterMark: 1 });
        // Before the connection is open.
        for (const text of ["a", "b", "c"]) stream.write(text);
        const chunks: unknown[] = [];
        for await (const chunk of stream) {
          chunks.push(chunk);
          if (chunks.length === 3) stream.end();
        }
        throw new Error(JSON.stringify([chunks, socket.readyState]));
      }`,
      `import Client, { createWebSocketStream } from "ws";`,
      { hosts: ["127.0.0.1"] },
    );
    const response = await connector.invoke("cancelOrder", [await echo()]);
    expect(response).toMatchObject({ message: JSON.stringify([["echo a", "echo b", "echo c"], 3]) });
    const lost = await connector.invoke("cancelOrder", ["ws://127.0.0.1:1"]);
    expect(lost).toMatchObject({ ok: false, message: expect.stringContaining("ECONNREFUSED") as string });
  });

  it("does not provide a server", async () => {
    const { connector } = await startAdapter(
      `async cancelOrder(kind: string) { new ({ a: WebSocketServer, b: Client.Server } as any)[kind]({ port: 0 }); }`,
      `import Client, { WebSocketServer } from "ws";`,
      {},
    );
    expect(await connector.invoke("cancelOrder", ["a"])).toMatchObject({
      message: "ws.WebSocketServer is not available inside a connector",
    });
    expect(await connector.invoke("cancelOrder", ["b"])).toMatchObject({
      message: "ws.Server is not available inside a connector",
    });
  });
});

describe("ccxt", () => {
  interface Seen {
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }

  const kraken = async (): Promise<{ port: number; seen: Seen[] }> => {
    const seen: Seen[] = [];
    const price = {
      a: ["101.0", "1", "1"],
      b: ["99.0", "1", "1"],
      c: ["100.0", "0.1"],
      v: ["1", "2"],
      p: ["100", "100"],
      t: [1, 2],
    };
    const answers: Record<string, unknown> = {
      "/0/public/Ticker": { XXBTZUSD: { ...price, l: ["90", "90"], h: ["110", "110"], o: "98" } },
      "/0/private/BalanceEx": { ZUSD: { balance: "1234.5", hold_trade: "0" } },
    };
    const server = createHttp((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "";
        seen.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ error: [], result: answers[path.split("?")[0] ?? ""] ?? {} }));
      });
    });
    return { port: await portOf(server), seen };
  };

  const SECRETS = { api_key: "key-1", api_secret: Buffer.from("a secret of the venue").toString("base64") };

  it.each(LEVELS)(
    "loads completely at the %s level, and fetches a quote and a signed balance with the sandbox's fetch",
    async (isolation) => {
      const { port, seen } = await kraken();
      const options = { isolation, hosts: ["127.0.0.1"], options: { port }, secrets: SECRETS };
      const { connector } = await startFixture("kraken-ccxt.ts", "ccxt", options);
      expect(await connector.invoke("getQuote", ["BTC/USD"])).toMatchObject({
        ok: true,
        value: { bid: 99, ask: 101, last: 100 },
      });
      expect(await connector.invoke("getBuyingPower", [])).toMatchObject({ ok: true, value: 1234.5 });
      expect(seen.map(({ path }) => path)).toEqual(["/0/public/Ticker?pair=XXBTZUSD", "/0/private/BalanceEx"]);
      expect(seen[1]?.headers).toMatchObject({
        "api-key": "key-1",
        "api-sign": expect.stringMatching(/^[\w+/=]{80,}$/) as string,
      });
      expect(seen[1]?.body).toContain("nonce=");
    },
  );

  it("cannot reach a host that is not listed", async () => {
    const { port, seen } = await kraken();
    const options = { hosts: ["api.kraken.com"], options: { port }, secrets: SECRETS };
    const { connector } = await startFixture("kraken-ccxt.ts", "ccxt", options);
    const response = await connector.invoke("getQuote", ["BTC/USD"]);
    expect(response.ok ? "" : response.stack).toContain(`127.0.0.1 is not among hosts = ["api.kraken.com"]`);
    expect(seen).toEqual([]);
  });
});

describe("@stoqey/ib", () => {
  /** As much of a gateway as greets: its version, then the next order id, and the time when asked. */
  const gateway = async (): Promise<{ port: number; greeted: () => string }> => {
    let greeting = "";
    const message = (...fields: readonly string[]): Buffer => {
      const body = Buffer.from(`${fields.join("\0")}\0`);
      const size = Buffer.alloc(4);
      size.writeInt32BE(body.length);
      return Buffer.concat([size, body]);
    };
    const server = createTcp((peer: Socket) => {
      peer.on("error", () => undefined);
      peer.on("data", (data) => {
        const text = data.toString("latin1");
        if (greeting === "") {
          greeting = text;
          peer.write(message("176", "20240101 00:00:00 UTC"));
        }
        if (/\x0071\x002\x00|^.{4}71\0/s.test(text)) peer.write(message("9", "1", "4711"));
        if (/49\x001\0/.test(text)) peer.write(message("49", "1", "1700000000"));
      });
      closers.push(() => peer.destroy());
    });
    return { port: await portOf(server), greeted: () => greeting };
  };

  it.each(LEVELS)("in a %s connects through a granted socket, and sends and receives", async (isolation) => {
    const { port, greeted } = await gateway();
    const { connector } = await startFixture("ib-gateway.ts", "@stoqey/ib", {
      isolation,
      tcp: [`127.0.0.1:${port}`],
      options: { port },
    });
    expect(greeted()).toMatch(/^API\0.{4}v100\.\.\d+/s);
    expect(await connector.invoke("getBuyingPower", [])).toMatchObject({ ok: true, value: 1_700_000_000 + 4_711 });
  });

  it("gets an error that names the missing grant", async () => {
    const { port, greeted } = await gateway();
    const options = { tcp: ["127.0.0.1:1"], options: { port } };
    const { states } = await startFixture("ib-gateway.ts", "@stoqey/ib", options);
    expect(states.at(-1)?.reason).toContain(`add grant = ["tcp:127.0.0.1:${port}"]`);
    expect(greeted()).toBe("");
  });

  it("without any grant fails when it connects, not when it is loaded", async () => {
    const { states } = await startFixture("ib-gateway.ts", "@stoqey/ib", { options: { port: 1 } });
    expect(states.at(-1)?.reason).toContain("net is not available inside a connector");
  });
});

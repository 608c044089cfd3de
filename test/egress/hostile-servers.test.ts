/** Servers that work with a hostile connector: what the egress thread keeps of them, and what it refuses. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { constants, deflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { serveConnector } from "../../src/egress/connector-network.ts";
import { threadPort } from "../../src/egress/connector-port.ts";
import { RateBucket } from "../../src/lib/rate-bucket.ts";
import { fakeClock } from "../support/fake-clock.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Reply {
  readonly type: string;
  readonly id: number;
  readonly code?: string;
  readonly message?: string;
  readonly d?: Uint8Array;
}

/** `answer` gets the head of each request. */
async function serve(answer: (socket: Socket, head: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (head) => answer(socket, head.toString()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serveWebSockets(open: (socket: Socket) => void): Promise<string> {
  return serve((socket, head) => {
    const key = `${/sec-websocket-key: (.*)\r/i.exec(head)?.[1] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const extension = head.includes("permessage-deflate") ? ["Sec-WebSocket-Extensions: permessage-deflate"] : [];
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}`,
      ...extension,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    open(socket);
  });
}

const [BINARY, LAST, COMPRESSED] = [0x02, 0x80, 0x40];
function frame(flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE((flags << 8) | 127);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** Returns the connector's end. */
function connectorOf(listener: (message: Reply, port: MessagePort) => void, heldBytes = 1_000_000): MessagePort {
  const { port1, port2 } = new MessageChannel();
  serveConnector({
    port: threadPort(port1),
    policy: { hosts: ["127.0.0.1"], tcp: [] },
    messagesRate: new RateBucket({ clock: fakeClock(), limit: 1_000, windowMs: 1_000, stalledMs: () => 0 }),
    responseMs: 100_000,
    heldBytes,
    onViolation: (reason) => expect.unreachable(reason),
  });
  port2.on("message", (message: Reply) => listener(message, port2));
  closers.push(() => port2.close());
  return port2;
}
function openSockets(port: MessagePort, host: string, ids: readonly number[], deflate = false): void {
  for (const id of ids)
    port.postMessage({ type: "websocket", id, url: `ws://${host}/`, protocols: [], headers: [], deflate });
}
function get(port: MessagePort, host: string): void {
  port.postMessage({ type: "fetch", id: 1, url: `http://${host}/`, method: "GET", headers: [], redirect: "follow" });
}

describe("of one connector the thread holds a limited number of bytes", () => {
  const message = Buffer.alloc(240_000);
  const deflated = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH });

  // Four messages fit.
  it.each([
    ["messages that have no end", frame(BINARY, message), false],
    ["compressed messages that have no end", frame(BINARY | COMPRESSED, deflated.subarray(0, -4)), true],
    ["messages that it does not read", frame(BINARY | LAST, message), false],
  ])("%s", async (_what, bytes, deflate) => {
    const host = await serveWebSockets((socket) => void socket.write(bytes));
    const codes: unknown[] = [];
    const port = connectorOf(({ type, code }) => type === "error" && codes.push(code));
    openSockets(port, host, [1, 2, 3, 4, 5, 6], deflate);
    await expect.poll(() => codes).toEqual(["ENOBUFS", "ENOBUFS"]);
  });

  it("messages that its servers do not read, and what ends makes room", async () => {
    const host = await serveWebSockets((socket) => void socket.pause());
    // More than the system takes for a socket that is not read.
    const unsent = new Uint8Array(16_000_000);
    const refused: number[] = [];
    const opened: number[] = [];
    const send = ({ type, id, code }: Reply, port: MessagePort): void => {
      if (type === "error") refused.push(code === "ENOBUFS" ? id : -1);
      if (type !== "open") return;
      opened.push(id);
      port.postMessage({ type: "data", id, d: unsent });
    };
    const port = connectorOf(send, 20_000_000);
    openSockets(port, host, [1, 2]);
    await expect.poll(() => refused).toHaveLength(1);
    expect(refused).toEqual(opened.slice(1));
    port.postMessage({ type: "abort", id: opened[0] });
    openSockets(port, host, [3, 4]);
    await expect.poll(() => refused).toHaveLength(2);
    expect(refused).toEqual([opened[1], opened[3]]);
  });
});

describe("a server of HTTP", () => {
  it("gets an error for endless responses of status 1xx", async () => {
    const host = await serve((socket) => {
      const write = (): void => {
        while (socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000)));
      };
      socket.on("drain", write);
      write();
    });
    const errors: unknown[] = [];
    get(
      connectorOf((message) => errors.push(message)),
      host,
    );
    await expect
      .poll(() => errors)
      .toMatchObject([{ type: "error", code: "EPROTO", message: "the server sent more than 100 responses 1xx" }]);
  });

  it("that sends each byte by itself causes few messages", async () => {
    const host = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(5_000)}0\r\n\r\n`);
    });
    const replies: Reply[] = [];
    get(
      connectorOf((message) => replies.push(message)),
      host,
    );
    await expect.poll(() => replies.at(-1)?.type).toBe("end");
    expect(Buffer.concat(replies.map(({ d = new Uint8Array() }) => d)).toString()).toBe("x".repeat(5_000));
    expect(replies.length).toBeLessThan(100);
  });
});

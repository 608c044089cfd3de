/** One WebSocket of a connector. The server's frames are read while the connector has credit. */
import { type RawData, WebSocket } from "ws";
import { EGRESS_LIMITS, type EgressRequest } from "../protocol/egress-messages.ts";
import { type AddressPolicy, networkError } from "./address-policy.ts";
import type { Dialer } from "./dialer.ts";
import { type EgressMessage, type Exchange, type Outlet, ReadCredit, WriteCredit, ownBytes } from "./exchange.ts";
import { requestHeaders } from "./http-headers.ts";

const HANDSHAKE_MS = 30_000;

function bytesOf(data: RawData): Uint8Array<ArrayBuffer> {
  if (Array.isArray(data)) return ownBytes(data);
  return ownBytes([data instanceof ArrayBuffer ? new Uint8Array(data) : data]);
}

export class WebSocketExchange implements Exchange {
  readonly #id: number;
  readonly #socket: WebSocket;
  readonly #outlet: Outlet;
  readonly #readCredit = new ReadCredit();
  readonly #writeCredit = new WriteCredit();
  #isOver = false;

  /** @throws Error if the address or a header is not allowed. */
  constructor(message: EgressMessage<"websocket">, parts: { policy: AddressPolicy; dialer: Dialer; outlet: Outlet }) {
    const { policy, dialer, outlet } = parts;
    this.#id = message.id;
    this.#outlet = outlet;
    const url = policy.checkUrl(message.url, ["ws:", "wss:"]);
    this.#socket = new WebSocket(url, [...message.protocols], {
      headers: requestHeaders(message.headers),
      followRedirects: false,
      lookup: policy.lookup as never,
      maxPayload: Math.min(message.maxPayload ?? EGRESS_LIMITS.frameBytes, EGRESS_LIMITS.frameBytes),
      perMessageDeflate: message.deflate,
      handshakeTimeout: message.handshakeMs ?? HANDSHAKE_MS,
      agent: dialer.socketAgent(url.protocol),
      ...dialer.tls,
    });
    this.#listen();
  }

  handle(message: EgressRequest): void {
    if (message.type === "credit") {
      this.#readCredit.add(message.n);
      if (!this.#readCredit.isUsedUp) this.#socket.resume();
    } else if (message.type === "data") this.#write(message);
    else if (message.type === "close") this.#socket.close(message.code, message.reason);
    else if (this.#socket.readyState !== WebSocket.OPEN) return;
    else if (message.type === "ping") this.#control(message, (sent) => this.#socket.ping(message.d, true, sent));
    else if (message.type === "pong") this.#control(message, (sent) => this.#socket.pong(message.d, true, sent));
  }

  destroy(): void {
    this.#isOver = true;
    this.#socket.terminate();
  }

  #control({ d }: { readonly d: Uint8Array }, send: (sent: () => void) => void): void {
    const size = d.byteLength + EGRESS_LIMITS.messageOverhead;
    this.#writeCredit.spend(size);
    send(() => this.#returnCredit(size));
  }

  #write({ d, isText }: EgressMessage<"data">): void {
    const size = d.byteLength + EGRESS_LIMITS.messageOverhead;
    this.#writeCredit.spend(size);
    this.#socket.send(d, { binary: isText !== true }, () => this.#returnCredit(size));
  }

  #returnCredit(size: number): void {
    this.#writeCredit.add(size);
    if (!this.#isOver) this.#outlet.send({ type: "credit", id: this.#id, n: size });
  }

  /** The server is not read while the connector has no credit. */
  #spendRead({ byteLength }: Uint8Array): void {
    this.#readCredit.spend(byteLength + EGRESS_LIMITS.messageOverhead);
    if (this.#readCredit.isUsedUp) this.#socket.pause();
  }

  #listen(): void {
    const [socket, outlet, id] = [this.#socket, this.#outlet, this.#id];
    const finish = (report: () => void): void => {
      if (this.#isOver) return;
      this.#isOver = true;
      report();
    };
    socket.on("error", (error) =>
      finish(() => {
        socket.terminate();
        outlet.fail(error);
      }),
    );
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      finish(() => outlet.fail(networkError(`Unexpected server response: ${response.statusCode}`, "ERR_WS_STATUS")));
    });
    socket.on("open", () =>
      outlet.send({ type: "open", id, protocol: socket.protocol, extensions: socket.extensions }),
    );
    socket.on("message", (data, isBinary) => {
      if (this.#isOver) return;
      const bytes = bytesOf(data);
      this.#spendRead(bytes);
      outlet.send({ type: "data", id, d: bytes, isText: !isBinary });
    });
    for (const type of ["ping", "pong"] as const)
      socket.on(type, (data: Buffer) => {
        if (this.#isOver) return;
        this.#spendRead(data);
        outlet.send({ type, id, d: ownBytes([data]) });
      });
    socket.on("close", (code, reason) =>
      finish(() => {
        outlet.send({ type: "closed", id, code, reason: reason.toString() });
        outlet.release();
      }),
    );
  }
}

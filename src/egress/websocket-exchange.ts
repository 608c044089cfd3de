/** One WebSocket of a connector. The server's frames are read while the connector has credit. */
import type { Socket } from "node:net";
import { type RawData, WebSocket } from "ws";
import { EGRESS_LIMITS, type EgressReply, type EgressRequest } from "../protocol/egress-messages.ts";
import { type AddressPolicy, networkError } from "./address-policy.ts";
import type { Dialer } from "./dialer.ts";
import {
  type EgressMessage,
  type Exchange,
  type HeldShare,
  type Outlet,
  ReadCredit,
  WriteCredit,
  ownBytes,
} from "./exchange.ts";
import { requestHeaders } from "./http-headers.ts";

const HANDSHAKE_MS = 30_000;

function bytesOf(data: RawData): Uint8Array<ArrayBuffer> {
  if (Array.isArray(data)) return ownBytes(data);
  return ownBytes([data instanceof ArrayBuffer ? new Uint8Array(data) : data]);
}

/** Inflates one frame. */
interface Inflater {
  decompress(data: Buffer, isLast: boolean, done: Inflated): void;
}
type Inflated = (error: Error | null, bytes?: Buffer) => void;

/** Members of `ws` that it does not document; tests show that they are there. */
interface Receiver {
  readonly _bufferedBytes?: number;
  readonly _messageLength?: number;
  readonly _extensions?: Readonly<Partial<Record<"permessage-deflate", Inflater>>>;
}

function receiverOf(socket: WebSocket): Receiver {
  return (socket as unknown as { readonly _receiver?: Receiver | null })._receiver ?? {};
}

/** Bytes of a message that has not arrived as a whole. */
function unfinishedBytes(socket: WebSocket): number {
  const { _bufferedBytes = 0, _messageLength = 0 } = receiverOf(socket);
  return _bufferedBytes + _messageLength;
}

/** Messages of all connectors that are inflated at the same time: none of them counts as held before. */
const INFLATING_MAX = 4;

interface WebSocketParts {
  readonly policy: AddressPolicy;
  readonly dialer: Dialer;
  readonly outlet: Outlet;
  readonly held: HeldShare;
}

export class WebSocketExchange implements Exchange {
  readonly #id: number;
  readonly #socket: WebSocket;
  readonly #outlet: Outlet;
  readonly #readCredit = new ReadCredit();
  readonly #writeCredit: WriteCredit;
  readonly #held: HeldShare;
  #unfinished = 0;
  #isOver = false;

  /** @throws Error if the address or a header is not allowed. */
  constructor(message: EgressMessage<"websocket">, { policy, dialer, outlet, held }: WebSocketParts) {
    this.#id = message.id;
    this.#outlet = outlet;
    this.#held = held;
    this.#writeCredit = new WriteCredit(held);
    const url = policy.checkUrl(message.url, ["ws:", "wss:"]);
    this.#socket = new WebSocket(url, [...message.protocols], {
      headers: requestHeaders(message.headers),
      followRedirects: false,
      lookup: policy.lookup as never,
      maxPayload: Math.min(message.maxPayload ?? EGRESS_LIMITS.frameBytes, EGRESS_LIMITS.frameBytes),
      perMessageDeflate: message.deflate && { concurrencyLimit: INFLATING_MAX },
      handshakeTimeout: message.handshakeMs ?? HANDSHAKE_MS,
      agent: dialer.socketAgent(url.protocol),
      ...dialer.tls,
    });
    this.#listen();
  }

  handle(message: EgressRequest): void {
    if (message.type === "credit") {
      this.#held.add(-this.#readCredit.add(message.n));
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

  /** Passes on what arrived. The server is not read while the connector has no credit. */
  #take({ byteLength }: Uint8Array, reply: () => EgressReply): void {
    if (this.#isOver) return;
    const size = byteLength + EGRESS_LIMITS.messageOverhead;
    this.#readCredit.spend(size);
    this.#countUnfinished();
    this.#hold(size);
    if (this.#isOver) return;
    if (this.#readCredit.isUsedUp) this.#socket.pause();
    this.#outlet.send(reply());
  }

  #countUnfinished(): void {
    const before = this.#unfinished;
    this.#unfinished = unfinishedBytes(this.#socket);
    this.#hold(this.#unfinished - before);
  }

  /** A frame is inflated some time after it arrived, without an event. */
  #countInflated(): void {
    const inflater = receiverOf(this.#socket)._extensions?.["permessage-deflate"];
    if (inflater === undefined) return;
    const inflate = inflater.decompress.bind(inflater);
    inflater.decompress = (data, isLast, done) =>
      inflate(data, isLast, (error, bytes) => {
        done(error, bytes);
        this.#countUnfinished();
      });
  }

  #hold(bytes: number): void {
    try {
      this.#held.add(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.destroy();
    this.#outlet.fail(error);
  }

  #listen(): void {
    const [socket, outlet, id] = [this.#socket, this.#outlet, this.#id];
    let source: Socket | undefined;
    socket.on("error", (error) => this.#fail(error));
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      this.#fail(networkError(`Unexpected server response: ${response.statusCode}`, "ERR_WS_STATUS"));
    });
    socket.on("upgrade", (response) => void (source = response.socket));
    socket.on("open", () => {
      // Not before: bytes that came with the upgrade would be lost.
      source?.on("data", () => this.#countUnfinished());
      this.#countInflated();
      outlet.send({ type: "open", id, protocol: socket.protocol, extensions: socket.extensions });
    });
    socket.on("message", (data, isBinary) => {
      const d = bytesOf(data);
      this.#take(d, () => ({ type: "data", id, d, isText: !isBinary }));
    });
    for (const type of ["ping", "pong"] as const)
      socket.on(type, (data: Buffer) => this.#take(data, () => ({ type, id, d: ownBytes([data]) })));
    socket.on("close", (code, reason) => {
      if (this.#isOver) return;
      this.#isOver = true;
      outlet.send({ type: "closed", id, code, reason: reason.toString() });
      outlet.release();
    });
  }
}

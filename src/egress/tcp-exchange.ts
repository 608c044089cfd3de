/** One TCP connection of a connector to an address of its `grant`. */
import { type Socket, type TcpNetConnectOpts, connect } from "node:net";
import type { EgressRequest } from "../protocol/egress-messages.ts";
import type { AddressPolicy } from "./address-policy.ts";
import {
  type EgressMessage,
  type Exchange,
  type HeldShare,
  type Outlet,
  ReadCredit,
  WriteCredit,
  ownBytes,
} from "./exchange.ts";

type LookupOption = NonNullable<TcpNetConnectOpts["lookup"]>;

export class TcpExchange implements Exchange {
  readonly #id: number;
  readonly #socket: Socket;
  readonly #outlet: Outlet;
  readonly #readCredit = new ReadCredit();
  readonly #writeCredit: WriteCredit;
  #isOver = false;

  /** @throws Error if the address is not granted. */
  constructor(
    { id, host, port }: EgressMessage<"tcp">,
    parts: { readonly policy: AddressPolicy; readonly outlet: Outlet; readonly held: HeldShare },
  ) {
    parts.policy.checkTcp(host, port);
    this.#id = id;
    this.#outlet = parts.outlet;
    this.#writeCredit = new WriteCredit(parts.held);
    const lookup = parts.policy.tcpLookup(port) as LookupOption;
    this.#socket = connect({ host, port, allowHalfOpen: true, lookup });
    this.#listen();
  }

  handle(message: EgressRequest): void {
    if (message.type === "credit") {
      this.#readCredit.add(message.n);
      if (!this.#readCredit.isUsedUp) this.#socket.resume();
    } else if (message.type === "data") this.#write(message.d);
    else if (message.type === "end") this.#socket.end();
    else if (message.type === "options") {
      if (message.noDelay !== undefined) this.#socket.setNoDelay(message.noDelay);
      if (message.keepAliveMs !== undefined)
        this.#socket.setKeepAlive(message.keepAliveMs >= 0, Math.max(0, message.keepAliveMs));
    }
  }

  destroy(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #write(bytes: Uint8Array): void {
    this.#writeCredit.spend(bytes.byteLength);
    this.#socket.write(bytes, () => {
      this.#writeCredit.add(bytes.byteLength);
      if (!this.#isOver) this.#outlet.send({ type: "credit", id: this.#id, n: bytes.byteLength });
    });
  }

  #listen(): void {
    const [socket, outlet, id] = [this.#socket, this.#outlet, this.#id];
    socket.on("connect", () => {
      const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket;
      const addresses = { remoteAddress, remotePort, remoteFamily, localAddress, localPort };
      outlet.send({ type: "connected", id, addresses });
    });
    socket.on("data", (chunk) => {
      if (this.#isOver) return;
      this.#readCredit.spend(chunk.byteLength);
      outlet.send({ type: "data", id, d: ownBytes([chunk]) });
      if (this.#readCredit.isUsedUp) socket.pause();
    });
    socket.on("end", () => {
      if (!this.#isOver) outlet.send({ type: "end", id });
    });
    socket.on("error", (error) => {
      if (this.#isOver) return;
      this.destroy();
      outlet.fail(error);
    });
    socket.on("close", () => {
      if (this.#isOver) return;
      this.#isOver = true;
      outlet.send({ type: "closed", id });
      outlet.release();
    });
  }
}

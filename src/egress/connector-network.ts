/** The network of one connector: checks every message that arrives on its port, and owns its sockets. */
import {
  EGRESS_LIMITS,
  type EgressReply,
  type EgressRequest,
  type NetworkPolicy,
} from "../protocol/egress-messages.ts";
import { egressRequestSchema } from "../protocol/egress-schemas.ts";
import type { RateBucket } from "../lib/rate-bucket.ts";
import { AddressPolicy, networkError } from "./address-policy.ts";
import type { ConnectorPort } from "./connector-port.ts";
import { Dialer } from "./dialer.ts";
import { CreditViolation, type Exchange, HeldBytes, type HeldShare, type Outlet } from "./exchange.ts";
import { HttpExchange } from "./http-exchange.ts";
import { TcpExchange } from "./tcp-exchange.ts";
import { WebSocketExchange } from "./websocket-exchange.ts";

const MESSAGE_CHARS_MAX = 500;

const OPENING_TYPES: readonly unknown[] = ["fetch", "websocket", "tcp"];
type OpenRequest = Extract<EgressRequest, { type: "fetch" | "websocket" | "tcp" }>;

function isOpenRequest(message: EgressRequest): message is OpenRequest {
  return message.type === "fetch" || message.type === "websocket" || message.type === "tcp";
}

export interface ConnectorNetworkOptions {
  readonly port: ConnectorPort;
  readonly policy: NetworkPolicy;
  /** For the messages of the connector. */
  readonly messagesRate: RateBucket;
  /** A server may be silent for this long. */
  readonly responseMs: number;
  /** The most bytes that are neither sent nor read. */
  readonly heldBytes: number;
  /** Called once if the connector violates the protocol. Its port is closed then. */
  readonly onViolation: (reason: string) => void;
}

/** Serves the connector until its port closes. */
export function serveConnector(options: ConnectorNetworkOptions): void {
  const network = new ConnectorNetwork(options);
  network.listen();
}

class ConnectorNetwork {
  readonly #options: ConnectorNetworkOptions;
  readonly #policy: AddressPolicy;
  readonly #dialer: Dialer;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #sockets = new Set<number>();
  readonly #held: HeldBytes;
  readonly #shares = new Map<number, HeldShare>();
  #isClosed = false;

  constructor(options: ConnectorNetworkOptions) {
    this.#options = options;
    this.#held = new HeldBytes(options.heldBytes);
    this.#policy = new AddressPolicy(options.policy);
    this.#dialer = new Dialer(options.policy, this.#policy);
  }

  listen(): void {
    this.#options.port.listen({
      message: (message) => this.#receive(message),
      invalid: (reason) => this.#violate(reason),
      closed: () => this.#close(),
    });
  }

  #receive(raw: unknown): void {
    if (this.#isClosed) return;
    if (!this.#options.messagesRate.spend()) {
      this.#violate(`it sent more than ${EGRESS_LIMITS.messagesPerSecond} messages a second`);
      return;
    }
    const parsed = egressRequestSchema.safeParse(raw);
    if (!parsed.success) {
      this.#refuseMalformed(raw, parsed.error.issues[0]);
      return;
    }
    const message = parsed.data;
    try {
      if (isOpenRequest(message)) this.#open(message);
      else if (message.type === "abort") this.#abort(message.id);
      else this.#exchanges.get(message.id)?.handle(message);
    } catch (error) {
      if (error instanceof CreditViolation) this.#violate(error.message);
      else {
        this.#abort(message.id);
        this.#fail(message.id, error);
      }
    }
  }

  /**
   * An invalid value of a new request is the adapter's mistake; every other malformed message violates the protocol.
   */
  #refuseMalformed(raw: unknown, issue: { path: readonly PropertyKey[]; message: string } | undefined): void {
    const { id, type } = (typeof raw === "object" && raw !== null ? raw : {}) as { id?: unknown; type?: unknown };
    const what = `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`;
    const isNew = OPENING_TYPES.includes(type) && Number.isSafeInteger(id) && !this.#exchanges.has(id as number);
    if (isNew) this.#fail(id as number, networkError(`the request is invalid: ${what}`, "EINVAL"));
    else this.#violate(`it sent a malformed message: ${what}`);
  }

  #open(message: OpenRequest): void {
    if (this.#exchanges.has(message.id)) {
      this.#violate(`id ${message.id} is in use`);
      return;
    }
    if (this.#exchanges.size >= EGRESS_LIMITS.openIds)
      throw networkError(`at most ${EGRESS_LIMITS.openIds} requests and sockets can be open`, "EAGAIN");
    if (message.type !== "fetch" && this.#sockets.size >= EGRESS_LIMITS.openSockets)
      throw networkError(`at most ${EGRESS_LIMITS.openSockets} sockets can be open`, "EAGAIN");
    const { responseMs } = this.#options;
    const held = this.#held.share();
    this.#shares.set(message.id, held);
    const parts = { policy: this.#policy, dialer: this.#dialer, outlet: this.#outletOf(message.id), held, responseMs };
    if (message.type === "fetch") {
      this.#exchanges.set(message.id, new HttpExchange(message, parts));
      return;
    }
    const exchange =
      message.type === "websocket" ? new WebSocketExchange(message, parts) : new TcpExchange(message, parts);
    this.#exchanges.set(message.id, exchange);
    this.#sockets.add(message.id);
  }

  #outletOf(id: number): Outlet {
    return {
      send: (reply) => this.#post(reply),
      release: () => this.#release(id),
      fail: (error) => this.#fail(id, error),
    };
  }

  #post(reply: EgressReply): void {
    if (!this.#isClosed) this.#options.port.post(reply);
  }

  #fail(id: number, error: unknown): void {
    this.#release(id);
    const { code, syscall } = error as { code?: unknown; syscall?: unknown };
    this.#post({
      type: "error",
      id,
      message: (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_CHARS_MAX),
      code: typeof code === "string" ? code : undefined,
      syscall: typeof syscall === "string" ? syscall : undefined,
    });
  }

  #release(id: number): void {
    this.#exchanges.delete(id);
    this.#sockets.delete(id);
    this.#shares.get(id)?.close();
    this.#shares.delete(id);
  }

  #abort(id: number): void {
    this.#exchanges.get(id)?.destroy();
    this.#release(id);
  }

  #violate(reason: string): void {
    if (this.#isClosed) return;
    this.#options.onViolation(reason);
    this.#options.port.close();
    this.#close();
  }

  #close(): void {
    this.#isClosed = true;
    for (const exchange of this.#exchanges.values()) exchange.destroy();
    this.#exchanges.clear();
    this.#dialer.close();
  }
}

/**
 * Messages between a connector and the egress thread, which owns every socket. Each request, WebSocket and TCP
 * connection has an id that the connector chooses. `d` is the only binary member; over pipes it follows the JSON
 * header as raw bytes. Both sides send at most the credit that they received: `credit` returns the bytes that were
 * read or written.
 */
export const EGRESS_LIMITS = {
  /** Requests, WebSockets and TCP connections of one connector at the same time. */
  openIds: 64,
  /** WebSockets and TCP connections among them. */
  openSockets: 48,
  urlChars: 8 * 1024,
  /** Names and values of all headers of one request. */
  headerChars: 64 * 1024,
  headerCount: 200,
  /** One WebSocket message, and the bytes of any other message. */
  frameBytes: 16 * 1024 * 1024,
  /**
   * Bytes of one connector that the thread holds: unsent ones, WebSocket messages that the connector has not read, and
   * those that have not arrived as a whole.
   */
  heldBytes: 64 * 1024 * 1024,
  redirects: 5,
  /** Informational responses (status 1xx) to one request: no credit holds them back. */
  informational: 100,
  /** Names of one connector that the system looks up at the same time. */
  pendingLookups: 16,
  /** A server that sends nothing for this long, ms; as long as the runtime's own `fetch` waits. */
  responseMs: 300_000,
  /** Credit of one id in each direction, bytes. */
  windowBytes: 256 * 1024,
  /** Added to the size of each WebSocket message, so that empty messages use credit. */
  messageOverhead: 64,
  /** A longer request body follows its request as parts. */
  inlineBodyBytes: 1024 * 1024,
  messagesPerSecond: 20_000,
  /** Bytes of frames that a process may send. */
  processBytesPerSecond: 256 * 1024 * 1024,
  /** JSON header of one frame on a pipe, bytes. */
  frameHeaderBytes: 256 * 1024,
  subprotocols: 20,
  controlBytes: 125,
} as const;

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** From the connector to the egress thread. */
export type EgressRequest =
  | {
      readonly type: "fetch";
      readonly id: number;
      readonly url: string;
      readonly method: string;
      readonly headers: HeaderList;
      readonly redirect: "follow" | "manual" | "error";
      /**
       * The length of a body that follows as parts; -1 if it is unknown. Without this member the body is `d`, or
       * empty.
       */
      readonly bodyLength?: number | undefined;
      readonly d?: Uint8Array | undefined;
    }
  | {
      readonly type: "websocket";
      readonly id: number;
      readonly url: string;
      readonly protocols: readonly string[];
      readonly headers: HeaderList;
      readonly deflate: boolean;
      readonly handshakeMs?: number | undefined;
      readonly maxPayload?: number | undefined;
    }
  | { readonly type: "tcp"; readonly id: number; readonly host: string; readonly port: number }
  /** Bytes of a request body, of a TCP connection, or one WebSocket message. */
  | { readonly type: "data"; readonly id: number; readonly d: Uint8Array; readonly isText?: boolean | undefined }
  /** The end of a request body, or of the writable side of a TCP connection. */
  | { readonly type: "end"; readonly id: number }
  | { readonly type: "ping" | "pong"; readonly id: number; readonly d: Uint8Array }
  | {
      readonly type: "close";
      readonly id: number;
      readonly code?: number | undefined;
      readonly reason?: string | undefined;
    }
  | {
      readonly type: "options";
      readonly id: number;
      readonly noDelay?: boolean | undefined;
      readonly keepAliveMs?: number | undefined;
    }
  | { readonly type: "credit"; readonly id: number; readonly n: number }
  | { readonly type: "abort"; readonly id: number };

/** From the egress thread to the connector. */
export type EgressReply =
  | {
      readonly type: "response";
      readonly id: number;
      readonly status: number;
      readonly statusText: string;
      readonly headers: HeaderList;
      readonly url: string;
      readonly redirected: boolean;
      /** The first bytes of the body; the whole body if `isLast`. */
      readonly d?: Uint8Array | undefined;
      readonly isLast: boolean;
    }
  | { readonly type: "data"; readonly id: number; readonly d: Uint8Array; readonly isText?: boolean | undefined }
  | { readonly type: "end"; readonly id: number }
  | { readonly type: "credit"; readonly id: number; readonly n: number }
  | { readonly type: "open"; readonly id: number; readonly protocol: string; readonly extensions: string }
  | { readonly type: "connected"; readonly id: number; readonly addresses: SocketAddresses }
  | { readonly type: "ping" | "pong"; readonly id: number; readonly d: Uint8Array }
  | {
      readonly type: "closed";
      readonly id: number;
      readonly code?: number | undefined;
      readonly reason?: string | undefined;
    }
  /** The id is free afterwards. */
  | {
      readonly type: "error";
      readonly id: number;
      readonly message: string;
      readonly code?: string | undefined;
      readonly syscall?: string | undefined;
    };

export interface SocketAddresses {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** What one connector may reach. The host sends it to the egress thread; the connector cannot change it. */
export interface NetworkPolicy {
  /** Host names and addresses; undefined allows every public address. */
  readonly hosts?: readonly string[] | undefined;
  /** `host:port` addresses for TCP connections. */
  readonly tcp: readonly string[];
  /** An HTTP proxy for `fetch` and WebSocket, `http://host:port`. */
  readonly proxy?: string | undefined;
  /** PEM texts that are trusted in addition to the runtime's certificates. */
  readonly ca?: readonly string[] | undefined;
}

/**
 * From the host to the egress thread: serve one connector. A port is transferred with it: that of the connector's
 * thread, or for a process, a port that closes when the host ends the connection.
 */
export interface ServeMessage {
  readonly type: "serve";
  readonly connection: number;
  readonly policy: NetworkPolicy;
  readonly process?: ProcessSocket | undefined;
}

/** The messages of a process are frames on a socket. */
export interface ProcessSocket {
  /** The thread connects to it. */
  readonly path: string;
  readonly sessionKey: Uint8Array;
}

/** From the egress thread to the host: a connector violated the protocol, and its port was closed. */
export interface ViolationMessage {
  readonly type: "violation";
  readonly connection: number;
  readonly reason: string;
}

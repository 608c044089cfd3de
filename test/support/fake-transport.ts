/** A transport without a worker: records what the host posts, and lets a test send any message as the worker. */
import { METHODS, PROTOCOL } from "../../src/protocol/messages.ts";
import type { Transport } from "../../src/host/transport.ts";

export interface PostedMessage {
  readonly e?: string;
  /** Of a Comlink call (text), a ping or a response (number). */
  readonly id?: string | number;
  readonly last?: number;
  readonly path?: readonly string[];
}

export interface FakeTransport extends Transport {
  readonly posted: PostedMessage[];
  /** Delivers a message of the worker to the host. */
  receive(message: unknown): void;
  handshake(overrides?: object): void;
  /** Responds to the latest call of a method. */
  reply(method: string, envelope: unknown): void;
  /** Replies to the latest ping. */
  replyToPing(heapMb?: number): void;
  callsOf(method: string): readonly PostedMessage[];
  /** The worker ends. */
  exit(reason: string): void;
  readonly isMuted: boolean;
  readonly kills: number;
}

export interface FakeTransportOptions {
  /** False for a worker that cannot be ended. */
  readonly exitsWhenKilled?: boolean | undefined;
}

export function fakeTransport(options: FakeTransportOptions = {}): FakeTransport {
  const posted: PostedMessage[] = [];
  let onMessage: (message: unknown) => void = () => undefined;
  let onExit: (reason: string) => void = () => undefined;
  let isMuted = false;
  let hasExited = false;
  let kills = 0;
  const transport: FakeTransport = {
    posted,
    post: (message) => void posted.push(message as PostedMessage),
    onMessage: (listener) => void (onMessage = listener),
    onOutput: () => undefined,
    onExit: (listener) => void (onExit = listener),
    kill: () => {
      kills += 1;
      if (options.exitsWhenKilled !== false) transport.exit("killed");
      return Promise.resolve();
    },
    mute: () => void (isMuted = true),
    receive: (message) => {
      if (!isMuted) onMessage(message);
    },
    handshake: (overrides = {}) =>
      transport.receive({
        e: "handshake",
        protocol: PROTOCOL,
        sdk: 1,
        methods: [...METHODS],
        capabilities: {},
        otherMethods: [],
        notStatic: [],
        ...overrides,
      }),
    callsOf: (method) => posted.filter(({ path }) => path?.[0] === method),
    reply: (method, value) => {
      const call = transport.callsOf(method).at(-1);
      transport.receive({ id: call?.id, type: "RAW", value });
    },
    replyToPing: (heapMb = 5) => {
      const ping = posted.findLast(({ e }) => e === "ping");
      if (ping !== undefined) transport.receive({ e: "ping-reply", id: ping.id, heapMb });
    },
    exit: (reason) => {
      if (hasExited) return;
      hasExited = true;
      onExit(reason);
    },
    get isMuted() {
      return isMuted;
    },
    get kills() {
      return kills;
    },
  };
  return transport;
}

/** Lets settled promises run their handlers. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** A transport without a worker: the test reads what the host posted and sends any message as the worker would. */
import { METHODS, PROTOCOL } from "../../src/protocol/messages.ts";
import type { Transport } from "../../src/host/transport.ts";

export interface Posted {
  readonly e?: string;
  readonly id?: string;
  readonly n?: number;
  readonly path?: readonly string[];
}

export interface FakeTransport extends Transport {
  readonly posted: Posted[];
  say(message: unknown): void;
  hello(more?: object): void;
  /** Replies to the newest call of a method. */
  reply(method: string, envelope: unknown): void;
  callsOf(method: string): readonly Posted[];
  /** Ends the worker. */
  die(reason: string): void;
  readonly isMuted: boolean;
  readonly kills: number;
}

export function fakeTransport(given: { readonly diesWhenKilled?: boolean } = {}): FakeTransport {
  const posted: Posted[] = [];
  let hear: (message: unknown) => void = () => undefined;
  let over: (reason: string) => void = () => undefined;
  let isMuted = false;
  let isOver = false;
  let kills = 0;
  const die = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    over(reason);
  };
  const transport: FakeTransport = {
    posted,
    post: (message) => void posted.push(message as Posted),
    onMessage: (listener) => void (hear = listener),
    onOutput: () => undefined,
    onExit: (listener) => void (over = listener),
    kill: () => {
      kills += 1;
      if (given.diesWhenKilled !== false) die("killed");
      return Promise.resolve();
    },
    mute: () => void (isMuted = true),
    say: (message) => {
      if (!isMuted) hear(message);
    },
    hello: (more = {}) =>
      transport.say({ e: "hello", protocol: PROTOCOL, sdk: 1, methods: [...METHODS], capabilities: {}, ...more }),
    callsOf: (method) => posted.filter(({ path }) => path?.[0] === method),
    reply: (method, value) => {
      const call = transport.callsOf(method).at(-1);
      transport.say({ id: call?.id, type: "RAW", value });
    },
    die,
    get isMuted() {
      return isMuted;
    },
    get kills() {
      return kills;
    },
  };
  return transport;
}

/** Runs the continuations of settled promises. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/**
 * The stream of an account while its venue is away: the clock is a fake, and no connection is made. In this tier
 * each file has globals of its own: an hour of a fake clock that unit tests share took longer than a test may.
 */
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { AccountStream, type AccountStreamOptions } from "../../connectors/account-stream.ts";

const venue: { isAway: boolean; attempts: number; socket: FakeSocket | undefined } = {
  isAway: false,
  attempts: 0,
  socket: undefined,
};

class FakeSocket extends EventEmitter {
  constructor() {
    super();
    venue.attempts += 1;
    venue.socket = this;
    setTimeout(() => (venue.isAway ? this.fail() : this.emit("open")), 1);
  }
  fail(): void {
    this.emit("error", new Error(venue.attempts % 2 === 0 ? "refused" : "reset"));
    this.emit("close");
  }
  send(): void {
    setTimeout(() => this.emit("message", Buffer.from('"subscribed"')), 1);
  }
  ping(): void {
    this.emit("pong");
  }
  terminate(): void {
    this.emit("close");
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const HOUR_MS = 3_600_000;

it("an hour away: about one attempt a minute, few lines of log, and back within two minutes", async () => {
  const said: string[] = [];
  const options: AccountStreamOptions = {
    ...{ name: "the stream", url: "ws://venue", pingEveryMs: 10_000, opening: () => ["subscribe"] },
    read: () => ({ kind: "subscribed" }),
    onDown: () => void said.push("down"),
    onRestored: () => Promise.resolve(void said.push("up")),
    warn: (message, error) => void said.push(`${message}: ${String(error)}`),
  };
  const stream = new AccountStream(options, () => new FakeSocket() as unknown as WebSocket);
  const opened = stream.open();
  await vi.advanceTimersByTimeAsync(10);
  await opened;
  venue.isAway = true;
  venue.attempts = 0;
  venue.socket?.terminate();
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(said.filter((line) => line === "down")).toHaveLength(1);
  expect(venue.attempts).toBeGreaterThan(40);
  expect(venue.attempts).toBeLessThanOrEqual(90);
  // Two different failures, six times an hour each.
  expect(said.length - 1).toBeLessThanOrEqual(2 * 7);
  venue.isAway = false;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(said.at(-1)).toBe("up");
  stream.close();
});

it("a cut while the gap of an earlier one is read, which then fails: one connection is opened, not two", async () => {
  const failures: ((error: Error) => void)[] = [];
  const open = new Set<FakeSocket>();
  const options: AccountStreamOptions = {
    ...{ name: "the stream", url: "ws://venue", pingEveryMs: 10_000, opening: () => ["subscribe"] },
    read: () => ({ kind: "subscribed" }),
    onDown: () => undefined,
    onRestored: () => new Promise((_resolve, reject) => void failures.push(reject)),
    warn: () => undefined,
  };
  const stream = new AccountStream(options, () => {
    const socket = new FakeSocket();
    open.add(socket.on("close", () => open.delete(socket)));
    return socket as unknown as WebSocket;
  });
  const opened = stream.open();
  await vi.advanceTimersByTimeAsync(10);
  await opened;
  for (let cuts = 1; cuts <= 2; cuts += 1) {
    venue.socket?.terminate();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(failures).toHaveLength(cuts);
  }
  // As both wait for the same reading.
  for (const fail of failures.splice(0)) fail(new Error("504"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([failures, open.size]).toEqual([[expect.any(Function)], 1]);
  stream.close();
});

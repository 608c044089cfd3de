/** Which symbols a built-in connector streams, and what happens when its stream of quotes fails. */
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { type QuoteFeed, type QuoteStep, QuoteStream } from "../../connectors/quote-stream.ts";
import type { Quote } from "../../src/domain/sdk.ts";

const MINUTE_MS = 60_000;

class FakeSocket extends EventEmitter {
  readonly sent: string[] = [];
  answersPings = true;
  isOpen = true;
  send(text: string): void {
    this.sent.push(text);
  }
  ping(): void {
    if (this.answersPings) this.emit("pong");
  }
  terminate(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.emit("close");
  }
  says(step: QuoteStep): void {
    this.emit("message", Buffer.from(JSON.stringify(step)));
  }
}

let sockets: FakeSocket[];
let emitted: string[];
let warned: string[];
let stream: QuoteStream;

const FEED: QuoteFeed = {
  ...{ name: "the stream of quotes", url: "ws://venue", symbolsMax: 3, opening: () => ["hello"] },
  change: ({ action, symbols }) => [`${action} ${symbols.join(" ")}`],
  read: (message) => [message as QuoteStep],
};

beforeEach(() => {
  vi.useFakeTimers();
  [sockets, emitted, warned] = [[], [], []];
  stream = openStream(FEED);
});
afterEach(() => vi.useRealTimers());

function openStream(feed: QuoteFeed): QuoteStream {
  const connect = (): WebSocket => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket as unknown as WebSocket;
  };
  const sink = {
    emit: ({ symbol }: Quote) => void emitted.push(symbol),
    warn: (message: string) => void warned.push(message),
  };
  return new QuoteStream(feed, sink, { connect, random: () => 0.5 });
}

const quote = (symbol: string): QuoteStep => ({ kind: "quote", quote: { symbol, bid: "1", ask: "2", timestamp: 1 } });

/** Opens the newest connection, and lets the venue accept it. */
function accept(): FakeSocket {
  const socket = sockets.at(-1) as FakeSocket;
  socket.emit("open");
  socket.says({ kind: "ready" });
  return socket;
}

it("there is no connection until a symbol is asked for, and one for all symbols", () => {
  expect(sockets).toHaveLength(0);
  stream.want("A");
  stream.want("B");
  expect(sockets).toHaveLength(1);
  expect(accept().sent).toEqual(["hello", "subscribe A B"]);
});

it("a venue that asks for no sign-in gets the symbols at once", () => {
  stream = openStream({ ...FEED, opening: () => [] });
  stream.want("A");
  sockets[0]?.emit("open");
  expect(sockets[0]?.sent).toEqual(["subscribe A"]);
});

it.each([
  ["each new symbol is added", "A B C", ["subscribe A", "subscribe B", "subscribe C"]],
  ["a symbol is added once", "A A A", ["subscribe A"]],
  [
    "past the venue's limit the symbol of the longest ago is dropped first",
    "A B C D",
    ["subscribe A", "subscribe B", "subscribe C", "unsubscribe A", "subscribe D"],
  ],
  [
    "a symbol that is asked for again is kept",
    "A B C A D",
    ["subscribe A", "subscribe B", "subscribe C", "unsubscribe B", "subscribe D"],
  ],
])("%s", (_name, asked, messages) => {
  const [first = "", ...others] = asked.split(" ");
  stream.want(first);
  const socket = accept();
  for (const symbol of others) {
    vi.advanceTimersByTime(1_000);
    stream.want(symbol);
  }
  expect(socket.sent.slice(1)).toEqual(messages);
});

it("a burst of new symbols is one change a second", () => {
  stream.want("A");
  const socket = accept();
  for (const symbol of ["B", "C", "D"]) stream.want(symbol);
  expect(socket.sent.slice(1)).toEqual(["subscribe A"]);
  vi.advanceTimersByTime(1_000);
  expect(socket.sent.slice(2)).toEqual(["unsubscribe A", "subscribe B C D"]);
});

it("a symbol that was not asked for in ten minutes is dropped, and the connection with the last one", () => {
  stream.want("A");
  const socket = accept();
  vi.advanceTimersByTime(6 * MINUTE_MS);
  stream.want("B");
  vi.advanceTimersByTime(4 * MINUTE_MS);
  expect(socket.sent.at(-1)).toBe("unsubscribe A");
  socket.says(quote("A"));
  socket.says(quote("B"));
  expect(emitted).toEqual(["B"]);
  vi.advanceTimersByTime(6 * MINUTE_MS);
  expect(socket.isOpen).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
  expect(warned).toEqual([]);
});

it("after a cut the symbols are subscribed to again, and nothing is emitted until a quote arrives", () => {
  stream.want("A");
  const cut = accept();
  cut.says(quote("A"));
  cut.terminate();
  cut.says(quote("A"));
  vi.advanceTimersByTime(1_000);
  const next = accept();
  expect(next.sent).toEqual(["hello", "subscribe A"]);
  expect(emitted).toEqual(["A"]);
  next.says(quote("A"));
  expect(emitted).toEqual(["A", "A"]);
  expect(warned).toEqual(["the stream of quotes does not work, so the desk asks for each quote: the connection ended"]);
});

it("a connection that answers no ping is ended, and another one is opened", () => {
  stream.want("A");
  accept().answersPings = false;
  vi.advanceTimersByTime(27_000);
  expect(sockets).toHaveLength(2);
});

it("a venue that refuses the account is asked again after a quarter of an hour, whatever the desk asks", () => {
  stream.want("A");
  accept().says({ kind: "refused", words: "another program uses it" });
  for (let minute = 1; minute < 15; minute++) {
    vi.advanceTimersByTime(MINUTE_MS);
    stream.want("A");
  }
  expect(sockets).toHaveLength(1);
  expect(warned).toEqual([
    "the stream of quotes does not work, so the desk asks for each quote: another program uses it",
  ]);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(sockets).toHaveLength(2);
});

it("a host that the connector may not reach is one line of log, and no error of the quote", () => {
  const connect = (): never => {
    throw new Error("stream.example is not in hosts");
  };
  stream = new QuoteStream(FEED, { emit: () => undefined, warn: (message) => warned.push(message) }, { connect });
  stream.want("A");
  stream.want("B");
  expect(warned).toEqual([expect.stringContaining("stream.example is not in hosts")]);
});

it("a venue that accepts each connection and ends it is tried less and less often, with one line of log", () => {
  stream.want("A");
  for (let second = 0; second < 300; second++) {
    if (sockets.at(-1)?.isOpen === true) accept().says({ kind: "failed", words: "internal error" });
    vi.advanceTimersByTime(1_000);
  }
  expect(sockets).toHaveLength(10);
  expect(warned).toHaveLength(1);
});

it("a message that cannot be read is left out, and the next quote is emitted", () => {
  stream.want("A");
  const socket = accept();
  socket.emit("message", Buffer.from('{"kind":"quo'));
  socket.says(quote("A"));
  expect(emitted).toEqual(["A"]);
  expect(warned).toEqual([expect.stringContaining("a message of the stream of quotes cannot be read")]);
});

it("a stream that is closed opens no other", () => {
  stream.want("A");
  accept().terminate();
  stream.close();
  stream.want("B");
  vi.advanceTimersByTime(MINUTE_MS);
  expect(sockets).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

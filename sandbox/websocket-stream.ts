/** `createWebSocketStream` of the package `ws`, which ccxt.pro reads its connections with. */
import { Duplex, type DuplexOptions } from "node:stream";
import type { EventEmitter } from "node:events";

/** What a stream needs of a connection. */
interface StreamedSocket extends EventEmitter {
  readonly readyState: number;
  readonly CONNECTING: number;
  readonly CLOSED: number;
  readonly isPaused: boolean;
  pause(): void;
  resume(): void;
  send(data: unknown, done: (error?: Error) => void): void;
  close(): void;
  terminate(): void;
}

/** Each message is a chunk: text if the stream reads objects, else a Buffer. A stream that is not read is paused. */
export function createWebSocketStream(socket: StreamedSocket, options: DuplexOptions = {}): Duplex {
  const whenOpen = (run: () => void): void => {
    if (socket.readyState === socket.CONNECTING) socket.once("open", run);
    else run();
  };
  const stream = new Duplex({
    ...options,
    objectMode: false,
    writableObjectMode: false,
    read: () => {
      if (socket.isPaused) socket.resume();
    },
    write: (chunk: unknown, _encoding, done) => whenOpen(() => socket.send(chunk, done)),
    final: (done) =>
      whenOpen(() => {
        if (socket.readyState === socket.CLOSED) return done();
        socket.once("close", () => done());
        socket.close();
      }),
    destroy: (error, done) => {
      if (socket.readyState !== socket.CLOSED) socket.terminate();
      done(error);
    },
  });
  socket.on("message", (data: unknown, isBinary: boolean) => {
    if (stream.destroyed) return;
    if (!stream.push(!isBinary && stream.readableObjectMode ? String(data) : data)) socket.pause();
  });
  socket.once("error", (error: Error) => void stream.destroy(error));
  socket.once("close", () => {
    if (!stream.destroyed) stream.push(null);
  });
  return stream;
}

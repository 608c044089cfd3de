/** Reads the frames of a child process from a stream. */
import type { Readable } from "node:stream";
import { messageOf } from "../domain/errors/error.ts";
import { FrameReader, type FrameReaderOptions } from "../protocol/frames.ts";

export interface FrameStreamOptions extends FrameReaderOptions {
  /** Called with the size of each chunk before it is read. If it throws, the chunk is invalid. */
  readonly admit?: (bytes: number) => void;
  /** Called with the reason if the stream cannot be read: a limit, a frame, or an error of `onMessage`. */
  readonly onInvalid: (reason: string) => void;
}

export function readFrames(stream: Readable, { admit, onInvalid, ...options }: FrameStreamOptions): void {
  const frames = new FrameReader(options);
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => {
    try {
      admit?.(chunk.byteLength);
      frames.push(chunk);
    } catch (error) {
      frames.close();
      onInvalid(messageOf(error));
    }
  });
}

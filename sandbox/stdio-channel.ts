/**
 * The port of a connector in a child process: one JSON line per message, received on standard input and sent on
 * descriptor 3. Writes block until the kernel has the line. So everything that was posted before the process ended
 * reaches the host, and a slow host slows this process down instead of filling its memory.
 */
import { writeSync } from "node:fs";
import { LineSplitter } from "../src/lib/line-splitter.ts";

export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

const OUTPUT_FD = 3;

export function openStdioPort(): WorkerPort {
  const { stdin } = process;
  const exit = process.exit.bind(process);
  return {
    post: (message) => {
      let buffer = Buffer.from(`${JSON.stringify(message)}\n`);
      try {
        while (buffer.length > 0) buffer = buffer.subarray(writeSync(OUTPUT_FD, buffer));
      } catch {
        // The host is gone: a connector does not outlive its desk.
        exit(0);
      }
    },
    onMessage: (listener) => {
      const splitter = new LineSplitter({
        maxBytes: Number.POSITIVE_INFINITY,
        onLine: (line) => listener(JSON.parse(line)),
      });
      stdin.on("data", (chunk: Buffer) => splitter.push(chunk));
      stdin.on("end", () => exit(0));
    },
  };
}

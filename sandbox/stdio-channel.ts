/**
 * The port of a connector that runs in a process of its own: one JSON text a line, in by standard input, out by descriptor 3.
 * Writing blocks until the kernel has the line, so whatever was posted before the end is heard, and a host that is slow holds
 * this process back instead of filling its memory.
 */
import { writeSync } from "node:fs";
import { LineSplitter } from "../src/lib/line-splitter.ts";

export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

const OUT = 3;

export function openPipe(): WorkerPort {
  const { stdin } = process;
  const exit = process.exit.bind(process);
  return {
    post: (message) => {
      let line = Buffer.from(`${JSON.stringify(message)}\n`);
      try {
        while (line.length > 0) line = line.subarray(writeSync(OUT, line));
      } catch {
        // Nobody reads any more: a connector does not outlive its desk.
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

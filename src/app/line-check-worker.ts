/** Worker thread that compares the lines of each segment that it receives with their hashes. */
import { parentPort } from "node:worker_threads";
import { matchingEnd } from "../bus/journal-record.ts";
import { bufferView } from "../lib/buffer-view.ts";

const port = parentPort;
port?.on("message", (segment: Uint8Array) => port.postMessage(matchingEnd(bufferView(segment))));

/** Reads the JSON body of a request of the page, within a limit. */
import type { IncomingMessage } from "node:http";

export const BODY_BYTES_MAX = 64 * 1024;

/** The text of the body; undefined if it is too long, or if the connection ends before the body does. */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= BODY_BYTES_MAX) parts.push(part);
      else resolve(undefined);
    });
    request.once("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    request.once("error", () => resolve(undefined));
    request.once("close", () => resolve(undefined));
  });
}

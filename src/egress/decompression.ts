/** Decompresses a response body by its content-encoding. */
import type { IncomingMessage } from "node:http";
import { PassThrough, type Readable, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { networkError } from "./address-policy.ts";

const BODILESS: readonly (number | undefined)[] = [204, 304];
const TOLERANT = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

/** Returns the stream of the decoded bytes. `onError` is called for an error of the connection or of the encoding. */
export function decompressed(response: IncomingMessage, method: string, onError: (error: Error) => void): Readable {
  response.on("error", onError);
  response.on("aborted", () => onError(networkError("the response ended early", "ECONNRESET")));
  const encoding = (response.headers["content-encoding"] ?? "").trim().toLowerCase();
  if (method === "HEAD" || BODILESS.includes(response.statusCode)) return response;
  if (encoding === "deflate") return inflated(response, onError);
  const decoder = decoderOf(encoding);
  if (decoder === undefined) return response;
  decoder.on("error", onError);
  return response.pipe(decoder);
}

function decoderOf(encoding: string): Transform | undefined {
  if (encoding === "gzip" || encoding === "x-gzip") return createGunzip(TOLERANT);
  return encoding === "br" ? createBrotliDecompress() : undefined;
}

/** Some servers send raw deflate data, without the header of zlib: the first byte decides. */
function inflated(response: IncomingMessage, onError: (error: Error) => void): Readable {
  const output = new PassThrough();
  const endEmpty = (): void => void output.end();
  response.once("end", endEmpty);
  response.once("data", (first: Buffer) => {
    response.off("end", endEmpty);
    response.pause();
    const decoder = ((first[0] ?? 0) & 0x0f) === 0x08 ? createInflate() : createInflateRaw();
    decoder.on("error", onError);
    decoder.write(first);
    response.pipe(decoder).pipe(output);
  });
  return output;
}

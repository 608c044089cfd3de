/** Frames of the TWS API: a length of four bytes, then fields that each end with a zero byte. */

const LENGTH_BYTES = 4;
/** The longest message of a client. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
/** What a client sends first. The length and the versions that it speaks follow. */
const GREETING = "API\0";

export type TwsFields = readonly (string | number)[];

export function frameOf(fields: TwsFields): Buffer {
  const body = Buffer.from(`${fields.join("\0")}\0`);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Cuts the bytes of a client into messages. */
export class TwsFrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #isGreeted = false;

  /**
   * Returns the messages that are complete. The first one is the text of the client's versions, as one field.
   * @throws Error for a message that is too long.
   */
  read(bytes: Buffer): readonly (readonly string[])[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const messages: (readonly string[])[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) messages.push(message);
    return messages;
  }

  #next(): readonly string[] | undefined {
    const start = this.#isGreeted ? 0 : GREETING.length;
    if (this.#rest.length < start + LENGTH_BYTES) return undefined;
    const from = start + LENGTH_BYTES;
    const length = this.#rest.readUInt32BE(start);
    if (length > MESSAGE_BYTES_MAX) throw new Error(`a message of ${length} bytes`);
    const end = from + length;
    if (this.#rest.length < end) return undefined;
    const text = this.#rest.subarray(from, end).toString("utf8");
    this.#rest = this.#rest.subarray(end);
    this.#isGreeted = true;
    return text.endsWith("\0") ? text.slice(0, -1).split("\0") : [text];
  }
}

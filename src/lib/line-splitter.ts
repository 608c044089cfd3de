/** Splits a byte stream into lines, with a bound on the length of a line. */

export interface LineSplitterOptions {
  /** Bytes of one line, without its line feed. */
  readonly maxBytes: number;
  /** Called for each line in order, without its line feed. */
  onLine(line: string): void;
  /**
   * Called once for a line of more than `maxBytes`, with the bytes seen so far; the rest of the stream is ignored. If
   * absent, a longer line is passed on in pieces of at most `maxBytes`, cut between characters.
   */
  onTooLong?: ((bytes: number) => void) | undefined;
}

const LINE_FEED = 0x0a;

export class LineSplitter {
  readonly #options: LineSplitterOptions;
  #maxBytes: number;
  /** The parts of the line that has not ended yet; joined once, since a line may be many megabytes. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #isClosed = false;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
  }

  /** The lines after the current one may have this many bytes, also in the chunk that is being split. */
  setMaxBytes(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    let start = 0;
    while (!this.#isClosed) {
      const end = bytes.indexOf(LINE_FEED, start);
      this.#append(bytes.subarray(start, end === -1 ? bytes.length : end));
      if (end === -1) return;
      if (!this.#isClosed) this.#options.onLine(this.#take());
      start = end + 1;
    }
  }

  /** The stream has ended: passes on a last line that has no line feed. */
  end(): void {
    if (!this.#isClosed && this.#size > 0) this.#options.onLine(this.#take());
    this.close();
  }

  /** Ignores whatever follows, also in the chunk that is being split. */
  close(): void {
    this.#isClosed = true;
    this.#parts = [];
    this.#size = 0;
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size <= this.#maxBytes) return;
    const { onTooLong } = this.#options;
    if (onTooLong === undefined) return this.#emitPieces();
    const size = this.#size;
    this.close();
    onTooLong(size);
  }

  #take(): string {
    const line = Buffer.concat(this.#parts, this.#size).toString("utf8");
    this.#parts = [];
    this.#size = 0;
    return line;
  }

  #emitPieces(): void {
    const { onLine } = this.#options;
    const maxBytes = this.#maxBytes;
    let bytes = Buffer.concat(this.#parts, this.#size);
    while (bytes.length > maxBytes && !this.#isClosed) {
      const end = characterBoundary(bytes, maxBytes);
      const piece = bytes.subarray(0, end).toString("utf8");
      bytes = bytes.subarray(end);
      [this.#parts, this.#size] = [[bytes], bytes.length];
      onLine(piece);
    }
  }
}

/** The last index up to `index` at which a UTF-8 character begins; `index` itself if the bytes are not UTF-8. */
function characterBoundary(bytes: Uint8Array, index: number): number {
  for (let start = index; start > Math.max(0, index - 4); start--) {
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start;
  }
  return index;
}

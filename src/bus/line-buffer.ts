/** Lines of the journal as bytes, ready to be written. Its memory is used again: lines leave nothing to collect. */
import { QocError } from "../domain/errors/error.ts";
import type { Recorded } from "../domain/event.ts";
import { LINE_BYTES_MAX, writeLine } from "./journal-record.ts";

const BYTES = 64 * 1024;
/** More is given back after one use. */
const BYTES_KEPT = 2 * 1024 * 1024;
/** A UTF-16 unit has at most so many bytes in UTF-8. */
const UNIT_BYTES = 3;
/** The brace that the end of the line replaces. */
const CLOSE_BYTES = 1;

export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(BYTES);
  #length = 0;

  /** The view is valid until `clear`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Returns the hash of the line. @throws QocError TOO_LARGE, and appends nothing. */
  append(recorded: Recorded, prev: string): string {
    const { open, end, hash } = writeLine(recorded, prev);
    this.#reserve(open.length * UNIT_BYTES + end.length);
    const size = this.#bytes.write(open, this.#length) - CLOSE_BYTES + end.length;
    if (size > LINE_BYTES_MAX)
      throw new QocError("TOO_LARGE", { what: `the ${recorded.event.type} record`, size, limit: LINE_BYTES_MAX });
    this.#length += size;
    // ASCII alone.
    this.#bytes.write(end, this.#length - end.length, "latin1");
    return hash;
  }

  clear(): void {
    if (this.#bytes.length > BYTES_KEPT) this.#bytes = Buffer.allocUnsafeSlow(BYTES);
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/**
 * Reads the segments of a journal one after another. With a checker, the lines of the next segment are compared with
 * their hashes in another thread, while those of this one are parsed and folded.
 */
import type { Disk } from "../domain/ports.ts";
import { bufferView } from "../lib/buffer-view.ts";

/** Compares lines with their hashes in another thread. */
export interface LineChecker {
  /**
   * Resolves to the end of the first lines that match their hashes (`matchingEnd`), and to 0 if it cannot tell: the
   * lines behind that place are compared by the caller. Never rejects.
   */
  check(segment: Uint8Array): Promise<number>;
  close(): void;
}

interface ReadSegment {
  readonly bytes: Buffer;
  /** The lines before this place match their hashes. */
  readonly matching: Promise<number>;
}

/** In a shorter journal a thread would take more time than it saves. */
const SEGMENTS_MIN = 3;

export class SegmentReader {
  readonly #disk: Pick<Disk, "read">;
  readonly #paths: readonly string[];
  readonly #checker: LineChecker | undefined;
  #place = 0;
  #ahead: Promise<ReadSegment> | undefined;

  constructor(disk: Pick<Disk, "read">, paths: readonly string[], openChecker: (() => LineChecker) | undefined) {
    this.#disk = disk;
    this.#paths = paths;
    this.#checker = paths.length < SEGMENTS_MIN ? undefined : openChecker?.();
  }

  async next(): Promise<{ readonly bytes: Buffer; readonly matching: number }> {
    const reading = this.#ahead ?? this.#read(this.#place);
    this.#place += 1;
    const { bytes, matching } = await reading;
    if (this.#checker !== undefined && this.#place < this.#paths.length) {
      this.#ahead = this.#read(this.#place, this.#checker);
      // The thread must have it before the caller folds this one; an error belongs to the call for the next one.
      await this.#ahead.catch(() => undefined);
    }
    return { bytes, matching: await matching };
  }

  close(): void {
    this.#checker?.close();
  }

  async #read(place: number, checker?: LineChecker): Promise<ReadSegment> {
    const bytes = bufferView(await this.#disk.read(this.#paths[place] ?? ""));
    return { bytes, matching: checker?.check(bytes) ?? Promise.resolve(0) };
  }
}

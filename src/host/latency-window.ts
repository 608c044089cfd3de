interface LatencyPercentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Latencies of the last calls, in a ring of fixed size. */
export class LatencyWindow {
  static readonly #SIZE = 256;
  readonly #ring = new Float64Array(LatencyWindow.#SIZE);
  #count = 0;
  /** Of the calls until now. To sort them takes 40 µs, and a status is asked for more often than most venues are. */
  #known: LatencyPercentiles | undefined;

  add(ms: number): void {
    this.#known = undefined;
    this.#ring[this.#count % LatencyWindow.#SIZE] = ms;
    this.#count += 1;
  }

  /** Returns undefined before the first call. */
  percentiles(): LatencyPercentiles | undefined {
    if (this.#known !== undefined) return this.#known;
    const size = Math.min(this.#count, LatencyWindow.#SIZE);
    if (size === 0) return undefined;
    const sorted = this.#ring.slice(0, size).toSorted();
    const at = (share: number): number =>
      Math.round((sorted[Math.min(size - 1, Math.floor(size * share))] ?? 0) * 1_000) / 1_000;
    return (this.#known = { p50: at(0.5), p99: at(0.99) });
  }
}

/** Percentiles of the last calls: a ring, so that it never grows. */
const KEPT = 256;

export class Latency {
  readonly #ring = new Float64Array(KEPT);
  #count = 0;

  add(ms: number): void {
    this.#ring[this.#count % KEPT] = ms;
    this.#count += 1;
  }

  /** undefined before the first call. */
  percentiles(): { readonly p50: number; readonly p99: number } | undefined {
    const size = Math.min(this.#count, KEPT);
    if (size === 0) return undefined;
    const sorted = this.#ring.slice(0, size).toSorted();
    const at = (share: number): number =>
      Math.round((sorted[Math.min(size - 1, Math.floor(size * share))] ?? 0) * 1_000) / 1_000;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

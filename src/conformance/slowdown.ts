/** How busy the machine is: a time limit of a case must not fail an adapter because of other programs. */
import type { Clock } from "../domain/ports.ts";

const CHUNKS = 40;
/** About half a millisecond of computing. */
const CHUNK_STEPS = 100_000;
const SLOWDOWN_MAX = 10;

/**
 * How many times longer computing takes now than this machine needs for it, from 1 to 10. Needs no known speed: the
 * quickest of many equal pieces was not interrupted by another program.
 */
export function slowdown(clock: Pick<Clock, "monotonic">, compute: () => void = computeChunk): number {
  const times = Array.from({ length: CHUNKS }, () => {
    const from = clock.monotonic();
    compute();
    return clock.monotonic() - from;
  });
  const total = times.reduce((sum, time) => sum + time, 0);
  const undisturbed = Math.min(...times) * CHUNKS;
  return undisturbed === 0 ? 1 : Math.min(SLOWDOWN_MAX, total / undisturbed);
}

function computeChunk(): void {
  let sum = 0;
  for (let step = 0; step < CHUNK_STEPS; step += 1) sum = (sum * 31 + step) % 1_000_003;
  if (sum < 0) throw new Error("not reached");
}

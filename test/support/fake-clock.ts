/** A clock that moves only when the test advances it. */
import type { Clock } from "../../src/domain/ports.ts";

export interface FakeClock extends Clock {
  /** Moves both clocks and runs the timers that fall due, in order of due time, then of creation. */
  advance(ms: number): void;
  /** Moves both clocks, and runs no timer: the event loop did not turn. */
  stall(ms: number): void;
  /** Steps the wall clock only, as a time server may; timers are not affected. */
  step(ms: number): void;
  /** Number of pending timers. */
  readonly waiting: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

export function fakeClock(startMs = Date.parse("2026-07-06T13:30:00.000Z")): FakeClock {
  let wall = startMs;
  let elapsed = 0;
  let asked = 0;
  const timers = new Set<Timer>();
  const nextBy = (limit: number): Timer | undefined =>
    [...timers].filter((timer) => timer.due <= limit).toSorted((a, b) => a.due - b.due || a.order - b.order)[0];
  const moveTo = (at: number): void => {
    const ms = Math.max(0, at - elapsed);
    wall += ms;
    elapsed += ms;
  };
  return {
    now: () => wall,
    monotonic: () => elapsed,
    after: (ms, run) => {
      asked += 1;
      const timer = { due: elapsed + ms, order: asked, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => {
      const until = elapsed + ms;
      for (let timer = nextBy(until); timer !== undefined; timer = nextBy(until)) {
        timers.delete(timer);
        moveTo(timer.due);
        timer.run();
      }
      moveTo(until);
    },
    stall: (ms) => moveTo(elapsed + ms),
    step: (ms) => {
      wall += ms;
    },
    get waiting() {
      return timers.size;
    },
  };
}

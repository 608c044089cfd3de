import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeskTime, stopwatch } from "../../src/ui/desk-time.ts";

/** Both clocks of a browser, and the desk's. */
class Clocks {
  readonly desk = { at: 1_000_000_000 };
  readonly #skew: number;
  #monotonic = 0;

  constructor(skew: number) {
    this.#skew = skew;
  }

  #set = 0;
  wall = (): number => this.desk.at + this.#skew + this.#set;
  monotonic = (): number => this.#monotonic;

  pass(ms: number): void {
    this.desk.at += ms;
    this.#monotonic += ms;
  }

  /** The machine sleeps: the page's own clock pauses. */
  sleep(ms: number): void {
    this.desk.at += ms;
  }

  /** Somebody sets the clock of the day. */
  set(ms: number): void {
    this.#set += ms;
  }
}

describe("the desk's time in a browser", () => {
  it.each([0, -1_200_000, 1_200_000])(
    "is the desk's after an answer, if the browser's clock is off by %i ms",
    (skew) => {
      const clocks = new Clocks(skew);
      const time = new DeskTime(clocks);
      time.learn(clocks.desk.at, 0);
      clocks.pass(5_000);
      expect(time.now()).toBe(clocks.desk.at);
      clocks.sleep(60_000);
      expect(time.now()).toBe(clocks.desk.at);
    },
  );

  it("is never before the desk's, so that nothing seems newer than it is, whatever happens to the clocks", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("pass", "sleep", "learn"), fc.integer({ min: 0, max: 100_000 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), steps, (skew, taken) => {
        const clocks = new Clocks(skew);
        const time = new DeskTime(clocks);
        time.learn(clocks.desk.at, 0);
        for (const [step, ms] of taken) {
          if (step === "learn") time.learn(clocks.desk.at, 0);
          else clocks[step](ms);
          expect(time.now()).toBeGreaterThanOrEqual(clocks.desk.at);
        }
      }),
    );
  });

  it("an answer that was read long after it was sent does not set the clock back", () => {
    const clocks = new Clocks(0);
    const time = new DeskTime(clocks);
    const passed = stopwatch(clocks);
    const sent = clocks.desk.at;
    clocks.sleep(3_600_000);
    time.learn(sent, passed());
    expect([passed(), time.now()]).toEqual([3_600_000, clocks.desk.at]);
    time.learn(clocks.desk.at, 20);
    time.learn(sent, passed());
    expect(time.now()).toBe(clocks.desk.at);
  });

  it("never makes a value seem newer than it is, however long each request and answer travel", () => {
    const delay = fc.integer({ min: 0, max: 2_000 });
    const asked = fc.record({ there: delay, back: delay, pause: fc.integer({ min: 0, max: 20_000 }) });
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), fc.array(asked, { maxLength: 30 }), (skew, requests) => {
        const clocks = new Clocks(skew);
        const time = new DeskTime(clocks);
        const values: { readonly askedAt: number; readonly isOf: number }[] = [];
        for (const { there, back, pause } of requests) {
          const [isOf, passed] = [clocks.desk.at, stopwatch(clocks)];
          clocks.pass(there);
          const answered = clocks.desk.at;
          clocks.pass(back);
          time.learn(answered, passed());
          values.push({ askedAt: time.now() - passed(), isOf });
          clocks.pass(pause);
          for (const value of values)
            expect(time.now() - value.askedAt).toBeGreaterThanOrEqual(clocks.desk.at - value.isOf);
        }
      }),
    );
  });

  it("does not go back if the clock of the day is set back, and is right again after the next answer", () => {
    const clocks = new Clocks(0);
    const time = new DeskTime(clocks);
    time.learn(clocks.desk.at, 0);
    clocks.pass(10_000);
    clocks.set(-3_600_000);
    expect(time.now()).toBe(clocks.desk.at);
    clocks.set(7_200_000);
    expect(time.now()).toBeGreaterThan(clocks.desk.at);
    time.learn(clocks.desk.at, 0);
    expect(time.now()).toBe(clocks.desk.at);
  });
});

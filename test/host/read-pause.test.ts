/** Reads are held back as long as the venue asks; orders and cancels pass. */
import { expect, it } from "vitest";
import { ASKED_PAUSE_MAX_MS, ReadPause } from "../../src/host/read-pause.ts";
import { fakeClock } from "../support/fake-clock.ts";

const limited = (retryAfterMs: number) => ({ ok: false, kind: "rate-limited", message: "429", retryAfterMs }) as const;

it("a pause holds back reads and no order, cancel or sign-in, until it ends", () => {
  const clock = fakeClock();
  const pause = new ReadPause(clock);
  expect(pause.answer("getQuote")).toBeUndefined();
  pause.note(limited(5_000));
  pause.note(limited(1_000));
  clock.advance(2_000);
  expect(pause.answer("getQuote")).toEqual(limited(3_000));
  for (const method of ["placeOrder", "cancelOrder", "replaceOrder", "connect", "disconnect"] as const)
    expect(pause.answer(method)).toBeUndefined();
  clock.advance(3_000);
  expect([pause.answer("getQuote"), pause.now]).toEqual([undefined, undefined]);
});

it("a pause is at most fifteen minutes, and an answer without a time makes none", () => {
  const pause = new ReadPause(fakeClock());
  pause.note({ ok: false, kind: "rate-limited", message: "429" });
  expect(pause.now).toBeUndefined();
  pause.note(limited(10 * ASKED_PAUSE_MAX_MS));
  expect(pause.now?.waitMs).toBe(ASKED_PAUSE_MAX_MS);
});

/** A link that fails once is used again at once; a link that fails often only after a while. */
import { expect, it } from "vitest";
import { LinkState } from "../../src/host/link-state.ts";
import { fakeClock } from "../support/fake-clock.ts";

function scenario() {
  const clock = fakeClock();
  const changes: (string | undefined)[] = [];
  const link: LinkState = new LinkState(clock, () => void changes.push(link.problem));
  return { clock, changes, link };
}

it("a link that is down has a problem with its reason, and none when it is up again", () => {
  const { link, changes } = scenario();
  link.change(true);
  link.change(false, "1100");
  link.change(false, "1100 again");
  link.change(true);
  expect(changes).toEqual(["stream down: 1100", undefined]);
});

it("a link that is down has the newest reason, and none of them is lost to a report without one", () => {
  const { link, changes } = scenario();
  link.change(false, "1100");
  link.change(false, "the gateway was stopped");
  expect(link.problem).toBe("stream down: the gateway was stopped");
  link.change(false);
  expect(link.problem).toBe("stream down: the gateway was stopped");
  expect(changes).toEqual(["stream down: 1100"]);
});

it("a link that fails every second is used at most about once a minute, and at once after ten quiet minutes", () => {
  const { link, changes, clock } = scenario();
  for (let second = 0; second < 3_600; second++) {
    link.change(false);
    link.change(true);
    clock.advance(1_000);
  }
  expect(changes.length).toBeLessThan(150);
  clock.advance(11 * 60_000);
  expect(link.problem).toBeUndefined();
  link.change(false);
  link.change(true);
  expect(link.problem).toBeUndefined();
});

it("a new session starts with a link that is up, and no timer of the old one changes it", () => {
  const { link, changes, clock } = scenario();
  link.change(false);
  link.change(true);
  link.change(false);
  link.change(true);
  link.reset();
  const before = changes.length;
  clock.advance(60_000);
  expect([link.problem, changes.length]).toEqual([undefined, before]);
});

import { describe, expect, it } from "vitest";
import { QocError } from "../../../src/domain/errors/error.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import { PollPace } from "../../../src/trading/orders/poll-pace.ts";
import { paced } from "../../../src/trading/orders/reconcile.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { quietLog } from "../../support/quiet-log.ts";

function limited(retryAfterMs: number): QocError {
  return new QocError(
    "RATE_LIMITED",
    { connector: "v", method: "getOrder", message: "429" },
    { data: { retryAfterMs } },
  );
}

it("a poll that fails for an hour is logged a few times, with the next pause", async () => {
  const desk = { log: quietLog(), market: { polls: new PollPace(fakeClock()) } };
  const fails = () => Promise.reject(new Error("down"));
  for (let poll = 0; poll < 60; poll++) await paced(desk as never, "v" as ConnectorName, fails);
  const lines = desk.log
    .text()
    .split("\n")
    .filter((line) => line.includes("polling v failed"));
  expect(lines).toHaveLength(5 + 6);
  expect(lines.at(-1)).toContain("the next poll is in 60 s: down");
});

describe("the pause after a failed poll", () => {
  it("doubles up to a minute and ends with a success", () => {
    const pace = new PollPace(fakeClock());
    const pauses = Array.from({ length: 7 }, () => pace.failed("v", new Error("down")));
    expect(pauses).toEqual([4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect([pace.waitMs("v"), pace.waitMs("other")]).toEqual([60_000, 0]);
    pace.succeeded("v");
    expect([pace.waitMs("v"), pace.trouble("v")]).toEqual([0, undefined]);
  });

  it.each([
    [90_000, 90_000],
    [0, 4_000],
    [1e12, 900_000],
  ])("is what the venue asks for: %s ms are %s ms", (asked, ms) => {
    expect(new PollPace(fakeClock()).failed("v", limited(asked))).toBe(ms);
  });
});

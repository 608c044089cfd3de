/** The guard `market-hours` with a venue's own calendar, through a real worker. */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import type { Verdict } from "../../src/domain/orders/verdict.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** Noon. */
const WEDNESDAY = Date.parse("2026-11-25T12:00:00Z");
const HOUR = 60 * 60 * 1000;

it.each([
  ["a session that is open", [{ open: -HOUR, close: HOUR }], undefined],
  ["a session that opens later", [{ open: HOUR, close: 2 * HOUR }], "MARKET_CLOSED"],
  ["no session", [], "MARKET_CLOSED"],
  ["an error", undefined, "MARKET_HOURS_UNAVAILABLE"],
] as const)("an order is judged by %s", async (_what, sessions, code) => {
  const answer =
    sessions === undefined
      ? 'throw new Error("no calendar")'
      : `return ${JSON.stringify(sessions)}.map((s) => ({ open: at + s.open, close: at + s.close, kind: "core" }))`;
  const venue = adapterSource(
    `static capabilities = { mode: "paper" };
     async getSchedule(symbol: string, from: number, to: number) {
       const at = from + 24 * ${HOUR};
       ${answer};
     }`,
  );
  const started = systemClock.now();
  desk = await tempDesk({
    clock: { ...systemClock, now: () => WEDNESDAY + systemClock.now() - started },
    files: { "v.ts": venue },
    config: (template) =>
      `${template.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n` +
      `[[guard]]\nkey = "market-hours"\ntz = "UTC"\nopen = "00:00"\nclose = "23:59"\n`,
  });
  const order = { connector: "v", side: "buy", symbol: "A", quantity: "1", type: "limit", limitPrice: "100" };
  const { verdict } = await desk.call<{ verdict: Verdict }>("orders propose", { ...order, rationale: "x" });
  expect(verdict.reasons.find(({ guard }) => guard === "market-hours")?.code).toBe(code);
});

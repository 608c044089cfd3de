import { describe, expect, it } from "vitest";
import { ask, guard } from "../../support/gate-case.ts";
import { type TermsDraft, scenario } from "../../support/journal-scenario.ts";

const HOUR = 3_600_000;
function desk() {
  return scenario().desk().account("paper");
}

/** `count` intents of different instruments, all at one moment. */
function burst(count: number) {
  const tale = desk();
  for (let i = 0; i < count; i++) {
    tale
      .proposed(`o${i}`, { symbol: `S${i}` })
      .approved(`o${i}`)
      .wait(-2000)
      .submitting(`o${i}`)
      .wait(-1000);
  }
  return tale;
}

describe("order-rate", () => {
  const rule = guard("order-rate", { max_per_minute: 5 });

  it("counts this order: the limit itself passes", () => {
    expect(ask(burst(4), {}, rule)).toMatchObject({ decision: "allow", actual: "5 per minute" });
    expect(ask(burst(5), {}, rule)).toMatchObject({
      decision: "block",
      code: "ORDER_RATE_EXCEEDED",
      limit: "5 per minute",
    });
  });

  it("does not count the order against itself when it is judged again", () => {
    expect(ask(burst(5), "o0", rule).decision).toBe("allow");
    expect(ask(burst(6), "o0", rule).decision).toBe("block");
  });

  it("frees after exactly a minute", () => {
    const tale = burst(5);
    const sent = tale.state().intents[0]?.at ?? 0;
    expect(ask(tale, {}, rule, { hostNow: sent + 59_999 }).decision).toBe("block");
    expect(ask(tale, {}, rule, { hostNow: sent + 60_000 }).decision).toBe("allow");
  });

  it("counts at the intent, whatever the venue said", () => {
    const tale = burst(5).rejected("o0").unknown("o1").accepted("o2").notSent("o3");
    expect(ask(tale, {}, rule).decision).toBe("block");
  });

  it("is not freed by a clock that is set back", () => {
    const tale = burst(5);
    for (const back of [1000, 60_000, HOUR]) {
      const sent = tale.state().intents[0]?.at ?? 0;
      expect(ask(tale, {}, rule, { hostNow: sent - back }).decision, `${back} ms back`).toBe("block");
    }
  });

  it("counts what was sent after the clock was set back, and takes what came before a stale one for stale", () => {
    const tale = burst(5)
      .wait(-HOUR / 2)
      .proposed("n", { symbol: "N" })
      .approved("n")
      .submitting("n");
    const sent = tale.state().intents.at(-1)?.at ?? 0;
    expect(ask(tale, {}, rule, { hostNow: sent + 59_999 }).decision).toBe("block");
    expect(ask(tale, {}, rule, { hostNow: sent + 60_000 }).decision).toBe("allow");
  });

  it("is not blocked for ever by a clock that was once years ahead", () => {
    const tale = burst(5);
    expect(ask(tale, {}, rule, { hostNow: tale.now - 400 * 24 * HOUR }).decision).toBe("allow");
  });

  it("holds the day as well, where a limit is set", () => {
    const daily = guard("order-rate", { max_per_minute: 60, max_per_day: 5 });
    const tale = burst(5);
    const sent = tale.state().intents[0]?.at ?? 0;
    expect(ask(tale, {}, daily, { hostNow: sent + 24 * HOUR - 1 })).toMatchObject({
      decision: "block",
      actual: "6 per day",
    });
    expect(ask(tale, {}, daily, { hostNow: sent + 24 * HOUR }).decision).toBe("allow");
    expect(ask(burst(4), {}, daily).decision).toBe("allow");
  });

  it("blocks without a clock", () => {
    expect(ask(desk(), {}, rule, { hostNow: Number.NaN }).code).toBe("ORDER_RATE_UNAVAILABLE");
  });
});

describe("duplicate-order", () => {
  const rule = guard("duplicate-order", { window_s: 600 });
  const first: TermsDraft = { quantity: "50", limitPrice: "192.40" };

  it.each<[string, TermsDraft, "allow" | "block"]>([
    ["the same terms", first, "block"],
    ["the same terms, written otherwise", { quantity: "50.0", limitPrice: "192.4" }, "block"],
    ["the same symbol in small letters", { ...first, symbol: "aapl" }, "block"],
    ["another side", { ...first, side: "sell" }, "allow"],
    ["another quantity", { ...first, quantity: "50.01" }, "allow"],
    ["another price", { ...first, limitPrice: "192.41" }, "allow"],
    ["another symbol", { ...first, symbol: "MSFT" }, "allow"],
    ["another connector", { ...first, connector: "other" }, "allow"],
    ["another time in force", { ...first, timeInForce: "gtc" }, "allow"],
    ["another type", { ...first, type: "stop_limit", stopPrice: "190" }, "allow"],
    ["another session", { ...first, flags: { session: "extended" } }, "allow"],
    ["the session that an order has without one", { ...first, flags: { session: "regular" } }, "block"],
    ["post-only", { ...first, flags: { postOnly: true } }, "allow"],
    ["an intent that the first leaves to the venue", { ...first, flags: { positionIntent: "open" } }, "block"],
  ])("%s as an order in flight", (_, order, decision) => {
    const tale = desk()
      .working("a", first)
      .wait(24 * HOUR);
    expect(ask(tale, order, rule).decision).toBe(decision);
  });

  it.each<[NonNullable<TermsDraft["flags"]>, NonNullable<TermsDraft["flags"]>, "allow" | "block"]>([
    [{ positionIntent: "open" }, { positionIntent: "close" }, "allow"],
    [{ positionIntent: "open" }, { positionIntent: "open" }, "block"],
    [{ positionIntent: "close" }, {}, "block"],
    [{ session: "extended" }, {}, "allow"],
    [{ session: "extended" }, { session: "extended" }, "block"],
    [{ session: "regular" }, {}, "block"],
    [{ postOnly: true }, {}, "allow"],
    [{ postOnly: true }, { postOnly: true }, "block"],
  ])("an order with %j in flight, and one with %j: %s", (one, other, decision) => {
    const tale = desk().working("a", { ...first, flags: one });
    expect(ask(tale, { ...first, flags: other }, rule).decision).toBe(decision);
  });

  it("compares stop prices, and not the derived protection price", () => {
    const tale = desk().working("a", { type: "stop", stopPrice: "110", protectionPrice: "113" });
    expect(ask(tale, { type: "stop", stopPrice: "110.0", protectionPrice: "112" }, rule).decision).toBe("block");
    expect(ask(tale, { type: "stop", stopPrice: "111", protectionPrice: "113" }, rule).decision).toBe("allow");
  });

  it.each(["approved", "submitting", "unknown"])("as an order that is %s", (state) => {
    const tale = desk().proposed("a", first).approved("a");
    if (state !== "approved") tale.submitting("a");
    if (state === "unknown") tale.unknown("a");
    expect(ask(tale, first, rule)).toMatchObject({ decision: "block", code: "DUPLICATE_ORDER", actual: "a" });
  });

  it("an order is not its own duplicate, and a proposal is not a duplicate", () => {
    expect(ask(desk().proposed("a", first).approved("a"), "a", rule).decision).toBe("allow");
    expect(ask(desk().proposed("a", first), first, rule).decision).toBe("allow");
  });

  it("duplicate-order counts an order that was sent less than the window ago, however it ended", () => {
    const tale = desk().proposed("a", first).approved("a").submitting("a").rejected("a");
    const sent = tale.state().intents[0]?.at ?? 0;
    expect(ask(tale, first, rule, { hostNow: sent + 599_999 }).decision).toBe("block");
    expect(ask(tale, first, rule, { hostNow: sent + 600_000 }).decision).toBe("allow");
    expect(ask(tale, first, rule, { hostNow: sent - 30_000 }).decision).toBe("block");
    expect(ask(tale, first, rule, { hostNow: sent - 2 * HOUR }).decision).toBe("allow");
  });

  it("duplicate-order compares only orders in flight if the window is 0", () => {
    const none = guard("duplicate-order", { window_s: 0 });
    expect(ask(desk().filled("a", first), first, none).decision).toBe("allow");
    expect(ask(desk().working("a", first), first, none).decision).toBe("block");
  });

  it("blocks without a clock", () => {
    expect(ask(desk(), {}, rule, { hostNow: Number.NaN }).code).toBe("DUPLICATE_ORDER_UNAVAILABLE");
  });
});

import { describe, expect, it } from "vitest";
import { ask, guard, inputOf } from "../../support/gate-case.ts";
import { scenario } from "../../support/journal-scenario.ts";

function desk() {
  return scenario().desk().account("paper");
}

describe("symbol-allowlist", () => {
  const rule = guard("symbol-allowlist", { symbols: ["AAPL", "BRK.B"] });

  it.each([
    ["AAPL", "allow"],
    ["BRK.B", "allow"],
    ["aapl", "block"],
    ["BRK-B", "block"],
    ["BRKB", "block"],
    ["AAPL2", "block"],
    ["MSFT", "block"],
  ])("%s: %s", (symbol, decision) => {
    expect(ask(desk(), { symbol }, rule).decision).toBe(decision);
  });
});

describe("symbol-denylist", () => {
  const rule = guard("symbol-denylist", { symbols: ["GME", "BRK B", "ＡＭＣ", "TRUE", "005930"] });

  it.each([
    ["GME", "block"],
    ["gme", "block"],
    ["BRK.B", "block"],
    ["brk-b", "block"],
    ["AMC", "block"],
    ["TRUE", "block"],
    ["005930", "block"],
    ["^GME", "block"],
    ["GME=", "block"],
    ["G.M-E", "block"],
    ["5930", "allow"],
    ["GMEX", "allow"],
    ["AAPL", "allow"],
  ])("%s: %s", (symbol, decision) => {
    expect(ask(desk(), { symbol }, rule).decision).toBe(decision);
  });

  it("names the entry", () => {
    expect(ask(desk(), { symbol: "brk-b" }, rule)).toMatchObject({
      code: "SYMBOL_DENIED",
      message: "brk-b is on the list of denied symbols (BRK B)",
    });
  });
});

describe("market-hours", () => {
  const rule = guard("market-hours", { tz: "America/New_York", open: "09:30", close: "16:00" });
  const at = (iso: string, using = rule) => ask(desk(), {}, using, { venueNow: Date.parse(iso) }).decision;

  it.each([
    // summer: New York is four hours behind
    ["2026-07-06T13:29:59.999Z", "block"],
    ["2026-07-06T13:30:00.000Z", "allow"],
    ["2026-07-06T19:59:59.999Z", "allow"],
    ["2026-07-06T20:00:00.000Z", "block"],
    // winter: five
    ["2026-01-05T13:30:00.000Z", "block"],
    ["2026-01-05T14:30:00.000Z", "allow"],
    ["2026-01-05T20:59:59.999Z", "allow"],
    ["2026-01-05T21:00:00.000Z", "block"],
    // the Monday after each change, and the Friday before
    ["2026-03-06T14:29:00.000Z", "block"],
    ["2026-03-06T14:30:00.000Z", "allow"],
    ["2026-03-09T13:30:00.000Z", "allow"],
    ["2026-10-30T13:30:00.000Z", "allow"],
    ["2026-11-02T13:30:00.000Z", "block"],
    ["2026-11-02T14:30:00.000Z", "allow"],
    // the weekend
    ["2026-07-04T15:00:00.000Z", "block"],
    ["2026-07-05T15:00:00.000Z", "block"],
    ["2026-07-10T15:00:00.000Z", "allow"],
  ])("%s: %s", (iso, decision) => {
    expect(at(iso)).toBe(decision);
  });

  it("market-hours without a time zone uses the desk's, and takes the weekday from that zone", () => {
    const rule = guard("market-hours", { open: "09:00", close: "15:00" });
    const ask9 = (timezone: string, iso: string) =>
      ask(desk(), {}, rule, { venueNow: Date.parse(iso), timezone }).decision;
    expect(ask9("Asia/Tokyo", "2026-07-06T00:00:00Z")).toBe("allow");
    expect(ask9("UTC", "2026-07-06T00:00:00Z")).toBe("block");
    expect(ask9("Asia/Tokyo", "2026-07-05T23:59:59Z")).toBe("block");
    expect(ask9("Pacific/Auckland", "2026-07-05T22:00:00Z")).toBe("allow");
  });

  it("market-hours reads the venue's clock, not the wall clock", () => {
    const closed = { hostNow: Date.parse("2026-07-06T15:00:00Z"), venueNow: Date.parse("2019-10-12T15:00:00Z") };
    expect(ask(desk(), {}, rule, closed)).toMatchObject({
      decision: "block",
      code: "MARKET_CLOSED",
      actual: "11:00 Sat",
    });
  });

  it("market-hours spans midnight if it closes before it opens", () => {
    const night = guard("market-hours", { tz: "UTC", open: "22:00", close: "04:00" });
    expect(at("2026-07-06T21:59:00Z", night)).toBe("block");
    expect(at("2026-07-06T22:00:00Z", night)).toBe("allow");
    expect(at("2026-07-07T03:59:59Z", night)).toBe("allow");
    expect(at("2026-07-07T04:00:00Z", night)).toBe("block");
    expect(at("2026-07-11T03:00:00Z", night)).toBe("allow"); // Saturday, of Friday's session
    expect(at("2026-07-11T23:00:00Z", night)).toBe("block");
    expect(at("2026-07-06T03:00:00Z", night)).toBe("block"); // Monday, of Sunday's
  });

  describe("with the venue's calendar", () => {
    const now = Date.parse("2026-11-27T18:30:00Z"); // 13:30 in New York, half an hour after an early close
    const sessions = [
      { open: "2026-11-25T14:30:00Z", close: "2026-11-25T21:00:00Z", kind: "core" },
      { open: "2026-11-27T14:30:00Z", close: "2026-11-27T18:00:00Z", kind: "core" },
      { open: "2026-11-27T18:00:00Z", close: "2026-11-27T22:00:00Z", kind: "post" },
      { open: "2026-11-30T14:30:00Z", close: "2026-11-30T21:00:00Z", kind: "core" },
    ].map(({ open, close, kind }) => ({ open: Date.parse(open), close: Date.parse(close), kind: kind as "core" }));
    const input = inputOf(desk(), {});
    const connector = { ...input.connector, hasSchedule: true };
    const check = (venueNow: number, known: typeof sessions | undefined = sessions) =>
      ask(desk(), {}, rule, { venueNow, connector, sessions: known });

    it("an early close and a holiday block, and the next session is named", () => {
      expect(check(now)).toMatchObject({
        code: "MARKET_CLOSED",
        limit: "Mon 2026-11-30 09:30",
        actual: "Fri 2026-11-27 13:30",
      });
      expect(check(Date.parse("2026-11-26T16:00:00Z"))).toMatchObject({ limit: "Fri 2026-11-27 09:30" });
      expect(check(now, [])).toMatchObject({ code: "MARKET_CLOSED", limit: "not within ten days" });
    });

    it("a core session allows up to its close, within the hours of desk.toml", () => {
      expect(check(Date.parse("2026-11-27T17:59:59Z")).decision).toBe("allow");
      expect(check(Date.parse("2026-11-27T14:29:59Z")).code).toBe("MARKET_CLOSED");
    });

    it("a calendar that could not be read blocks", () => {
      expect(ask(desk(), {}, rule, { venueNow: Date.parse("2026-11-27T17:00:00Z"), connector }).code).toBe(
        "MARKET_HOURS_UNAVAILABLE",
      );
    });
  });

  it("blocks without a time", () => {
    expect(ask(desk(), {}, rule, { venueNow: Number.NaN }).code).toBe("GUARD_ERROR");
    expect(ask(desk(), {}, rule, { venueNow: undefined as unknown as number }).code).toBe("GUARD_ERROR");
    expect(ask(desk(), {}, guard("market-hours"), { timezone: "Mars/Olympus" }).code).toBe("GUARD_ERROR");
  });
});

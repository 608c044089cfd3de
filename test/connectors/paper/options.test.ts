import { describe, expect, it } from "vitest";
import { readOptions } from "../../../connectors/paper/options.ts";

describe("the options", () => {
  it("readOptions fills in the defaults", () => {
    const { cash, spreadBps, slippageBps, commissionBps, participation, ...rest } = readOptions({});
    expect(rest).toEqual({ start: "2019-10-10", barSeconds: 60, latencyMs: 0, seed: 1, allowShort: false });
    expect([cash, spreadBps, slippageBps, commissionBps, participation].map(String)).toEqual([
      "1000000",
      "2",
      "1",
      "0",
      "0.1",
    ]);
  });

  it("readOptions accepts numbers and decimal strings", () => {
    expect(String(readOptions({ cash: "2500.25" }).cash)).toBe("2500.25");
    expect(String(readOptions({ cash: 2500.25, spread_bps: 0.5 }).spreadBps)).toBe("0.5");
    expect(readOptions({ bar_seconds: "0.02" }).barSeconds).toBe(0.02);
    expect(readOptions({ start: "2000-01-03" }).start).toBe("2000-01-03");
    expect(readOptions({ start: "2020-04-17", seed: 4_294_967_295, latency_ms: 60_000 }).seed).toBe(4_294_967_295);
    expect(readOptions({ allow_short: true }).allowShort).toBe(true);
  });

  it.each<[options: Record<string, unknown>, message: string]>([
    [{ speed: 2 }, "[connector.options] speed is not an option of the paper venue; it has start, bar_seconds, cash,"],
    [
      { start: "1999-12-31" },
      'start is "1999-12-31"; it must be a date from 2000-01-03 to 2020-04-17, like "2019-10-10"',
    ],
    [{ start: "2020-04-18" }, 'start is "2020-04-18"'],
    [{ start: "2019-02-30" }, 'start is "2019-02-30"'],
    [{ start: 20_191_010 }, "start is 20191010"],
    [{ bar_seconds: 0 }, "bar_seconds is 0; it must be a number from 0.02 to 86400"],
    [{ bar_seconds: 86_401 }, "bar_seconds is 86401"],
    [{ bar_seconds: Number.NaN }, "bar_seconds is null"],
    [{ cash: -1 }, "cash is -1; it must be a number from 0 to 1000000000000"],
    [{ cash: "0.001" }, 'cash is "0.001"; it must be in whole cents'],
    [{ cash: "lots" }, 'cash is "lots"'],
    [{ cash: { much: true } }, 'cash is {"much":true}'],
    [{ spread_bps: 1001 }, "spread_bps is 1001; it must be a number from 0 to 1000"],
    [{ slippage_bps: -1 }, "slippage_bps is -1"],
    [{ commission_bps: "x" }, 'commission_bps is "x"'],
    [{ participation: 0 }, "participation is 0; it must be above 0 and at most 1, a share of each bar's volume"],
    [{ participation: 1.1 }, "participation is 1.1"],
    [{ latency_ms: 1.5 }, "latency_ms is 1.5; it must be a whole number from 0 to 60000"],
    [{ seed: "1" }, 'seed is "1"; it must be a whole number from 0 to 4294967295'],
    [{ allow_short: "yes" }, 'allow_short is "yes"; it must be true or false'],
  ])("readOptions rejects %j", (options, message) => {
    expect(() => readOptions(options)).toThrow(message);
  });
});

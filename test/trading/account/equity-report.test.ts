/** Returns of a desk with one value that is far above all others. */
import { expect, it } from "vitest";
import { decimal } from "../../../src/domain/decimal.ts";
import type { ValuePoint } from "../../../src/trading/account/ledger-parts.ts";
import { equityReport } from "../../../src/trading/account/equity-report.ts";

const FIRST = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** `honest` gains 1 % a day, and `huge` is empty but on one day, after a deposit and before its withdrawal. */
function points(days: number, hugeOn: number): readonly ValuePoint[] {
  return Array.from({ length: days }, (_, day): ValuePoint => {
    const at = FIRST + day * DAY_MS;
    const account = (connector: string, nav: string) => ({
      ...{ connector, nav: decimal(nav), currency: "USD", rate: decimal("1") },
    });
    const flow = day === hugeOn - 1 ? "1000000000000" : day === hugeOn ? "-1000000000000" : undefined;
    return {
      date: new Date(at).toISOString().slice(0, 10),
      at,
      accounts: [
        account("honest", (100_000 * 1.01 ** day).toFixed(8)),
        account("huge", day === hugeOn ? "1000000000000" : "0"),
      ],
      flows: new Map(flow === undefined ? [] : [["huge", decimal(flow)]]),
      fills: 0,
    };
  });
}

it("one huge value, paid in and out, ends the returns of 30 days and not of all later ones", () => {
  const { points: all, statistics } = equityReport(points(62, 1), "USD");
  // The day of the deposit, and the last 29.
  expect(statistics.days).toBe(30);
  expect((all.at(-1)?.index ?? 0) / (all.at(-30)?.index ?? 0)).toBeCloseTo(1.01 ** 29, 8);
});

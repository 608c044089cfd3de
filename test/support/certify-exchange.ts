/** Certifies the ccxt connector on the wire format of one exchange, at both isolation levels. */
import { expect, it } from "vitest";
import { CERTIFICATION_MS_MAX, LEVELS, certified, withOutcome } from "./certified.ts";

/** Cases that apply to no exchange of coins: one currency. */
const NEVER_APPLY = [
  "C92: the adapter does not use ctx.store",
  "C108: the account and all instruments of this venue are in one currency",
  "C152: this wire format has no replaced orders that the kit can make",
];

/** An exchange takes an id again once its order has ended. The desk itself never sends an order twice. */
const NOT_GIVEN = ["the venue rejects an order that is sent twice"];

/** `skipped`: further cases that do not apply, with their reasons. */
export function certifyExchange(id: string, skipped: readonly string[] = []): void {
  it.each(LEVELS)(
    `${id} passes every case that applies, at the %s level`,
    { timeout: CERTIFICATION_MS_MAX },
    async (isolation) => {
      const report = await certified(`./connectors/ccxt/${id}`, isolation);
      expect(withOutcome(report, "failed").join("; ")).toBe("");
      expect(withOutcome(report, "untried").join("; ")).toBe("");
      expect(withOutcome(report, "skipped").toSorted()).toEqual([...NEVER_APPLY, ...skipped].toSorted());
      expect(report).toMatchObject({ certified: true, isolation });
      expect(report.guarantees.filter(({ given }) => !given).map(({ guarantee }) => guarantee)).toEqual(NOT_GIVEN);
    },
  );
}

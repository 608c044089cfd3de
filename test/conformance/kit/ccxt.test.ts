/** The ccxt connector passes every case that applies, at both isolation levels, on the wire format of each exchange. */
import { describe, expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { CERTIFY_DEPS } from "../../support/certify-deps.ts";

const { packageRoot: ROOT } = CERTIFY_DEPS;

const SKIPPED: Readonly<Record<string, readonly string[]>> = {
  binance: [
    "C92: the adapter does not use ctx.store",
    "C108: the account and all instruments of this venue are in one currency",
    "C131: this wire format has no streamed quotes that the kit can make",
    "C132: the adapter has no getActivities",
    "C133: the adapter has no getRates",
    "C134: this wire format has no schedule that the kit can make",
  ],
  coinbase: [
    "C37: the adapter does not declare clientIdDedupe",
    "C92: the adapter does not use ctx.store",
    "C99: the adapter does not declare clientIdDedupe",
    "C108: the account and all instruments of this venue are in one currency",
  ],
  kraken: [
    "C92: the adapter does not use ctx.store",
    "C102: the venue's answer to an order does not name its id",
    "C108: the account and all instruments of this venue are in one currency",
  ],
};

describe.each(["worker", "process"] as const)("at the %s level", (isolation) => {
  it.each(Object.entries(SKIPPED))("%s passes every case that applies", { timeout: 240_000 }, async (id, skipped) => {
    const request = { target: `./connectors/ccxt/${id}`, from: ROOT, isolation, only: [] };
    const report = await certifyAdapter(CERTIFY_DEPS, request, { line: () => undefined });
    const of = (outcome: string) =>
      report.cases.filter((one) => one.outcome === outcome).map(({ id: number, reason }) => `${number}: ${reason}`);
    expect(of("failed")).toEqual([]);
    expect(of("untried")).toEqual([]);
    expect(of("skipped")).toEqual(skipped);
    expect(report).toMatchObject({ certified: true, isolation });
    // The desk never sends an order twice.
    const missing = report.guarantees.filter(({ given }) => !given).map(({ guarantee }) => guarantee);
    expect(missing).toEqual(["the venue rejects an order that is sent twice"]);
  });
});

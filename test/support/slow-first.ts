/** The order of test files: the slowest files start first, so that no core waits for one of them at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than a minute, which their length does not show. The slowest is the first. */
const SLOWEST = [
  "attacks/attacks",
  "attacks/other-nodes",
  "kit/ccxt-coinbase",
  "kit/ccxt-binance",
  "kit/ccxt-kraken",
  "broken/broken-adapters",
  "kit/shipped-connectors",
  "docs/connectors-guide",
  "kit/ibkr",
  "kit/alpaca",
  "kit/author-venue",
].map((name) => `${name}.test.ts`);

function rank({ moduleId }: TestSpecification): number {
  const place = SLOWEST.findIndex((file) => moduleId.endsWith(file));
  return place === -1 ? SLOWEST.length : place;
}

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the method of a sequencer, not of an array
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Corrections of corrections: each names the first version of its trade, and those that were read last are kept. */
import { expect, it } from "vitest";
import { TradeVersions, VERSIONS_MAX } from "../../../connectors/alpaca/trade-versions.ts";
import type { Fill } from "../../../src/domain/sdk.ts";

function correction(fillId: string, corrects: string): Fill {
  const terms = { symbol: "AAPL", side: "buy", quantity: "1", price: "100" } as const;
  return { fillId, corrects, venueOrderId: "o", timestamp: 1_800_000_000_000, ...terms };
}

function others(name: string, count: number): Fill[] {
  return Array.from({ length: count }, (_, index) => correction(`${name} ${index} b`, `${name} ${index} a`));
}

it("a correction of a correction, and its bust, are of the first version", () => {
  const versions = new TradeVersions();
  const { corrects: _none, ...bust } = { ...correction("d", ""), busts: "c" };
  expect(versions.ofFirst([correction("b", "a"), correction("c", "b"), bust])).toMatchObject([
    { fillId: "b", corrects: "a" },
    { fillId: "c", corrects: "a" },
    { fillId: "d", busts: "a" },
  ]);
});

it("of more corrections than it keeps, those that were read last are kept", () => {
  const versions = new TradeVersions();
  versions.ofFirst([correction("b", "a"), correction("y", "x")]);
  versions.ofFirst(others("early", VERSIONS_MAX - 2));
  // Read again, it is one of the last.
  versions.ofFirst([correction("b", "a")]);
  versions.ofFirst(others("late", 1));
  expect(versions.ofFirst([correction("c", "b"), correction("z", "y")])).toMatchObject([
    { fillId: "c", corrects: "a" },
    { fillId: "z", corrects: "y" },
  ]);
});

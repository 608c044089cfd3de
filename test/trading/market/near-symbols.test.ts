/** Which symbols are suggested for a symbol that failed: those of the same connector, and none if it is listed. */
import { expect, it } from "vitest";
import { closestMatch } from "../../../src/domain/ids.ts";
import { nearSymbol } from "../../../src/trading/market/near-symbols.ts";

function deskWith(listed: Readonly<Record<string, string>>) {
  const instruments = new Map(
    Object.entries(listed).map(([connector, symbol]) => [
      `${connector}/${symbol}`,
      { instrument: { symbol }, mono: 0 },
    ]),
  );
  return {
    clock: { after: () => () => undefined },
    market: { instruments },
    state: { positions: new Map() },
    venues: { search: () => Promise.resolve(undefined) },
  } as unknown as Parameters<typeof nearSymbol>[0];
}

it.each([
  ["the near symbol of the connector", { here: "SPX" }, "SPY", " (did you mean SPX?)"],
  ["no symbol of another connector", { there: "SPX" }, "SPY", ""],
  ["nothing for a symbol that is listed", { here: "SPX", there: "SPY" }, "SPX", ""],
])("suggests %s", async (_, listed, symbol, words) => {
  expect(await nearSymbol(deskWith(listed), "here", symbol)).toBe(words);
});

it("of a search that finds more than it was asked for, the first 50 symbols are compared", async () => {
  const found = async (others: number): Promise<string> => {
    const symbols = [...Array.from({ length: others }, (_, n) => `OTHER${n}`), "AAPL"];
    const venues = { search: () => Promise.resolve(symbols.map((symbol) => ({ symbol }))) };
    return nearSymbol({ ...deskWith({}), venues } as unknown as Parameters<typeof nearSymbol>[0], "here", "APPL");
  };
  expect(await found(49)).toBe(" (did you mean AAPL?)");
  expect(await found(50)).toBe("");
});

it.each([
  ["abc", ["abcd", "abd", "xyz"], "abcd"],
  ["abcdefgh", ["bcdefgha", "habcdefg"], "bcdefgha"],
  ["abcdefgh", ["cdefghab"], undefined],
  ["ab", ["abcd", "cdab"], "abcd"],
  ["a", ["abcd", "xyz"], undefined],
  ["kitten", ["sitting", "mitten"], "mitten"],
])("%s is nearest to one of %j within two edits: %s", (word, names, nearest) => {
  expect(closestMatch(word, names)).toBe(nearest);
});

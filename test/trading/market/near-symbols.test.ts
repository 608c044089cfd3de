/** Which symbols are suggested for a symbol that failed: those of the same connector, and none if it is listed. */
import { expect, it } from "vitest";
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

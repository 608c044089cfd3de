/** The scripted agent on a desk with two connectors: it names the connector that quotes its symbol. */
import { afterEach, expect, it } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("proposes at a connector that has a quote if there are two", async () => {
  desk = await tempDesk({
    files: {
      "venue.ts": adapterFixture("scripted-venue").replace(
        /async getQuote\(.*\{/,
        '$&\n    if (symbol === "SPX") throw new Error("no such symbol");',
      ),
    },
    config: (text) =>
      text.replace(
        "[[connector]]",
        '[[connector]]\nname = "other"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n\n[[connector]]',
      ),
  });
  await desk.call("positions list");
  const { proposals } = await desk.call<{ proposals: string[] }>("run", { issue: "001" });
  expect(proposals).toHaveLength(2);
  for (const id of proposals)
    expect(await desk.call("orders show", { id })).toMatchObject({ terms: { connector: "paper", symbol: "SPX" } });
});

/** type = "paper" with quotes = "NAME": the paper engine on the quotes of another connector of the desk. */
import { afterEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

const SOURCE =
  '[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\norders = false\n';
const ON_QUOTES =
  '[[connector]]\nname = "sim"\ntype = "paper"\nquotes = "broker"\n[connector.options]\ncash = "5000"\n';

it("trades on the quotes of the source, and sends the source no order", async () => {
  // The table before its source: the order of connectors in desk.toml does not matter.
  desk = await tempDesk({ config: () => ON_QUOTES + SOURCE, files: { "venue.ts": adapterFixture("scripted-venue") } });
  const found = await desk.call<{ bid: string; ask: string }>("quotes get", { symbol: "AAA", connector: "sim" });
  expect(found).toMatchObject({ ask: "100" });
  const order = { connector: "sim", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "100.50" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...order,
    rationale: "x",
  });
  await desk.call("approve", { id, digest });
  await desk.reaches(id, "filled");
  const { book } = await desk.call<StatusView>("status");
  expect(book.accounts.find(({ connector }) => connector === "sim")).toMatchObject({ mode: "paper", currency: "USD" });
  expect(book.positions.map(({ connector, averagePrice }) => [connector, averagePrice])).toContainEqual(["sim", "100"]);
});

describe("desk.toml is refused, with file and line, if quotes names", () => {
  const refusal = (toml: string): unknown => {
    try {
      return readConfig(toml, "/desk/desk.toml");
    } catch (error) {
      return error instanceof QocError ? `${String(error.details["line"])}: ${error.message}` : error;
    }
  };
  it.each([
    ["no connector", ON_QUOTES, '4: .*no connector is named "broker"'],
    ["a misspelt one", ON_QUOTES + SOURCE.replace("broker", "brokers"), "did you mean brokers"],
    [
      "a disabled one",
      `${ON_QUOTES}${SOURCE}enabled = false\n`,
      "4: .*broker has enabled = false, so it gives no quotes",
    ],
    [
      "the paper venue",
      `${ON_QUOTES}[[connector]]\nname = "broker"\ntype = "paper"\n`,
      "4: .*gives no live quotes: the paper",
    ],
    [
      "a cash account",
      `${ON_QUOTES}[[connector]]\nname = "broker"\ntype = "cash"\n[connector.options]\nbalances = { USD = "1" }\n`,
      "4: .*gives no live quotes: the cash account does not reach a market",
    ],
    ["itself", ON_QUOTES.replace('"broker"', '"sim"'), "4: .*gives no live quotes"],
    ["for another type", `${SOURCE}quotes = "broker"\n`, '7: .*is for type = "paper"'],
    [
      "and an option of recorded prices is there",
      `${ON_QUOTES}bar_seconds = 2\n${SOURCE}`,
      "7: .*bar_seconds is not|7: .*not an option of a paper venue with quotes",
    ],
  ])("%s", (_name, toml, message) => {
    expect(refusal(toml)).toMatch(new RegExp(message));
  });

  it("and takes a source that is there", () => {
    expect(readConfig(ON_QUOTES + SOURCE, "/desk/desk.toml").connectors[0]).toMatchObject({ quotes: "broker" });
  });
});

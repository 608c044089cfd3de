/** An author calls one read method of an adapter: the answer, and what the desk drops or refuses of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "../../src/commands/connectors/call.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { READ_METHOD_NAMES } from "../../src/host/inspect-method.ts";
import { METHODS } from "../../src/protocol/messages.ts";

const VENUE = `let sent = 0;
export default class V {
  async connect() {}
  async disconnect() {}
  async getQuote(symbol: string) {
    if (symbol === "BAD") return { symbol, bid: Number.NaN, ask: 1, timestamp: "noon" };
    if (symbol === "WORSE") return { bid: "1,5", currency: "EUR", units: "lots", shade: "red", last: 1 };
    if (symbol === "X") return JSON.parse("{}").quote.bid;
    return { symbol, bid: 1, ask: 2, timestamp: 1000, venueFlag: true };
  }
  async getPositions() { return [{ symbol: "A", quantity: 1 }, { symbol: "", quantity: 1 }]; }
  async getBuyingPower() { return sent; }
  async getOrder(query: any) { return { venueOrderId: JSON.stringify(query), status: "open", filledQuantity: 0 }; }
  async getFills(since: number) { return [{ fillId: 7, since }]; }
  async getBars(symbol: string, options: any) {
    return [{ symbol: symbol + options.resolution, timestamp: 1, open: 1, high: 1, low: 1, close: 1 }];
  }
  async getActivities() {
    const deposit = { id: "1", kind: "deposit", timestamp: 1, amount: -5 };
    return [deposit, { id: "2", kind: "rename", timestamp: 1 }];
  }
  async placeOrder() { sent += 1; return { venueOrderId: "1", status: "acknowledged" }; }
  async cancelOrder() { sent += 1; }
}
`;

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk({
    files: { "venue.ts": VENUE },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function call(method: string, ...args: string[]): Promise<any> {
  return desk.call("connectors call", { name: "v", method, args });
}

describe("qoc connectors call", () => {
  it.each([
    ["getQuote", ["005930"], { value: { symbol: "005930", bid: 1 }, dropped: ["venueFlag"], refused: [] }],
    ["getOrder", ["ab-1"], { value: { venueOrderId: '{"venueOrderId":"ab-1"}' }, refused: [] }],
    ["getOrder", ['{"clientOrderId":"c"}'], { args: [{ clientOrderId: "c" }] }],
    ["getFills", ["1970-01-02"], { args: [86_400_000, { symbols: [] }], value: [{ fillId: 7, since: 86_400_000 }] }],
    ["getBars", ["5"], { args: ["5", { resolution: "1d" }], value: [{ symbol: "51d" }], refused: [] }],
    ["getBars", ["5", '{"resolution":"1h"}'], { value: [{ symbol: "51h" }] }],
  ])("%s %j prints the answer and what the desk drops", async (method, args, expected) => {
    expect(await call(method, ...args)).toMatchObject(expected);
  });

  it("takes a time for the fills, and no other word", async () => {
    await expect(call("getFills", "yesterday")).rejects.toThrow('"yesterday" is not a time');
  });

  it("names each member that the desk refuses, and exits with 1", async () => {
    const quote = await call("getQuote", "BAD");
    expect(quote.refused).toEqual([
      "bid must be a finite number or a decimal as text, not NaN",
      'timestamp "noon" is not a time (milliseconds since 1970, or ISO 8601 with its offset)',
    ]);
    expect(command.exitCode?.(quote, {})).toBe(1);
    expect((await call("getPositions")).refused).toEqual([expect.stringMatching(/^\[1\] symbol /)]);
    expect((await call("getFills", "0")).refused[0]).toMatch(/^\[0\] fillId /);
  });

  it("names all that it refuses of an answer at once, and what it drops beside that", async () => {
    const { refused, dropped } = await call("getQuote", "WORSE");
    expect(refused.map((reason: string) => reason.split(" ")[0])).toEqual([
      ...["symbol", "bid", "ask", "timestamp", "currency", "units"],
    ]);
    expect(dropped).toEqual(["shade"]);
    expect((await call("getActivities")).refused).toEqual([
      "[0] it has an amount without a currency",
      "[0] it is a deposit below zero",
      "[1] it is a rename without a symbol",
      "[1] it is a rename without newSymbol",
    ]);
  });

  it("prints what a method throws, with the author's line", async () => {
    const thrown = await call("getQuote", "X");
    expect(thrown).toMatchObject({ error: { kind: "error", stack: expect.stringMatching(/venue\.ts:8:\d+/) } });
    const lines = command.render(thrown, { isTty: false, columns: 80, paint: (_shade, text) => text });
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/threw \(error\): Cannot read/),
      expect.stringMatching(/venue\.ts:8/),
    ]);
  });

  it("calls no method that sends, cancels or replaces an order, nor connect and disconnect", async () => {
    const others = METHODS.filter((method) => !READ_METHOD_NAMES.includes(method));
    expect(others).toEqual(["connect", "disconnect", "placeOrder", "cancelOrder", "replaceOrder"]);
    for (const method of [...others, "constructor", "getInstruments", ""])
      await expect(call(method, "1")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect((await call("getBuyingPower")).value).toBe(0);
  });

  it("is refused for an agent, a method that the adapter lacks, and wrong arguments", async () => {
    await expect(
      desk.call(
        "connectors call",
        { name: "v", method: "getQuote", args: ["A"] },
        { actor: "agent:a", channel: "mcp" },
      ),
    ).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    await expect(call("getAccount")).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    await expect(call("getQuote")).rejects.toThrow("getQuote needs a symbol");
    await expect(call("getPositions", "A")).rejects.toThrow("getPositions takes 0 arguments, not 1");
  });
});

/**
 * The paper venue as the desk runs it: bundled like a stranger's file, in a real worker, with the host's store on disk.
 */
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { barSchema, fillSchema, instrumentSchema, quoteSchema } from "../../../src/protocol/schemas.ts";
import type { Envelope } from "../../../src/protocol/messages.ts";
import { type AdapterHarness, adapterHarness } from "../../support/adapter-harness.ts";
import { orderOf } from "../../support/paper-market.ts";

const FILE = fileURLToPath(new URL("../../../connectors/paper/index.ts", import.meta.url));
let harness: AdapterHarness | undefined;
afterEach(() => harness?.connector.stop());

function valueOf(envelope: Envelope): unknown {
  if (!envelope.ok) throw new Error(envelope.message);
  return envelope.value;
}

function until(what: string, isSo: () => boolean): Promise<void> {
  return expect.poll(isSo, { message: what }).toBe(true);
}

it("the paper connector loads by path, trades, and keeps its state across worker sessions", async () => {
  harness = await adapterHarness("", { file: FILE, options: { bar_seconds: 0.2 } });
  const { connector, fills, log } = harness;
  await connector.start();
  expect(log.text()).toContain("the paper venue is open");
  const capabilities = { mode: "paper", simulatedTime: true, clientIdDedupe: "forever" };
  expect(connector.status).toMatchObject({ state: "ready", restarts: 0, capabilities });
  expect(connector.status.methods).toHaveLength(15);
  expect(quoteSchema.parse(valueOf(await connector.invoke("getQuote", ["SPX"])))).toMatchObject({ symbol: "SPX" });
  const apple = instrumentSchema.parse(valueOf(await connector.invoke("getInstrument", ["AAPL"])));
  expect(apple).toMatchObject({ tickSize: "0.01", lotSize: "0.001" });
  expect(valueOf(await connector.invoke("getInstrument", ["NOPE"]))).toBeNull();
  const bars = valueOf(await connector.invoke("getBars", ["SPX", { resolution: "1d" }])) as unknown[];
  expect(bars.map((bar) => barSchema.parse(bar))).toHaveLength(2000);

  const order = orderOf({ symbol: "SPX", quantity: "2", clientOrderId: "worker-1" });
  expect(valueOf(await connector.invoke("placeOrder", [order]))).toEqual({
    venueOrderId: "P-000001",
    status: "acknowledged",
  });
  const second = await connector.invoke("placeOrder", [order]);
  expect(second).toMatchObject({ ok: false, kind: "rejection", message: "duplicate client order id worker-1" });
  await until("the fill", () => fills.length === 1);
  expect(fills[0]).toMatchObject({ fillId: "P-000001-1", clientOrderId: "worker-1", symbol: "SPX", quantity: "2" });

  await connector.restart();
  const stored = (valueOf(await connector.invoke("getFills", [0])) as unknown[]).map((fill) => fillSchema.parse(fill));
  expect(stored).toEqual(fills);
  expect(stored).toMatchObject([{ fillId: "P-000001-1", price: expect.any(String) as string }]);
  expect(await connector.invoke("placeOrder", [order])).toMatchObject({ ok: false, kind: "rejection" });
  expect(fills).toHaveLength(1);
  expect(connector.status).toMatchObject({ state: "ready", restarts: 0 });
});

/** A client that cancels during a write: the write is complete or absent, both on disk and in the journal. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunEndpoint } from "../../src/agents/runtime.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const TRIES = 40;

let desk: TempDesk;
let door: RunEndpoint;
let client: Client;
beforeEach(async () => {
  desk = await tempDesk();
  door = desk.agents.endpoint.open("run-hasty", 600_000);
  const { url, token } = door;
  client = new Client({ name: "hasty", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
});
afterEach(async () => {
  await client.close();
  await desk.stop();
  await discard(desk);
});

/**
 * Calls a tool and cancels it some turns of the event loop later: before the request, during the write, or after it.
 */
async function hastily(name: string, input: object, turns: number): Promise<boolean> {
  const giveUp = new AbortController();
  const call = client.callTool({ name, arguments: { ...input } }, { signal: giveUp.signal }).then(
    ({ isError }) => isError !== true,
    () => false,
  );
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  giveUp.abort();
  return call;
}

/** The endpoint waits for calls that are still running, also if their client has cancelled them. */
async function settle(): Promise<void> {
  await door.close();
  await desk.settled();
}

it("L3 a cancelled proposal has a file exactly if it is in the journal", async () => {
  const input = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "1", rationale: "Cheap." };
  let answered = 0;
  for (let turns = 0; turns < TRIES; turns++) if (await hastily("qoc_orders_propose", input, turns)) answered += 1;
  await settle();
  const known = [...desk.open.desk.state.proposed.values()];
  expect(readdirSync(join(desk.root, "orders/pending")).toSorted()).toEqual(
    known.map(({ path }) => path.replace("orders/pending/", "")).toSorted(),
  );
  for (const { path, source } of known) expect(desk.read(path)).toBe(source);
  expect(known.length).toBeGreaterThanOrEqual(answered);
});

it("L3 a cancelled note holds one whole text, the one in the journal", async () => {
  const text = (n: number): string => `${n} `.repeat(20_000).trimEnd();
  for (let turns = 0; turns < TRIES; turns++)
    await hastily("qoc_research_write", { name: `note-${turns}`, text: text(turns) }, turns);
  await settle();
  const names = readdirSync(join(desk.root, "research")).filter((name) => name.startsWith("note-"));
  const written = (await desk.services.readEvents()).flatMap(({ event }) =>
    event.type === "file.written" ? [event] : [],
  );
  expect(written.map(({ path }) => path.replace("research/", "")).toSorted()).toEqual(names.toSorted());
  for (const { path, digest } of written) expect(digestOf(desk.read(path))).toBe(digest);
});

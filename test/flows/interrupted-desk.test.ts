/** A desk that ended between an order's intent and the venue's answer, read while it is down. */
import { cpSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { createLocalServices } from "../../src/app/local-services.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { invoke } from "../../src/commands/invoke.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** Reads a copy of the folder, as `kill -9` at this moment would leave it. */
function readerOfCopy() {
  const copy = join(dirname(desk.root), "copy");
  cpSync(desk.root, copy, { recursive: true });
  const none = (): void => undefined;
  const local = createLocalServices({
    ...{ packageRoot: PACKAGE_ROOT, bin: "", version: "0.0.0", disk: nodeDisk(), clock: systemClock, ids: systemIds },
    ...{ env: { PATH: process.env["PATH"] }, home: desk.home, cwd: copy },
    ...{ answers: none, ready: none, runLine: () => Promise.resolve(1) },
  });
  const facts = { actor: "human", channel: "cli", local, cwd: copy, canAsk: false } as const;
  const hooks = { emit: () => Promise.resolve(), progress: { line: none }, signal: new AbortController().signal };
  return (command: string, input = {}): Promise<any> => invoke(REGISTRY, { command, input }, { ...facts, ...hooks });
}

it("an order that was sent and not answered is unknown in status, orders and doctor of the desk that is down", async () => {
  desk = await tempDesk({
    files: { "v.ts": adapterSource("placeOrder() { return new Promise(() => undefined); }") },
    config: (text) =>
      `${text.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "paper"\n`,
  });
  const order = { connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "99" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...order,
    rationale: "x",
  });
  const approved = desk.call("approve", { id, digest }).catch(() => undefined);
  const journal = join(desk.root, ".qoc/journal/000001.ndjson");
  await expect.poll(() => readFileSync(journal, "utf8")).toContain("order.submitting");
  const read = readerOfCopy();
  expect(await read("status")).toMatchObject({ up: false, orders: [{ id, state: "unknown" }] });
  expect(await read("orders show", { id })).toMatchObject({ state: "unknown" });
  const { checks } = await read("doctor");
  expect(checks).toContainEqual(
    expect.objectContaining({
      name: "unknown",
      status: "fail",
      message: `${id}: the desk stopped before the venue answered`,
    }),
  );
  await desk.stop();
  await approved;
});

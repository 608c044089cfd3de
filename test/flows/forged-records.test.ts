/**
 * A process of the same user appends records with correct hashes to the journal of a stopped desk. What a signature
 * must allow is not in force because a record says so.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { createLiveKey } from "../../src/trading/keys/operator-keys.ts";
import { type ConfigTables, digestTables } from "../../src/domain/config/config-tables.ts";
import type { DecimalText } from "../../src/domain/decimal.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { systemIds } from "../../src/app/system.ts";
import { LIVE, PAPER, brokerTable, openBrokerDesk, proposeToBroker } from "../support/broker-desk.ts";
import { appendRecord } from "../support/append-record.ts";
import { type TempDesk, discard, protect } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop().catch(() => undefined);
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

async function open(config: string, again?: TempDesk): Promise<TempDesk> {
  desk = await openBrokerDesk(config, again);
  return desk;
}

/** Appends an event as the real writer does. */
function append({ root }: TempDesk, event: DeskEvent): void {
  appendRecord(root, event);
}

function acceptedTables({ open: { desk: opened } }: TempDesk): ConfigTables {
  const { accepted } = opened.state.config;
  if (accepted === undefined) throw new Error("nothing is accepted");
  return accepted.tables;
}

const FORGED = {
  key: "live",
  epoch: 1,
  head: { seq: 1, hash: "0".repeat(64) },
  expiresAt: Date.now() + 600_000,
  signature: "AAAA",
} as const;

describe("records that a process appended", () => {
  it("an accepted desk.toml without a valid signature", async () => {
    const first = await open(LIVE);
    const order = await proposeToBroker(first);
    const tables = acceptedTables(first);
    await first.stop();
    const paper = { ...tables, connector: tables.connector.map((table) => ({ ...table, mode: "paper" })) };
    append(first, {
      type: "config.accepted",
      digest: digestTables(paper),
      tables: paper,
      changes: [],
      authority: FORGED,
    });
    const again = await open(PAPER, first);
    const status = await again.call<{ connectors: unknown; readOnly: string | null }>("status");
    expect(status.readOnly).toMatch(/signature/);
    await expect(again.call("approve", { id: order.id, digest: order.digest })).rejects.toMatchObject({
      code: "DESK_READ_ONLY",
    });
    expect(await again.call("journal verify")).toMatchObject({ ok: false });
  });

  it("another live key, with the key files replaced", async () => {
    const first = await open(LIVE);
    const { deskId } = first.open.desk.state;
    await first.stop();
    const again = await open(LIVE, first);
    await again.stop();
    const path = keyPath(first.home, deskId);
    const certificates = JSON.parse(readFileSync(`${path}.certificates.json`, "utf8")) as Record<string, unknown>;
    writeFileSync(`${path}.certificates.json`, JSON.stringify({ host: certificates["host"] }));
    await createLiveKey({ disk: nodeDisk(), ids: systemIds }, path, { deskId, passphrase: "of the attacker" });
    const { live } = JSON.parse(readFileSync(`${path}.certificates.json`, "utf8")) as {
      live: { publicPem: string; certificate: string };
    };
    append(first, { type: "key.changed", role: "live", ...live });
    await expect(open(LIVE, first)).rejects.toMatchObject({ code: "KEY_INVALID" });
  });

  it("a resume after the halt of a human", async () => {
    const first = await open(PAPER);
    await first.call("halt");
    await first.stop();
    append(first, { type: "trading.changed", state: "active", reason: "", actor: "human", authority: FORGED });
    const again = await open(PAPER, first);
    const { readOnly } = await again.call<{ readOnly: string | null }>("status");
    expect(readOnly).toMatch(/signature/);
  });
});

describe("a cash flow that a process appended", () => {
  it("is not counted: the desk is read-only", async () => {
    const first = await open(PAPER);
    await first.stop();
    const flow = { type: "cash.moved", connector: "broker" as ConnectorName, kind: "deposit" } as const;
    append(first, { ...flow, amount: "900" as DecimalText, note: "forged", actor: "human", authority: FORGED });
    const again = await open(PAPER, first);
    expect((await again.call<{ readOnly: string | null }>("status")).readOnly).toMatch(/cash.moved.*signature/);
  });
});

describe("keys that the operator made while the desk ran", () => {
  it("the journal names the live key at its first use", async () => {
    const first = await open(brokerTable(""));
    await protect(first);
    const order = await proposeToBroker(first);
    await first.call("approve", { id: order.id, digest: order.digest });
    expect(first.open.desk.state.keys.has("live")).toBe(true);
    expect(await first.call("journal verify")).toMatchObject({ ok: true });
  });
});

/** No order is lost or sent twice: timeouts, dead workers, restarts with orders in flight, copies of a desk. */
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { anchorJournal } from "../support/anchor.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterFixture("misbehaving-venue");

const desks: TempDesk[] = [];
afterEach(async () => {
  const all = desks.splice(0);
  for (const desk of all) await desk.stop().catch(() => undefined);
  for (const desk of all) await discard(desk);
});

function CONFIG(text: string): string {
  return `${text}\n[[connector]]\nname = "odd"\ntype = "custom"\nadapter = "./odd.ts"\n`.replaceAll(
    "enabled = true",
    "enabled = false",
  );
}

async function open(again?: TempDesk): Promise<TempDesk> {
  const desk = await tempDesk(again === undefined ? { files: { "odd.ts": VENUE }, config: CONFIG } : { again });
  desks.push(desk);
  return desk;
}

interface Proposed {
  id: string;
  digest: string;
  verdict: { decision: string; reasons: { message: string }[] };
}
function propose(desk: TempDesk, symbol: string, quantity = "1"): Promise<Proposed> {
  return desk.call<Proposed>("orders propose", {
    connector: "odd",
    side: "buy",
    symbol,
    quantity,
    type: "limit",
    limitPrice: "100",
    rationale: "test",
  });
}
function approve(desk: TempDesk, { id, digest }: Proposed): Promise<Record<string, string>> {
  return desk.call("approve", { id, digest });
}
function sentIds(desk: TempDesk): string[] {
  return JSON.parse(readFileSync(`${desk.root}/.qoc/connectors/odd/sent.json`, "utf8")) as string[];
}
function state(desk: TempDesk, id: string): string | undefined {
  return desk.open.desk.state.orders.get(id as never)?.state;
}

describe("an order without a definite response", () => {
  it.each(["DIE", "THROW", "JUNK"])(
    "a venue response of %s leaves the order unknown, blocks its instrument, and does not send the order again",
    async (symbol) => {
      const desk = await open();
      const proposed = await propose(desk, symbol);
      await expect(approve(desk, proposed)).rejects.toMatchObject({
        code: "OUTCOME_UNKNOWN",
        exit: 6,
        data: { id: proposed.id, state: "unknown" },
      });
      await expect(approve(desk, proposed)).rejects.toMatchObject({ code: "ALREADY_DECIDED" });
      await desk.reaches(proposed.id, "unknown");
      const next = await propose(desk, symbol, "2");
      expect(next.verdict.reasons.map((reason) => reason.message).join()).toContain(proposed.id);
      expect(sentIds(desk)).toHaveLength(1);
      await desk.call("resolve", { id: proposed.id, note: "looked at the venue" });
      expect(state(desk, proposed.id)).toBe("cancelled");
      const shown = await desk.call<{ resolvedBy: string }>("orders show", { id: proposed.id });
      expect(shown.resolvedBy).toBe("human");
    },
  );

  it("a connector that became data-only receives no order", async () => {
    const desk = await open();
    const proposed = await propose(desk, "ABC");
    await desk.stop();
    const again = await tempDesk({
      again: desk,
      config: (text) => text.replace('name = "odd"', 'name = "odd"\norders = false'),
    });
    desks.push(again);
    await expect(approve(again, proposed)).rejects.toMatchObject({ code: "NEEDS_CONNECTOR" });
    expect(() => sentIds(again)).toThrow(/ENOENT/);
  });

  it("a venue's rejection leaves the order rejected", async () => {
    const desk = await open();
    const proposed = await propose(desk, "NO");
    await expect(approve(desk, proposed)).rejects.toMatchObject({
      code: "VENUE_REJECTED",
      data: { state: "rejected" },
    });
    const shown = await desk.call("orders show", { id: proposed.id });
    expect(shown).toMatchObject({ rejectedBy: "venue" });
    expect(JSON.stringify(shown)).toContain("not here");
  });

  it("an unknown order is settled when the venue answers again and knows the order", async () => {
    const desk = await open();
    const proposed = await propose(desk, "LOST");
    await expect(approve(desk, proposed)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await desk.reaches(proposed.id, "accepted")).toBe("accepted");
    expect(sentIds(desk)).toHaveLength(1);
  });
});

describe("fills", () => {
  it("a fill that arrives three times counts once, also before the acknowledgement and without a client order id", async () => {
    const desk = await open();
    const proposed = await propose(desk, "TWICE", "2");
    await approve(desk, proposed);
    expect(await desk.reaches(proposed.id, "filled")).toBe("filled");
    const order = desk.open.desk.state.orders.get(proposed.id as never);
    expect(order?.fills.size).toBe(1);
    expect(desk.open.desk.state.positions.get("odd/TWICE")?.quantity.toFixed()).toBe("2");
  });

  it("fills beyond the order's quantity are applied and the order is flagged", async () => {
    const desk = await open();
    const proposed = await propose(desk, "OVER");
    await approve(desk, proposed);
    await desk.reaches(proposed.id, "filled");
    expect([...(desk.open.desk.state.orders.get(proposed.id as never)?.flags ?? [])]).toContain("overfilled");
  });
});

describe("a restart", () => {
  it("a restart turns an intent without a response into unknown and keeps every acknowledged action", async () => {
    const desk = await open();
    const proposed = await propose(desk, "THROW");
    await approve(desk, proposed).catch(() => undefined);
    const kept = await propose(desk, "ABC");
    await approve(desk, kept);
    await desk.stop();
    // The journal ends with the intent, as after a crash at that moment.
    const path = `${desk.root}/.qoc/journal/000001.ndjson`;
    const lines = readFileSync(path, "utf8").split("\n");
    const cut = lines.findIndex((line) => line.includes('"type":"order.submitting"'));
    writeFileSync(path, `${lines.slice(0, cut + 1).join("\n")}\n`);
    await anchorJournal(desk);
    const again = await open(desk);
    expect(state(again, proposed.id)).toBe("unknown");
    expect(sentIds(again)).toHaveLength(2);
  });

  it("a restart sets a torn last line aside and continues the journal", async () => {
    const desk = await open();
    const proposed = await propose(desk, "ABC");
    await desk.stop();
    appendFileSync(`${desk.root}/.qoc/journal/000001.ndjson`, '{"seq":99,"ts":"2026');
    const again = await open(desk);
    expect(state(again, proposed.id)).toBe("proposed");
    await approve(again, proposed);
    expect(state(again, proposed.id)).toBe("accepted");
    expect((await again.call<{ ok: boolean }>("journal verify")).ok).toBe(true);
  });

  it("a restart on a changed journal is read-only and refuses orders", async () => {
    const desk = await open();
    const proposed = await propose(desk, "ABC");
    await desk.stop();
    const path = `${desk.root}/.qoc/journal/000001.ndjson`;
    writeFileSync(path, readFileSync(path, "utf8").replace('"quantity":"1"', '"quantity":"9"'));
    const again = await open(desk);
    await expect(approve(again, proposed)).rejects.toMatchObject({ code: "DESK_READ_ONLY" });
    expect(await again.call<{ ok: boolean; problem: string }>("journal verify")).toMatchObject({
      ok: false,
      problem: expect.stringContaining("does not match its hash"),
    });
  });

  it("a copied desk starts halted, in a new epoch, with different client order ids", async () => {
    const desk = await open();
    await approve(desk, await propose(desk, "ABC"));
    await desk.stop();
    const copy = `${desk.root}-copy`;
    cpSync(desk.root, copy, { recursive: true });
    const second = await tempDesk({ again: { root: copy, home: desk.home } });
    desks.push(second);
    expect(second.open.desk.state.trading.state).toBe("halted");
    expect(second.open.desk.state.epoch).toBe(2);
    await second.call("resume");
    await approve(second, await propose(second, "DEF"));
    const ids = [...second.open.desk.state.byClientOrderId.keys()];
    expect(new Set(ids.map((id) => id.split("-")[0])).size).toBe(2);
  });

  it("a rebuild restores every projection from the journal", async () => {
    const desk = await open();
    const proposed = await propose(desk, "TWICE");
    await approve(desk, proposed);
    await desk.reaches(proposed.id, "filled");
    await desk.settled();
    const path = `orders/executed/${proposed.id}.toml`;
    const before = desk.read(path);
    rmSync(`${desk.root}/${path}`);
    await desk.call("journal rebuild");
    expect(desk.read(path)).toBe(before);
  });
});

describe("two at once", () => {
  it("of two approvals of one proposal, one sends the order and the other is refused as already approved", async () => {
    const desk = await open();
    const proposed = await propose(desk, "ABC");
    const outcomes = await Promise.allSettled([approve(desk, proposed), approve(desk, proposed)]);
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(sentIds(desk)).toHaveLength(1);
  });

  it("a second desk on the same folder is refused", async () => {
    const desk = await open();
    await expect(tempDesk({ again: desk })).rejects.toMatchObject({ code: "LOCKED" });
  });
});

/** A connector's file is trusted as it was at its last start; a changed file needs the operator's consent. */
import { readdirSync } from "node:fs";
import { multiplierOf } from "../../src/domain/account/multiplier.ts";
import { afterEach, describe, expect, it } from "vitest";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterSource("static capabilities = { mode: 'paper' };");
const CHANGED = VENUE.replace("return 1000;", "return 2000;");
const CONFIG = `[[connector]]\nname = "venue"\ntype = "custom"\nadapter = "./venue.ts"\n`;

let desk: TempDesk | undefined;
async function open(again?: TempDesk): Promise<TempDesk> {
  const options = { config: () => CONFIG, files: again === undefined ? { "venue.ts": VENUE } : {} };
  desk = await tempDesk({
    ...options,
    ...(again === undefined ? {} : { again: { root: again.root, home: again.home } }),
  });
  return desk;
}
function stateOf(of: TempDesk) {
  return of.open.desk.venues.facts("venue");
}

afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

describe("a changed adapter file", () => {
  it("a changed adapter is not loaded at the next start until the operator restarts the connector", async () => {
    const first = await open();
    expect(stateOf(first)?.state).toBe("ready");
    await first.stop();
    await first.write("venue.ts", CHANGED);
    const second = await open(first);
    expect(stateOf(second)).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("its adapter changed") as string,
    });
    await second.settled();
    expect(readdirSync(`${second.root}/inbox`).some((name) => name.includes("alert"))).toBe(true);
    const answer = await second.call("connectors restart", { name: "venue" });
    expect(answer).toMatchObject({ state: "ready", adapterChanged: true });
    await second.stop();
    const third = await open(second);
    expect(stateOf(third)?.state).toBe("ready");
  });

  it("a restarted connector's instruments are fetched again", async () => {
    const first = await open();
    const order = { connector: "venue", side: "buy", symbol: "X", quantity: "1", type: "limit", limitPrice: "100" };
    const verdict = async (): Promise<string> =>
      JSON.stringify((await first.call<{ verdict: unknown }>("orders propose", { ...order, rationale: "x" })).verdict);
    const listed = (multiplier: string): string =>
      adapterSource(`static capabilities = { mode: 'paper' };
        async getInstrument(symbol: string) { return { symbol, currency: "USD", multiplier: "${multiplier}" }; }`);
    for (const multiplier of ["1", "50", "1"]) {
      await first.write("venue.ts", listed(multiplier));
      await first.call("connectors restart", { name: "venue" });
      await verdict();
      expect(multiplierOf(first.open.desk.state, "venue", "X").toFixed()).toBe(multiplier);
    }
  });

  it("an unchanged adapter is loaded at the next start without a question", async () => {
    const first = await open();
    await first.stop();
    const second = await open(first);
    expect(stateOf(second)?.state).toBe("ready");
    expect(await second.call("connectors restart", { name: "venue" })).toMatchObject({ adapterChanged: false });
  });
});

describe("a changed adapter file of a live connector", () => {
  const LIVE = `${CONFIG}mode = "live"\n${LIVE_LINES}${LIVE_GUARD}`;
  const openLive = async (again?: TempDesk): Promise<TempDesk> => {
    const from = again === undefined ? {} : { again: { root: again.root, home: again.home } };
    desk = await tempDesk({ config: () => LIVE, files: again === undefined ? { "venue.ts": VENUE } : {}, ...from });
    return desk;
  };

  it("is refused by restart, which names qoc reload, and the loaded adapter goes on", async () => {
    const made = await openLive();
    expect(stateOf(made)?.state).toBe("ready");
    await made.write("venue.ts", CHANGED);
    const refused = await made.call("connectors restart", { name: "venue" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "ADAPTER_CHANGED",
      hint: "review the change, then qoc reload, then qoc connectors restart venue",
    });
    expect(stateOf(made)?.state).toBe("ready");
    expect((await made.open.desk.configuration.standing()).waiting).toMatchObject([
      { path: "connector.venue.code", effect: "loosens", key: "live" },
    ]);
    // `call` signs with the live key, as the operator does.
    expect(await made.call("reload")).toMatchObject({ accepted: true, restart: [] });
    expect(await made.call("connectors restart", { name: "venue" })).toMatchObject({ state: "ready" });
    expect(await made.open.desk.venues.buyingPower("venue")).toBe("2000");
    expect((await made.open.desk.configuration.standing()).waiting).toEqual([]);
    expect(await made.services.verify({ line: () => undefined })).toMatchObject({ ok: true });
    await made.stop();
    expect(stateOf(await openLive(made))?.state).toBe("ready");
  });

  it("is not signed by the desk key, nor accepted at the next start or by a restart after it", async () => {
    const first = await openLive();
    await first.stop();
    await first.write("venue.ts", CHANGED);
    const second = await openLive(first);
    expect(stateOf(second)).toMatchObject({ state: "quarantined", lastError: expect.stringContaining("changed") });
    await expect(second.call("connectors restart", { name: "venue" })).rejects.toMatchObject({
      code: "ADAPTER_CHANGED",
    });
    await expect(second.call("reload", {}, { actor: "human", channel: "cli" })).rejects.toMatchObject({
      code: "SIGNATURE_REQUIRED",
      message: expect.stringContaining("live key"),
    });
    await second.write("venue.ts", VENUE);
    expect(await second.call("connectors restart", { name: "venue" })).toMatchObject({ state: "ready" });
  });
});

describe("quarantine by the operator", () => {
  it("a quarantined connector refuses orders, also after a restart of the desk, until the operator restarts it", async () => {
    const first = await open();
    expect(await first.call("connectors quarantine", { name: "venue", reason: "odd fills" })).toMatchObject({
      state: "quarantined",
    });
    const made = await first.call<{ id: string; digest: string }>("orders propose", {
      side: "buy",
      symbol: "X",
      quantity: "1",
      type: "limit",
      limitPrice: "100",
      rationale: "test",
    });
    await expect(first.call("approve", { id: made.id, digest: made.digest })).rejects.toMatchObject({
      code: "GUARD_BLOCKED",
    });
    await first.stop();
    const second = await open(first);
    expect(stateOf(second)).toMatchObject({ state: "quarantined" });
    expect(await second.call("connectors restart", { name: "venue" })).toMatchObject({ state: "ready" });
    await second.stop();
    expect(stateOf(await open(second))).toMatchObject({ state: "ready" });
  });

  it("an agent has no quarantine command", async () => {
    const made = await open();
    for (const command of ["connectors quarantine", "connectors restart", "connectors list"])
      await expect(made.call(command, { name: "venue" }, { actor: "agent:x", channel: "mcp" })).rejects.toMatchObject({
        code: "NOT_PERMITTED",
      });
  });
});

/** A connector's file is trusted as it was at its last start; a changed file needs the operator's consent. */
import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
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

  it("an unchanged adapter is loaded at the next start without a question", async () => {
    const first = await open();
    await first.stop();
    const second = await open(first);
    expect(stateOf(second)?.state).toBe("ready");
    expect(await second.call("connectors restart", { name: "venue" })).toMatchObject({ adapterChanged: false });
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

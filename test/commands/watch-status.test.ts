/** `qoc status --watch`: a screen that is drawn again and again on a terminal, one line each time in a pipe. */
import { describe, expect, it } from "vitest";
import type { CommandSession } from "../../src/commands/command.ts";
import type { OutputStyle } from "../../src/commands/rendering/table-text.ts";
import { watchStatus } from "../../src/commands/watch-status.ts";
import type { StatusView } from "../../src/domain/status-view.ts";

/** The status of a desk whose orders are `ids`. */
function statusOf(ids: readonly string[]): StatusView {
  const book = {
    ...{ nav: "1000", cash: "900", buyingPower: "900", dayPnl: "-5", day: "2020-04-20", currency: "USD" },
    ...{
      asOf: "2026-07-05T22:29:00.000Z",
      accounts: [],
      positions: [],
      profit: [],
      fees: [],
      rates: [],
      exposures: [],
    },
  };
  const order = (id: string) => ({ id, state: "accepted", sentence: `buy 1 ${id}`, flags: [] });
  return {
    ...{ at: "2026-07-05T22:30:07.000Z", workspace: { name: "desk", path: "" }, up: true, readOnly: null },
    ...{
      trading: { state: "active", reason: "", since: null, actor: null },
      connectors: [],
      proposals: [],
      orders: ids.map(order),
    },
    ...{ externalOrders: [], issues: [], inbox: { new: 0 }, lastRun: null, agents: [], book, flagged: [], quotes: [] },
    ...{ runs: { runtime: "demo", unconfined: false, running: [] }, config: [], schedules: [] },
  } as unknown as StatusView;
}

/** Looks at the desk as often as there are `statuses`, then is interrupted; returns what each look draws. */
async function watched(isTty: boolean, statuses: readonly StatusView[]) {
  const ended = new AbortController();
  const drawn: (readonly string[])[] = [];
  const style: OutputStyle = { isTty, columns: 80, paint: (_shade, text) => text };
  const session = {
    flags: { json: false },
    signal: ended.signal,
    call: () => Promise.resolve(statuses[drawn.length]),
    redraw: (render: (style: OutputStyle) => readonly string[]) => {
      drawn.push(render(style));
      if (drawn.length === statuses.length) ended.abort(new Error("Ctrl-C"));
      return Promise.resolve();
    },
  } as unknown as CommandSession;
  await expect(watchStatus(session, 1)).rejects.toThrow();
  return drawn;
}

describe("status --watch", () => {
  it("draws the whole status again on a terminal, and says how it ends", async () => {
    const [first = [], second = []] = await watched(true, [statusOf(["a"]), statusOf(["a", "b"])]);
    expect(first.join("\n")).toContain("buy 1 a");
    expect(first.join("\n")).not.toContain("buy 1 b");
    expect(second.join("\n")).toContain("buy 1 b");
    expect(first.at(-1)).toBe("every 2 s; Ctrl-C ends it");
  });

  it("names in a pipe a connector whose orders are blocked although it answers", async () => {
    const connectors = [{ name: "v", state: "ready", comparisonFails: true }];
    const [[line = ""] = []] = await watched(false, [{ ...statusOf([]), connectors } as unknown as StatusView]);
    expect(line).toMatch(/v ready, orders blocked$/);
  });

  it("prints one line each time in a pipe, with the date of the day's result", async () => {
    const drawn = await watched(false, [statusOf([]), statusOf(["a"])]);
    expect(drawn).toEqual([
      ["2026-07-05T22:30:07.000Z  up  trading active  NAV 1000 USD  today -5 USD (2020-04-20)  0 waiting  0 in flight"],
      ["2026-07-05T22:30:07.000Z  up  trading active  NAV 1000 USD  today -5 USD (2020-04-20)  0 waiting  1 in flight"],
    ]);
  });
});

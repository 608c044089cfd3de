/** The lines of `qoc status` on a terminal. */
import type { StatusView } from "../../src/domain/status-view.ts";
import { expect, it } from "vitest";
import { renderStatus } from "../../src/commands/rendering/status.ts";
import { widthOf } from "../../src/commands/rendering/terminal-text.ts";
import { REGISTRY } from "../support/commands.ts";

const STYLE = { isTty: true, columns: 80, paint: (_: unknown, text: string) => text };
const CONNECTOR: StatusView["connectors"][number] = {
  ...{ name: "x", state: "ready", mode: "paper", restarts: 0, isolation: "worker", isolationReason: null },
  ...{ untrusted: null, latencyMs: null, queueDepth: 0, memoryMb: null, polls: null, readPause: null, refusedFills: 0 },
  ...{ venueDate: null, notice: null },
};

function shown(part: Partial<StatusView>): readonly string[] {
  const at = "2026-07-05T12:00:00.000Z";
  const book = {
    ...{ nav: null, cash: null, buyingPower: null, dayPnl: null, day: null, asOf: null, currency: "USD" },
    ...{ accounts: [], rates: [], profit: [], fees: [], positions: [], exposures: [] },
  };
  const status: StatusView = {
    ...{
      at,
      workspace: { name: "desk", path: "/desk" },
      up: true,
      trading: { state: "active", reason: "", since: null, actor: null },
    },
    ...{
      connectors: [],
      proposals: [],
      orders: [],
      externalOrders: [],
      issues: [],
      inbox: { new: 0 },
      book,
      quotes: [],
    },
    ...{ runs: { runtime: "demo", unconfined: false, running: [] }, lastRun: null, agents: [], schedules: [] },
    ...{ flagged: [], config: [], readOnly: null },
    ...part,
  };
  return renderStatus(status, STYLE);
}

it.each(["allow", "block"] as const)(
  "the recorded verdict %s of a desk that is down is no verdict of now",
  (decision) => {
    const proposals: StatusView["proposals"] = [
      {
        ...{ id: "20260705-001", path: "p", digest: "d", decision, checkedAt: "2026-07-05T11:59:58.000Z" },
        ...{ needs: "approval", sentence: "buy 1 SPX", untrusted: null },
      },
    ];
    const down = shown({ proposals, up: false }).join("\n");
    expect(down).toContain("?  20260705-001  buy 1 SPX");
    expect(down).toMatch(/last recorded /);
    expect(down).not.toMatch(/[✓✗]|last asked/);
    const up = shown({ proposals }).join("\n");
    expect(up).toContain(`${decision === "allow" ? "✓" : "✗"}  20260705-001  buy 1 SPX`);
    expect(up).not.toContain("recorded");
  },
);

it("errors and failed polls of a connector wrap at words, without the connector's name again", () => {
  const words = "refuses to connect: the key of this account has no right to read the positions of its parent account";
  const text = `connector x ${words}`;
  const untrusted = { source: "connector:x", retrievedAt: "2026-07-05T12:00:00.000Z", text };
  const failing = { ...CONNECTOR, state: "stopped", untrusted };
  const polls = { failures: 3, nextInSeconds: 8, untrusted: { ...untrusted, text: words } };
  const troubled = { ...CONNECTOR, polls, isolationReason: words };
  const lines = shown({ connectors: [failing, troubled] });
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
  expect(lines.join(" ").replaceAll(/ +/g, " ")).toContain(`✗ x PAPER stopped: ${words}`);
  expect(lines.join(" ").replaceAll(/ +/g, " ")).toContain(`! 3 polls failed, the next in 8 s: ${words}`);
  const short = { ...failing, untrusted: { ...untrusted, text: "connector x: no route" } };
  expect(shown({ connectors: [short] }).join("\n")).toContain("✗ x  PAPER  stopped: no route\n");
});

it("accounts of a million each fit 80 columns", () => {
  const account = (connector: string): StatusView["book"]["accounts"][number] =>
    ({
      ...{ connector, mode: "paper", nav: "1000000", cash: "1000000", buyingPower: "1000000", currency: "USD" },
      ...{ dayPnl: "-699.3", day: "2026-07-05", asOf: null, isInSum: true, isCountedByGuards: true, isStale: false },
      ...{ sharedWith: null, unvalued: [], unexplained: null, balances: [] },
    }) as never;
  const accounts = [account("alpaca-paper"), account("paper")];
  const book = { nav: "2000000", cash: "2000000", buyingPower: "2000000", dayPnl: "0", day: null, asOf: null };
  const rest = { currency: "USD", rates: [], profit: [], fees: [], positions: [], exposures: [] };
  const lines = shown({ book: { ...book, ...rest, accounts } as never });
  for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  expect(lines.join("\n")).toMatch(/paper\n +paper +1,000,000.00 USD +1,000,000.00 +1,000,000.00 +-699.30 +07-05/);
});

it("the banner of a desk without a guard says so", async () => {
  const { render } = await REGISTRY.load("up");
  const notice = { kind: "no-guards", text: "no guard is in force: nothing limits an order", changes: [], fix: null };
  const report = { workspace: "desk", path: "/desk", pid: 1, port: 7070, trading: "active", config: [notice] };
  expect(render(report, STYLE)).toContain("! no guard is in force: nothing limits an order");
});

it("the banner of a desk that is read-only says why", async () => {
  const { render } = await REGISTRY.load("up");
  const readOnly = "journal 000001.ndjson line 164: does not match its hash; the desk is read-only and halted";
  const report = { workspace: "desk", path: "/desk", pid: 1, port: 7070, trading: "active", readOnly };
  expect(render(report, STYLE)).toContain(`✗ read-only: ${readOnly}`);
});

it.each([
  ["active", /trading impossible: read-only$/],
  ["halted", /! halted$/],
] as const)("a desk that is read-only never says that trading is active: %s", (state, headline) => {
  const lines = shown({ readOnly: "no space", trading: { state, reason: "", since: null, actor: null } });
  expect(lines[0]).toMatch(headline);
  expect(lines.join("\n")).not.toContain("trading active");
});

it("says since when trading is halted, and who halted it", () => {
  const since = "2026-07-05T11:58:00.000Z";
  const lines = (actor: StatusView["trading"]["actor"], at: string | null = since): string =>
    shown({ trading: { state: "halted", reason: "odd prices", since: at, actor } }).join("\n");
  expect(lines("human")).toMatch(/! halted: odd prices \(since \S+ \S+ by a human\)/);
  expect(lines("host")).toContain("by the desk)");
  expect(lines(null, null)).toMatch(/! halted: odd prices$/m);
});

/** `qoc status --watch`: the same screen again and again, until Ctrl-C. */
import type { StatusView } from "../domain/status-view.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandSession } from "./command.ts";
import { money, signedMoney } from "./rendering/money.ts";
import { shownConnectorState, shownTradingState } from "./rendering/shown-state.ts";
import { renderStatus } from "./rendering/status.ts";
import type { OutputStyle } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

const EVERY_MS = 2_000;

/** Rejects when the session's signal aborts. */
export async function watchStatus(session: CommandSession, everyMs = EVERY_MS): Promise<never> {
  for (;;) {
    const status = (await session.call("status", {})) as StatusView;
    if (session.flags.json) await session.show("status", status);
    else await session.redraw((style) => (style.isTty ? screen(status, style) : [line(status)]));
    await sleep(everyMs, undefined, { signal: session.signal });
  }
}

function screen(status: StatusView, style: OutputStyle): readonly string[] {
  return [...renderStatus(status, style), style.paint("dim", `every ${EVERY_MS / 1000} s; Ctrl-C ends it`)];
}

/** One update in one line: what changes while one waits. */
function line(status: StatusView): string {
  const { at, up, book, proposals, orders, connectors, flagged } = status;
  const exact = { isTty: false };
  const notReady = connectors
    .map((connector) => ({ name: connector.name, state: shownConnectorState(connector) }))
    .filter(({ state }) => state !== "ready");
  const facts = [
    at,
    up ? "up" : "down",
    `trading ${shownTradingState(status)}`,
    `NAV ${money(book.nav, book.currency, exact)}`,
    // With its date: the day of a simulated market, or of a venue elsewhere, is not the day of the reader.
    `today ${signedMoney(book.dayPnl, book.currency, exact)}${book.day === null ? "" : ` (${book.day})`}`,
    `${proposals.length} waiting`,
    `${orders.length} in flight`,
    ...(flagged.length === 0 ? [] : [`${flagged.length} blocked`]),
    ...notReady.map(({ name, state }) => `${name} ${state}`),
  ];
  return oneLine(facts.join("  "));
}

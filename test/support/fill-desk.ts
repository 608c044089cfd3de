/** The part of a desk that takes fills and reports, in memory. */
import { applyEvent, foldDeskState } from "../../src/domain/desk-state.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { Desk } from "../../src/trading/desk.ts";
import { createFillBudgets } from "../../src/trading/fills/fill-budget.ts";
import { scenario } from "./journal-scenario.ts";

/** With a working order of each id, which buys AAPL at 100 or less. `problems`: what it logs. */
export function openDesk(
  connector: ConnectorName,
  ids: readonly string[],
  quantity: string,
): { readonly desk: Desk; readonly problems: readonly string[] } {
  const told = scenario().desk().connector(connector).account(connector);
  for (const id of ids) told.working(id, { quantity });
  const state = foldDeskState(told.records());
  let { seq } = state;
  const clock = { now: () => Date.now(), monotonic: () => Date.now() };
  const problems: string[] = [];
  const note = (message: string): void => void problems.push(message);
  const desk = {
    ...{ state, clock, fillBudgets: createFillBudgets(clock), market: { externalOrders: new Map() } },
    venues: { facts: () => ({ mode: "paper", capabilities: {}, methods: ["getFills"] }) },
    log: { error: note, warn: note, info: () => undefined },
    commit: (event: DeskEvent) => {
      seq += 1;
      applyEvent(state, { seq, at: Date.now(), epoch: 1, event });
      return Promise.resolve();
    },
  } as unknown as Desk;
  return { desk, problems };
}

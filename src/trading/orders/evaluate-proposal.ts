/**
 * Builds the gate's input from the desk and evaluates it. The result is advice at propose and approve, and final at
 * dispatch.
 */
import { FIRST_ORDER_NOTIONAL } from "../../domain/config/config-tables.ts";
import { type DecimalText, decimal, text } from "../../domain/decimal.ts";
import type { GuardsEvaluated } from "../../domain/event.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { Stage, Verdict, Check } from "../../domain/orders/verdict.ts";
import { evaluateCancel } from "../../gate/cancel-check.ts";
import { evaluate } from "../../gate/gate.ts";
import { bookSnapshot, guardedOrder } from "../../gate/guard-runner.ts";
import type { GateInput, OrderRoute } from "../../gate/input.ts";
import { accountOwner } from "../account/account-owner.ts";
import type { Desk } from "../desk.ts";
import { rateTable } from "../account/exchange-rates.ts";
import { type MarketSnapshot, fetchMarketSnapshot } from "../market/market-snapshot.ts";

export function gateInput(
  desk: Desk,
  order: Readonly<OrderRecord>,
  { stage, view, custom }: { stage: Stage; view: MarketSnapshot; custom: readonly Check[] },
): GateInput {
  const status = desk.venues.facts(order.terms.connector);
  return {
    stage,
    order: { id: order.id, terms: order.terms, clientOrderId: order.clientOrderId },
    state: desk.state,
    connector: {
      name: order.terms.connector,
      state: status?.state ?? "stopped",
      ready: status?.state === "ready",
      reconciled: desk.market.reconciled.has(order.terms.connector),
      mode: status?.mode ?? "unstated",
      capabilities: status?.capabilities ?? {},
      firstOrderNotional: firstOrderNotional(desk, order.terms.connector),
      listsInstruments: status?.methods.includes("getInstrument") === true,
      hasSchedule: status?.methods.includes("getSchedule") === true,
      reportsOrders: status?.methods.includes("getOrder") === true,
    },
    routes: orderRoutes(desk),
    exchange: rateTable(desk),
    quote: view.quote,
    instrument: view.instrument,
    nearSymbol: view.near,
    sessions: view.sessions,
    buyingPower: view.buyingPower,
    buyingPowerSeq: view.buyingPowerSeq,
    hostNow: desk.clock.now(),
    monoNow: desk.clock.monotonic(),
    venueNow: view.venueNow,
    timezone: desk.config.workspace.timezone,
    approval: order.approvals.at(-1),
    guards: desk.config.guards,
    custom,
    journalHealthy: desk.readOnly() === undefined,
    freeSpace: desk.market.freeSpace,
  };
}

function firstOrderNotional({ config }: Pick<Desk, "config">, connector: string): DecimalText {
  const found = config.connectors.find(({ name }) => name === connector)?.firstOrderNotional;
  return text(decimal(found ?? FIRST_ORDER_NOTIONAL));
}

/**
 * The connectors whose accounts guards count: enabled in desk.toml and with `orders = true`. A connector whose account
 * another one trades is no route: its money would count twice.
 */
function orderRoutes(desk: Pick<Desk, "config" | "market" | "state" | "venues">): readonly OrderRoute[] {
  return desk.config.connectors
    .filter(({ enabled, orders, name }) => enabled && orders && accountOwner(desk, name) === name)
    .map(({ name, mode }) => ({
      connector: name,
      mode: desk.venues.facts(name)?.mode ?? mode ?? "unstated",
      reportedAt: desk.market.askedAt.get(name),
    }));
}

/** Runs the operator's custom guards in a thread of their own. Returns an empty list without custom guards. */
export async function customChecks(
  desk: Desk,
  order: Readonly<OrderRecord>,
  view: MarketSnapshot,
): Promise<readonly Check[]> {
  const custom = desk.config.guards.filter((guard) => guard.kind === "custom").filter((guard) => guard.enabled);
  if (custom.length === 0) return [];
  const input = gateInput(desk, order, { stage: "propose", view, custom: [] });
  return desk.guards.run(custom, guardedOrder(input), bookSnapshot(input));
}

/** The verdict on a cancel: it needs no market data. */
export function cancelVerdict(desk: Pick<Desk, "state" | "venues">, { terms }: Readonly<OrderRecord>): Verdict {
  return evaluateCancel({ terms, state: desk.state, mode: desk.venues.facts(terms.connector)?.mode });
}

/** Fetches market data, unless it is given, and runs every guard. Journals nothing except a changed account. */
export async function evaluateProposal(
  desk: Desk,
  order: Readonly<OrderRecord>,
  fetched?: Promise<MarketSnapshot>,
): Promise<{ verdict: Verdict; view: MarketSnapshot }> {
  if (order.terms.cancels !== undefined) {
    const view = { venueNow: desk.clock.now(), buyingPowerSeq: desk.state.seq, problems: [] };
    return { verdict: cancelVerdict(desk, order), view };
  }
  const view = await (fetched ?? fetchMarketSnapshot(desk, order.terms.connector, order.terms.symbol));
  const custom = await customChecks(desk, order, view);
  return { verdict: evaluate(gateInput(desk, order, { stage: "propose", view, custom })), view };
}

/** The event of a verdict, for the caller to publish or commit. */
export function guardsEvaluated(
  { id, digest }: Readonly<OrderRecord>,
  stage: Stage,
  { decision, reasons }: Verdict,
): GuardsEvaluated {
  return { type: "guards.evaluated", id, stage, digest, decision, reasons };
}

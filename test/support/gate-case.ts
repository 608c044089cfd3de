/** Builds a gate input from a journal scenario: everything is healthy and fresh unless the test overrides it. */
import { guardOptions, type BuiltInGuard, type GuardKey } from "../../src/domain/config/guard-config.ts";
import { NO_RATES } from "../../src/domain/account/exchange-rate.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import type { Quote } from "../../src/domain/market/quote.ts";
import type { Check, Verdict } from "../../src/domain/orders/verdict.ts";
import { evaluate } from "../../src/gate/gate.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { type JournalScenario, type TermsDraft, amount, scenarioClientId, terms } from "./journal-scenario.ts";

export const MONO = 500_000;

/** A built-in guard as the config loader creates it, with its defaults. */
export function guard(key: GuardKey, options: Record<string, unknown> = {}): BuiltInGuard {
  return { kind: "built-in", line: 1, options: guardOptions()[key].parse({ key, ...options }) } as BuiltInGuard;
}

export function quote(bid: string, ask: string, more: Partial<Omit<Quote, "last">> & { last?: string } = {}): Quote {
  const { last, ...rest } = more;
  return {
    symbol: "AAPL",
    bid: amount(bid),
    ask: amount(ask),
    at: 0,
    receivedMono: MONO,
    ...(last === undefined ? {} : { last: amount(last) }),
    ...rest,
  };
}

/**
 * `order` is the id of an order of the scenario, or the terms of a new order with the id "new". The quote defaults to
 * 99.99 / 100.01 with the current time.
 */
export function inputOf(tale: JournalScenario, order: string | TermsDraft, more: Partial<GateInput> = {}): GateInput {
  const state = tale.state();
  const id = typeof order === "string" ? order : "new";
  const orderTerms = typeof order === "string" ? tale.termsOf(order) : terms(order);
  const approval = state.orders.get(id as OrderId)?.approvals.at(-1);
  return {
    stage: "propose",
    order: { id: id as OrderId, terms: orderTerms, clientOrderId: scenarioClientId(id) },
    state,
    connector: {
      name: orderTerms.connector,
      state: "ready",
      ready: true,
      reconciled: true,
      mode: orderTerms.mode,
      capabilities: {},
      firstOrderNotional: amount("1000000000"),
    },
    routes: [...new Set([orderTerms.connector, ...state.accounts.keys()])].map((connector) => ({
      connector,
      mode: orderTerms.mode,
    })),
    exchange: NO_RATES,
    quote: quote("99.99", "100.01", { symbol: orderTerms.symbol, at: tale.now }),
    hostNow: tale.now,
    monoNow: MONO,
    venueNow: tale.now,
    timezone: "UTC",
    approval,
    guards: [],
    custom: [],
    journalHealthy: true,
    freeSpace: { bytes: 10_000_000_000, files: 1_000_000 },
    ...more,
  };
}

export function checkOf(verdict: Verdict, key: string): Check {
  const found = verdict.checks.find((check) => check.guard === key);
  if (found === undefined)
    throw new Error(`${key} was not evaluated, only ${verdict.checks.map((check) => check.guard).join(", ")}`);
  return found;
}

/** Returns the check of one guard. */
export function ask(
  tale: JournalScenario,
  order: string | TermsDraft,
  rule: BuiltInGuard,
  more: Partial<GateInput> = {},
): Check {
  return checkOf(evaluate(inputOf(tale, order, { guards: [rule], ...more })), rule.options.key);
}

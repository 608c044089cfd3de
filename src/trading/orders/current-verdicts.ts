/** What the guards say now about the proposals that wait: for lists, which journal at most a changed account. */
import type { OrderId } from "../../domain/ids.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { type Verdict, reasonText } from "../../domain/orders/verdict.ts";
import { resolvesWithin } from "../../lib/resolves-within.ts";
import type { Desk } from "../desk.ts";
import { evaluateProposal } from "./evaluate-proposal.ts";
import type { MarketSnapshot } from "../market/market-snapshot.ts";
import { sharedMarkets } from "../market/shared-markets.ts";

/** A verdict of this age is shown again without a call of the venue. */
const AGE_MAX_MS = 2_000;
/** A list does not wait longer for a slow venue; the last verdict is shown with its time. */
const WAIT_MS = 1_500;
/** The newest proposals; a desk has few. */
const EVALUATED_MAX = 50;

/** Resolves when the verdicts in the desk's cache are of now, or after a short wait. */
export async function refreshVerdicts(desk: Desk): Promise<void> {
  const { verdicts } = desk.proposals;
  for (const id of verdicts.keys()) if (!desk.state.proposed.has(id)) verdicts.delete(id);
  const due = [...desk.state.proposed.values()].slice(-EVALUATED_MAX).filter((order) => isDue(desk, order));
  if (due.length === 0) return;
  const marketOf = sharedMarkets(desk);
  // A cancel needs no market data.
  const dataFor = ({ terms }: Readonly<OrderRecord>) => (terms.cancels === undefined ? marketOf(terms) : undefined);
  const evaluated = Promise.all(due.map((order) => evaluate(desk, { ...order }, dataFor(order))));
  await resolvesWithin(desk.clock, WAIT_MS, evaluated);
}

function isDue(
  { proposals, clock }: Pick<Desk, "proposals" | "clock">,
  { id, digest }: Readonly<OrderRecord>,
): boolean {
  const known = proposals.verdicts.get(id);
  return known === undefined || known.digest !== digest || clock.monotonic() - known.mono >= AGE_MAX_MS;
}

async function evaluate(
  desk: Desk,
  order: Readonly<OrderRecord>,
  market: Promise<MarketSnapshot> | undefined,
): Promise<void> {
  const { verdict } = await evaluateProposal(desk, order, market);
  if (desk.state.proposed.has(order.id)) keepVerdict(desk, order, verdict);
}

/** A list shows this verdict until it is old. */
export function keepVerdict(
  { clock, proposals }: Pick<Desk, "clock" | "proposals">,
  { id, digest }: Readonly<OrderRecord>,
  verdict: Verdict,
): void {
  proposals.verdicts.set(id, { verdict, digest, at: clock.now(), mono: clock.monotonic() });
}

export interface ShownVerdict {
  readonly decision: "allow" | "block" | null;
  /** The first reason of a block. */
  readonly reason: string | undefined;
  /** When the guards ran, ms; null: not yet. */
  readonly at: number | null;
}

/** The newest verdict on the terms as they are: of the last list, else of the journal. */
export function newestVerdict(
  proposals: Pick<Desk["proposals"], "verdicts">,
  order: Readonly<OrderRecord>,
): ShownVerdict {
  const current = proposals.verdicts.get(order.id as OrderId);
  const recorded = order.verdicts.at(-1);
  const isCurrent = current !== undefined && current.digest === order.digest;
  const verdict = isCurrent ? current.verdict : recorded;
  const [first] = verdict?.reasons ?? [];
  return {
    decision: verdict?.decision ?? null,
    reason: first === undefined ? undefined : reasonText(first),
    at: (isCurrent ? current.at : recorded?.at) ?? null,
  };
}

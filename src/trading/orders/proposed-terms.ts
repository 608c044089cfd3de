/** The terms of a proposal, before its protection price: of an order, of a cancel, or of a replacement. */
import { messageOf } from "../../domain/errors/error.ts";
import type { OrderTerms } from "../../domain/orders/order.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import {
  type CompleteDraft,
  type OrderDraft,
  type ProposalDraft,
  type RouteTarget,
  defaultTimeInForce,
  routeProposal,
  termsOf,
} from "../../domain/orders/proposal.ts";
import type { Desk } from "../desk.ts";
import { type InstrumentsDesk, instrumentOf } from "../market/instruments.ts";
import { termsOnTarget } from "./order-target.ts";
import { routeTargets } from "./route-targets.ts";

type TermsDesk = InstrumentsDesk & Pick<Desk, "config" | "log">;

export type ProposedTerms =
  | { readonly terms: OrderTerms }
  | { readonly reason: string; readonly needs: "connector" | "correction" };

/** `known`: the same proposal before; it stays listed when the order that it names ends. */
export async function proposedTerms(
  desk: TermsDesk,
  file: { readonly text?: string; readonly draft: ProposalDraft },
  known?: OrderRecord,
): Promise<ProposedTerms> {
  const { text, draft } = file;
  if ("cancels" in draft || "replaces" in draft) {
    const terms = termsOnTarget(desk, draft, known);
    return typeof terms === "string" ? { reason: terms, needs: "correction" } : { terms };
  }
  const route = routeProposal(draft, routeTargets(desk));
  if ("reason" in route) return { reason: route.reason, needs: "connector" };
  const isKept = known !== undefined && known.source === text && known.terms.connector === route.to.name;
  const complete = isKept
    ? { ...draft, timeInForce: draft.timeInForce ?? known.terms.timeInForce }
    : await completeDraft(desk, draft, route.to);
  return { terms: termsOf(complete, route.to) };
}

/**
 * The draft with a time in force. An unchanged file keeps its own, so that its digest does not depend on what the venue
 * lists at that moment.
 */
async function completeDraft(desk: TermsDesk, draft: OrderDraft, { name }: RouteTarget): Promise<CompleteDraft> {
  const { timeInForce, symbol } = draft;
  if (timeInForce !== undefined) return { ...draft, timeInForce };
  const instrument = await instrumentOf(desk, name, symbol).catch((error: unknown) => {
    desk.log.warn(`the times in force of ${symbol} at ${name} are not known: ${messageOf(error)}`);
    return undefined;
  });
  return { ...draft, timeInForce: defaultTimeInForce(instrument?.timesInForce) };
}

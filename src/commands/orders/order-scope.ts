/**
 * `[connectors] agent = [...]` for orders: which orders an agent sees, and to which connectors its proposals may go.
 * Nothing is written for a connector out of scope.
 */
import { basename } from "node:path";
import type { Desk } from "../../trading/desk.ts";
import { findOrder } from "../../trading/orders/find-order.ts";
import { routeTargets } from "../../trading/orders/route-targets.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { suggestion } from "../../domain/ids.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { type ProposalDraft, type RouteTarget, readProposal, routeProposal } from "../../domain/orders/proposal.ts";
import { parseProposalFile } from "../../workspace/proposal-file.ts";
import { isInScope, isLimited } from "../connector-scope.ts";

interface RouteRequest {
  readonly connector?: string | undefined;
  readonly venue?: string | undefined;
}

/**
 * The connector to write into a proposal; undefined leaves it open, for the human to name one.
 * @throws CONNECTOR_UNKNOWN, CONNECTOR_DATA_ONLY; for an agent with a scope also CONNECTOR_NEEDED.
 */
export function routeInScope(desk: Desk, actor: Actor, { connector, venue }: RouteRequest): string | undefined {
  const targets = routeTargets(desk).filter(({ name }) => isInScope(desk, actor, name));
  if (connector !== undefined) refuseTarget(connector, targets);
  if (!isLimited(desk, actor)) return connector;
  // If the proposal named no connector, the desk would choose among all of them, also among those out of scope.
  const route = routeProposal({ connector, venue }, targets);
  if ("reason" in route) throw new QocError("CONNECTOR_NEEDED", { reason: route.reason });
  return route.to.name;
}

function refuseTarget(name: string, targets: readonly RouteTarget[]): void {
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    const names = targets.filter(({ enabled }) => enabled).map((candidate) => candidate.name);
    throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: suggestion(name, names) });
  }
  if (!target.orders) throw new QocError("CONNECTOR_DATA_ONLY", { connector: name });
}

/** The same rule for a proposal that an agent writes as a file. A text that is no proposal yet is not checked. */
export function refuseFileOutOfScope(
  desk: Desk,
  actor: Actor,
  { path, text }: { readonly path: string; readonly text: string },
): void {
  if (!isLimited(desk, actor)) return;
  const draft = draftIn(path, text);
  if (draft === undefined) return;
  if ("cancels" in draft || "replaces" in draft) {
    const id = "cancels" in draft ? draft.cancels : draft.replaces;
    const order = desk.state.orders.get(id as OrderRecord["id"]);
    if (order === undefined || !isOrderInScope(desk, actor, order))
      throw new QocError("ORDER_NOT_FOUND", { id, suggestion: "" });
    return;
  }
  const connector = routeInScope(desk, actor, draft);
  // The file itself must name the connector: the desk reads the file again without its author's scope.
  if (draft.connector !== connector)
    throw new QocError("CONNECTOR_NEEDED", { reason: "a proposal's file names its connector" });
}

function draftIn(path: string, text: string): ProposalDraft | undefined {
  try {
    const name = basename(path);
    return readProposal(parseProposalFile(name, Buffer.from(text)).document, name.slice(0, name.lastIndexOf(".")));
  } catch {
    return undefined;
  }
}

/** True if the actor may see the order. The actor's own orders are no exception: their checks contain market data. */
export function isOrderInScope(desk: Pick<Desk, "config">, actor: Actor, order: Pick<OrderRecord, "terms">): boolean {
  return isInScope(desk, actor, order.terms.connector);
}

/** Errors whose messages may name connectors, and orders at them. */
const REVEALING: ReadonlySet<string> = new Set(["ORDER_NOT_FOUND", "ID_AMBIGUOUS", "NEEDS_CONNECTOR"]);

/** The order that `ref` names, if the actor may see it. @throws ORDER_NOT_FOUND, ID_AMBIGUOUS, ID_DUPLICATE. */
export async function findOrderInScope(desk: Desk, actor: Actor, ref: string): Promise<OrderRecord> {
  try {
    const order = await findOrder(desk, ref);
    if (isOrderInScope(desk, actor, order)) return order;
  } catch (error) {
    if (!isLimited(desk, actor) || !(error instanceof QocError) || !REVEALING.has(error.code)) throw error;
  }
  throw new QocError("ORDER_NOT_FOUND", { id: ref, suggestion: "" });
}

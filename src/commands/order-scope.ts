/**
 * `[connectors] agent = [...]` for orders: which of them an agent sees, and where its proposals may go. A connector outside is as
 * unknown as one that does not exist, and nothing is written for it.
 */
import { basename } from "node:path";
import type { Desk } from "../trading/desk.ts";
import { findOrder } from "../trading/find-order.ts";
import { routeTargets } from "../trading/scan-proposals.ts";
import { QocError } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import { suggestion } from "../domain/ids.ts";
import type { OrderRecord } from "../domain/order-state.ts";
import { type RouteTarget, readProposal, routeProposal } from "../domain/proposal.ts";
import { parseProposalFile } from "../workspace/proposal-file.ts";
import { isInScope, isLimited } from "./scope.ts";

interface Wish {
  readonly connector?: string | undefined;
  readonly venue?: string | undefined;
}

/**
 * The connector to write into a proposal; undefined leaves it open, for the human to name one.
 * @throws CONNECTOR_UNKNOWN, CONNECTOR_DATA_ONLY; for an agent with a scope also CONNECTOR_NEEDED.
 */
export function routeInScope(desk: Desk, actor: Actor, { connector, venue }: Wish): string | undefined {
  const targets = routeTargets(desk).filter(({ name }) => isInScope(desk, actor, name));
  if (connector !== undefined) refuseTarget(connector, targets);
  if (!isLimited(desk, actor)) return connector;
  // Left open, the desk would look for one among all of them.
  const route = routeProposal(
    { ...(connector === undefined ? {} : { connector }), ...(venue === undefined ? {} : { venue }) },
    targets,
  );
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

/** A proposal that an agent writes as a file goes where one by command may go. What is no proposal yet goes nowhere. */
export function refuseFileOutOfScope(desk: Desk, actor: Actor, path: string, text: string): void {
  if (!isLimited(desk, actor)) return;
  const draft = draftIn(path, text);
  if (draft === undefined) return;
  const to = routeInScope(desk, actor, draft);
  // The file itself must say it: the desk reads it again without knowing whose it is.
  if (draft.connector !== to)
    throw new QocError("CONNECTOR_NEEDED", { reason: "a proposal's file names its connector" });
}

function draftIn(path: string, text: string): Wish | undefined {
  try {
    const name = basename(path);
    return readProposal(parseProposalFile(name, Buffer.from(text)).document, name.slice(0, name.lastIndexOf(".")));
  } catch {
    return undefined;
  }
}

/** Is this order one that the actor may see? Its own are no exception: their checks would tell of the market there. */
export function isOrderInScope(desk: Pick<Desk, "config">, actor: Actor, order: Pick<OrderRecord, "terms">): boolean {
  return isInScope(desk, actor, order.terms.connector);
}

/** Their words may name connectors, and orders at them. */
const TELLING: ReadonlySet<string> = new Set(["ORDER_NOT_FOUND", "ID_AMBIGUOUS", "NEEDS_CONNECTOR"]);

/** The order that is meant, where the actor may see it. @throws ORDER_NOT_FOUND and its siblings. */
export async function locateInScope(desk: Desk, actor: Actor, words: string): Promise<OrderRecord> {
  try {
    const order = await findOrder(desk, words);
    if (isOrderInScope(desk, actor, order)) return order;
  } catch (error) {
    if (!isLimited(desk, actor) || !(error instanceof QocError) || !TELLING.has(error.code)) throw error;
  }
  throw new QocError("ORDER_NOT_FOUND", { id: words, suggestion: "" });
}

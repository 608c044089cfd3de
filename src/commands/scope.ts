/** `[connectors] agent = [...]`: which connectors exist for an actor. The one place that says so. */
import type { Desk } from "../trading/desk.ts";
import type { StatusView } from "../trading/status.ts";
import type { Actor } from "../domain/event.ts";
import { QocError } from "../domain/error.ts";
import { type OrderId, suggestion } from "../domain/ids.ts";

type Scoped = Pick<Desk, "config">;

function isAgent(actor: Actor): boolean {
  return actor.startsWith("agent:");
}

/** Are there connectors that do not exist for the actor? */
export function isLimited({ config }: Scoped, actor: Actor): boolean {
  return isAgent(actor) && config.agentConnectors !== undefined;
}

/** Does this connector exist for the actor? */
export function isInScope({ config }: Scoped, actor: Actor, connector: string): boolean {
  return !isAgent(actor) || config.agentConnectors === undefined || config.agentConnectors.includes(connector);
}

/** The enabled connectors that the actor may reach. */
export function connectorsInScope(desk: Scoped, actor: Actor): readonly string[] {
  return desk.config.connectors
    .filter(({ enabled, name }) => enabled && isInScope(desk, actor, name))
    .map(({ name }) => name);
}

/** The connector that was named, or the only one. One out of scope is as unknown as one that does not exist. @throws CONNECTOR_UNKNOWN. */
export function connectorInScope(desk: Scoped, actor: Actor, name: string | undefined, command: string): string {
  const names = connectorsInScope(desk, actor);
  if (name !== undefined) {
    if (!names.includes(name)) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: suggestion(name, names) });
    return name;
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw new QocError("INVALID_INPUT", { command, message: `name one with --connector (${names.join(", ")})` });
}

type Holding = Pick<StatusView["book"]["positions"][number], "connector">;

/** The positions of a view that exist for the actor. */
export function positionsInScope<T extends Holding>(desk: Scoped, actor: Actor, positions: readonly T[]): readonly T[] {
  return positions.filter(({ connector }) => isInScope(desk, actor, connector));
}

/** A look at the desk without what does not exist for the actor. The sums stay the whole desk's, as its guards count them. */
export function statusInScope(desk: Pick<Desk, "config" | "state">, actor: Actor, view: StatusView): StatusView {
  const isKnown = (connector: string): boolean => isInScope(desk, actor, connector);
  const isKnownOrder = ({ id }: { readonly id: string }): boolean => {
    const order = desk.state.orders.get(id as OrderId);
    return order === undefined || isKnown(order.terms.connector);
  };
  return {
    ...view,
    connectors: view.connectors.filter(({ name }) => isKnown(name)),
    // What stands in the way of a proposal may be told in the names of connectors.
    proposals: view.proposals
      .filter((proposal) => proposal.digest === null || isKnownOrder(proposal))
      .map((proposal) =>
        proposal.needs === "connector" && isLimited(desk, actor) ? { ...proposal, untrusted: null } : proposal,
      ),
    orders: view.orders.filter(isKnownOrder),
    // Who else may come is the human's to know.
    agents: isAgent(actor) ? [] : view.agents,
    flagged: view.flagged.filter((instrument) => isKnown(instrument.slice(0, instrument.indexOf("/")))),
    book: { ...view.book, positions: positionsInScope(desk, actor, view.book.positions) },
  };
}

/**
 * `[connectors] agent = [...]` in desk.toml: the connectors that an actor may reach. For an agent, a connector out of
 * its scope and a connector that does not exist are the same.
 */
import type { StatusView } from "../domain/status-view.ts";
import type { AccountView } from "../domain/account/account-view.ts";
import { instrumentParts } from "../domain/orders/order.ts";
import type { Desk } from "../trading/desk.ts";
import type { Actor } from "../domain/event.ts";
import { QocError } from "../domain/errors/error.ts";
import { type OrderId, suggestion } from "../domain/ids.ts";

type ScopedDesk = Pick<Desk, "config">;

function isAgent(actor: Actor): boolean {
  return actor.startsWith("agent:");
}

/** True if some connectors are out of the actor's scope. */
export function isLimited({ config }: ScopedDesk, actor: Actor): boolean {
  return isAgent(actor) && config.agentConnectors !== undefined;
}

/** True if the actor may reach the connector. */
export function isInScope({ config }: ScopedDesk, actor: Actor, connector: string): boolean {
  return !isAgent(actor) || config.agentConnectors === undefined || config.agentConnectors.includes(connector);
}

/** The enabled connectors that the actor may reach. */
export function connectorsInScope(desk: ScopedDesk, actor: Actor): readonly string[] {
  return desk.config.connectors
    .filter(({ enabled, name }) => enabled && isInScope(desk, actor, name))
    .map(({ name }) => name);
}

/**
 * The named connector; without a name the only one in scope. @throws CONNECTOR_UNKNOWN; INVALID_INPUT if a name is
 * needed.
 */
export function connectorInScope(
  desk: ScopedDesk,
  actor: Actor,
  { name, command }: { readonly name: string | undefined; readonly command: string },
): string {
  const names = connectorsInScope(desk, actor);
  if (name !== undefined) {
    if (!names.includes(name)) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: suggestion(name, names) });
    return name;
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw new QocError("INVALID_INPUT", { command, message: `name one with --connector (${names.join(", ")})` });
}

type Holding = { readonly connector: string };

/** The positions, accounts or orders at connectors that the actor may reach. */
export function positionsInScope<T extends Holding>(
  desk: ScopedDesk,
  actor: Actor,
  positions: readonly T[],
): readonly T[] {
  return positions.filter(({ connector }) => isInScope(desk, actor, connector));
}

/** The book without the accounts and positions out of the actor's scope. The sums remain those of the whole desk. */
export function bookInScope<T extends AccountView>(desk: ScopedDesk, actor: Actor, book: T): T {
  const isVisible = (instrument: string): boolean => isInScope(desk, actor, instrumentParts(instrument).connector);
  return {
    ...book,
    accounts: positionsInScope(desk, actor, book.accounts),
    profit: book.profit.map((line) => ({ ...line, incomplete: line.incomplete.filter(isVisible) })),
    positions: positionsInScope(desk, actor, book.positions),
    exposures: book.exposures
      .map((exposure) => ({ ...exposure, places: positionsInScope(desk, actor, exposure.places) }))
      .filter(({ places }) => places.length > 0),
  };
}

/**
 * The status without what is out of the actor's scope. The sums remain those of the whole desk, as the guards count
 * them.
 */
export function statusInScope(desk: Pick<Desk, "config" | "state">, actor: Actor, view: StatusView): StatusView {
  const isVisible = (connector: string): boolean => isInScope(desk, actor, connector);
  const isVisibleInstrument = (key: string): boolean => isVisible(instrumentParts(key).connector);
  const isVisibleOrder = ({ id }: { readonly id: string }): boolean => {
    const order = desk.state.orders.get(id as OrderId);
    return order === undefined || isVisible(order.terms.connector);
  };
  return {
    ...view,
    connectors: view.connectors.filter(({ name }) => isVisible(name)),
    // The reason why a proposal has no connector may name connectors out of scope.
    proposals: view.proposals
      .filter((proposal) => proposal.digest === null || isVisibleOrder(proposal))
      .map((proposal) =>
        proposal.needs === "connector" && isLimited(desk, actor) ? { ...proposal, untrusted: null } : proposal,
      ),
    orders: view.orders.filter(isVisibleOrder),
    externalOrders: positionsInScope(desk, actor, view.externalOrders),
    quotes: positionsInScope(desk, actor, view.quotes),
    // An agent does not see other agents or schedules.
    agents: isAgent(actor) ? [] : view.agents,
    // The changes name connectors and hold values of desk.toml.
    config: isAgent(actor) ? view.config.map((notice) => ({ ...notice, changes: [] })) : view.config,
    schedules: isAgent(actor) ? [] : view.schedules,
    // They quote files of the operator.
    rateProblems: isAgent(actor) ? undefined : view.rateProblems,
    queue: isAgent(actor) ? [] : (view.queue ?? []),
    unread: view.unread?.filter(({ connector }) => isVisible(connector)),
    flagged: view.flagged.filter(isVisibleInstrument),
    ...(view.flagReasons !== undefined && {
      flagReasons: Object.fromEntries(Object.entries(view.flagReasons).filter(([key]) => isVisibleInstrument(key))),
    }),
    book: bookInScope(desk, actor, view.book),
  };
}

/** `[connectors] agent = [...]`: which connectors exist for an actor. The one place that says so. */
import type { Desk } from "../desk/desk.ts";
import type { StatusView } from "../desk/status.ts";
import type { Actor } from "../domain/event.ts";
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";

type Scoped = Pick<Desk, "config">;

const isAgent = (actor: Actor): boolean => actor.startsWith("agent:");

/** Does this connector exist for the actor? */
export const isInScope = ({ config }: Scoped, actor: Actor, connector: string): boolean =>
  !isAgent(actor) || config.agentConnectors === undefined || config.agentConnectors.includes(connector);

/** The enabled connectors that the actor may reach. */
export const connectorsInScope = (desk: Scoped, actor: Actor): readonly string[] =>
  desk.config.connectors.filter(({ enabled, name }) => enabled && isInScope(desk, actor, name)).map(({ name }) => name);

/** The connector that was named, or the only one. One out of scope is as unknown as one that does not exist. @throws CONNECTOR_UNKNOWN. */
export const connectorInScope = (desk: Scoped, actor: Actor, name: string | undefined, command: string): string => {
  const names = connectorsInScope(desk, actor);
  if (name !== undefined) {
    if (!names.includes(name)) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: suggestion(name, names) });
    return name;
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw new QocError("INVALID_INPUT", { command, message: `name one with --connector (${names.join(", ")})` });
};

/** A look at the desk without the connectors that do not exist for the actor. The sums stay the whole desk's. */
export const statusInScope = (desk: Scoped, actor: Actor, view: StatusView): StatusView => ({
  ...view,
  connectors: view.connectors.filter(({ name }) => isInScope(desk, actor, name)),
  book: { ...view.book, positions: view.book.positions.filter(({ connector }) => isInScope(desk, actor, connector)) },
});

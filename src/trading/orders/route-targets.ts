/** The connectors as routing sees them. */
import type { ConnectorName } from "../../domain/ids.ts";
import type { RouteTarget } from "../../domain/orders/proposal.ts";
import type { Desk } from "../desk.ts";

export function routeTargets(desk: Pick<Desk, "config" | "venues">): readonly RouteTarget[] {
  return desk.config.connectors.map((connector) => ({
    name: connector.name as ConnectorName,
    enabled: connector.enabled,
    orders: connector.orders,
    venues: connector.venues,
    mode: desk.venues.facts(connector.name)?.mode ?? connector.mode ?? "unstated",
  }));
}

/** Orders that rest at a venue and that this desk did not send, as lists and reports of the venue show them. */
import type { ClientOrderId, ConnectorName } from "../../domain/ids.ts";
import type { VenueReport } from "../../domain/market/venue.ts";
import type { Desk, ExternalOrder } from "../desk.ts";
import { counted } from "../../lib/counted.ts";

/** More external orders of a connector come with its next list. */
const PUSHED_MAX = 1_000;

/** New orders of one list that are logged by their ids. */
const LOGGED_MAX = 10;

type ExternalOrdersDesk = Pick<Desk, "log" | "market" | "state">;

/** The newest list of a venue. While the outcome of an order is open, an order that is new in it may be that one. */
export function keepExternalOrders(
  desk: ExternalOrdersDesk,
  connector: ConnectorName,
  listed: readonly ExternalOrder[],
): void {
  const { externalOrders } = desk.market;
  const known = new Set(externalOrders.get(connector)?.map(({ report }) => report.venueOrderId));
  const isOpen = hasOpenOutcome(desk, connector);
  const kept = listed.filter(({ report }) => !isOpen || known.has(report.venueOrderId));
  const fresh = kept.filter(({ report }) => !known.has(report.venueOrderId));
  for (const { report } of fresh.slice(0, LOGGED_MAX)) logExternal(desk, connector, report);
  const others = fresh.length - LOGGED_MAX;
  if (others > 0)
    desk.log.warn(
      `${counted(others, "more order rests", "more orders rest")} at ${connector}, and this desk did not send them`,
      { connector },
    );
  externalOrders.set(connector, kept);
}

/** A pushed report of an order that is not known. Returns true if it may be of an order whose outcome is open. */
export function keepExternalReport(desk: ExternalOrdersDesk, connector: ConnectorName, report: VenueReport): boolean {
  if (namesWorking(desk.state, report)) return false;
  const { externalOrders } = desk.market;
  const known = externalOrders.get(connector) ?? [];
  const before = known.find(({ report: { venueOrderId } }) => venueOrderId === report.venueOrderId);
  if (before === undefined && hasOpenOutcome(desk, connector)) return true;
  const others = known.filter((external) => external !== before);
  const isWorking = report.status === "open" || report.status === "partially_filled";
  if (isWorking && others.length < PUSHED_MAX) {
    if (before === undefined) logExternal(desk, connector, report);
    externalOrders.set(connector, [...others, { report, closedHere: before?.closedHere ?? null }]);
  } else if (before !== undefined) externalOrders.set(connector, others);
  return false;
}

/**
 * Whether a report bears the id that the desk made for an order in flight. Whatever else it says, the desk sent that
 * order, and asks for it by itself.
 */
export function namesWorking(
  { byClientOrderId, inFlight }: Pick<Desk["state"], "byClientOrderId" | "inFlight">,
  { clientOrderId }: Pick<ExternalOrder["report"], "clientOrderId">,
): boolean {
  const id = clientOrderId === undefined ? undefined : byClientOrderId.get(clientOrderId as ClientOrderId);
  return id !== undefined && inFlight.has(id);
}

function hasOpenOutcome({ state }: Pick<Desk, "state">, connector: ConnectorName): boolean {
  for (const { terms, venueOrderId } of state.inFlight.values())
    if (terms.connector === connector && venueOrderId === undefined) return true;
  return false;
}

function logExternal({ log }: Pick<Desk, "log">, connector: string, report: ExternalOrder["report"]): void {
  const { venueOrderId } = report;
  const trouble = report.status === "unknown" ? `; its state is not known: ${report.reason}` : "";
  log.warn(`order ${venueOrderId} rests at ${connector}, and this desk did not send it${trouble}`, { connector });
}

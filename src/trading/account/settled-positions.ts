/** The positions of a venue, with every fill that the desk had when the venue was asked. */
import { QocError } from "../../domain/errors/error.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import type { VenuePosition } from "../../domain/market/venue.ts";
import { instrumentKey } from "../../domain/orders/order.ts";
import { markAccount } from "../market/market-snapshot.ts";
import type { Desk } from "../desk.ts";

const READINGS_MAX = 3;

/**
 * A fill that arrives during the request may be in the response or not, so the venue is asked again.
 * @throws POSITION_UNSETTLED, and what the connector throws.
 */
export async function settledPositions(
  desk: Desk,
  { connector, symbol }: { readonly connector: ConnectorName; readonly symbol: string },
): Promise<readonly VenuePosition[]> {
  for (let reading = 1; reading <= READINGS_MAX; reading++) {
    const { seq } = desk.state;
    const { positions } = await markAccount(desk, connector);
    if ((desk.state.lastFill.get(instrumentKey(connector, symbol))?.seq ?? 0) <= seq) return positions;
  }
  throw new QocError("POSITION_UNSETTLED", { connector, symbol });
}

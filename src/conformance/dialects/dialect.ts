/**
 * The wire format of a venue: how the kit's fake venue reads requests and writes answers. The book, the faults and the
 * cases are the same for every dialect. All values are plain data, because a dialect of an author runs in a process.
 */
import type { DialectTraits, VenueCommand } from "../../domain/sdk-kit.ts";
import type { VenueRoute } from "../venue/fake-venue-faults.ts";

type WithoutAuthorization<T> = T extends unknown ? Omit<T, "isAuthorized"> : never;
/** A command before its keys were checked. */
export type UnsignedCommand = WithoutAuthorization<VenueCommand>;

/** What most venues have in common. */
export const USUAL_TRAITS = {
  confirmsId: true,
  hasFeeCurrencies: true,
  endings: ["rejected", "expired", "cancelled"],
  steps: [
    { tickSize: "0.05", lotSize: "0.5" },
    { tickSize: "0.0001", lotSize: "10" },
  ],
} satisfies Partial<DialectTraits>;

/** The route of a command for faults and for the record of requests. */
export function faultRouteOf({ route }: VenueCommand): VenueRoute | "unknown" {
  // A venue that lists all instruments in one answer has no other request for them.
  if (route === "instruments") return "instrument";
  return route === "other" ? "unknown" : route;
}

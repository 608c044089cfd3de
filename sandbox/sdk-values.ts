/** What `@qoc-app/sdk` is inside a sandbox. */
import { ConnectRefused, NotSent, RateLimited, SDK_VERSION, VenueRejection } from "../src/domain/sdk.ts";

/** The values of the SDK, in an object of the caller's own: what one guard changes in it reaches no other. */
export function sdkValues(): Readonly<Record<string, unknown>> {
  return { VenueRejection, NotSent, ConnectRefused, RateLimited, SDK_VERSION };
}

/** The kit's own HTTP venue, for what neither a gateway nor an author's venue can be made to do. */
import { skip } from "./assert.ts";
import { FakeVenue } from "./fake-venue.ts";
import type { ConformanceHarness } from "./harness.ts";

/** @throws CaseSkipped if the adapter is tested against another venue. */
export function kitOf({ venue }: ConformanceHarness): FakeVenue {
  return venue instanceof FakeVenue ? venue : skip("only the kit's own HTTP venue can be made to do this");
}

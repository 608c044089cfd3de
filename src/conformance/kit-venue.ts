/** The kit's own HTTP venue, for what neither a gateway nor an author's venue can be made to do. */
import { skip } from "./assert.ts";
import { FakeVenue } from "./fake-venue.ts";
import type { ConformanceHarness } from "./harness.ts";
import type { CaseRequirements } from "./test-case.ts";

/** What a case needs that calls {@link kitOf}. An author's venue meets it, too: there kitOf skips the case. */
export const KIT: CaseRequirements = { venue: "hooked" };

/** @throws CaseSkipped if the adapter is tested against another venue. */
export function kitOf({ venue }: ConformanceHarness): FakeVenue {
  return venue instanceof FakeVenue ? venue : skip("only the kit's own HTTP venue can be made to do this");
}

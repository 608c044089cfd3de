/** What a case needs of the venue besides its level, and that not each kind of venue has. */
import { leaveOut } from "../assert.ts";
import { BookVenue } from "./book-venue.ts";
import { QOC_DIALECT } from "../dialects/qoc.ts";
import { FakeVenue } from "./fake-venue.ts";
import type { ConformanceHarness } from "../harness.ts";
import { TwsGateway } from "../tws/gateway.ts";

/** @throws CaseLeftOut if the adapter is tested against another venue. */
export function kitOf({ venue }: ConformanceHarness): FakeVenue {
  return venue instanceof FakeVenue ? venue : leaveOut("only the kit's own HTTP venue can be made to do this");
}

/** For faults of HTTP. @throws CaseLeftOut if the venue's API is another one. */
export function requireHttp({ venue }: ConformanceHarness): void {
  if (venue instanceof TwsGateway) leaveOut("requests of this venue are not HTTP");
}

/** What the kit can make the gateway of TWS state. */
const TWS_STATEMENTS: readonly string[] = ["rates", "schedule"];

/** For what the kit's own venue has in its own wire format only; an author's venue has a hook. @throws CaseLeftOut. */
export function requireStatements({ venue }: ConformanceHarness, what: string): void {
  const isOther = venue instanceof FakeVenue ? venue.dialect !== QOC_DIALECT : venue instanceof BookVenue;
  if (isOther && !(venue instanceof TwsGateway && TWS_STATEMENTS.includes(what)))
    leaveOut(`this wire format has no ${what} that the kit can make`);
}

/** Whether the venue states the time of an exchange rate; else a rate has the time of its answer. */
export function statesRateTime({ venue }: ConformanceHarness): boolean {
  return !(venue instanceof TwsGateway);
}

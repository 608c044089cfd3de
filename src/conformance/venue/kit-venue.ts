/** What a case needs of the venue besides its level, and that not each kind of venue has. */
import type { DialectStatements } from "../../domain/sdk-kit.ts";
import { leaveOut } from "../assert.ts";
import { BookVenue } from "./book-venue.ts";
import { QOC_DIALECT, STATEMENTS } from "../dialects/qoc.ts";
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

/** Streamed quotes are in the kit's own wire format only; an author's venue has a hook. @throws CaseLeftOut. */
export function requireStreamedQuotes({ venue }: ConformanceHarness): void {
  const isOther = venue instanceof FakeVenue ? venue.dialect !== QOC_DIALECT : venue instanceof BookVenue;
  if (isOther) leaveOut("this wire format has no streamed quotes that the kit can make");
}

/** Whether the history names the currency of a fee. Kraken names it in the messages of its stream only. */
export function namesFeesInHistory({ venue }: ConformanceHarness): boolean {
  return !(venue instanceof FakeVenue) || venue.dialect === QOC_DIALECT;
}

/** What the wire format can state for an optional method. @throws CaseLeftOut if that is nothing. */
export function statementOf<K extends keyof DialectStatements>(
  { venue }: ConformanceHarness,
  name: K,
): NonNullable<DialectStatements[K]> {
  const statements: DialectStatements = venue instanceof BookVenue ? (venue.traits.statements ?? {}) : STATEMENTS;
  return statements[name] ?? leaveOut(`this wire format has no ${NAMES[name]} that the kit can make`);
}

const NAMES = {
  activities: "activities",
  rate: "rates",
  schedule: "schedule",
  replacesOrders: "replaced orders",
} satisfies Record<keyof DialectStatements, string>;

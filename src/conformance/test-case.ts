/** One numbered case of the certification kit: what it proves, what it needs, and how it runs. */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { ConformanceHarness } from "./harness.ts";
import type { VenueLevel } from "./venue/test-venue.ts";

export type CaseGroup =
  | "load"
  | "quotes"
  | "account"
  | "orders"
  | "fills"
  | "cancel"
  | "faults"
  | "recovery"
  | "secrets"
  | "limits";

/** What a case needs. Without a method or a capability it is skipped; without the venue or orders it stays untried. */
export interface CaseRequirements {
  readonly methods?: readonly Method[];
  /** A capability that the adapter declares. */
  readonly declares?: keyof Capabilities;
  /**
   * What the kit must be able to do at the venue. "proxied": faults. "hooked": what the hooks of an author's venue do
   * besides.
   */
  readonly venue?: Exclude<VenueLevel, "none" | "kit">;
  /** certify.toml allows orders. */
  readonly orders?: true;
  /** certify.toml has at least one secret. */
  readonly auth?: true;
}

export interface TestCase {
  /** Permanent: never changed, never reused for another case. */
  readonly id: `C${string}`;
  readonly group: CaseGroup;
  readonly title: string;
  /** What is certain about the adapter if the case passes. */
  readonly proves: string;
  readonly needs?: CaseRequirements;
  /** The case starts the connector itself; otherwise the runner starts it first. */
  readonly startsConnector?: true;
  /** The case is about this step of every start: the kit's own first start shows whether it fails. */
  readonly step?: "load" | "connect";
  /** The case runs after all others have ended. */
  readonly isLast?: true;
  /** Passes by returning; fails or skips through assert.ts. */
  readonly run: (harness: ConformanceHarness) => Promise<void>;
}

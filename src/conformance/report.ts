/** The result of a certification run. `qoc connectors test --json` prints it. */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { CaseGroup } from "./test-case.ts";

/** `skipped`: the case does not apply to this adapter. `untried`: it applies, but could not run with these settings. */
export type CaseOutcome = "passed" | "failed" | "skipped" | "untried";

export interface CaseReport {
  readonly id: string;
  readonly group: CaseGroup;
  readonly title: string;
  readonly proves: string;
  readonly outcome: CaseOutcome;
  /** Why the case failed or did not run, written for the adapter's author. */
  readonly reason?: string | undefined;
  /** A skipped case that may concern the adapter: the venue of this run cannot be made to do what the case needs. */
  readonly isLeftOut?: true | undefined;
  readonly ms: number;
}

export interface Guarantee {
  readonly guarantee: string;
  readonly given: boolean;
  readonly because: string;
}

export interface Report {
  readonly adapter: string;
  readonly name: string;
  readonly isolation: "worker" | "process";
  /** Digest of the tested bundle; empty if the adapter could not be bundled. */
  readonly digest: string;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  readonly counts: Readonly<Record<CaseOutcome, number>>;
  /** Every case that applies to the adapter ran, and none failed. */
  readonly certified: boolean;
  /** How many cases were tried, and what was not, e.g. `36 of 120 cases tried; faults not tried: not certified`. */
  readonly summary: string;
  /** Groups with a case that applies and was not tried. */
  readonly untriedGroups: readonly CaseGroup[];
  /** What to change so that these cases run; one line per reason. */
  readonly next: readonly string[];
  /** Only selected cases ran, so the report cannot certify the adapter. */
  readonly partial: boolean;
  readonly cases: readonly CaseReport[];
  /** Why the adapter does not start, and how many untried cases have this reason; undefined if it starts. */
  readonly notStarted?: { readonly reason: string; readonly cases: number } | undefined;
  readonly guarantees: readonly Guarantee[];
}

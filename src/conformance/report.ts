/** What a certification says. */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Group } from "./test-case.ts";

export type CaseOutcome = "passed" | "failed" | "skipped";

export interface CaseReport {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  readonly proves: string;
  readonly outcome: CaseOutcome;
  /** Why it failed or was skipped: a sentence for the author. */
  readonly reason?: string;
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
  /** Of the bundle that was judged; empty where it could not be bundled. */
  readonly digest: string;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** Every case was tried, and none failed. */
  readonly certified: boolean;
  /** Only the cases that were named: nothing is promised on those alone. */
  readonly partial: boolean;
  readonly cases: readonly CaseReport[];
  readonly guarantees: readonly Guarantee[];
}

/** The result of a certification run. `qoc connectors test --json` prints it. */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { CaseGroup } from "./test-case.ts";

export type CaseOutcome = "passed" | "failed" | "skipped";

export interface CaseReport {
  readonly id: string;
  readonly group: CaseGroup;
  readonly title: string;
  readonly proves: string;
  readonly outcome: CaseOutcome;
  /** Why the case failed or was skipped, written for the adapter's author. */
  readonly reason?: string | undefined;
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
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** The full suite ran and no case failed. */
  readonly certified: boolean;
  /** Only selected cases ran, so the report cannot certify the adapter. */
  readonly partial: boolean;
  readonly cases: readonly CaseReport[];
  readonly guarantees: readonly Guarantee[];
}

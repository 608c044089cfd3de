/** One numbered case of the certification kit: what it proves, what it needs, and how it ends. */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { ConformanceHarness } from "./harness.ts";

export type Group =
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

export interface Needs {
  readonly methods?: readonly Method[];
  /** A capability that it declares. */
  readonly declares?: keyof Capabilities;
  /** The kit's fake venue, which the adapter must speak. */
  readonly venue?: true;
  /** Places orders. */
  readonly orders?: true;
  /** The secrets of certify.toml. */
  readonly auth?: true;
}

export interface Case {
  /** Never changes and is never given to another. */
  readonly id: `C${string}`;
  readonly group: Group;
  readonly title: string;
  /** What is sure after it passed. */
  readonly proves: string;
  readonly needs?: Needs;
  /** It starts the connector itself. */
  readonly isCold?: true;
  readonly run: (stand: ConformanceHarness) => Promise<void>;
}

/** Ends a case: the sentence says what was seen, and what to change. */
export class CaseFailed extends Error {}

/** Ends a case that turned out not to apply. */
export class CaseSkipped extends Error {}

export function fail(sentence: string): never {
  throw new CaseFailed(sentence);
}

export function skip(sentence: string): never {
  throw new CaseSkipped(sentence);
}

/** Fails with the sentence unless it holds. */
export const must: (holds: boolean, sentence: string) => asserts holds = (holds, sentence) => {
  if (!holds) fail(sentence);
};

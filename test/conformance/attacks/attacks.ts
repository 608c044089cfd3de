/**
 * The attacks of a hostile connector; their ids are permanent. `code` is the body of an async method of the adapter. A
 * string that it returns is what the attack achieved; an empty string or an error means that the attack was refused.
 */
import { THREAD_ATTACKS } from "./thread-attacks.ts";
import { AUTHORITY_ATTACKS } from "./authority-attacks.ts";
import { ESCAPE_ATTACKS } from "./escape-attacks.ts";
import { FORGERY_ATTACKS } from "./forgery-attacks.ts";
import { NETWORK_ATTACKS } from "./network-attacks.ts";
import { SECRET_ATTACKS } from "./secret-attacks.ts";

/**
 * `refused`: the attack had no effect, and the connector keeps running. `contained`: the worker ended, and the
 * connector restarted or was quarantined. `zombie`: the worker thread could not be ended; only trading on this
 * connector stops. `succeeds`: the attack had its effect. `host crashes`: the whole desk ended.
 */
export type AttackOutcome = "refused" | "contained" | "zombie" | "succeeds" | "host crashes";
type ExpectedOutcomes = AttackOutcome | readonly AttackOutcome[];
/** `process`: without bubblewrap. `bubblewrap`: a process inside it. */
export type IsolationLevel = "worker" | "process" | "bubblewrap";

export interface Attack {
  readonly id: string;
  readonly group: "threads" | "secrets" | "escapes" | "forgery" | "streams" | "network" | "authority";
  readonly title: string;
  readonly code: string;
  /** Code at the top of the adapter's file. */
  readonly head?: string;
  /** For both levels, or one for each; a list if the outcome depends on the Node version or on timing. */
  readonly expect: ExpectedOutcomes | Readonly<Record<"worker" | "process", ExpectedOutcomes>>;
  /** Memory limit of the connector, 64 by default. */
  readonly memoryMb?: number;
  /** The hosts that desk.toml lists. */
  readonly hosts?: readonly string[];
  readonly tcp?: readonly string[];
  /** Why the attack has this outcome, if that is not obvious. */
  readonly note?: string;
}

export const ATTACKS: readonly Attack[] = [
  ...THREAD_ATTACKS,
  ...SECRET_ATTACKS,
  ...ESCAPE_ATTACKS,
  ...FORGERY_ATTACKS,
  ...NETWORK_ATTACKS,
  ...AUTHORITY_ATTACKS,
];

/** Returns the outcomes that are allowed at the level. */
export function expectedOutcomes({ expect }: Attack, level: IsolationLevel): readonly AttackOutcome[] {
  const key = level === "worker" ? "worker" : "process";
  const outcomes =
    typeof expect === "object" && key in expect
      ? (expect as Readonly<Record<typeof key, ExpectedOutcomes>>)[key]
      : (expect as ExpectedOutcomes);
  return typeof outcomes === "string" ? [outcomes] : outcomes;
}

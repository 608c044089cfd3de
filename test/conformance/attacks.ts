/**
 * What a hostile connector may try, each by an id that stays. `code` is the body of an async function inside the adapter: what
 * it returns is what the attack got hold of; nothing, or an error, means that it was refused.
 */
import { END_ATTACKS } from "./attacks-ends.ts";
import { ESCAPE_ATTACKS } from "./attacks-escapes.ts";
import { FORGERY_ATTACKS } from "./attacks-forgery.ts";
import { SECRET_ATTACKS } from "./attacks-secrets.ts";

/**
 * `refused`: it got nothing and the connector goes on. `contained`: the connector's own life ended, and it came back or was
 * given up. `zombie`: its thread could not be ended; trading on it stops, all else goes on. `succeeds`: it got what it wanted.
 * `host dies`: the whole desk ended.
 */
export type Outcome = "refused" | "contained" | "zombie" | "succeeds" | "host dies";
type Outcomes = Outcome | readonly Outcome[];
export type Level = "worker" | "process";

export interface Attack {
  readonly id: string;
  readonly group: "ends" | "secrets" | "escapes" | "forgery" | "streams" | "network";
  readonly title: string;
  readonly code: string;
  /** Stands at the head of the adapter's file. */
  readonly head?: string;
  /** For both levels, or each; a list where the runtime's version or the moment decides. */
  readonly expect: Outcomes | Readonly<Record<Level, Outcomes>>;
  /** Of the connector, 64 by default. */
  readonly memoryMb?: number;
  /** Only these hosts. */
  readonly hosts?: readonly string[];
  readonly tcp?: readonly string[];
  /** Why it ends as it does, where that is not plain. */
  readonly note?: string;
}

export const ATTACKS: readonly Attack[] = [...END_ATTACKS, ...SECRET_ATTACKS, ...ESCAPE_ATTACKS, ...FORGERY_ATTACKS];

export function expected({ expect }: Attack, level: Level): readonly Outcome[] {
  const one =
    typeof expect === "object" && level in expect
      ? (expect as Readonly<Record<Level, Outcomes>>)[level]
      : (expect as Outcomes);
  return typeof one === "string" ? [one] : one;
}

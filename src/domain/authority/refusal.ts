/** Records what agents were denied. */
import type { Actor } from "../event.ts";

/** A command, tool or resource that an actor was denied. */
export interface Refusal {
  readonly actor: Actor;
  /** The name that the actor used, of any length; untrusted. */
  readonly command: string;
  /** Text of the desk. */
  readonly reason: string;
}

/** The attempts of one actor at one name within a minute. */
export interface RefusedAttempts extends Refusal {
  readonly count: number;
  /** When they were recorded, ms: at the end of the minute; of attempts that are not recorded yet, the last one. */
  readonly at: number;
}

export interface RefusalLog {
  record(refusal: Refusal): void;
}

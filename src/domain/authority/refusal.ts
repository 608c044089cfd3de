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

export interface RefusalLog {
  record(refusal: Refusal): void;
}

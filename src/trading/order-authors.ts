/**
 * What agents wrote into the proposal folders through the desk, folded from the record: a text that could not be taken when it
 * was written is still that agent's when it is taken later, whatever the file says of its author.
 */
import { digestOf } from "../domain/digest.ts";
import type { Actor, Recorded } from "../domain/event.ts";
import { isProposalPath } from "../workspace/proposals.ts";

export interface OrderAuthor {
  readonly actor: Actor;
  /** What it had read by then. */
  readonly sources: readonly string[];
}

export interface OrderAuthors {
  take(recorded: Recorded): void;
  /** Of exactly this text, under whatever name; undefined: no agent wrote it. */
  of(text: string): OrderAuthor | undefined;
}

export function createOrderAuthors(): OrderAuthors {
  const byDigest = new Map<string, OrderAuthor>();
  return {
    take: ({ event }) => {
      if (event.type !== "file.written" || !event.actor.startsWith("agent:") || !isProposalPath(event.path)) return;
      byDigest.set(event.digest, { actor: event.actor, sources: event.sources ?? [] });
    },
    of: (text) => byDigest.get(digestOf(text)),
  };
}

/**
 * The agents that wrote proposals and issues through the desk, folded from the journal. A file that was not
 * a valid proposal when it was written keeps its author when it becomes one, whatever its text says about its author.
 */
import { ArchivedMap } from "../../domain/archived-map.ts";
import { digestOf } from "../../domain/digest.ts";
import type { Actor, Recorded } from "../../domain/event.ts";
import type { Digest } from "../../domain/ids.ts";
import { isInside } from "../../lib/path-containment.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import { isProposalPath } from "../../workspace/proposals.ts";

export interface OrderAuthor {
  readonly actor: Actor;
  /** The sources that the agent had read before it wrote the file. */
  readonly sources: readonly string[];
}

export interface OrderAuthors {
  /** By the digest of the text, and of a proposal by digest and path too. */
  readonly byDigest: ArchivedMap<string, OrderAuthor>;
  take(recorded: Recorded): void;
  /** The author of exactly this text, under any file name; undefined if no agent wrote it. */
  of(text: string): OrderAuthor | undefined;
  /** The author of exactly this text in this proposal: an agent may write the text of another author elsewhere. */
  ofProposal(path: string, text: string): OrderAuthor | undefined;
  /** As `ofProposal`, for a file of which only the digest is known. */
  ofDigest(path: string, digest: Digest): OrderAuthor | undefined;
}

/** Whether it matters who wrote this file. */
export function hasAuthor(path: string): boolean {
  return isProposalPath(path) || isInside(LAYOUT.issues, path);
}

function placeKey(path: string, digest: Digest): string {
  return `${digest} ${path}`;
}

export function createOrderAuthors(): OrderAuthors {
  const byDigest = new ArchivedMap<string, OrderAuthor>("authors");
  return {
    byDigest,
    take: ({ event }) => {
      if (event.type !== "file.authored" && event.type !== "file.written") return;
      if (!event.actor.startsWith("agent:") || !hasAuthor(event.path)) return;
      const author = { actor: event.actor, sources: event.sources ?? [] };
      byDigest.set(event.digest, author);
      if (isProposalPath(event.path)) byDigest.set(placeKey(event.path, event.digest), author);
    },
    of: (text) => byDigest.get(digestOf(text)),
    ofProposal: (path, text) => byDigest.get(placeKey(path, digestOf(text))),
    ofDigest: (path, digest) => byDigest.get(placeKey(path, digest)),
  };
}

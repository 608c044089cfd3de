/** Members of answers that the SDK does not have, which are dropped: one warning for each method of a connector. */
import type { Log } from "../domain/ports.ts";
import { unknownMembers } from "../protocol/answer-shape.ts";

/** More names are not kept: an adapter may return a new name with each answer. */
const NAMES_MAX = 10;
const NAME_CHARS_MAX = 40;

/** The members of one method's answers, or of the static capabilities. */
export interface DroppedMembers {
  readonly method: string;
  readonly members: readonly string[];
}

export class UnknownMembers {
  readonly #log: Log;
  readonly #redact: (text: string) => string;
  readonly #found = new Map<string, Set<string>>();

  constructor(log: Log, redact: (text: string) => string) {
    this.#log = log;
    this.#redact = redact;
  }

  /** Since the desk started, or the operator restarted the connector. */
  get list(): readonly DroppedMembers[] {
    return [...this.#found].map(([method, members]) => ({ method, members: [...members] }));
  }

  /** The operator restarts a connector after the adapter was corrected. */
  reset(): void {
    this.#found.clear();
  }

  /** Notes what `members` lacks of an answer: an object, or a list of objects. */
  note(method: string, answer: unknown, members: ReadonlySet<string>): void {
    const unknown = unknownMembers(answer, members);
    if (unknown.size === 0) return;
    const known = this.#found.get(method);
    const kept = known ?? new Set<string>();
    for (const member of unknown) if (kept.size < NAMES_MAX) kept.add(this.#redact(member).slice(0, NAME_CHARS_MAX));
    if (known !== undefined) return;
    this.#found.set(method, kept);
    this.#log.warn(droppedText({ method, members: [...kept] }));
  }
}

export function droppedText({ method, members }: DroppedMembers): string {
  const names = members.map((member) => JSON.stringify(member)).join(", ");
  return `${method}: the SDK has no ${names}, so the desk drops ${members.length === 1 ? "it" : "them"}`;
}

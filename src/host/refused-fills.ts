/** Malformed fills, reports, activities and quotes: each is refused and logged, and the others go on. */
import { QocError } from "../domain/errors/error.ts";
import { answerIssue } from "./answer-issue.ts";
import type { Log } from "../domain/ports.ts";
import type { UnreadItem, VenueFill } from "../domain/market/venue.ts";
import type { AnswerShape } from "../protocol/answer-shape.ts";
import { parseCanonicalFill } from "../protocol/fill-schema.ts";
import { fillSchema } from "../protocol/schemas.ts";
import type { UnknownMembers } from "./unknown-members.ts";
import { malformedItem, unreadItem } from "./unread-items.ts";

/** A connector that sends more malformed items is cut off. */
const REFUSED_MAX = 1_000;
const SAMPLE_CHARS_MAX = 300;

export interface ItemForm<T> {
  readonly method: string;
  /** For messages: `fill`. */
  readonly noun: string;
  /** For items of which each must be read. */
  readonly kind?: UnreadItem["kind"] | undefined;
  readonly shape: AnswerShape<T>;
  /** Reads an item in canonical form as the schema does, and faster; undefined for others. */
  readonly readCanonical?: (raw: unknown) => T | undefined;
}

const FILLS = { noun: "fill", kind: "fill", shape: fillSchema } as const;

export class RefusedFills {
  readonly #connector: string;
  readonly #log: Log;
  readonly #unknown: UnknownMembers;
  /** Malformed fills since the desk started, or the operator restarted the connector. */
  count = 0;
  #others = 0;
  lastReason: string | undefined;

  constructor(connector: string, log: Log, unknown: UnknownMembers) {
    this.#connector = connector;
    this.#log = log;
    this.#unknown = unknown;
  }

  /** The operator restarts a connector after the adapter was corrected. */
  reset(): void {
    this.count = 0;
    this.#others = 0;
    this.lastReason = undefined;
  }

  /** The well-formed fills of this method; adds the others to `unread`. @throws PROTOCOL for too many. */
  parse(
    method: "emitFill" | "getFills",
    rawFills: readonly unknown[],
    unread: UnreadItem[] = [],
  ): readonly VenueFill[] {
    const fills: VenueFill[] = [];
    for (const raw of rawFills) {
      const fill = parseCanonicalFill(raw) ?? this.#read({ method, ...FILLS }, raw, unread);
      if (fill !== undefined) fills.push(fill);
    }
    return fills;
  }

  /** As `parse`, of another kind. */
  parseItems<T>(form: ItemForm<T>, rawItems: readonly unknown[], unread: UnreadItem[] = []): readonly T[] {
    const items: T[] = [];
    for (const raw of rawItems) {
      const item = form.readCanonical?.(raw) ?? this.#read(form, raw, unread);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #read<T>({ method, noun, kind, shape }: ItemForm<T>, raw: unknown, unread: UnreadItem[]): T | undefined {
    const parsed = shape.safeParse(raw);
    if (parsed.success) {
      this.#unknown.note(method, raw, shape.members);
      return parsed.data;
    }
    const stated = kind && unreadItem(kind, raw);
    const reason = answerIssue(parsed.error, raw);
    const item = stated ?? (kind && malformedItem(kind, raw, reason));
    if (item !== undefined) unread.push(item);
    if (stated === undefined) this.#refuse(noun, raw, reason);
    return undefined;
  }

  #refuse(noun: string, raw: unknown, message: string): void {
    const problem = new QocError("PROTOCOL", { connector: this.#connector, what: noun, message });
    const isFill = noun === FILLS.noun;
    const count = isFill ? (this.count += 1) : (this.#others += 1);
    if (isFill) this.lastReason = message;
    this.#log.error(`${problem.message}; it is refused, ${count} so far`, {
      sample: String(JSON.stringify(raw)).slice(0, SAMPLE_CHARS_MAX),
    });
    if (count > REFUSED_MAX) throw problem;
  }
}

/** Malformed fills, reports, activities and quotes: each is refused and logged, and the others go on. */
import { QocError } from "../domain/errors/error.ts";
import { answerIssue } from "./answer-issue.ts";
import type { Log } from "../domain/ports.ts";
import type { VenueFill } from "../domain/market/venue.ts";
import type { AnswerShape } from "../protocol/answer-shape.ts";
import { parseCanonicalFill } from "../protocol/fill-schema.ts";
import { fillSchema } from "../protocol/schemas.ts";
import type { UnknownMembers } from "./unknown-members.ts";

/** A connector that sends more malformed items is cut off. */
const REFUSED_MAX = 1_000;
const SAMPLE_CHARS_MAX = 300;

export interface ItemForm<T> {
  readonly method: string;
  /** For messages: `fill`. */
  readonly noun: string;
  readonly shape: AnswerShape<T>;
  /** Reads an item in canonical form as the schema does, and faster; undefined for others. */
  readonly readCanonical?: (raw: unknown) => T | undefined;
}

const FILLS = { noun: "fill", shape: fillSchema };

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

  /** The well-formed fills of this method. @throws PROTOCOL for a malformed fill over the limit. */
  parse(method: "emitFill" | "getFills", rawFills: readonly unknown[]): readonly VenueFill[] {
    const fills: VenueFill[] = [];
    for (const raw of rawFills) {
      const fill = parseCanonicalFill(raw) ?? this.#read({ method, ...FILLS }, raw);
      if (fill !== undefined) fills.push(fill);
    }
    return fills;
  }

  /** The well-formed items of another kind. @throws PROTOCOL for a malformed item over the limit. */
  parseItems<T>(form: ItemForm<T>, rawItems: readonly unknown[]): readonly T[] {
    const items: T[] = [];
    for (const raw of rawItems) {
      const item = form.readCanonical?.(raw) ?? this.#read(form, raw);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #read<T>({ method, noun, shape }: ItemForm<T>, raw: unknown): T | undefined {
    const parsed = shape.safeParse(raw);
    if (parsed.success) this.#unknown.note(method, raw, shape.members);
    else this.#refuse(noun, raw, answerIssue(parsed.error, raw));
    return parsed.data;
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

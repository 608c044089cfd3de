/** Malformed fills: each is refused and logged, and the others go on. A connector that sends many is cut off. */
import type * as z from "zod";
import { QocError } from "../domain/error.ts";
import type { Log } from "../domain/ports.ts";
import type { VenueFill } from "../domain/venue.ts";
import { parseCanonicalFill } from "../protocol/fill-schema.ts";
import { fillSchema } from "../protocol/schemas.ts";
import type { UnknownMembers } from "./unknown-members.ts";

const REFUSED_MAX = 1_000;
const SAMPLE_CHARS_MAX = 300;

export class RefusedFills {
  readonly #connector: string;
  readonly #log: Log;
  readonly #unknown: UnknownMembers;
  /** Since the desk started. */
  count = 0;
  lastReason: string | undefined;

  constructor(connector: string, log: Log, unknown: UnknownMembers) {
    this.#connector = connector;
    this.#log = log;
    this.#unknown = unknown;
  }

  /** The well-formed fills of this method. @throws PROTOCOL for a malformed fill over the limit. */
  parse(method: "emitFill" | "getFills", rawFills: readonly unknown[]): readonly VenueFill[] {
    const fills: VenueFill[] = [];
    for (const raw of rawFills) {
      const fill = parseCanonicalFill(raw) ?? this.#read(method, raw);
      if (fill !== undefined) fills.push(fill);
    }
    return fills;
  }

  #read(method: "emitFill" | "getFills", raw: unknown): VenueFill | undefined {
    const parsed = fillSchema.safeParse(raw);
    if (parsed.success) this.#unknown.note(method, raw, fillSchema.members);
    else this.#refuse(raw, parsed.error.issues[0]);
    return parsed.data;
  }

  #refuse(raw: unknown, issue: z.core.$ZodIssue | undefined): void {
    const message = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
    const problem = new QocError("PROTOCOL", { connector: this.#connector, what: "fill", message });
    this.count += 1;
    this.lastReason = message;
    this.#log.error(`${problem.message}; it is refused, ${this.count} so far`, {
      sample: String(JSON.stringify(raw)).slice(0, SAMPLE_CHARS_MAX),
    });
    if (this.count > REFUSED_MAX) throw problem;
  }
}

/** Members of answers that the SDK does not have, which are dropped: one warning for each method of a connector. */
import type { Log } from "../domain/ports.ts";
import { ownText } from "../lib/own-text.ts";
import { closestMatch } from "../domain/ids.ts";
import { unknownMembers } from "../protocol/answer-shape.ts";
import { METHODS, type WorkerEvent } from "../protocol/messages.ts";

/** More names are not kept: an adapter may return a new name with each answer. */
const NAMES_MAX = 10;
const NAME_CHARS_MAX = 40;
/** A shorter name is near to others by chance: `id` is no misspelt `bid`. */
const NEAR_CHARS_MIN = 4;
const LONG_MEMBER = 8;
/** A shorter method is near to others by chance: `getTrades` is no misspelt `getRates`. */
const LONG_METHOD = 12;

/** The members of one method's answers, or of the static capabilities. */
export interface DroppedMembers {
  readonly method: string;
  readonly members: readonly string[];
  /** Of misspelt members: the name that the SDK has. */
  readonly near?: Readonly<Record<string, string>> | undefined;
}

/** What the worker says of the adapter's class. */
type ClassNames = Pick<Extract<WorkerEvent, { readonly e: "handshake" }>, "methods" | "otherMethods" | "notStatic">;

export class UnknownMembers {
  readonly #log: Log;
  readonly #redact: (text: string) => string;
  readonly #found = new Map<string, Map<string, string | undefined>>();

  constructor(log: Log, redact: (text: string) => string) {
    this.#log = log;
    this.#redact = redact;
  }

  /** Since the desk started, or the operator restarted the connector. */
  get list(): readonly DroppedMembers[] {
    return [...this.#found].map(([method, members]) => droppedMembers(method, members));
  }

  /** The operator restarts a connector after the adapter was corrected. */
  reset(): void {
    this.#found.clear();
  }

  /** Notes what `members` lacks of an answer: an object, or a list of objects. */
  note(method: string, answer: unknown, members: ReadonlySet<string>): void {
    // No more names are looked at than are kept: an answer may have hundreds of thousands.
    if ((this.#found.get(method)?.size ?? 0) >= NAMES_MAX) return;
    const unknown = unknownMembers(answer, members, NAMES_MAX);
    if (unknown.size > 0) this.#keep(method, new Map([...unknown].map((name) => [name, nearMember(name, members)])));
  }

  /** Notes misspelt methods, and what the class declares without `static`. */
  noteClass({ methods, otherMethods, notStatic }: ClassNames): void {
    const absent = METHODS.filter((method) => !methods.includes(method));
    const misspelt = otherMethods.flatMap((name): [string, string][] => {
      const near = closestMatch(name, absent, name.length < LONG_METHOD ? 1 : 2);
      return near === undefined ? [] : [[name, near]];
    });
    const found = new Map([...misspelt, ...notStatic.map((name): [string, string] => [name, `static ${name}`])]);
    if (found.size > 0) this.#keep("the class", found);
  }

  #keep(method: string, unknown: ReadonlyMap<string, string | undefined>): void {
    const known = this.#found.get(method);
    const kept = known ?? new Map<string, string | undefined>();
    for (const [name, near] of unknown) {
      const shown = ownText(this.#redact(name), NAME_CHARS_MAX);
      if (kept.size < NAMES_MAX && !kept.has(shown)) kept.set(shown, near);
    }
    if (known !== undefined) return;
    this.#found.set(method, kept);
    this.#log.warn(droppedText(droppedMembers(method, kept)));
  }
}

function nearMember(name: string, members: ReadonlySet<string>): string | undefined {
  return name.length < NEAR_CHARS_MIN || name.length > NAME_CHARS_MAX
    ? undefined
    : closestMatch(name, members, name.length < LONG_MEMBER ? 1 : 2);
}

function droppedMembers(method: string, members: ReadonlyMap<string, string | undefined>): DroppedMembers {
  const near = [...members].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { method, members: [...members.keys()], ...(near.length > 0 && { near: Object.fromEntries(near) }) };
}

export function droppedText({ method, members, near = {} }: DroppedMembers): string {
  const nameOf = (member: string): string =>
    `${JSON.stringify(member)}${Object.hasOwn(near, member) ? ` (did you mean ${near[member]}?)` : ""}`;
  const names = members.map(nameOf).join(", ");
  return `${method}: the SDK has no ${names}, so the desk drops ${members.length === 1 ? "it" : "them"}`;
}

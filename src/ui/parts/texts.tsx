/** Texts: times with their age, words of others, notices, and what is said if there is nothing. */
import type { ComponentChildren, JSX } from "preact";
import type { Untrusted } from "../../domain/untrusted.ts";
import { escapeInvisible, escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import type { RequestError } from "../desk-client.ts";
import type { Reading } from "../desk-data.ts";
import { usePage } from "../page-context.ts";
import { ageOf, clockOf, fullTime } from "../times.ts";

interface TimeProps {
  readonly at: string | number;
  readonly age?: boolean;
  /** Its day is beside it. */
  readonly hasDay?: boolean;
}

/** A time with its zone in the tooltip, and its age beside it. */
export function Time({ at, age = false, hasDay = false }: TimeProps): JSX.Element {
  const { now } = usePage();
  const date = new Date(at);
  const isTime = !Number.isNaN(date.getTime());
  return (
    <time dateTime={isTime ? date.toISOString() : undefined} title={fullTime(at)}>
      {clockOf(at, hasDay && isTime ? date.getTime() : now.value)}
      {age && isTime ? <span class="dim"> ({ageOf(now.value - date.getTime())} ago)</span> : null}
    </time>
  );
}

/** How old the values beside it are; of several times the oldest counts. */
export function Age({ since }: { readonly since: number | readonly number[] }): JSX.Element {
  const { now } = usePage();
  const oldest = typeof since === "number" ? since : Math.min(...since);
  return (
    <span class="age" data-since={oldest}>
      {oldest === 0 ? "not read yet" : `as of ${ageOf(now.value - oldest)} ago`}
    </span>
  );
}

/** Text that somebody else wrote: in a block of its own, as text, with its source. */
export function Said({ words, label }: { readonly words: Untrusted; readonly label: string }): JSX.Element {
  return (
    <figure class="said">
      <blockquote tabIndex={0} aria-label={label}>
        {escapeInvisibleInText(words.text)}
      </blockquote>
      <figcaption>
        <code>{escapeInvisible(words.source)}</code>, read <Time at={words.retrievedAt} />
      </figcaption>
    </figure>
  );
}

/** One line of somebody else, within a line of the page. */
export function SaidLine({ text }: { readonly text: string }): JSX.Element {
  return <q class="said-line">{escapeInvisible(text)}</q>;
}

export type NoticeTone = "info" | "warn" | "bad" | "good";
interface NoticeProps {
  readonly tone: NoticeTone;
  readonly title?: string;
  readonly role?: "status" | "alert";
  readonly children?: ComponentChildren;
}
const NOTICE_SIGNS = { info: "i", warn: "!", bad: "✗", good: "✓" } as const;

export function Notice({ tone, title, role, children }: NoticeProps): JSX.Element {
  return (
    <div class={`notice ${tone}`} role={role}>
      <b class="sign" aria-hidden="true">
        {NOTICE_SIGNS[tone]}
      </b>
      <div>
        {title === undefined ? null : <strong>{title}</strong>} {children}
      </div>
    </div>
  );
}

/** The desk's own sentence, and what to type next. */
export function ErrorNotice({ error, title }: { readonly error: RequestError; readonly title?: string }): JSX.Element {
  return (
    <Notice tone="bad" role="alert" title={title ?? "This could not be done."}>
      {escapeInvisible(error.message)}.{" "}
      {error.hint === "" ? null : (
        <span>
          Next: <code>{escapeInvisible(error.hint)}</code>
        </span>
      )}
    </Notice>
  );
}

interface ReadErrorProps {
  readonly error: RequestError | undefined;
  readonly what: string;
  /** There was an answer before. */
  readonly isKnown: boolean;
}

/** What is above a value if its last read failed; nothing if it did not. */
export function ReadError({ error, what, isKnown }: ReadErrorProps): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <ErrorNotice error={error} title={isKnown ? `What is shown of ${what} may be old.` : `No answer about ${what}.`} />
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** Lines of a list that is read for the first time, in the place of the real ones: nothing moves when they come. */
export function StillLines({ isDouble = false }: { readonly isDouble?: boolean }): JSX.Element {
  const text = <span class="still-text">{"\u00A0"}</span>;
  return (
    <ul class="plain still" aria-hidden="true">
      {STILL_LINES.map((line) => (
        <li key={line}>
          {text}
          {isDouble ? <small class="still-text">{"\u00A0"}</small> : null}
        </li>
      ))}
    </ul>
  );
}
const STILL_LINES = [1, 2, 3];

/** What is said while the first answer is on its way. */
export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <p class="loading" role="status">
      Reading {what}…
    </p>
  );
}

/**
 * Shows a reading: what it says while it is read, and if it failed. Its card, or else its page, has an {@link Age} that
 * is not less than the reading's.
 */
export function Shown<T>({
  reading,
  what,
  still,
  children,
}: {
  readonly reading: Reading<T>;
  readonly what: string;
  /** What is in the place of the first answer; by default a sentence. */
  readonly still?: JSX.Element | undefined;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  const { line } = usePage();
  const value = reading.value.value;
  const error = reading.error.value;
  const isOld = line.value.state !== "live" || error !== undefined;
  return (
    <>
      <ReadError error={error} what={what} isKnown={value !== undefined} />
      {value === undefined ? (
        error === undefined ? (
          <FirstAnswer what={what} still={still} />
        ) : null
      ) : (
        <div class={isOld ? "old" : undefined} data-as-of={reading.askedAt.value}>
          {children(value)}
        </div>
      )}
    </>
  );
}

function FirstAnswer({ what, still }: { readonly what: string; readonly still: JSX.Element | undefined }): JSX.Element {
  if (still === undefined) return <Loading what={what} />;
  return (
    <>
      <p class="sr" role="status">
        Reading {what}…
      </p>
      {still}
    </>
  );
}

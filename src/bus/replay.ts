/** Journal to book: checks the format, brings older records up to date, and folds. */
import { type Book, applyEvent, emptyBook } from "../domain/book.ts";
import { QocError } from "../domain/error.ts";
import type { Recorded } from "../domain/event.ts";
import { JOURNAL_FORMAT } from "./journal-record.ts";

type Upgrade = (recorded: Recorded) => Recorded;

/** How records of this journal are read; its first one says. Format 0 had no `epoch`: all of it is epoch 1. @throws FORMAT_TOO_NEW. */
function upgradeFor({ event }: Recorded): Upgrade {
  if (event.type === "desk.created" && event.format > JOURNAL_FORMAT) {
    throw new QocError("FORMAT_TOO_NEW", { what: "the journal", found: event.format, known: JOURNAL_FORMAT });
  }
  const isOld = event.type === "desk.created" && event.format === 0;
  return (recorded) => (isOld && recorded.epoch === 0 ? { ...recorded, epoch: 1 } : recorded);
}

/** Records as this version reads them. @throws QocError FORMAT_TOO_NEW. */
export function upgraded(events: readonly Recorded[]): readonly Recorded[] {
  const [first] = events;
  return first === undefined ? events : events.map(upgradeFor(first));
}

export interface Replay {
  /** Moves while records are taken. */
  readonly book: Book;
  /** @throws QocError FORMAT_TOO_NEW at the first record. */
  take(recorded: Recorded): void;
}

/** Folds records one by one, as they are read. */
export function openReplay(): Replay {
  const book = emptyBook();
  let upgrade: Upgrade | undefined;
  return {
    book,
    take: (recorded) => {
      upgrade ??= upgradeFor(recorded);
      applyEvent(book, upgrade(recorded));
    },
  };
}

export function replay(events: readonly Recorded[]): Book {
  const folding = openReplay();
  for (const recorded of events) folding.take(recorded);
  return folding.book;
}

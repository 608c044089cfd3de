/** Journal to book: checks the format, brings older records up to date, and folds. */
import { type Book, foldBook } from "../domain/book.ts";
import { QocError } from "../domain/error.ts";
import type { Recorded } from "../domain/event.ts";
import { JOURNAL_FORMAT } from "./journal-record.ts";

/**
 * Records as this version reads them. Format 0 had no `epoch`: all of it is epoch 1.
 * @throws QocError FORMAT_TOO_NEW.
 */
export const upgraded = (events: readonly Recorded[]): readonly Recorded[] => {
  const first = events[0]?.event;
  if (first?.type !== "desk.created") return events;
  if (first.format > JOURNAL_FORMAT) {
    throw new QocError("FORMAT_TOO_NEW", { what: "the journal", found: first.format, known: JOURNAL_FORMAT });
  }
  return first.format === 0 ? events.map((recorded) => (recorded.epoch === 0 ? { ...recorded, epoch: 1 } : recorded)) : events;
};

export const replay = (events: readonly Recorded[]): Book => foldBook(upgraded(events));

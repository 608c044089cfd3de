/** Fills and activities that cannot be read, as lines for a terminal and as facts for a pipe. */
import type { StatusView } from "../../domain/status-view.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { oneLine } from "./terminal-text.ts";

type Unread = Pick<StatusView, "unread">;

/** On a terminal. A pipe gets all. */
const SHOWN_MAX = 10;

export function unreadLines({ unread = [] }: Unread): readonly string[] {
  const lines = unread
    .slice(0, SHOWN_MAX)
    .flatMap(({ connector, kind, key, symbol, untrusted }) => [
      oneLine([`${kind} of ${connector}`, symbol ?? "", untrusted.text].filter((part) => part !== "").join("  ")),
      `  qoc resolve ${key === null ? "CONNECTOR/ID" : quoteForShell(key)} -m "what it is"`,
    ]);
  return unread.length <= SHOWN_MAX ? lines : [...lines, `and ${unread.length - SHOWN_MAX} more: qoc status | cat`];
}

export function unreadFacts({ unread = [] }: Unread): readonly (readonly string[])[] {
  return unread.map(({ connector, kind, key, untrusted }) => [
    ...["unread", connector, kind, key ?? "", untrusted.text],
  ]);
}

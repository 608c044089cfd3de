/** Fills and activities that cannot be read, as lines for a terminal and as facts for a pipe. */
import type { StatusView } from "../../domain/status-view.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { oneLine } from "./terminal-text.ts";

type Unread = Pick<StatusView, "unread">;

export function unreadLines({ unread = [] }: Unread): readonly string[] {
  return unread.flatMap(({ connector, kind, key, symbol, untrusted }) => [
    oneLine([`${kind} of ${connector}`, symbol ?? "", untrusted.text].filter((part) => part !== "").join("  ")),
    `  qoc resolve ${key === null ? "CONNECTOR/ID" : quoteForShell(key)} -m "what it is"`,
  ]);
}

export function unreadFacts({ unread = [] }: Unread): readonly (readonly string[])[] {
  return unread.map(({ connector, kind, key, untrusted }) => [
    ...["unread", connector, kind, key ?? "", untrusted.text],
  ]);
}

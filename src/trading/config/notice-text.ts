/** A notice about desk.toml in words. Loaded by commands that need nothing else of the desk. */
import type { ConfigNotice } from "../../domain/status-view.ts";

/** So many changes are listed; the others are counted. */
export const CHANGES_SHOWN = 5;

/** The notice as one sentence. */
export function noticeText({ text, changes }: Pick<ConfigNotice, "text" | "changes">): string {
  const more = changes.length - CHANGES_SHOWN;
  const list = `${changes.slice(0, CHANGES_SHOWN).join("; ")}${more > 0 ? ` (and ${more} more)` : ""}`;
  return list === "" ? text : `${text}: ${list}`;
}

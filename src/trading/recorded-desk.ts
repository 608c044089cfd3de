/** A desk that is down, as its journal and its files say. Nothing is written. */
import type { ConfigNotice } from "../domain/status-view.ts";
import { isRetired } from "../domain/authority/lost-records.ts";
import type { OrderId } from "../domain/ids.ts";
import type { HistoryReader } from "../workspace/history.ts";
import type { Desk } from "./desk.ts";

export interface RecordedDesk extends Pick<Desk, "archive" | "workspace" | "state" | "clock" | "config" | "proposals"> {
  readonly history: HistoryReader;
  /** What is to be said about desk.toml. */
  readonly notices: readonly ConfigNotice[];
  /** Why the journal is not relied on; null: it is whole. */
  readonly readOnly: string | null;
  readonly fixWhileDown: FixWhileDown;
}

/** Returns the fix with the start of the desk before its first command that only a desk that is up takes. */
export type FixWhileDown = <Fix extends string | null | undefined>(fix: Fix) => Fix | string;

/** `commands`: the names of the commands that need a desk that is up. */
export function fixerWhileDown(commands: readonly string[]): FixWhileDown {
  // The longest name first: `schedules run` before `schedules`.
  const names = commands.toSorted((a, b) => b.length - a.length).join("|");
  const needsDesk = new RegExp(`\\bqoc (?:${names})(?![\\w-])`);
  return (fix) =>
    typeof fix === "string" && !fix.includes("qoc up") ? fix.replace(needsDesk, "qoc up, then $&") : fix;
}

/** Lists the proposal files that a running desk would not offer for approval, or has not read yet. */
export async function noteProposalFiles({ workspace, state, proposals }: RecordedDesk): Promise<void> {
  proposals.problems.clear();
  for (const file of await workspace.proposals.list()) {
    const { id, path } = file;
    if (file.kind === "bad") proposals.problems.set(path, { id, path, message: file.message, needs: "correction" });
    else if (file.kind === "duplicate") {
      const message = `the same id is used by ${file.others.join(", ")}`;
      proposals.problems.set(path, { id, path, message, needs: "another-name" });
    } else if (state.proposed.get(id as OrderId)?.source !== file.text || isRetired(state, id)) {
      const message = "the desk has not read this text yet; it reads it when it is up";
      proposals.problems.set(path, { id, path, message, needs: "running-desk" });
    }
  }
}

/** Checks the records of accepted configurations: each allows no more than the one before, or is signed. */
import { statementOf, statementText } from "../domain/authority.ts";
import { compareConfig, digestChanges, loosens, strictestConfig } from "../domain/compare-config.ts";
import { type ConfigTables, digestTables, nameOf, statedMode } from "../domain/config-tables.ts";
import { type DeskState, applyEvent, emptyDeskState } from "../domain/desk-state.ts";
import type { ConfigAccepted } from "../domain/config-event.ts";
import type { Recorded } from "../domain/event.ts";
import { acceptedTables, isUpgraded } from "./desk-config.ts";
import { type PublicKeys, verifySignature } from "./operator-keys.ts";
import { reloadKey } from "./reload-config.ts";

export interface ConfigRecords {
  /** What is wrong with the first bad record. */
  readonly problem: string | undefined;
  /** Records whose signature is the operator's. */
  readonly signed: number;
  /** Changes of desk.toml that waited for `qoc reload` at the end of the journal. */
  readonly waiting: number;
}

/** `events` are records of today's format. Without keys signatures are not checked. */
export function checkConfigRecords(events: readonly Recorded[], keys: PublicKeys | undefined): ConfigRecords {
  const state = emptyDeskState();
  let problem: string | undefined;
  let [signed, waiting] = [0, 0];
  for (const recorded of events) {
    const { event, seq } = recorded;
    if (event.type === "config.waiting") waiting = event.changes.length;
    if (event.type === "config.accepted") {
      const found = problemOf(state, event, keys);
      if (found !== undefined) problem ??= `record ${seq}, an accepted desk.toml: ${found}`;
      else if (event.authority !== undefined && keys !== undefined) signed += 1;
      waiting = 0;
    }
    applyEvent(state, recorded);
  }
  return { problem, signed, waiting };
}

function problemOf(state: DeskState, event: ConfigAccepted, keys: PublicKeys | undefined): string | undefined {
  const { tables, digest, shown = "", authority } = event;
  if (digestTables(tables) !== digest) return "its digest is not that of its tables";
  const before = acceptedTables(state.config, tables);
  const changes = compareConfig(before, tables, state.config.livePins);
  if (authority === undefined) {
    const strictest = strictestConfig(before, tables, state.config.livePins);
    return unsignedProblem(state, tables, digestTables(strictest) === digest ? undefined : changes.find(loosens)?.path);
  }
  if (digestChanges(changes) !== shown) return "what was displayed is not what changed";
  const isPinned = state.config.accepted !== undefined;
  const key = reloadKey(state, { before, after: tables, changes, isPinned }, state.keys.has("live"));
  if (key === "live" && authority.key === "desk") return "it is signed with the desk key, and needs the live key";
  if (keys === undefined) return undefined;
  const pem = authority.key === "desk" ? keys.desk : keys.live?.publicPem;
  const subject = { action: "reload", id: "", digest, shown, mode: "" } as const;
  const text = statementText(statementOf(state.deskId, subject, authority));
  const isSigned = pem !== undefined && verifySignature(pem, text, authority.signature);
  return isSigned ? undefined : "it is not signed by the operator's key";
}

/** A new desk accepts its first file without a signature, up to live connectors. */
function unsignedProblem(state: DeskState, tables: ConfigTables, loosened: string | undefined): string | undefined {
  if (state.config.accepted !== undefined)
    return loosened === undefined ? undefined : `${loosened} allows more than before, without a signature`;
  if (isUpgraded(state)) return "the first one of a desk of an earlier version, without a signature";
  const live = tables.connector.find((table) => statedMode(table) === "live");
  return live === undefined ? undefined : `${nameOf(live)} is live, without a signature`;
}

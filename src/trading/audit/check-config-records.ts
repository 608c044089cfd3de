/** Checks the records of accepted configurations: each allows no more than the one before, or is signed. */
import { compareConfig, digestChanges, loosens, strictestConfig } from "../../domain/config/compare-config.ts";
import { type ConfigTables, digestTables, nameOf, statedMode } from "../../domain/config/config-tables.ts";
import { pinsOf } from "../../domain/config/config-state.ts";
import { type DeskState, applyEvent, emptyDeskState } from "../../domain/desk-state.ts";
import type { ConfigAccepted } from "../../domain/config/config-event.ts";
import type { Recorded } from "../../domain/event.ts";
import type { AuditFinding, AuditedDecision } from "./audit-finding.ts";
import type { AuditStart } from "./audit-start.ts";
import { acceptedTables, isUpgraded } from "../config/desk-config.ts";
import { reloadKey } from "../config/reload-config.ts";

/** What an audit has to check of one record: a finding, or the signature of a decision. */
export interface ConfigCheck {
  readonly finding?: AuditFinding | undefined;
  readonly decision?: AuditedDecision | undefined;
}

/** Folds the records that a configuration depends on, in the order of the journal. */
export class ConfigAudit {
  readonly #state: DeskState;
  /** Changes of desk.toml that wait for `qoc reload`. */
  waiting = 0;

  constructor(start?: AuditStart) {
    const { deskId, journalFormat, createdFormat, config, connectors, lost, keys } = start ?? emptyDeskState();
    this.#state = { ...emptyDeskState(), deskId, journalFormat, createdFormat, config, connectors, lost, keys };
  }

  /** `recorded` has today's format. */
  take(recorded: Recorded): ConfigCheck {
    const { event } = recorded;
    switch (event.type) {
      case "config.accepted": {
        const check = this.#check(event);
        this.waiting = 0;
        applyEvent(this.#state, recorded);
        return check;
      }
      case "config.waiting":
        this.waiting = event.changes.length;
        applyEvent(this.#state, recorded);
        return {};
      case "desk.created":
      case "journal.upgraded":
      case "key.changed":
      case "connector.changed":
      case "journal.gap":
        applyEvent(this.#state, recorded);
        return {};
      default:
        return {};
    }
  }

  #check({ tables, digest, shown: displayed, authority }: ConfigAccepted): ConfigCheck {
    const shown: string = displayed ?? "";
    const state = this.#state;
    if (digestTables(tables) !== digest) return invalid("its digest is not that of its tables");
    const before = acceptedTables(state.config, tables);
    const pins = pinsOf(state.config);
    const changes = compareConfig(before, tables, pins);
    if (authority === undefined) {
      const strictest = strictestConfig(before, tables, pins);
      return unsigned(state, tables, digestTables(strictest) === digest ? undefined : changes.find(loosens)?.path);
    }
    if (digestChanges(changes) !== shown) return invalid("what was displayed is not what changed");
    const { accepted } = state.config;
    const compared = { before, after: tables, changes, isPinned: accepted !== undefined };
    const key = reloadKey(state, compared, state.keys.has("live"));
    const subject = { action: "reload", id: "", digest, shown, mode: "" } as const;
    return { decision: { name: "an accepted desk.toml", subject, authority, key, since: accepted?.seq } };
  }
}

function invalid(message: string): ConfigCheck {
  return { finding: { code: "CONFIG_INVALID", message: `an accepted desk.toml: ${message}` } };
}

/** A new desk accepts its first file without a signature, up to live connectors. */
function unsigned(state: DeskState, tables: ConfigTables, loosened: string | undefined): ConfigCheck {
  const problem = unsignedProblem(state, tables, loosened);
  return problem === undefined
    ? {}
    : { finding: { code: "SIGNATURE_MISSING", message: `an accepted desk.toml: ${problem}` } };
}

function unsignedProblem(state: DeskState, tables: ConfigTables, loosened: string | undefined): string | undefined {
  if (state.config.accepted !== undefined)
    return loosened === undefined ? undefined : `${loosened} allows more than before, without a signature`;
  if (isUpgraded(state)) return "the first one of a desk of an earlier version, without a signature";
  const live = tables.connector.find((table) => statedMode(table) === "live");
  return live === undefined ? undefined : `${nameOf(live)} is live, without a signature`;
}

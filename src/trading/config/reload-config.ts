/** `qoc reload`: a human accepts the desk.toml on disk, and the desk puts in force what it can. */
import type { SigningRequest } from "../../domain/authority/authority.ts";
import type { Authority, SigningRole } from "../../domain/authority/authority.ts";
import { compareConfig, digestChanges, loosens } from "../../domain/config/compare-config.ts";
import type { ConfigChange } from "../../domain/config/config-field.ts";
import {
  type ConfigTables,
  type Table,
  digestTables,
  nameOf,
  routesRealOrders,
} from "../../domain/config/config-tables.ts";
import { pinsOf } from "../../domain/config/config-state.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Digest } from "../../domain/ids.ts";
import type { SignedDecision } from "../keys/authority.ts";
import { type FoundConfig, acceptedTables, recordedChanges } from "./desk-config.ts";
import type { Desk } from "../desk.ts";

/** The desk.toml on disk beside the accepted one: all that a client needs to compute what it signs. */
export interface ReloadPreview {
  readonly before: ConfigTables;
  readonly after: ConfigTables;
  readonly livePins: Readonly<Record<string, Table>>;
  /** Absent if desk.toml is as accepted. */
  readonly signing?: SigningRequest | undefined;
}

export interface ReloadReport {
  /** false: desk.toml is as it was accepted. */
  readonly accepted: boolean;
  readonly digest: string;
  readonly changes: readonly ConfigChange[];
  /** Accepted changes that take force at the next start of the desk. */
  readonly restart: readonly ConfigChange[];
}

export interface ReloadRequest {
  /** Of the tables that the client displayed. */
  readonly digest?: string | undefined;
  /** Of the changes that the client displayed. */
  readonly shown?: string | undefined;
  readonly authority?: Authority | undefined;
}

type ReloadDesk = Pick<Desk, "authority" | "commit" | "configuration" | "readOnly" | "state">;

/** @throws CONFIG_INVALID and the other problems of a desk.toml, with file and line. */
export async function previewReload(desk: ReloadDesk): Promise<ReloadPreview> {
  const compared = compareWithAccepted(desk, await desk.configuration.read());
  const { before, after, changes, isPinned } = compared;
  const livePins = Object.fromEntries(pinsOf(desk.state.config));
  if (isPinned && changes.length === 0) return { before, after, livePins };
  return { before, after, livePins, signing: desk.authority.request(await decisionOf(desk, compared)) };
}

/**
 * Journals the tables on disk and applies them.
 * @throws CONFIG_STALE if desk.toml or the accepted tables are not what the client displayed; SIGNATURE_REQUIRED,
 * SIGNATURE_STALE, SIGNATURE_INVALID, KEY_REQUIRED.
 */
export async function reloadConfig(desk: ReloadDesk, request: ReloadRequest): Promise<ReloadReport> {
  const refusal = desk.readOnly();
  if (refusal !== undefined) throw new QocError("DESK_READ_ONLY", { reason: refusal });
  const found = await desk.configuration.read();
  const compared = compareWithAccepted(desk, found);
  const { changes, isPinned } = compared;
  const digest = digestTables(found.tables);
  if (isPinned && changes.length === 0) return reportOf(desk, { accepted: false, digest, changes });
  const { authority } = request;
  const decision = await decisionOf(desk, compared);
  if (authority !== undefined) {
    if (request.digest !== digest) throw new QocError("CONFIG_STALE", { reason: "desk.toml was changed again" });
    if (request.shown !== decision.shown)
      throw new QocError("CONFIG_STALE", { reason: "another desk.toml was accepted meanwhile" });
  }
  const acceptedBefore = desk.state.config.accepted;
  await desk.authority.check(decision, authority);
  // The signature is checked off this step: of two terminals, one is first.
  if (desk.state.config.accepted !== acceptedBefore)
    throw new QocError("CONFIG_STALE", { reason: "another desk.toml was accepted meanwhile" });
  const event = { digest, tables: found.tables, changes: recordedChanges(changes), shown: decision.shown as Digest };
  const committed = desk.commit({ type: "config.accepted", ...event, authority });
  desk.configuration.apply(found);
  await committed;
  return reportOf(desk, { accepted: true, digest, changes });
}

interface ComparedConfig {
  readonly before: ConfigTables;
  readonly after: ConfigTables;
  readonly changes: readonly ConfigChange[];
  readonly isPinned: boolean;
}

function compareWithAccepted({ state }: Pick<Desk, "state">, { tables: after }: FoundConfig): ComparedConfig {
  const before = acceptedTables(state.config, after);
  const changes = compareConfig(before, after, pinsOf(state.config));
  return { before, after, changes, isPinned: state.config.accepted !== undefined };
}

async function decisionOf(desk: ReloadDesk, compared: ComparedConfig): Promise<SignedDecision> {
  const { after, changes } = compared;
  const key = reloadKey(desk.state, compared, await desk.authority.hasLiveKey());
  const subject = {
    action: "reload",
    id: "",
    digest: digestTables(after),
    shown: digestChanges(changes),
    mode: "",
  } as const;
  return { ...subject, key, since: desk.state.config.accepted?.seq };
}

/**
 * The live key, if a guard or a connector that is not paper is loosened, or the first desk.toml is pinned. A desk that
 * has no live key and no connector that is not paper needs the desk key alone.
 */
export function reloadKey(
  { connectors, config }: Pick<DeskState, "connectors" | "config">,
  { before, after, changes, isPinned }: ComparedConfig,
  hasLiveKey: boolean,
): SigningRole {
  const needsLive = !isPinned || changes.some((change) => loosens(change) && change.key === "live");
  const hasReal =
    config.livePins.size > 0 ||
    [...config.unstatedPins.keys()].some((name) => connectors.get(name)?.mode !== "paper") ||
    [...before.connector, ...after.connector].some((table) =>
      routesRealOrders(table, connectors.get(nameOf(table))?.mode),
    );
  return needsLive && (hasLiveKey || hasReal) ? "live" : "desk";
}

async function reportOf(
  desk: Pick<Desk, "configuration">,
  report: Omit<ReloadReport, "restart">,
): Promise<ReloadReport> {
  return { ...report, restart: (await desk.configuration.standing()).restart };
}

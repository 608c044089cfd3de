/** Gathers the context of an agent run: files, rejections, settings and the latest snapshot, as they are now. */
import {
  type ContextParts,
  type Rejection,
  type SourcedText,
  type ToolDescription,
  type TrackedName,
  contextBundle,
} from "../agents/context-bundle.ts";
import { ZERO } from "../domain/decimal.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { QocError } from "../domain/errors/error.ts";
import type { GuardConfig } from "../domain/config/guard-config.ts";
import { describe } from "../domain/orders/order.ts";
import { type OrderRecord, rejectedBy } from "../domain/orders/order-state.ts";
import type { AgentConfig } from "../workspace/config.ts";
import type { WorkspaceFiles } from "../workspace/files.ts";
import { LAYOUT } from "../workspace/layout.ts";
import type { Issue } from "../workspace/issues.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Desk } from "../trading/desk.ts";
import { omitUndefined } from "../lib/omit-undefined.ts";
import { iso } from "../lib/time.ts";

const REJECTIONS_MAX = 20;
const OPEN_ISSUES_MAX = 200;
const TRACKED_MAX = 500;
const BRIEFS_MAX = 20;
/** Items of inbox/ that are no message to an agent. */
const DESK_KINDS: ReadonlySet<string> = new Set(["fill", "alert", "unreadable"]);
const OPEN: ReadonlySet<string> = new Set(["open", "in-progress", "blocked", "review"]);

export interface GatheredContext {
  readonly bundle: string;
  /** The sources of the texts in the bundle that others wrote. */
  readonly sources: readonly string[];
}

export interface ContextRequest {
  readonly run: string;
  readonly issue: Issue;
  /** The tools that the run may call. */
  readonly tools: readonly ToolDescription[];
}

/** Builds the context bundle of one run on one issue. */
export async function gatherRunContext(
  desk: Pick<Desk, "workspace" | "config" | "state">,
  { run, issue, tools }: ContextRequest,
): Promise<GatheredContext> {
  const { workspace } = desk;
  const ruleFiles = [...new Set([LAYOUT.houseRules, ...desk.config.contextFiles])];
  const others = await workspace.issues.list(({ id, status }) => id !== issue.id && OPEN.has(status));
  const files = await readAll(workspace.files, issue.contextFiles);
  const entities = await entitiesOf(workspace, issue.symbols);
  const briefs = await newBriefs(workspace);
  const bundle = contextBundle({
    run,
    issue,
    rules: await readAll(workspace.files, ruleFiles),
    settings: { ...agentSettings(desk.config.agent), ...prefixed("risk", desk.config.risk) },
    files,
    guards: guardsInForce(desk.config.guards),
    rejections: rejectionsFor(desk.state, issue),
    entities,
    tracked: await trackedNames(desk),
    briefs,
    openIssues: others.issues.toReversed().slice(0, OPEN_ISSUES_MAX),
    snapshot: await latestSnapshot(workspace),
    tools,
  });
  return { bundle, sources: [issue.path, ...[...files, ...entities, ...briefs].map(({ source }) => source)] };
}

/** The settings of `[agent]` that the agent needs to know. */
function agentSettings({
  runtime,
  model,
  maxTurns,
  maxCostUsd,
  timeoutMs,
  instructions,
}: AgentConfig): Record<string, unknown> {
  return prefixed("agent", {
    runtime,
    model,
    max_turns: maxTurns,
    max_cost_usd: maxCostUsd,
    timeout_minutes: timeoutMs / 60_000,
    instructions,
  });
}

function prefixed(section: string, table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([key, value]) => (value === undefined ? [] : [[`${section}.${key}`, value]])),
  );
}

/** For a file that cannot be read the text says why, so that the agent does not search for it. */
async function readAll(files: WorkspaceFiles, paths: readonly string[]): Promise<readonly SourcedText[]> {
  const texts: SourcedText[] = [];
  for (const path of paths) texts.push({ source: path, text: await readOr(files, path) });
  return texts;
}

async function readOr(files: WorkspaceFiles, path: string): Promise<string> {
  try {
    return Buffer.from((await files.open(path)).bytes).toString("utf8");
  } catch (error) {
    if (error instanceof QocError) return `[not read: ${error.message}]`;
    throw error;
  }
}

async function entitiesOf({ entities }: Workspace, symbols: readonly string[]): Promise<readonly SourcedText[]> {
  const texts: SourcedText[] = [];
  for (const symbol of symbols) {
    try {
      const { path, text } = await entities.read(symbol);
      texts.push({ source: path, text });
    } catch (error) {
      if (!(error instanceof QocError)) throw error;
      if (error.code !== "FILE_NOT_FOUND") texts.push({ source: symbol, text: `[not read: ${error.message}]` });
    }
  }
  return texts;
}

/** Without places, which say nothing to an agent. A disabled guard is not in force. */
function guardsInForce(guards: readonly GuardConfig[]): ContextParts["guards"] {
  return guards.flatMap((guard) => {
    if (guard.kind === "custom") return guard.enabled ? [{ key: guard.key, options: guard.options }] : [];
    const { key, enabled, ...options } = guard.options;
    return enabled ? [{ key, options: omitUndefined(options) }] : [];
  });
}

/** Positions at connectors that agents may not use are not named. */
async function trackedNames(desk: Pick<Desk, "config" | "state" | "workspace">): Promise<readonly TrackedName[]> {
  const names = new Map<string, TrackedName>();
  const { agentConnectors } = desk.config;
  const held = [...desk.state.positions.values()].filter(
    ({ connector, quantity }) => !quantity.eq(ZERO) && (agentConnectors?.includes(connector) ?? true),
  );
  for (const { symbol } of held) names.set(symbol, { symbol, name: "", kind: "", path: undefined, isHeld: true });
  for await (const { symbol, name, kind, path, problem } of desk.workspace.entities.all()) {
    if (problem === null) names.set(symbol, { symbol, name, kind, path, isHeld: names.has(symbol) });
    if (names.size >= TRACKED_MAX) break;
  }
  return [...names.values()].toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

/** What people and agents left in inbox/ for the next run. */
async function newBriefs({ inbox, files }: Workspace): Promise<readonly SourcedText[]> {
  const entries = (await inbox.list("new")).filter(({ kind }) => !DESK_KINDS.has(kind));
  return readAll(
    files,
    entries
      .slice(-BRIEFS_MAX)
      .toReversed()
      .map(({ path }) => path),
  );
}

async function latestSnapshot({ snapshots, files }: Workspace): Promise<SourcedText | undefined> {
  const latest = await snapshots.latest();
  return latest === undefined ? undefined : { source: latest.path, text: await readOr(files, latest.path) };
}

/** Rejections of this issue's proposals or of its symbols, the latest first. */
function rejectionsFor({ orders }: Pick<DeskState, "orders">, issue: Issue): readonly Rejection[] {
  return [...orders.values()]
    .filter(({ state, issue: issueId, terms }) => {
      if (state !== "rejected" && state !== "denied") return false;
      return issueId === issue.id || issue.symbols.includes(terms.symbol);
    })
    .toSorted((a, b) => rejectedAt(b) - rejectedAt(a))
    .slice(0, REJECTIONS_MAX)
    .map(rejectionOf);
}

function rejectionOf(order: Readonly<OrderRecord>): Rejection {
  const by = order.state === "denied" ? "guard" : (rejectedBy(order) ?? "human");
  return {
    order: order.id,
    summary: describe(order.terms),
    at: iso(rejectedAt(order)),
    by,
    comment: (by === "guard" ? order.denied : order.rejected[by]) ?? "",
  };
}

function rejectedAt({ history, proposedAt }: Readonly<OrderRecord>): number {
  return history.find(({ state }) => state === "rejected" || state === "denied")?.at ?? proposedAt;
}

/** Gathers the context of an agent run: files, rejections, settings and the latest snapshot, as they are now. */
import { type Rejection, type SourcedText, type ToolDescription, contextBundle } from "../agents/context-bundle.ts";
import { QocError } from "../domain/error.ts";
import { describe } from "../domain/order.ts";
import { type OrderRecord, rejectedBy } from "../domain/order-state.ts";
import type { AgentConfig } from "../workspace/agent-config.ts";
import { readEntity } from "../workspace/entities.ts";
import { type ReadScope, openReadable, openReadScope } from "../workspace/files.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { type Issue, listIssues } from "../workspace/notes.ts";
import { listSnapshots } from "../workspace/snapshots.ts";
import { type Desk, iso } from "../trading/desk.ts";

const REJECTIONS_MAX = 20;
const OPEN_ISSUES_MAX = 200;
const OPEN: ReadonlySet<string> = new Set(["open", "in-progress", "blocked", "review"]);

export interface RunContext {
  readonly bundle: string;
  /** The sources of the texts in the bundle that others wrote. */
  readonly sources: readonly string[];
}

/** Builds the context bundle of one run on one issue. `tools` describes the tools that the run may call. */
export async function runContext(
  desk: Desk,
  run: string,
  issue: Issue,
  tools: readonly ToolDescription[],
): Promise<RunContext> {
  const reading = await openReadScope(desk.disk, desk.root, desk.config);
  const ruleFiles = [...new Set([LAYOUT.houseRules, ...desk.config.contextFiles])];
  const issues = await listIssues(desk.disk, desk.root);
  const files = await readAll(reading, issue.contextFiles);
  const entities = await entitiesOf(reading, issue.symbols);
  const bundle = contextBundle({
    run,
    issue,
    rules: await readAll(reading, ruleFiles),
    settings: { ...agentSettings(desk.config.agent), ...prefixed("risk", desk.config.risk) },
    files,
    rejections: rejectionsFor(desk, issue),
    entities,
    openIssues: issues
      .filter(({ id, status }) => id !== issue.id && OPEN.has(status))
      .toReversed()
      .slice(0, OPEN_ISSUES_MAX),
    snapshot: await latestSnapshot(desk, reading),
    tools,
  });
  return { bundle, sources: [issue.path, ...[...files, ...entities].map(({ source }) => source)] };
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
    ...{
      runtime,
      model,
      max_turns: maxTurns,
      max_cost_usd: maxCostUsd,
      timeout_minutes: timeoutMs / 60_000,
      instructions,
    },
  });
}

function prefixed(section: string, table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([key, value]) => (value === undefined ? [] : [[`${section}.${key}`, value]])),
  );
}

/** For a file that cannot be read the text says why, so that the agent does not search for it. */
async function readAll(reading: ReadScope, paths: readonly string[]): Promise<readonly SourcedText[]> {
  const texts: SourcedText[] = [];
  for (const path of paths) texts.push({ source: path, text: await readOr(reading, path) });
  return texts;
}

async function readOr(reading: ReadScope, path: string): Promise<string> {
  try {
    return Buffer.from((await openReadable(reading, path)).bytes).toString("utf8");
  } catch (error) {
    if (error instanceof QocError) return `[not read: ${error.message}]`;
    throw error;
  }
}

async function entitiesOf(reading: ReadScope, symbols: readonly string[]): Promise<readonly SourcedText[]> {
  const texts: SourcedText[] = [];
  for (const symbol of symbols) {
    try {
      const { path, text } = await readEntity(reading, symbol);
      texts.push({ source: path, text });
    } catch (error) {
      if (!(error instanceof QocError)) throw error;
      if (error.code !== "FILE_NOT_FOUND") texts.push({ source: symbol, text: `[not read: ${error.message}]` });
    }
  }
  return texts;
}

async function latestSnapshot(desk: Desk, reading: ReadScope): Promise<SourcedText | undefined> {
  const [latest] = await listSnapshots(desk.disk, desk.root);
  return latest === undefined ? undefined : { source: latest.path, text: await readOr(reading, latest.path) };
}

/** Rejections of this issue's proposals or of its symbols, the latest first. */
function rejectionsFor(desk: Desk, issue: Issue): readonly Rejection[] {
  return [...desk.state.orders.values()]
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
    what: describe(order.terms),
    at: iso(rejectedAt(order)),
    by,
    comment: (by === "guard" ? order.denied : order.rejected[by]) ?? "",
  };
}

function rejectedAt({ history, proposedAt }: Readonly<OrderRecord>): number {
  return history.find(({ state }) => state === "rejected" || state === "denied")?.at ?? proposedAt;
}

/** The desk's status: connectors, proposals that wait for a human, orders in flight, positions. */
import type { ExternalOrderView, PendingProposal, StatusView } from "../domain/status-view.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { TradingRecord } from "../domain/authority/lost-records.ts";
import type { ExchangeRate } from "../domain/account/exchange-rate.ts";
import { describe, describeOrder } from "../domain/orders/order.ts";
import { openItems, unreadKey } from "../domain/market/unread-item.ts";
import type { UnreadItem } from "../domain/market/venue.ts";
import { UNNAMED, type Untrusted, connectorSource, plainName, untrusted } from "../domain/untrusted.ts";
import type { Mode } from "../domain/market/venue.ts";
import type { ConnectorConfig } from "../workspace/config.ts";
import { plainPath } from "../workspace/path-policy.ts";
import { ISSUE_STATUSES, type IssueHead } from "../workspace/issues.ts";
import { newestVerdict, refreshVerdicts } from "./orders/current-verdicts.ts";
import { dateInZone, isSimulated, venueNow } from "./market/market-snapshot.ts";
import { accountView } from "./account/account-view.ts";
import { deskNotices } from "./config/config-notices.ts";
import type { Desk, ExternalOrder, ProposalProblem } from "./desk.ts";
import { iso, isoOrNull } from "../lib/time.ts";
import { orderPath } from "./projections/order-files.ts";
import { recordedScheduleViews, scheduleViews } from "./config/schedule-views.ts";
import type { RecordedDesk } from "./recorded-desk.ts";
import { scanProposals } from "./orders/scan-proposals.ts";
import { streamedQuotes } from "./market/streamed-quotes.ts";
import type { ConnectorStatus } from "./market/venue-gateway.ts";

export async function deskStatus(desk: Desk): Promise<StatusView> {
  const [counts, schedules, config] = await Promise.all([
    readFileCounts(desk),
    scheduleViews(desk),
    deskNotices(desk),
    desk.readOnly() === undefined ? scanProposals(desk) : undefined,
  ]);
  await refreshVerdicts(desk);
  const connectors = desk.venues.status().map((connector) => ({
    name: connector.name,
    state: connector.state,
    ...(connector.comparisonFails === true && { comparisonFails: true }),
    mode: connector.mode,
    restarts: connector.restarts,
    isolation: connector.isolation,
    isolationReason: connector.isolationReason ?? null,
    untrusted:
      connector.lastError === undefined
        ? null
        : untrusted(connectorSource(connector.name), desk.clock.now(), connector.lastError),
    latencyMs: connector.latencyMs ?? null,
    queueDepth: connector.queueDepth ?? 0,
    memoryMb: connector.memoryMb ?? null,
    polls: pollTrouble(desk, connector.name),
    readPause: readPauseOf(desk, connector),
    refusedFills: connector.refusedFills ?? 0,
    venueDate: isSimulated(desk, connector.name)
      ? dateInZone(desk.config.workspace.timezone, venueNow(desk, connector.name))
      : null,
    notice: noticeOf(desk, connector.name),
  }));
  const port = { open: desk.port, configured: desk.config.workspace.port };
  return {
    ...view(desk, { ...counts, schedules }),
    up: true,
    port,
    connectors,
    config,
    quotes: streamedQuotes(desk),
    readOnly: desk.readOnly() ?? null,
  };
}

type ShownDesk = Pick<Desk, "workspace" | "state" | "clock" | "config" | "proposals"> & Partial<Pick<Desk, "market">>;
interface FileCounts {
  readonly issues: readonly IssueHead[];
  readonly inboxNew: number;
  readonly fileRates: readonly ExchangeRate[];
  readonly rateProblems: readonly string[];
}

async function readFileCounts({ workspace }: Pick<Desk, "workspace">): Promise<FileCounts> {
  const { issues: notes, inbox, rates } = workspace;
  const [issues, inboxNew, read] = await Promise.all([notes.heads(), inbox.countNew(), rates.readWithProblems()]);
  return { issues, inboxNew, fileRates: read.rates, rateProblems: read.problems };
}

/** The status from journal and files alone, for a desk that is down. */
export async function recordedStatus(desk: RecordedDesk): Promise<StatusView> {
  const [counts, schedules] = await Promise.all([readFileCounts(desk), recordedScheduleViews(desk)]);
  const status = view(desk, { ...counts, schedules });
  const readOnly = desk.readOnly === null ? null : `${desk.readOnly}; read qoc journal verify`;
  return { ...status, readOnly, config: desk.notices };
}

function tradingView({ state, reason, at, actor }: TradingRecord): StatusView["trading"] {
  return { state, reason, since: isoOrNull(at), actor: actor ?? null };
}

function view(
  desk: ShownDesk,
  { issues, inboxNew, schedules, fileRates, rateProblems }: FileCounts & Pick<StatusView, "schedules">,
): StatusView {
  return {
    at: iso(desk.clock.now()),
    workspace: { name: desk.config.workspace.name, path: desk.workspace.root },
    up: false,
    trading: tradingView(desk.state.trading),
    connectors: desk.config.connectors
      .filter((connector) => connector.enabled)
      .map((connector) => ({
        ...stoppedConnector(desk.state, connector),
        isolationReason: null,
        untrusted: null,
        latencyMs: null,
        queueDepth: 0,
        memoryMb: null,
        polls: null,
        readPause: null,
        refusedFills: 0,
        venueDate: null,
        notice: null,
      })),
    proposals: pendingProposals(desk),
    orders: inFlightOrders(desk.state),
    externalOrders: externalOrders(desk.market?.externalOrders ?? new Map(), desk.clock.now()),
    issues: issues.map((issue) => shownIssue(desk, issue)),
    inbox: { new: inboxNew },
    runs: {
      runtime: desk.config.agent.runtime,
      unconfined: desk.config.agent.unconfined,
      running: [...desk.state.runs].map(([run, { issue, at }]) => ({ run, issue, since: iso(at) })),
    },
    lastRun: desk.state.lastRun === undefined ? null : { ...desk.state.lastRun, at: iso(desk.state.lastRun.at) },
    agents: [...desk.state.agents].map(([agent, { client }]) => ({ agent, client, lastSeenAt: null })),
    schedules,
    book: accountView(desk, { askedAt: desk.market?.askedAt, fileRates }),
    ...(rateProblems.length > 0 && { rateProblems }),
    quotes: [],
    ...flaggedInstruments(desk),
    ...unreadItems(desk),
    config: [],
    readOnly: null,
  };
}

/** The enabled connectors of a desk that is down. Their methods are known once they start. */
export function recordedConnectors({ config, state }: Pick<Desk, "config" | "state">) {
  return config.connectors
    .filter(({ enabled }) => enabled)
    .map((connector) => ({
      ...stoppedConnector(state, connector),
      type: connector.type,
      orders: connector.orders,
      lastError: state.connectors.get(connector.name)?.quarantineReason ?? null,
    }));
}

function stoppedConnector(state: Readonly<DeskState>, connector: ConnectorConfig) {
  const { name, isolation } = connector;
  return { name, state: "stopped" as const, mode: recordedMode(state, connector), restarts: 0, isolation };
}

function recordedMode({ connectors, config }: Readonly<DeskState>, { name, mode }: ConnectorConfig): Mode {
  if (config.livePins.has(name)) return "live";
  return connectors.get(name)?.mode ?? mode ?? "unstated";
}

function shownIssue(
  desk: Pick<Desk, "clock">,
  { id, path, title, status: state }: IssueHead,
): StatusView["issues"][number] {
  return {
    id: plainName(id) ?? UNNAMED,
    path: plainPath(path),
    status: (ISSUE_STATUSES as readonly string[]).includes(state) ? state : "other",
    untrusted: untrusted(plainPath(path), desk.clock.now(), title),
  };
}

function pendingProposals(desk: Pick<Desk, "state" | "clock" | "proposals">): readonly PendingProposal[] {
  const problems = [...desk.proposals.problems.values()];
  const blocked = new Set(problems.map((problem) => problem.id));
  const readable = [...desk.state.proposed.values()]
    .filter((order) => !blocked.has(order.id))
    .map((order) => {
      const { decision, reason, at } = newestVerdict(desk.proposals, order);
      return {
        ...{ id: order.id, path: orderPath(order), digest: order.digest, decision },
        checkedAt: at === null ? null : iso(at),
        needs: "approval" as const,
        sentence: describe(order.terms),
        reason,
        untrusted: null,
      };
    });
  return [...readable, ...problems.map((problem) => shownProblem(desk, problem))];
}

function shownProblem({ clock }: Pick<Desk, "clock">, { id, path, message, needs }: ProposalProblem): PendingProposal {
  const safePath = plainPath(path);
  const problem = safePath === path ? message : `${path}: ${message}`;
  return {
    id: plainName(id) ?? UNNAMED,
    path: safePath,
    digest: null,
    decision: null,
    checkedAt: null,
    needs,
    untrusted: untrusted(safePath, clock.now(), problem),
  };
}

function inFlightOrders(state: Readonly<DeskState>): StatusView["orders"] {
  return [...state.inFlight.values(), ...state.cancels.values()].map((order) => ({
    id: order.id,
    state: order.state,
    sentence: order.submitted ? describeOrder(order.terms) : describe(order.terms),
    flags: [...order.flags],
  }));
}

function noticeOf({ clock, market }: Desk, connector: string): Untrusted | null {
  const words = market.notices.get(connector);
  return words === undefined ? null : untrusted(connectorSource(connector), clock.now(), words);
}

function pollTrouble({ clock, market }: Desk, connector: string): StatusView["connectors"][number]["polls"] {
  const trouble = market.polls.trouble(connector);
  if (trouble === undefined) return null;
  return {
    failures: trouble.failures,
    nextInSeconds: Math.ceil(market.polls.waitMs(connector) / 1000),
    untrusted: untrusted(connectorSource(connector), clock.now(), trouble.reason),
  };
}

function readPauseOf(
  { clock }: Pick<Desk, "clock">,
  { name, readPause }: ConnectorStatus,
): StatusView["connectors"][number]["readPause"] {
  if (readPause === undefined) return null;
  const endsInSeconds = Math.ceil(readPause.waitMs / 1000);
  return { endsInSeconds, untrusted: untrusted(connectorSource(name), clock.now(), readPause.reason) };
}

const EXTERNAL_SHOWN_MAX = 200;

function externalOrders(all: ReadonlyMap<string, readonly ExternalOrder[]>, now: number): readonly ExternalOrderView[] {
  return [...all]
    .flatMap(([connector, orders]) =>
      orders.map(({ report, closedHere }) => ({
        connector,
        venueOrderId: plainName(report.venueOrderId),
        symbol: report.symbol === undefined ? null : (plainName(report.symbol) ?? UNNAMED),
        side: report.side ?? null,
        quantity: report.quantity ?? null,
        limitPrice: report.limitPrice ?? null,
        filled: report.status === "unknown" ? null : report.filledQuantity,
        unreadable: report.status === "unknown" ? untrusted(connectorSource(connector), now, report.reason) : null,
        closedHere,
      })),
    )
    .slice(0, EXTERNAL_SHOWN_MAX);
}

/** What a person can type; null if the venue's words in it are no plain names. */
function plainKey(connector: string, item: UnreadItem): string | null {
  const key = unreadKey(connector, item);
  return key.split("/").some((part) => plainName(part) === null) ? null : key;
}

function unreadItems({ clock, state }: Pick<Desk, "clock" | "state">): Pick<StatusView, "unread"> {
  const unread = openItems(state.unread).map(({ connector, item }) => {
    const key = plainKey(connector, item);
    const words = key === null ? `${unreadKey(connector, item)}: ${item.reason}` : item.reason;
    return {
      connector,
      kind: item.kind,
      key,
      symbol: item.symbol === undefined ? null : (plainName(item.symbol) ?? UNNAMED),
      untrusted: untrusted(connectorSource(connector), clock.now(), words),
    };
  });
  return unread.length === 0 ? {} : { unread };
}

/** The instruments that are blocked until a comparison agrees or a person resolves them, and why. */
function flaggedInstruments({ state }: Pick<Desk, "state">): Pick<StatusView, "flagged" | "flagReasons"> {
  const reasons = new Map<string, string>();
  for (const [key, { expected, actual }] of state.flagged)
    reasons.set(key, `the venue has ${actual}, our fills make ${expected}`);
  for (const [key, disputes] of state.disputes) {
    const orders = [...new Set(disputes.map(({ order }) => order))].join(", ");
    const isExcess = disputes.every(({ kind }) => kind === "overfill");
    const fills = `${disputes.length} ${disputes.length === 1 ? "fill" : "fills"} of ${orders}`;
    const reason = isExcess ? `${fills}: more than was ordered` : `${fills}: not as ordered`;
    reasons.set(key, [reasons.get(key), reason].filter((part) => part !== undefined).join("; "));
  }
  return { flagged: [...reasons.keys()], ...(reasons.size > 0 && { flagReasons: Object.fromEntries(reasons) }) };
}

/** The status of the desk as text: sections for a person, one fact a line for a program. */
import type { PendingProposal, StatusView } from "../../domain/status-view.ts";
import { actorWords } from "../../domain/authority/actor.ts";
import type { AccountLine, AccountView } from "../../domain/account/account-view.ts";
import { ownWords } from "../../domain/market/own-words.ts";

import { renderNotices } from "./config-notices.ts";
import { holdingFacts } from "./exposures.ts";
import { streamedQuoteLines } from "./streamed-quotes.ts";
import { localMinute, shownAge, shownTime, shownTimes } from "./local-time.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { unreadFacts, unreadLines } from "./unread-items.ts";
import { badge } from "./order.ts";
import { orderLines, shownConnectorState, shownTradingState } from "./shown-state.ts";
import { NEEDS } from "./proposal-needs.ts";
import { bookLines } from "./book-lines.ts";
import { INDENT, type OutputStyle, section } from "./table-text.ts";
import { oneLine, widthOf, wrap } from "./terminal-text.ts";
import { counted } from "../../lib/counted.ts";

/** Off a terminal one fact a line, its kind first. */
export function renderStatus(status: StatusView, style: OutputStyle): readonly string[] {
  return style.isTty ? renderForPerson(style, status) : renderForProgram(status);
}

function renderForPerson(style: OutputStyle, status: StatusView): readonly string[] {
  const inner: OutputStyle = { ...style, columns: style.columns - INDENT.length };
  return [
    headline(style, status),
    ...portLine(status),
    ...(status.readOnly === null
      ? []
      : [style.paint("red", `✗ read-only: ${oneLine(shownTimes(style, status.readOnly))}`)]),
    ...renderNotices(status.config, style),
    "",
    ...block(
      style,
      "connectors",
      status.connectors.flatMap((connector) => [
        ...connectorLines(inner, connector),
        ...levelLine(inner, connector),
        ...troubleLines(inner, connector),
      ]),
      { emptyLine: "none" },
    ),
    ...block(
      style,
      "waiting for you",
      status.proposals.flatMap((proposal) => proposalLines(inner, proposal, status)),
      { emptyLine: "nothing" },
    ),
    ...block(
      style,
      "in flight",
      status.orders.flatMap((order) => orderLines(order, style)),
    ),
    ...block(style, "orders at venues that this desk did not send", status.externalOrders.flatMap(externalLines)),
    ...block(style, "fills and activities that cannot be read", unreadLines(status)),
    ...block(
      style,
      "blocked instruments",
      status.flagged.flatMap((key) => blockedLines(key, status.flagReasons?.[key], style)),
    ),
    ...block(style, "book", bookLines(inner, status)),
    ...block(style, "streamed quotes", streamedQuoteLines(inner, status.quotes)),
    ...block(
      style,
      "issues",
      openIssues(status).map(({ id, status: state, untrusted }) => oneLine(`${id}  ${state}  ${untrusted.text}`)),
    ),
    ...block(style, "schedules", scheduleLines(style, status)),
    ...lastLines(style, status),
  ];
}

const SCHEDULES_SHOWN = 5;

/** Problems first, then the next due times, then the queue. */
function scheduleLines(style: OutputStyle, { schedules, queue = [] }: StatusView): readonly string[] {
  const problems = schedules.flatMap(({ problem, fix, state }) =>
    problem === null
      ? []
      : [
          ...wrap(oneLine(`${state === "broken" ? "✗" : "!"} ${problem}`), style.columns - INDENT.length).map((line) =>
            style.paint(state === "broken" ? "red" : "yellow", line),
          ),
          `  fix: ${oneLine(fix ?? "")}`,
        ],
  );
  const working = schedules.filter(({ problem, state }) => problem === null && state !== "disabled");
  const due = working
    .toSorted((a, b) => (a.next[0] ?? "~").localeCompare(b.next[0] ?? "~"))
    .map(({ name, task, state, next }) =>
      oneLine(`${name}  ${task ?? ""}  ${state === "active" ? `next ${localMinute(next[0])}` : state}`),
    );
  const more = due.length - SCHEDULES_SHOWN;
  return [
    ...problems,
    ...due.slice(0, SCHEDULES_SHOWN),
    ...(more > 0 ? [`and ${more} more: qoc schedules list`] : []),
    ...queue.map((task) => oneLine(`${task.state}: ${task.task} of ${task.schedule}`)),
  ];
}

/** `qoc up --port` holds for one start: the next one takes the port of desk.toml. */
function portLine({ port }: StatusView): readonly string[] {
  if (port === undefined || port.open === port.configured) return [];
  return [`port ${port.open} for this start; desk.toml says ${port.configured}`];
}

function headline(style: OutputStyle, status: StatusView): string {
  const { state, reason, since, actor } = status.trading;
  const change = [
    ...(since === null ? [] : [`since ${shownTime(style, since)}`]),
    ...(actor === null ? [] : [`by ${actorWords(actor)}`]),
  ].join(" ");
  const trading =
    state === "active"
      ? `trading ${shownTradingState(status)}`
      : style.paint(
          "yellow",
          oneLine(`! ${state}${reason === "" ? "" : `: ${reason}`}${change === "" ? "" : ` (${change})`}`),
        );
  const up = status.up ? style.paint("green", "● up") : style.paint("yellow", "○ down");
  return `${style.paint("bold", oneLine(status.workspace.name))}  ${up}  ${trading}`;
}

/** One line, or with a long error its words below. */
function connectorLines(style: OutputStyle, connector: StatusView["connectors"][number]): readonly string[] {
  const { name, mode, restarts, untrusted, latencyMs, queueDepth, memoryMb } = connector;
  const state = shownConnectorState(connector);
  const isReady = state === "ready";
  const isStarting = state === "starting";
  const sign = isReady ? style.paint("green", "✓") : untrusted === null || isStarting ? "○" : style.paint("red", "✗");
  const measures = [
    ...(latencyMs === null ? [] : [`${latencyMs.p50.toFixed(1)}/${latencyMs.p99.toFixed(1)} ms`]),
    ...(queueDepth === 0 ? [] : [`${queueDepth} queued`]),
    ...(memoryMb === null ? [] : [`${memoryMb.toFixed(0)} MB`]),
  ].join(", ");
  const stateText = oneLine(`${state}${restarts === 0 ? "" : `, ${counted(restarts, "restart")}`}`);
  const error = untrusted === null || isReady ? "" : oneLine(ownWords(name, untrusted.text.split("\n")[0] ?? ""));
  const more = measures === "" ? "" : `  ${measures}`;
  const plainBadge = badge({ ...style, paint: (_shade, text) => text }, mode);
  const plain = `○ ${oneLine(name)}  ${plainBadge}  ${stateText}: ${error}${more}`;
  const isLong = error !== "" && widthOf(plain) > style.columns;
  const inLine = error === "" ? "" : isLong ? ":" : `: ${error}`;
  const below = isLong ? wrap(error, style.columns - INDENT.length) : [];
  return [
    `${sign} ${oneLine(name)}  ${badge(style, mode)}  ${stateText}${inLine}${style.paint("dim", more)}`,
    ...below.map((line) => `${INDENT}${line}`),
  ];
}

function troubleLines(
  style: OutputStyle,
  { polls, readPause, refusedFills, venueDate, notice }: StatusView["connectors"][number],
): readonly string[] {
  const market = [
    ...(venueDate === null ? [] : [`its market is simulated; the date there is ${venueDate}`]),
    ...(notice === null ? [] : [`! it says: ${notice.text}`]),
  ].flatMap((line) => wrap(oneLine(line), style.columns - INDENT.length));
  const troubles = [
    ...(polls === null
      ? []
      : [`! ${counted(polls.failures, "poll")} failed, the next in ${polls.nextInSeconds} s: ${polls.untrusted.text}`]),
    ...(readPause === null
      ? []
      : [`! the venue asks for a pause; reads go on in ${readPause.endsInSeconds} s: ${readPause.untrusted.text}`]),
    ...(refusedFills === 0 ? [] : [`! ${counted(refusedFills, "malformed fill was", "malformed fills were")} refused`]),
  ];
  return [
    ...market.map((line) => style.paint(notice === null ? "dim" : "yellow", `${INDENT}${line}`)),
    ...troubles
      .flatMap((line) => wrap(oneLine(line), style.columns - INDENT.length))
      .map((line) => style.paint("yellow", `${INDENT}${line}`)),
  ];
}

function externalLines(order: StatusView["externalOrders"][number]): readonly string[] {
  const { connector, venueOrderId, side, quantity, symbol, limitPrice, closedHere, unreadable } = order;
  const what = [side, quantity, symbol, limitPrice].filter((part) => part !== null).join(" ");
  const closed = closedHere === null ? "" : ` (order ${closedHere}, which was closed by hand)`;
  return [
    oneLine(`${connector}  ${venueOrderId ?? "(no plain id)"}  ${what}${closed}`),
    ...(unreadable === null ? [] : [oneLine(`  its state is not known: ${unreadable.text}`)]),
  ];
}

/** A connector that runs at another level than desk.toml says. */
function levelLine(
  style: OutputStyle,
  { isolation, isolationReason }: StatusView["connectors"][number],
): readonly string[] {
  if (isolationReason === null) return [];
  return wrap(oneLine(`isolation: ${isolation}, because ${isolationReason}`), style.columns - INDENT.length).map(
    (line) => style.paint("dim", `${INDENT}${line}`),
  );
}

/** A verdict of this age is shown with its time. */
const OLD_VERDICT_MS = 10_000;

const RECORDED = { allow: "the guards would pass it", block: "the guards block it", none: "no verdict" } as const;

/** A desk that is down asks no guard, so its recorded verdict is no pass. */
function verdictSign(style: OutputStyle, { decision }: PendingProposal, up: boolean): string {
  if (!up && decision !== null) return style.paint("yellow", "?");
  return decision === "allow" ? style.paint("green", "✓") : style.paint("red", decision === "block" ? "✗" : "!");
}

/** The proposal, and under it in whole words the first reason of a block or the error of its file. */
function proposalLines(
  style: OutputStyle,
  proposal: PendingProposal,
  { at: now, up }: Pick<StatusView, "at" | "up">,
): readonly string[] {
  const { id, path, decision, checkedAt, needs, sentence, reason, untrusted } = proposal;
  const sign = verdictSign(style, proposal, up);
  const what = needs === "approval" ? (sentence ?? path) : `${path} ${NEEDS[needs]}`;
  const detail = needs === "approval" ? (decision === "block" ? reason : undefined) : untrusted?.text;
  const isOld = checkedAt !== null && Date.parse(now) - Date.parse(checkedAt) > OLD_VERDICT_MS;
  const lines = wrap(oneLine(`${id}  ${what}`), style.columns - 3);
  const below = [
    ...(detail === undefined ? [] : wrap(oneLine(detail), style.columns - 5)),
    ...(up || checkedAt === null
      ? []
      : [`${RECORDED[decision ?? "none"]}, last recorded ${shownAge(style, checkedAt, now)}`]),
    ...(up && isOld ? [`the guards were last asked ${shownAge(style, checkedAt, now)}`] : []),
  ];
  return [
    ...lines.map((line, index) => (index === 0 ? `${sign}  ${line}` : `   ${line}`)),
    ...below.map((line) => `     ${line}`),
  ];
}

function openIssues(status: StatusView): StatusView["issues"] {
  return status.issues.filter(({ status: state }) => state !== "done" && state !== "cancelled");
}

function agentText(style: OutputStyle, { agent, lastSeenAt }: StatusView["agents"][number]): string {
  return `${agent} (${lastSeenAt === null ? "not seen yet" : `seen ${shownTime(style, lastSeenAt)}`})`;
}

function lastLines(style: OutputStyle, status: StatusView): readonly string[] {
  return [
    ...(status.agents.length === 0
      ? []
      : [oneLine(`agents that may connect: ${status.agents.map((agent) => agentText(style, agent)).join(", ")}`)]),
    ...(status.inbox.new === 0
      ? []
      : [`inbox: ${status.inbox.new} new  ${style.paint("dim", "qoc inbox list --status new")}`]),
    ...(status.runs.unconfined
      ? [
          `${style.paint("yellow", "!")} ${oneLine(`agents by ${status.runs.runtime} run unconfined: they can do what you can`)}`,
        ]
      : []),
    ...status.runs.running.map(({ run, issue }) =>
      oneLine(
        status.up
          ? `running: ${issue}  qoc logs --run ${run} -f`
          : `was running when the desk went down: ${issue}  qoc logs --run ${run}`,
      ),
    ),
    ...(status.lastRun === null
      ? []
      : [oneLine(`last run: ${status.lastRun.issue} ${status.lastRun.outcome}, ${status.lastRun.summary}`)]),
    ...(status.up
      ? []
      : [`next: qoc up${status.workspace.path === "" ? "" : `   (${oneLine(status.workspace.path)})`}`]),
  ];
}

function tradingCells(status: StatusView): readonly string[] {
  const { state, reason, since, actor } = status.trading;
  return ["trading", shownTradingState(status), reason, ...(state === "active" ? [] : [since ?? "", actor ?? ""])];
}

function renderForProgram(status: StatusView): readonly string[] {
  return [
    ["desk", status.workspace.name, status.workspace.path, status.up ? "up" : "down"],
    tradingCells(status),
    ...(status.port === undefined ? [] : [["port", String(status.port.open)]]),
    ...(status.readOnly === null ? [] : [["read-only", status.readOnly]]),
    ...status.config.map((notice) => ["config", notice.kind, ...[notice.text, ...notice.changes]]),
    ...status.connectors.map((connector) => [
      ...["connector", connector.name, shownConnectorState(connector), connector.mode, String(connector.restarts)],
      connector.untrusted?.text.split("\n")[0] ?? "",
    ]),
    ...status.proposals.map(({ id, decision, needs, path, digest, untrusted }) => [
      ...[
        "proposal",
        id,
        decision ?? "",
        untrusted === null ? needs : `${needs}: ${untrusted.text}`,
        path,
        digest ?? "",
      ],
    ]),
    ...status.orders.map(({ id, state, sentence, flags }) => ["order", id, state, sentence, ...flags]),
    ...status.externalOrders.map(({ connector, venueOrderId, side, quantity, symbol, limitPrice, unreadable }) => [
      ...["external-order", connector, venueOrderId ?? "", side ?? "", quantity ?? "", symbol ?? "", limitPrice ?? ""],
      ...(unreadable === null ? [] : [unreadable.text]),
    ]),
    ...status.connectors.flatMap(({ name, polls, readPause, refusedFills, venueDate, notice }) => [
      ...(venueDate === null ? [] : [["venue-date", name, venueDate]]),
      ...(notice === null ? [] : [["notice", name, notice.text]]),
      ...(polls === null ? [] : [["polls", name, String(polls.failures), polls.untrusted.text]]),
      ...(readPause === null ? [] : [["read-pause", name, String(readPause.endsInSeconds), readPause.untrusted.text]]),
      ...(refusedFills === 0 ? [] : [["refused-fills", name, String(refusedFills)]]),
    ]),
    ...status.quotes.map(({ connector, symbol, bid, ask, last, at, ageSeconds }) => [
      ...["quote", connector, symbol, bid, ask, last ?? "", at, String(ageSeconds)],
    ]),
    ...unreadFacts(status),
    ...status.flagged.map((key) => ["flagged", key]),
    ...bookFacts(status.book),
    ...(status.rateProblems ?? []).map((problem) => ["rate-problem", problem]),
    ...openIssues(status).map(({ id, status: state, path, untrusted }) => ["issue", id, state, path, untrusted.text]),
    ...status.agents.map(({ agent, client, lastSeenAt }) => ["agent", agent, client, lastSeenAt ?? ""]),
    ...status.schedules.map(({ name, path, state, next, problem }) => [
      "schedule",
      name === "" ? path : name,
      state,
      next[0] ?? "",
      problem ?? "",
    ]),
    ...(status.queue ?? []).map(({ schedule, state, due }) => ["queue", schedule, state, due ?? ""]),
    ["inbox", String(status.inbox.new)],
    ...(status.runs.unconfined ? [["runtime", status.runs.runtime, "unconfined"]] : []),
    ...status.runs.running.map(({ run, issue, since }) => [status.up ? "running" : "interrupted", run, issue, since]),
    ...(status.lastRun === null
      ? []
      : [["run", status.lastRun.run, status.lastRun.issue, status.lastRun.outcome, status.lastRun.at]]),
  ].map((cells) => cells.map(oneLine).join("\t"));
}

function bookFacts(book: AccountView): readonly (readonly string[])[] {
  return [
    [
      "book",
      book.nav ?? "",
      book.cash ?? "",
      book.buyingPower ?? "",
      book.dayPnl ?? "",
      book.currency,
      book.asOf ?? "",
      book.day ?? "",
    ],
    ...book.accounts.map(({ connector, nav, cash, buyingPower, dayPnl, currency, isInSum, day }) => [
      ...["account", connector, nav, cash, buyingPower, dayPnl ?? "", currency, isInSum ? "" : "no exchange rate", day],
    ]),
    ...book.accounts.flatMap(statedFacts),
    ...book.rates.map(({ pair, rate, at, source, isStale, isForDisplay }) => [
      ...["rate", pair, rate, at, source],
      ...(isStale ? ["old"] : []),
      ...(isForDisplay ? ["for display only"] : []),
    ]),
    ...book.profit.map(({ currency, realized, unrealized }) => ["profit", currency, realized ?? "", unrealized ?? ""]),
    ...book.fees.map(({ amount, currency }) => ["fees", amount, currency]),
    ...holdingFacts(book.accounts, book.exposures),
    ...book.positions.map(({ connector, symbol, quantity, value, currency, standing }) => [
      ...["position", connector, symbol, quantity, value ?? "", currency ?? ""],
      ...(standing === "enabled" ? [] : [standing]),
    ]),
  ];
}

function statedFacts({ connector, currency, settledCash, marginUsed, venueUnrealizedPnl }: AccountLine) {
  const facts = { "settled-cash": settledCash, "margin-used": marginUsed, "venue-unrealized": venueUnrealizedPnl };
  return Object.entries(facts).flatMap(([name, amount]) =>
    amount === null ? [] : [[name, connector, amount, currency]],
  );
}

/** A section; without lines its title and, if there is one, the line for an empty section. */
function block(
  style: OutputStyle,
  title: string,
  lines: readonly string[],
  { emptyLine }: { readonly emptyLine?: string } = {},
): readonly string[] {
  if (lines.length > 0 || emptyLine === undefined) return section(style, title, lines);
  return [`${style.paint("dim", title)}  ${emptyLine}`, ""];
}

/** Why an instrument is blocked, and the command that ends it. */
function blockedLines(key: string, reason: string | undefined, style: OutputStyle): readonly string[] {
  const line = `✗ ${key}${reason === undefined ? "" : `: ${reason}`}`;
  const command = `qoc resolve ${quoteForShell(key)} -m "what you saw"`;
  return [
    ...wrap(oneLine(line), style.columns - INDENT.length).map((part) => style.paint("red", part)),
    `${INDENT}${oneLine(command)}`,
  ];
}

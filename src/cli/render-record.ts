/** Lists and records: connectors, the trade log, log lines, notes, runs, snapshots. */
import type { Untrusted } from "../domain/untrusted.ts";
import type { SnapshotView } from "../trading/snapshot.ts";
import type { DryRun, RunReport } from "../runs/runs.ts";
import type { RunView } from "../runs/run-issue.ts";
import type { DecisionLine } from "../trading/decision-log.ts";
import type { JournalReport } from "../commands/command.ts";
import { linesOf, oneLine, quoted } from "../commands/rendering/terminal-text.ts";
import { badge } from "./render-order.ts";
import { renderPositions } from "./render-desk.ts";
import { type Column, type OutputStyle, keyValueLines, table } from "../commands/rendering/table-text.ts";

/** A list, or on a terminal one word that there is nothing to list. */
export function tableOr<T>(
  face: OutputStyle,
  columns: readonly Column<T>[],
  rows: readonly T[],
  nothing: string,
): readonly string[] {
  return rows.length === 0 && face.isTty ? [nothing] : table(face, columns, rows);
}

interface ConnectorView {
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly mode: string;
  readonly isolation: string;
  readonly restarts: number;
  readonly latencyMs?: { readonly p50: number; readonly p99: number };
  readonly memoryMb?: number;
  readonly queueDepth: number;
  readonly lastError: string | null;
  readonly lost: readonly string[];
}
function latencyText(latency: ConnectorView["latencyMs"]): string {
  return latency === undefined ? "-" : `${latency.p50.toFixed(1)}/${latency.p99.toFixed(1)}`;
}

const CONNECTORS: readonly Column<ConnectorView>[] = [
  { title: "name", cell: ({ name }) => name },
  { title: "state", cell: ({ state }) => state },
  { title: "mode", cell: ({ mode }) => mode.toUpperCase() },
  { title: "level", cell: ({ isolation }) => isolation },
  { title: "restarts", cell: ({ restarts }) => String(restarts), isNumber: true },
  { title: "p50/p99 ms", cell: ({ latencyMs }) => latencyText(latencyMs), isNumber: true },
  { title: "MB", cell: ({ memoryMb }) => memoryMb?.toFixed(0) ?? "-", isNumber: true },
  { title: "queue", cell: ({ queueDepth }) => String(queueDepth), isNumber: true },
  { title: "last error", cell: ({ lastError }) => lastError ?? "", shrinks: true },
];
/** Under the table, what each connector cannot promise. */
export function renderConnectors(face: OutputStyle, rows: readonly ConnectorView[]): readonly string[] {
  return [
    ...tableOr(face, CONNECTORS, rows, "no connectors"),
    ...(face.isTty ? rows.flatMap(({ name, lost }) => lost.map((words) => `! ${oneLine(`${name}: ${words}`)}`)) : []),
  ];
}

const TRADES: readonly Column<DecisionLine>[] = [
  { title: "date", cell: ({ date }) => date },
  { title: "decision", cell: ({ decision }) => decision },
  { title: "id", cell: ({ id }) => id },
  { title: "side", cell: ({ side }) => side.toUpperCase() },
  { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "price", cell: ({ price }) => price, isNumber: true },
  { title: "state", cell: ({ state }) => state },
  {
    title: "note",
    cell: ({ note, untrusted }) => (untrusted === null ? note : `${note}: ${untrusted.text}`),
    shrinks: true,
  },
];
/** A person reads the day, a program the whole time. */
export function renderLog(face: OutputStyle, lines: readonly DecisionLine[]): readonly string[] {
  return tableOr(
    face,
    TRADES,
    face.isTty ? lines.map((line) => ({ ...line, date: line.date.slice(0, 10) })) : lines,
    "nothing was decided yet",
  );
}

/** One line of `logs`: time, level, words, then the other fields. */
export function renderLogLine(face: OutputStyle, value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [oneLine(String(value))];
  const { ts = "", level = "", message = "", ...fields } = value as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([name, field]) => `${name}=${typeof field === "string" ? field : JSON.stringify(field)}`,
  );
  const cells = [String(ts), String(level), String(message), rest.join(" ")].map(oneLine);
  if (!face.isTty) return [cells.join("\t")];
  const [at = "", word = "", said = "", more = ""] = cells;
  const shade = level === "error" ? "red" : level === "warn" ? "yellow" : "dim";
  return [
    `${face.paint("dim", at.slice(11, 23))} ${face.paint(shade, word.padEnd(5))} ${said}${more === "" ? "" : `  ${face.paint("dim", more)}`}`,
  ];
}

interface InboxView {
  readonly path: string;
  readonly kind: string;
  readonly status: string;
  readonly untrusted: Untrusted;
}
export function renderInbox(face: OutputStyle, rows: readonly InboxView[]): readonly string[] {
  return tableOr(
    face,
    [
      { title: "status", cell: ({ status }) => status },
      { title: "kind", cell: ({ kind }) => kind },
      { title: "title", cell: ({ untrusted }) => untrusted.text, shrinks: true },
      { title: "path", cell: ({ path }) => path },
    ],
    rows,
    "the inbox is empty",
  );
}

/** A file's text with nothing in it that could act. */
export function renderText(text: string): readonly string[] {
  return linesOf(text.trimEnd());
}

interface HitsView {
  readonly entries: readonly { readonly path: string; readonly line: number; readonly untrusted: Untrusted }[];
}
export function renderHits(face: OutputStyle, { entries }: HitsView): readonly string[] {
  return tableOr(
    face,
    [
      { title: "path", cell: ({ path }) => path },
      { title: "line", cell: ({ line }) => String(line), isNumber: true },
      { title: "text", cell: ({ untrusted }) => untrusted.text.trim(), shrinks: true },
    ],
    entries,
    "nothing was found",
  );
}

interface EntitiesView {
  readonly entries: readonly {
    readonly symbol: string;
    readonly kind: string;
    readonly path: string;
    readonly untrusted: Untrusted;
  }[];
}
export function renderEntities(face: OutputStyle, { entries }: EntitiesView): readonly string[] {
  return tableOr(
    face,
    [
      { title: "symbol", cell: ({ symbol }) => symbol },
      { title: "kind", cell: ({ kind }) => kind },
      { title: "name", cell: ({ untrusted }) => untrusted.text, shrinks: true },
      { title: "path", cell: ({ path }) => path },
    ],
    entries,
    "no entities",
  );
}

interface NoteView {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}
export function renderResearch(face: OutputStyle, rows: readonly NoteView[]): readonly string[] {
  return tableOr(
    face,
    [
      { title: "path", cell: ({ path }) => path },
      { title: "bytes", cell: ({ bytes }) => String(bytes), isNumber: true },
      { title: "digest", cell: ({ digest }) => digest, shrinks: true },
    ],
    rows,
    "no research notes",
  );
}

interface IssueView {
  readonly id: string;
  readonly path: string;
  readonly status: string;
  readonly priority: string;
  readonly symbols: readonly string[];
  readonly untrusted: { readonly title: Untrusted };
}
export function renderIssues(face: OutputStyle, rows: readonly IssueView[]): readonly string[] {
  return tableOr(
    face,
    [
      { title: "id", cell: ({ id }) => id },
      { title: "status", cell: ({ status }) => status },
      { title: "priority", cell: ({ priority }) => priority },
      { title: "symbols", cell: ({ symbols }) => symbols.join(",") },
      { title: "title", cell: ({ untrusted }) => untrusted.title.text, shrinks: true },
      { title: "path", cell: ({ path }) => path },
    ],
    rows,
    "no issues",
  );
}

/** `run`: what came of it, the agent's own words as a quotation, and what waits now. */
export function renderRun(face: OutputStyle, run: RunReport | DryRun): readonly string[] {
  return "wouldRun" in run ? renderDryRun(face, run) : [run, ...run.queued].flatMap((view) => runLines(face, view));
}

/** The bundle itself is the data: what the agent would read, and nothing is started. */
function renderDryRun(face: OutputStyle, { issue, runtime, bundle, tools }: DryRun): readonly string[] {
  return [
    ...(face.isTty
      ? [
          ...keyValueLines(face, [
            ["run", "none: a dry run"],
            ["issue", issue],
            ["runtime", runtime],
            ["tools", String(tools.length)],
          ]),
          "",
        ]
      : []),
    ...renderText(bundle),
  ];
}

function runLines(face: OutputStyle, run: RunView): readonly string[] {
  return [
    ...keyValueLines(face, [
      ["run", run.run],
      ["issue", run.issue],
      ["runtime", run.runtime],
      ["outcome", `${run.outcome} in ${run.seconds} s`],
      ...(run.reason === null ? [] : [["because", run.reason] as const]),
      ...(run.turns === null ? [] : [["turns", String(run.turns)] as const]),
      ...(run.costUsd === null ? [] : [["cost", `${run.costUsd.toFixed(2)} USD`] as const]),
      ["summary", run.path],
      ...run.proposals.map((id) => ["waits for you", id] as const),
    ]),
    ...(face.isTty && run.summary !== "" ? quoted(run.summary, face.columns) : []),
  ];
}

export function renderSnapshot(face: OutputStyle, taken: SnapshotView): readonly string[] {
  return [
    ...keyValueLines(face, [
      ["file", taken.path],
      ["NAV", `${taken.nav} ${taken.currency}`],
      ["cash", taken.cash],
      ["buying power", taken.buyingPower],
      ["today", taken.dayPnl],
      ...(taken.stale.length === 0
        ? []
        : [["not asked", `${taken.stale.join(", ")}; at their last known value`] as const]),
    ]),
    ...(face.isTty ? ["", ...renderPositions(face, taken.positions)] : []),
  ];
}

interface SnapshotRow {
  readonly path: string;
  readonly time: string;
  readonly nav: string;
  readonly cash: string;
}
export function renderSnapshots(face: OutputStyle, rows: readonly SnapshotRow[]): readonly string[] {
  return tableOr(
    face,
    [
      { title: "time", cell: ({ time }) => time },
      { title: "NAV", cell: ({ nav }) => nav, isNumber: true },
      { title: "cash", cell: ({ cash }) => cash, isNumber: true },
      { title: "path", cell: ({ path }) => path, shrinks: true },
    ],
    rows,
    "no snapshots",
  );
}

export function renderVerify(face: OutputStyle, facts: JournalReport): readonly string[] {
  return [
    facts.ok ? `${face.paint("green", "✓")} the journal is whole` : `${face.paint("red", "✗")} the journal is damaged`,
    ...keyValueLines(face, [
      ["records", String(facts.records)],
      ["segments", String(facts.segments)],
      ["head", facts.head],
      ...(facts.problem === undefined ? [] : [["problem", facts.problem] as const]),
    ]),
  ];
}

interface UpView {
  readonly workspace?: string;
  readonly path?: string;
  readonly pid?: number;
  readonly port?: number;
  readonly readyMs?: number;
  readonly trading?: string;
  readonly connectors?: readonly {
    readonly name: string;
    readonly state: string;
    readonly mode: string;
    readonly readyMs: number | null;
  }[];
}
/** `up`: one line a connector, and what runs where. */
export function renderUp(face: OutputStyle, facts: UpView): readonly string[] {
  return [
    `${face.paint("green", "●")} ${oneLine(facts.workspace ?? "the desk")} is up${facts.readyMs === undefined ? "" : ` after ${facts.readyMs} ms`}`,
    ...(facts.connectors ?? []).map(
      ({ name, state, mode }) =>
        `  ${state === "ready" ? face.paint("green", "✓") : face.paint("red", "✗")} ${oneLine(name)}  ${badge(face, mode)}  ${oneLine(state)}`,
    ),
    ...keyValueLines(face, [
      ["folder", facts.path ?? ""],
      ["pid", String(facts.pid ?? "")],
      ["port", String(facts.port ?? "")],
      ["trading", facts.trading ?? ""],
    ]),
  ];
}

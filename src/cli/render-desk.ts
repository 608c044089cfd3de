/** The desk at a glance, its health, and what making and starting it answered. */
import type { BookView, PositionView } from "../trading/book-view.ts";
import type { DoctorCheck } from "../trading/doctor.ts";
import type { PendingProposal, StatusView } from "../trading/status.ts";
import { oneLine, wrap } from "../commands/rendering/terminal-text.ts";
import { badge } from "./render-order.ts";
import { type Column, type OutputStyle, keyValueLines, table } from "../commands/rendering/table-text.ts";

const INDENT = "  ";

/** `status`: what runs, what waits, what is in flight, what is held. Off a terminal one fact a line, its kind first. */
export function renderStatus(face: OutputStyle, status: StatusView): readonly string[] {
  return face.isTty ? forPerson(face, status) : forProgram(status);
}

function forPerson(face: OutputStyle, status: StatusView): readonly string[] {
  const inner: OutputStyle = { ...face, columns: face.columns - INDENT.length };
  return [
    headline(face, status),
    ...(status.readOnly === null ? [] : [face.paint("red", `✗ read-only: ${oneLine(status.readOnly)}`)]),
    "",
    ...section(
      face,
      "connectors",
      status.connectors.map((connector) => connectorLine(face, connector)),
      "none",
    ),
    ...section(face, "waiting for you", table(inner, PENDING, status.proposals).slice(1), "nothing"),
    ...section(
      face,
      "in flight",
      status.orders.map(({ id, state, sentence }) => oneLine(`${id}  ${state}  ${sentence}`)),
      undefined,
    ),
    ...section(
      face,
      "blocked instruments",
      status.flagged.map((key) => face.paint("red", `✗ ${oneLine(key)}`)),
      undefined,
    ),
    ...section(face, "book", bookLines(inner, status.book), undefined),
    ...section(
      face,
      "issues",
      openIssues(status).map(({ id, status: state, untrusted }) => oneLine(`${id}  ${state}  ${untrusted.text}`)),
      undefined,
    ),
    ...lastLines(face, status),
  ];
}

function headline(face: OutputStyle, status: StatusView): string {
  const { state, reason } = status.trading;
  const trading =
    state === "active"
      ? "trading active"
      : face.paint("yellow", `! ${oneLine(state)}${reason === "" ? "" : `: ${oneLine(reason)}`}`);
  const up = status.up ? face.paint("green", "● up") : face.paint("yellow", "○ down");
  return `${face.paint("bold", oneLine(status.workspace.name))}  ${up}  ${trading}`;
}

function connectorLine(face: OutputStyle, connector: StatusView["connectors"][number]): string {
  const isFine = connector.state === "ready";
  const sign = isFine ? face.paint("green", "✓") : connector.untrusted === null ? "○" : face.paint("red", "✗");
  const restarts = connector.restarts === 0 ? "" : `, ${connector.restarts} restarts`;
  const error = connector.untrusted === null || isFine ? "" : `: ${connector.untrusted.text.split("\n")[0] ?? ""}`;
  const { latencyMs, queueDepth, memoryMb } = connector;
  const measures = [
    ...(latencyMs === null ? [] : [`${latencyMs.p50.toFixed(1)}/${latencyMs.p99.toFixed(1)} ms`]),
    ...(queueDepth === 0 ? [] : [`${queueDepth} queued`]),
    ...(memoryMb === null ? [] : [`${memoryMb.toFixed(0)} MB`]),
  ].join(", ");
  const words = oneLine(`${connector.state}${restarts}${error}`);
  return `${sign} ${oneLine(connector.name)}  ${badge(face, connector.mode)}  ${words}${face.paint("dim", measures === "" ? "" : `  ${measures}`)}`;
}

const PENDING: readonly Column<PendingProposal>[] = [
  { title: "", cell: ({ decision }) => (decision === "allow" ? "✓" : decision === "block" ? "✗" : "!") },
  { title: "id", cell: ({ id }) => id },
  {
    title: "what",
    cell: ({ sentence, path, needs, untrusted }) =>
      needs === "approval" ? (sentence ?? path) : `${path}: needs ${needs}: ${untrusted?.text ?? ""}`,
    shrinks: true,
  },
];

function bookLines(face: OutputStyle, book: BookView): readonly string[] {
  return [
    ...keyValueLines(face, [
      ["NAV", `${book.nav} ${book.currency}`],
      ["cash", book.cash],
      ["buying power", book.buyingPower],
      ["today", signed(book.dayPnl)],
      ...(book.asOf === null ? [] : [["as of", book.asOf] as const]),
    ]),
    ...(book.positions.length === 0 ? [] : ["", ...table(face, POSITIONS, book.positions)]),
  ];
}

/** A gain or a loss by its sign, not by a colour. */
function signed(amount: string): string {
  return amount.startsWith("-") || /^0(\.0*)?$/.test(amount) ? amount : `+${amount}`;
}

const POSITIONS: readonly Column<PositionView>[] = [
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
  { title: "average", cell: ({ averagePrice }) => averagePrice ?? "-", isNumber: true },
  { title: "mark", cell: ({ markPrice }) => markPrice ?? "-", isNumber: true },
  { title: "value", cell: ({ value }) => value ?? "-", isNumber: true },
  {
    title: "unrealized",
    cell: ({ unrealizedPnl }) => (unrealizedPnl === null ? "-" : signed(unrealizedPnl)),
    isNumber: true,
  },
  { title: "at", cell: ({ connector }) => connector, shrinks: true },
];

export function renderPositions(face: OutputStyle, positions: readonly PositionView[]): readonly string[] {
  return positions.length === 0 && face.isTty ? ["no open positions"] : table(face, POSITIONS, positions);
}

function openIssues(status: StatusView): StatusView["issues"] {
  return status.issues.filter(({ status: state }) => state !== "done" && state !== "cancelled");
}

function agentWords({ agent, lastSeenAt }: StatusView["agents"][number]): string {
  return `${agent} (${lastSeenAt === null ? "not seen yet" : `seen ${lastSeenAt}`})`;
}

function lastLines(face: OutputStyle, status: StatusView): readonly string[] {
  return [
    ...(status.agents.length === 0
      ? []
      : [oneLine(`agents that may connect: ${status.agents.map(agentWords).join(", ")}`)]),
    ...(status.inbox.new === 0
      ? []
      : [`inbox: ${status.inbox.new} new  ${face.paint("dim", "qoc inbox list --status new")}`]),
    ...(status.runs.unconfined
      ? [
          `${face.paint("yellow", "!")} ${oneLine(`agents by ${status.runs.runtime} run unconfined: they can do what you can`)}`,
        ]
      : []),
    ...status.runs.running.map(({ run, issue }) =>
      oneLine(
        status.up
          ? `running: ${issue}  (qoc logs --run ${run} -f)`
          : `was running when the desk went down: ${issue}  (qoc logs --run ${run})`,
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

function forProgram(status: StatusView): readonly string[] {
  return [
    ["desk", status.workspace.name, status.workspace.path, status.up ? "up" : "down"],
    ["trading", status.trading.state, status.trading.reason],
    ...(status.readOnly === null ? [] : [["read-only", status.readOnly]]),
    ...status.connectors.map(({ name, state, mode, restarts, untrusted }) => [
      "connector",
      name,
      state,
      mode,
      String(restarts),
      untrusted?.text ?? "",
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
    ...status.orders.map(({ id, state, sentence }) => ["order", id, state, sentence]),
    ...status.flagged.map((key) => ["flagged", key]),
    [
      "book",
      status.book.nav,
      status.book.cash,
      status.book.buyingPower,
      status.book.dayPnl,
      status.book.currency,
      status.book.asOf ?? "",
    ],
    ...status.book.positions.map(({ connector, symbol, quantity, value }) => [
      "position",
      connector,
      symbol,
      quantity,
      value ?? "",
    ]),
    ...openIssues(status).map(({ id, status: state, path, untrusted }) => ["issue", id, state, path, untrusted.text]),
    ...status.agents.map(({ agent, client, lastSeenAt }) => ["agent", agent, client, lastSeenAt ?? ""]),
    ["inbox", String(status.inbox.new)],
    ...(status.runs.unconfined ? [["runtime", status.runs.runtime, "unconfined"]] : []),
    ...status.runs.running.map(({ run, issue, since }) => [status.up ? "running" : "interrupted", run, issue, since]),
    ...(status.lastRun === null
      ? []
      : [["run", status.lastRun.run, status.lastRun.issue, status.lastRun.outcome, status.lastRun.at]]),
  ].map((cells) => cells.map(oneLine).join("\t"));
}

function section(
  face: OutputStyle,
  title: string,
  lines: readonly string[],
  nothing: string | undefined,
): readonly string[] {
  if (lines.length > 0) return [face.paint("dim", title), ...lines.map((line) => INDENT + line), ""];
  return nothing === undefined ? [] : [`${face.paint("dim", title)}  ${nothing}`, ""];
}

const SIGNS = { ok: ["green", "✓"], warn: ["yellow", "!"], fail: ["red", "✗"], skip: ["dim", "-"] } as const;

/** `doctor`: one check a line, and under what is wrong what to do. */
export function renderDoctor(
  face: OutputStyle,
  { checks }: { readonly checks: readonly DoctorCheck[] },
): readonly string[] {
  if (!face.isTty)
    return checks.map(({ status, name, message, fix }) => [status, name, message, fix ?? ""].map(oneLine).join("\t"));
  const wrong = checks.filter(({ status }) => status === "fail").length;
  const lines = checks.flatMap(({ status, name, message, fix }) => {
    const [shade, sign] = SIGNS[status];
    const [first = "", ...rest] = wrap(oneLine(`${name}: ${message}`), face.columns - 2);
    return [
      `${face.paint(shade, sign)} ${first}`,
      ...rest.map((line) => `  ${line}`),
      ...(fix === undefined ? [] : [`  fix: ${oneLine(fix)}`]),
    ];
  });
  return [...lines, "", wrong === 0 ? "nothing is broken" : `${wrong} to fix`];
}

interface Made {
  readonly path: string;
  readonly name?: string;
  readonly port?: number;
  readonly connectors?: readonly string[];
  readonly key?: string;
  readonly next?: string;
}

/** `init`: where the desk is, and how to start it. */
export function renderInit(face: OutputStyle, made: Made): readonly string[] {
  return [
    `${face.paint("green", "✓")} ${oneLine(made.name ?? "the desk")} is made in ${oneLine(made.path)}`,
    ...keyValueLines(face, [
      ["connectors", (made.connectors ?? []).join(", ")],
      ["port", String(made.port ?? "")],
      ["key", made.key ?? ""],
    ]),
    ...(made.next === undefined ? [] : [`next: ${oneLine(made.next)}`]),
  ];
}

/** Answers as text: JSON for programs, words for people, each command in its own way. */
import type { CommandEntry } from "../commands/command-entry.ts";
import type { Untrusted } from "../domain/untrusted.ts";
import { escapeInvisibleInJson } from "../lib/invisible-characters.ts";
import { renderFields } from "../commands/rendering/fields.ts";
import type { Io } from "./io.ts";
import { painter } from "../commands/rendering/paint.ts";
import { renderAgentSetup, renderAgents } from "./render-agents.ts";
import { renderCertify, renderMadeConnector } from "./render-certify.ts";
import { renderDoctor, renderInit, renderPositions, renderStatus } from "./render-desk.ts";
import {
  renderAnalysis,
  renderBars,
  renderFeeds,
  renderFundamentals,
  renderNews,
  renderQuote,
  renderSymbols,
} from "./render-market.ts";
import { renderOrder, renderOrders, renderProposed, renderReceipt } from "./render-order.ts";
import {
  renderConnectors,
  renderEntities,
  renderHits,
  renderInbox,
  renderIssues,
  renderLog,
  renderLogLine,
  renderResearch,
  renderRun,
  renderSnapshot,
  renderSnapshots,
  renderText,
  renderUp,
  renderVerify,
} from "./render-record.ts";
import type { OutputStyle } from "../commands/rendering/table-text.ts";

/** A file that was read: its text. */
function renderOpened(_face: OutputStyle, { untrusted }: { untrusted: Untrusted }): readonly string[] {
  return renderText(untrusted.text);
}

type Renderer = (face: OutputStyle, value: never) => readonly string[];

/** By the row's name. What a row answers is checked against its schema on the desk's side, so it is not checked again. */
const RENDERERS: Readonly<Record<string, Renderer>> = {
  init: renderInit,
  up: renderUp,
  status: renderStatus,
  doctor: renderDoctor,
  "orders propose": renderProposed,
  "orders list": renderOrders,
  "orders show": renderOrder,
  approve: renderReceipt,
  reject: renderReceipt,
  cancel: renderReceipt,
  "quotes get": renderQuote,
  "bars get": renderBars,
  "analysis get": renderAnalysis,
  "symbols search": renderSymbols,
  "fundamentals get": renderFundamentals,
  "news list": renderNews,
  "news fetch": renderFeeds,
  "positions list": renderPositions,
  "inbox list": renderInbox,
  "inbox read": renderOpened,
  "files read": renderOpened,
  "files search": renderHits,
  "entities read": renderOpened,
  "entities list": renderEntities,
  "research list": renderResearch,
  "issues list": renderIssues,
  run: renderRun,
  "agent setup": renderAgentSetup,
  "agent list": renderAgents,
  "connectors list": renderConnectors,
  "connectors new": renderMadeConnector,
  "connectors test": renderCertify,
  snapshot: renderSnapshot,
  "snapshot list": renderSnapshots,
  log: renderLog,
  logs: renderLogLine,
  show: (face, shown: { kind: string; text?: string }) =>
    shown.kind === "revision" ? renderText(shown.text ?? "") : renderOrder(face, shown as never),
  verify: renderVerify,
};

export function outputStyle(io: Io): OutputStyle {
  return { isTty: io.isTty.out, columns: io.columns, paint: painter(io.colour.out) };
}

/** The whole answer with its line end; nothing at all for an answer that is nothing. */
export function render(row: CommandEntry, value: unknown, io: Io, isJson: boolean): string {
  if (value === undefined) return "";
  if (isJson) return `${jsonText(value, io.isTty.out && row.streams !== true ? 2 : 0)}\n`;
  const face = outputStyle(io);
  const known = RENDERERS[row.name] as ((face: OutputStyle, value: unknown) => readonly string[]) | undefined;
  return joined(known === undefined ? renderFields(value, face) : known(face, value));
}

/** Lines with no empty ones at the end. */
function joined(lines: readonly string[]): string {
  const end = lines.findLastIndex((line) => line !== "") + 1;
  return lines
    .slice(0, end)
    .map((line) => `${line}\n`)
    .join("");
}

/** The value as JSON, with invisible characters written as \uXXXX. */
export function jsonText(value: unknown, indent: number): string {
  return escapeInvisibleInJson(JSON.stringify(value, null, indent) ?? "null");
}

import { relative } from "node:path";
import * as z from "zod";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { Desk } from "../../trading/desk.ts";
import type { ConnectorStatus } from "../../trading/market/venue-gateway.ts";
import { type SourceState, differs, sourceState } from "../../trading/config/watch-sources.ts";
import { type CommandContext, type LogLine, defineCommand, requireDesk } from "../command.ts";
import { connectorInScope } from "../connector-scope.ts";
import { renderLogLine } from "../log-stream.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { connectorArgument } from "./connector-state.ts";

const NAME = "connectors dev";
const POLL_MS = 250;
/** An editor writes several files, or one file in several steps. */
const SETTLE_MS = 100;

/** One line of the session. */
type DevLine =
  | { readonly kind: "watching"; readonly connector: string; readonly files: readonly string[] }
  | { readonly kind: "changed"; readonly connector: string }
  | { readonly kind: "state"; readonly connector: string; readonly state: string; readonly reason: string | null }
  | { readonly kind: "log"; readonly line: LogLine };

export const command = defineCommand({
  name: NAME,
  group: "connectors",
  audience: "human",
  runs: "desk",
  streams: true,
  writes: ["journal"],
  summary: "restart a connector at each edit of its adapter",
  description:
    "Watches the adapter's file and the files that it imports, and prints states, log lines and stacks until Ctrl-C. Paper and data-only connectors only.",
  examples: ["qoc connectors dev my-venue"],
  exits: [5],
  input: () => z.strictObject({ name: connectorArgument() }),
  output: () => z.unknown(),
  run: (input, context) => {
    const name = connectorInScope(requireDesk(context).desk, context.actor, { name: input.name, command: NAME });
    return develop(name, context);
  },
  render: (line: unknown, style) => renderDevLine(line as DevLine, style),
});

async function develop(name: string, context: CommandContext): Promise<void> {
  const { desk, followLogs } = requireDesk(context);
  const { signal } = context;
  const emit = (line: DevLine): Promise<void> => context.emit(line);
  refuseReal(desk, name);
  const showLine = (line: LogLine): Promise<void> =>
    isOwnState(line, name) ? Promise.resolve() : emit({ kind: "log", line });
  const logs = followLogs({ tail: 0, connector: name }, showLine, signal);
  const pause = pauses(desk, signal);
  let seen = await sourcesNow(desk, name);
  const files = filesOf(desk, name).map((path) => relative(desk.workspace.root, path));
  await emit({ kind: "watching", connector: name, files });
  let said = "";
  while (!signal.aborted) {
    if (differs(seen, await sourcesNow(desk, name))) {
      await pause(SETTLE_MS);
      refuseReal(desk, name);
      await emit({ kind: "changed", connector: name });
      seen = await sourcesNow(desk, name);
      said = "";
      await desk.venues.restart(name).catch((error: unknown) => desk.log.error(messageOf(error), { connector: name }));
      // The restart may have read further files. An edit of the others meanwhile is seen in the next round.
      seen = new Map([...(await sourcesNow(desk, name)), ...seen]);
    }
    const { state, lastError } = statusOf(desk, name);
    const reason = state === "ready" ? null : (lastError?.split("\n")[0] ?? null);
    if (`${state} ${reason}` !== said) await emit({ kind: "state", connector: name, state, reason });
    said = `${state} ${reason}`;
    await pause(POLL_MS);
  }
  await logs;
}

/** Returns a function that waits, at most until the signal aborts. */
function pauses({ clock }: Pick<Desk, "clock">, signal: AbortSignal): (ms: number) => Promise<void> {
  let wake: () => void = () => undefined;
  signal.addEventListener("abort", () => wake(), { once: true });
  return (ms) =>
    new Promise((resolve) => {
      wake = resolve;
      clock.after(ms, resolve);
    });
}

function filesOf(desk: Desk, name: string): readonly string[] {
  return [...new Set([statusOf(desk, name).adapter, ...desk.venues.sources(name)])];
}

function sourcesNow(desk: Desk, name: string): Promise<SourceState> {
  return sourceState(desk.workspace.disk, filesOf(desk, name));
}

function statusOf({ venues }: Pick<Desk, "venues">, name: string): ConnectorStatus {
  const status = venues.status().find((connector) => connector.name === name);
  if (status === undefined) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: "" });
  return status;
}

/** @throws CONNECTOR_NOT_PAPER: an adapter that moves real money is not loaded because a file was saved. */
function refuseReal(desk: Pick<Desk, "venues">, name: string): void {
  const { mode, orders } = statusOf(desk, name);
  if (mode === "live" || (orders && mode !== "paper"))
    throw new QocError("CONNECTOR_NOT_PAPER", {
      connector: name,
      mode: mode === "live" ? "live" : "of no stated mode",
    });
}

/** The session has a line of its own for each state. */
function isOwnState({ message }: LogLine, name: string): boolean {
  return String(message).startsWith(`connector ${name}: `) || String(message).startsWith(`${name} is `);
}

function renderDevLine(line: DevLine, style: OutputStyle): readonly string[] {
  switch (line.kind) {
    case "log":
      return renderLogLine(line.line, style);
    case "watching": {
      const words = `watching ${line.files.join(", ")}`;
      return [oneLine(style.isTty ? `${words}; Ctrl-C ends` : words)];
    }
    case "changed":
      return [oneLine(`${line.connector} changed`)];
    case "state": {
      const words = oneLine(`${line.connector} is ${line.state}${line.reason === null ? "" : `: ${line.reason}`}`);
      if (!style.isTty) return [words];
      if (line.state === "ready") return [style.paint("green", `✓ ${words}`)];
      return [line.state === "starting" ? words : style.paint("red", `✗ ${words}`)];
    }
  }
}

/**
 * `qoc mcp`: the MCP server over standard input and output, for the operator's own agent. It does not open a desk:
 * `call` sends every command to the running desk. Only protocol messages are written to standard output.
 */
import { aborted } from "../lib/aborted.ts";
import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { INTERACTIVE } from "../domain/authority/agent-access.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { Clock, Progress } from "../domain/ports.ts";
import type { AuditRecord, CallMetadata } from "./audit.ts";
import type { RefusedCall } from "./call.ts";
import { openStdioChannels } from "./stdio-transport.ts";
import { mcpFactory } from "./server.ts";
import { openSession } from "./tokens.ts";
import type { CommandTool } from "./tools.ts";

/**
 * Runs a command in the running desk, which audits the call with `metadata`. Rejects with the desk's error, or if the
 * desk is down.
 */
export type CallRunningDesk = (
  command: string,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  progress: Progress,
  metadata: CallMetadata,
) => Promise<unknown>;

/** Reports to the running desk a call that was refused in this process; the desk records it and runs nothing. */
export type ReportRefusal = (call: Pick<RefusedCall, "input" | "metadata">) => Promise<unknown>;

export interface McpStdioOptions {
  readonly version: string;
  readonly tools: ReadonlyMap<string, CommandTool>;
  readonly clock: Clock;
  readonly call: CallRunningDesk;
  readonly reportRefusal: ReportRefusal;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Writes a line to standard error. */
  log(line: string): void;
  readonly signal: AbortSignal;
}

/** The running desk applies the limits. */
const NO_LIMITS = {
  calls: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  proposals: Number.POSITIVE_INFINITY,
};

/** Serves one client until its input has ended and was answered, or until the signal aborts. */
export async function serveMcpStdio(options: McpStdioOptions): Promise<void> {
  const { tools, call, reportRefusal, signal, stdin, stdout, log } = options;
  const session = openSession(
    { run: INTERACTIVE, allowedTools: [...tools.values()].map(({ command }) => command) },
    NO_LIMITS,
    signal,
  );
  const factory = mcpFactory({
    version: options.version,
    tools,
    clock: options.clock,
    // This process gets no notifications from the desk.
    sendsNotifications: false,
    sessionOf: () => session,
    invoke: (command, input, _session, callSignal, progress, metadata) =>
      call(command, input, callSignal, progress, metadata),
    audit: (record) => log(auditLine(record)),
    // The desk records the refused call in its journal.
    refusals: { record: (refused) => void reportRefusal(refused).catch(() => undefined) },
  });
  const { transport, ended } = openStdioChannels(stdin, stdout, options.clock);
  const handle = serveStdio(factory, { transport, onerror: (error) => log(`mcp: ${messageOf(error)}`) });
  await Promise.race([ended, aborted(signal)]);
  await handle.close();
}

function auditLine({ decision, tool, client, reason, ms }: AuditRecord): string {
  return `${decision} ${tool} for ${client} in ${ms} ms${reason === null ? "" : `: ${reason}`}`;
}

/**
 * `qoc mcp`: the same face over standard input and output, for the operator's own agent. It opens no desk: every command
 * is asked of the running one through `call`. Standard output carries protocol messages and nothing else.
 */
import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { INTERACTIVE } from "../domain/agent-access.ts";
import { messageOf } from "../domain/error.ts";
import type { Clock } from "../domain/ports.ts";
import type { AuditRecord, CallMetadata } from "./audit.ts";
import type { RefusedCall } from "./call.ts";
import { openStdioChannels } from "./stdio-transport.ts";
import { mcpFactory } from "./server.ts";
import { openSession } from "./tokens.ts";
import type { CommandTool } from "./tools.ts";

/** Asks the running desk, which audits the call by what the client told of it. @throws what the desk answered, or that it is down. */
export type CallDesk = (
  command: string,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  note: (line: string) => void,
  facts: CallMetadata,
) => Promise<unknown>;

/** Reports to the running desk a call that was refused in this process; the desk records it and runs nothing. */
export type ReportRefusal = (call: Pick<RefusedCall, "input" | "metadata">) => Promise<unknown>;

export interface McpStdioOptions {
  readonly version: string;
  readonly tools: ReadonlyMap<string, CommandTool>;
  readonly clock: Clock;
  readonly call: CallDesk;
  readonly reportRefusal: ReportRefusal;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** For people and logs: standard error. */
  log(line: string): void;
  readonly signal: AbortSignal;
}

const LIMITS = {
  calls: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  proposals: Number.POSITIVE_INFINITY,
};

/** Serves one client until its end of the pipe closes and it is answered, or the signal aborts. */
export async function serveMcpStdio(options: McpStdioOptions): Promise<void> {
  const { tools, call, reportRefusal, signal, stdin, stdout, log } = options;
  const session = openSession(
    { run: INTERACTIVE, allowedTools: [...tools.values()].map(({ command }) => command) },
    LIMITS,
    signal,
  );
  const factory = mcpFactory({
    version: options.version,
    tools,
    clock: options.clock,
    // What changes at the desk does not reach this process.
    sendsNotifications: false,
    sessionOf: () => session,
    invoke: (command, input, _session, callSignal, note, facts) => call(command, input, callSignal, note, facts),
    audit: (record) => log(auditLine(record)),
    // The desk records the refused call where the operator looks for it.
    refusals: { record: (refused) => void reportRefusal(refused).catch(() => undefined) },
  });
  const { transport, ended } = openStdioChannels(stdin, stdout, options.clock);
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const handle = serveStdio(factory, { transport, onerror: (error) => log(`mcp: ${messageOf(error)}`) });
  await Promise.race([ended, aborted]);
  await handle.close();
}

function auditLine({ decision, tool, client, reason, ms }: AuditRecord): string {
  return `${decision} ${tool} for ${client} in ${ms} ms${reason === null ? "" : `: ${reason}`}`;
}

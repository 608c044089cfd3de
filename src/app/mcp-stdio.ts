/** `qoc mcp`: the operator's own agent at the running desk, over standard input and output. It opens no desk of its own. */
import { findCommand } from "../commands/invoke.ts";
import { COMMANDS } from "../commands/table.ts";
import type { Clock } from "../domain/ports.ts";
import { callDaemon, connectionLost } from "../cli/client.ts";
import type { McpCaller, Request } from "../cli/ipc-protocol.ts";
import type { CallFacts } from "../mcp/audit.ts";
import { serveMcpStdio } from "../mcp/stdio.ts";
import { loadTools } from "../mcp/tools.ts";

export interface McpAtDesk {
  readonly socketPath: string;
  /** The workspace: relative paths start there. */
  readonly root: string;
  readonly version: string;
  readonly clock: Clock;
  /** Of an agent that was let in; without one it is `agent:interactive`. */
  readonly token: string | undefined;
  /** A name for this one connection, no other's. */
  readonly connection: string;
}

/** A tool's name may be as long as a client likes; the desk keeps less of it. */
const TOLD_CHARS_MAX = 200;
function told(text: string): string {
  return text.slice(0, TOLD_CHARS_MAX);
}

/** Serves until the client goes away or the signal aborts. */
export async function mcpAtDesk(
  { socketPath, root, version, clock, token, connection }: McpAtDesk,
  signal: AbortSignal,
): Promise<void> {
  const callerOf = ({ tool, client, era, toolUseId }: CallFacts): McpCaller => {
    const id = toolUseId === null ? null : told(toolUseId);
    return {
      connection,
      tool: told(tool),
      client: told(client),
      era,
      toolUseId: id,
      ...(token === undefined ? {} : { token }),
    };
  };
  const ask = (
    asked: Pick<Request, "command" | "input" | "caller">,
    callSignal: AbortSignal,
    onNote: (line: string) => void,
  ) => {
    // The channel says who asks: the desk takes what comes by `mcp` for an agent's, whatever it names.
    const request = { ...asked, channel: "mcp", cwd: root } as const;
    const cutOff = connectionLost(findCommand(COMMANDS, asked.command)?.writes.length === 0);
    return callDaemon({ socketPath, request, onNote, onValue: () => Promise.resolve(), signal: callSignal, cutOff });
  };
  return serveMcpStdio({
    version,
    clock,
    signal,
    tools: await loadTools(COMMANDS),
    call: (command, input, callSignal, onNote, facts) =>
      ask({ command: told(command), input, caller: callerOf(facts) }, callSignal, onNote),
    // It names no command, so that no desk can run it; the input is there for its digest.
    told: ({ input, facts }) =>
      ask({ command: "", input, caller: { ...callerOf(facts), isRefused: true } }, signal, () => undefined),
    stdin: process.stdin,
    stdout: process.stdout,
    log: (line) => void process.stderr.write(`${line}\n`),
  });
}

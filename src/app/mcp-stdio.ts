/** `qoc mcp`: serves MCP on standard input and output for the operator's agent. Calls go to the running desk. */
import { findCommand } from "../commands/command-entry.ts";
import { commandRegistry } from "./command-registry.ts";
import type { Clock, Progress } from "../domain/ports.ts";
import { callDaemon, connectionLost } from "../cli/client.ts";
import type { McpCaller, IpcRequest } from "../cli/ipc-protocol.ts";
import type { CallMetadata } from "../mcp/audit.ts";
import { serveMcpStdio } from "../mcp/stdio.ts";
import { loadTools } from "../mcp/tools.ts";

export interface McpStdioDeps {
  readonly socketPath: string;
  /** The workspace's folder: relative paths start there. */
  readonly root: string;
  readonly version: string;
  readonly clock: Clock;
  /** The token of an agent with a grant; without it the actor is `agent:interactive`. */
  readonly token: string | undefined;
  /** A name that only this connection has. */
  readonly connection: string;
}

/** A client may send names of any length. */
const NAME_CHARS_MAX = 200;
function truncateName(name: string): string {
  return name.slice(0, NAME_CHARS_MAX);
}

/** Serves until the client closes the connection or the signal aborts. */
export async function serveMcpOverStdio(
  { socketPath, root, version, clock, token, connection }: McpStdioDeps,
  signal: AbortSignal,
): Promise<void> {
  const registry = await commandRegistry();
  const callerOf = ({ tool, client, era, toolUseId }: CallMetadata): McpCaller => {
    return {
      connection,
      tool: truncateName(tool),
      client: truncateName(client),
      era,
      toolUseId: toolUseId === null ? null : truncateName(toolUseId),
      token,
    };
  };
  const callDesk = (
    call: Pick<IpcRequest, "command" | "input" | "caller">,
    callSignal: AbortSignal,
    progress: Progress,
  ) => {
    // The desk treats every request on the channel `mcp` as an agent's, whatever it contains.
    const request = { ...call, channel: "mcp", cwd: root } as const;
    const cutOff = connectionLost(findCommand(registry.entries, call.command)?.writes.length === 0);
    return callDaemon({ socketPath, request, progress, onValue: () => Promise.resolve(), signal: callSignal, cutOff });
  };
  return serveMcpStdio({
    version,
    clock,
    signal,
    tools: await loadTools(registry),
    call: (command, input, callSignal, progress, metadata) =>
      callDesk({ command: truncateName(command), input, caller: callerOf(metadata) }, callSignal, progress),
    // Without a command nothing can run; the input is sent for its digest.
    reportRefusal: ({ input, metadata }) =>
      callDesk({ command: "", input, caller: { ...callerOf(metadata), isRefused: true } }, signal, {
        line: () => undefined,
      }),
    stdin: process.stdin,
    stdout: process.stdout,
    log: (line) => void process.stderr.write(`${line}\n`),
  });
}

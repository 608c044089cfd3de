/** `qoc mcp`: serves MCP on standard input and output for the operator's agent. Calls go to the running desk. */
import { findCommand } from "../commands/command-entry.ts";
import { commandRegistry } from "./command-registry.ts";
import type { Clock, Progress } from "../domain/ports.ts";
import { type DeskAddress, callDaemon, connectionLost } from "../cli/client.ts";
import type { McpCaller, IpcRequest } from "../cli/ipc-protocol.ts";
import type { CallMetadata } from "../mcp/audit.ts";
import { serveMcpStdio } from "../mcp/stdio.ts";
import { loadTools } from "../mcp/tools.ts";

export interface McpStdioDeps {
  /** The agents' socket, and the proof of the token of an agent with a grant; without one it is `agent:interactive`. */
  readonly address: DeskAddress;
  /** The workspace's folder: relative paths start there. */
  readonly root: string;
  readonly version: string;
  readonly clock: Clock;
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
  { address, root, version, clock, connection }: McpStdioDeps,
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
    };
  };
  const callDesk = (
    call: Pick<IpcRequest, "command" | "input" | "caller">,
    callSignal: AbortSignal,
    progress: Progress,
  ) => {
    const request = { ...call, cwd: root };
    const cutOff = connectionLost(findCommand(registry.entries, call.command)?.writes.length === 0);
    return callDaemon({ address, request, progress, onValue: () => Promise.resolve(), signal: callSignal, cutOff });
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

/** `qoc mcp`: the operator's own agent at the running desk, over standard input and output. It opens no desk of its own. */
import { COMMANDS } from "../commands/table.ts";
import type { Clock } from "../domain/ports.ts";
import { callDaemon } from "../doors/cli/client.ts";
import { serveMcpStdio } from "../doors/mcp/stdio.ts";
import { loadTools } from "../doors/mcp/tools.ts";

export interface McpAtDesk {
  readonly socketPath: string;
  /** The workspace: relative paths start there. */
  readonly root: string;
  readonly version: string;
  readonly clock: Clock;
}

/** Serves until the client goes away or the signal aborts. */
export const mcpAtDesk = async ({ socketPath, root, version, clock }: McpAtDesk, signal: AbortSignal): Promise<void> =>
  serveMcpStdio({
    version,
    clock,
    signal,
    tools: await loadTools(COMMANDS),
    call: (command, input, callSignal, onNote) =>
      // The channel says who asks: the desk takes what comes by `mcp` for an agent's, whatever it names.
      callDaemon({ socketPath, request: { command, input, channel: "mcp", cwd: root }, onNote, onValue: () => Promise.resolve(), signal: callSignal }),
    changes: () => () => undefined,
    stdin: process.stdin,
    stdout: process.stdout,
    log: (line) => void process.stderr.write(`${line}\n`),
  });

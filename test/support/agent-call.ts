/** One call on the agents' socket of a desk in this process, by a client that has proved the key of its token. */
import type { McpCaller } from "../../src/cli/ipc-protocol.ts";
import { tokenKey } from "../../src/trading/keys/token-key.ts";
import type { TempDesk } from "./temp-desk.ts";

export interface AgentCall {
  readonly command: string;
  readonly input?: unknown;
  readonly caller?: Partial<McpCaller>;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal;
}

export function callAsAgent({ agents, root }: TempDesk, call: AgentCall): Promise<unknown> {
  const { command, input = {}, token, signal = new AbortController().signal } = call;
  const caller = { tool: "t", client: "t", era: "modern", toolUseId: null, ...call.caller } as const;
  const client = { publicPem: token === undefined ? undefined : tokenKey(token).publicPem };
  const progress = { line: () => undefined };
  return agents.endpoint.overSocket({ command, input, cwd: root, caller }, client, { signal, progress });
}

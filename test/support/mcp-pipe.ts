/** Runs the server of `qoc mcp` in this process, and connects either client library to its two pipes. */
import { PassThrough } from "node:stream";
import { Client as NewClient } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioServerTransport as OldPipe } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StdioServerTransport as NewPipe } from "@modelcontextprotocol/server/stdio";
import { REGISTRY } from "./commands.ts";
import { type CallRunningDesk, type ReportRefusal, serveMcpStdio } from "../../src/mcp/stdio.ts";
import { loadTools } from "../../src/mcp/tools.ts";
import { systemClock } from "../../src/app/system.ts";

export interface McpPipe {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  /** Every line written to standard output. */
  readonly lines: string[];
  /** Every line written to standard error. */
  readonly logs: string[];
  /** Resolves when the server has ended. */
  readonly served: Promise<void>;
  stop(): void;
}

export async function mcpPipe(
  call: CallRunningDesk,
  reportRefusal: ReportRefusal = () => Promise.resolve(),
): Promise<McpPipe> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const [lines, logs]: [string[], string[]] = [[], []];
  const stopping = new AbortController();
  stdout.on("data", (chunk: Buffer) => void lines.push(...chunk.toString().trimEnd().split("\n")));
  const served = serveMcpStdio({
    version: "0.0.0",
    tools: await loadTools(REGISTRY),
    clock: systemClock,
    call,
    reportRefusal,
    stdin,
    stdout,
    log: (line) => void logs.push(line),
    signal: stopping.signal,
  });
  return { stdin, stdout, lines, logs, served, stop: () => stopping.abort(new Error("stopped")) };
}

export async function oldPipeClient(pipe: McpPipe): Promise<OldClient> {
  const client = new OldClient({ name: "older", version: "1.0.0" });
  await client.connect(new OldPipe(pipe.stdout, pipe.stdin) as Parameters<OldClient["connect"]>[0]);
  return client;
}

export async function newPipeClient(pipe: McpPipe, mode: "legacy" | "auto"): Promise<NewClient> {
  const client = new NewClient({ name: "newer", version: "2.0.0" }, { versionNegotiation: { mode } });
  await client.connect(new NewPipe(pipe.stdout, pipe.stdin) as Parameters<NewClient["connect"]>[0]);
  return client;
}

/**
 * Any program: gets the context bundle on standard input and the address of the MCP endpoint in its environment; its
 * standard output is its summary. Its tools cannot be verified, so it needs a sandbox, or `unconfined = true` in
 * desk.toml.
 */
import type { AgentProgram } from "./runtime.ts";

export const command: AgentProgram = {
  name: "command",
  passthroughEnv: [],
  toolDiscovery: "unknown",
  hasOwnTools: true,
  reportsCompletion: false,
  launchCommand: ({ endpoint, settings }) => ({
    argv: settings.command ?? [],
    env: { QOC_MCP_URL: endpoint.url, QOC_TOKEN: endpoint.token },
    files: {},
  }),
  openConversation: ({ bundle }) => ({
    initialInput: bundle,
    keepsInputOpen: false,
    readLine: (line) => (line.trim() === "" ? [] : [{ kind: "message", text: line }]),
  }),
};

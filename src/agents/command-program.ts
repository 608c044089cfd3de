/**
 * Any program: it reads the bundle on standard input, finds the desk's MCP door in its environment, and what it prints is
 * its account of the run. Nothing can be asked of its hands, so it needs a sandbox, or the operator's word in desk.toml.
 */
import type { AgentProgram } from "./runtime.ts";

export const command: AgentProgram = {
  name: "command",
  passthroughEnv: [],
  toolDiscovery: "unknown",
  hasOwnTools: true,
  reportsCompletion: false,
  launchCommand: ({ endpoint: door, settings }) => ({
    argv: settings.command ?? [],
    env: { QOC_MCP_URL: door.url, QOC_TOKEN: door.token },
    files: {},
  }),
  openConversation: ({ bundle }) => ({
    initialInput: bundle,
    keepsInputOpen: false,
    readLine: (line) => (line.trim() === "" ? [] : [{ kind: "message", text: line }]),
  }),
};

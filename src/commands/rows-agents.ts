/** Agents of the operator's own: who may connect. */
import type { CommandRow } from "./command.ts";
import { JOURNAL, NO_WRITES, flag, positional, toggle } from "./row.ts";

export const AGENT_ROWS: readonly CommandRow[] = [
  {
    name: "agent setup",
    group: "runs",
    audience: "human",
    writes: ["journal", "the program's own file"],
    summary:
      "let an agent of yours in: prints the entry for its program, with a token that is shown once; it reads and drafts, it cannot approve",
    args: [
      positional("client", "claude|codex|opencode|gemini", "the program it runs in", {
        choices: ["claude", "codex", "opencode", "gemini"],
      }),
      toggle("write", "put the entry into the program's file instead of printing it"),
      flag("to", "DIR|FILE", "where that file is: the folder you start the program in; the current one by default", {
        completes: "path",
      }),
      flag("name", "NAME", "what the desk calls it; the program's name by default"),
    ],
    examples: ["qoc agent setup claude --write --to ~/trader", "qoc agent setup codex --name night-watch"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./agents.ts")).agentSetup,
  },
  {
    name: "agent list",
    group: "runs",
    audience: "human",
    writes: NO_WRITES,
    summary: "agents that may connect, and when each was last seen",
    args: [],
    examples: ["qoc agent list", "qoc agent list --json"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./agents.ts")).agentList,
  },
  {
    name: "agent revoke",
    group: "runs",
    audience: "human",
    writes: JOURNAL,
    summary: "send an agent away: its token opens nothing from now on, and what it has open is closed",
    args: [positional("name", "NAME", "an agent of qoc agent list")],
    examples: ["qoc agent revoke claude", "qoc agent revoke night-watch --json"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./agents.ts")).agentRevoke,
  },
];

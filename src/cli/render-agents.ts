/** Agents of the operator's own: the entry for a program to paste, and who may connect. */
import { oneLine } from "../commands/rendering/terminal-text.ts";
import { type Column, type OutputStyle, table } from "../commands/rendering/table-text.ts";

interface SetupView {
  readonly agent: string;
  readonly client: string;
  readonly file: string;
  readonly written: boolean;
  readonly config: string | null;
  readonly command: string | null;
}

/** Off a terminal the entry alone, so that it can go into a file; the host made every character of it. */
export function renderAgentSetup(
  face: OutputStyle,
  { agent, client, file, written, config, command }: SetupView,
): readonly string[] {
  if (written || config === null)
    return [
      `${face.paint("green", "✓")} ${agent} may connect: ${oneLine(file)}`,
      `next: start ${client} in its folder`,
    ];
  const entry = config.trimEnd().split("\n");
  if (!face.isTty) return entry;
  return [
    face.paint("dim", `in ${file}`),
    ...entry,
    ...(command === null ? [] : ["", face.paint("dim", "or, in a shell"), command]),
  ];
}

interface AgentView {
  readonly agent: string;
  readonly client: string;
  readonly grantedAt: string;
  readonly lastSeenAt: string | null;
}

const AGENTS: readonly Column<AgentView>[] = [
  { title: "agent", cell: ({ agent }) => agent },
  { title: "program", cell: ({ client }) => client },
  { title: "since", cell: ({ grantedAt }) => grantedAt },
  { title: "last seen", cell: ({ lastSeenAt }) => lastSeenAt ?? "not since the desk came up" },
];

export function renderAgents(face: OutputStyle, agents: readonly AgentView[]): readonly string[] {
  return agents.length === 0 && face.isTty ? ["no agent was let in: qoc agent setup"] : table(face, AGENTS, agents);
}

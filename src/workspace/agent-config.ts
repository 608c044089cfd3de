/** `[agent]` of desk.toml: which program works on issues, and what it may use up. */
import { z } from "zod";

export interface AgentConfig {
  readonly runtime: (typeof RUNTIMES)[number];
  readonly command?: readonly string[];
  readonly model?: string;
  readonly instructions?: string;
  readonly maxTurns: number;
  readonly maxCostUsd: number;
  readonly timeoutMs: number;
  readonly env: readonly string[];
  readonly unconfined: boolean;
}

const RUNTIMES = ["demo", "claude", "codex", "opencode", "gemini", "acp", "command"] as const;
const NEED_COMMAND: readonly string[] = ["acp", "command"];

export const agentSchema = z
  .strictObject({
    runtime: z.enum(RUNTIMES).default("demo"),
    /** The program and its first arguments; by default the runtime's own name. */
    command: z.array(z.string().min(1)).min(1).optional(),
    model: z.string().min(1).max(200).optional(),
    max_turns: z.int().min(1).max(1_000).default(60),
    max_cost_usd: z.number().positive().max(1_000).default(5),
    timeout_minutes: z.number().positive().max(1_440).default(30),
    /** Variables of the desk's environment that the agent's program is lent besides those that it always needs. */
    env: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not the name of an environment variable"))
      .default([]),
    unconfined: z.boolean().default(false),
    /** Told to every agent, word for word. */
    instructions: z.string().max(8_000).optional(),
  })
  .refine(({ runtime, command }) => command !== undefined || !NEED_COMMAND.includes(runtime), {
    path: ["command"],
    message: 'this runtime needs command = ["/path/of/program", "argument"]',
  })
  .refine(({ runtime, model }) => model === undefined || !NEED_COMMAND.includes(runtime), {
    path: ["model"],
    message: "this runtime does not know of models; name it in command, or in the program's own configuration",
  });

const MINUTE_MS = 60_000;

export function agentOf(agent: z.output<typeof agentSchema>): AgentConfig {
  return {
    runtime: agent.runtime,
    ...(agent.command === undefined ? {} : { command: agent.command }),
    ...(agent.model === undefined ? {} : { model: agent.model }),
    ...(agent.instructions === undefined ? {} : { instructions: agent.instructions }),
    maxTurns: agent.max_turns,
    maxCostUsd: agent.max_cost_usd,
    timeoutMs: Math.round(agent.timeout_minutes * MINUTE_MS),
    env: agent.env,
    unconfined: agent.unconfined,
  };
}

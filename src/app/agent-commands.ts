/** Runs commands of the allowlist as an agent. */
import type { Progress } from "../domain/ports.ts";
import type { CommandContext, DeskServices } from "../commands/command.ts";
import { invoke } from "../commands/invoke.ts";
import { commandRegistry } from "./command-registry.ts";
import type { Actor } from "../domain/event.ts";
import { QocError } from "../domain/errors/error.ts";
import type { ReadLog } from "../runs/read-log.ts";
import type { RefusalLog } from "../domain/authority/refusal.ts";

export interface AgentCallOptions {
  readonly actor: Actor;
  /** The sources that the agent's session has read; a proposal lists them. */
  readonly sources: ReadLog;
  readonly signal: AbortSignal;
  readonly progress?: Progress | undefined;
}

/** The context of a command that an agent calls, over any interface. */
export function agentContext(services: DeskServices, call: AgentCallOptions): CommandContext {
  const { actor, sources, signal, progress = { line: () => undefined } } = call;
  return {
    desk: services,
    actor,
    sources,
    signal,
    progress,
    channel: "mcp",
    emit: () => Promise.resolve(),
    canAsk: false,
    cwd: services.desk.workspace.root,
  };
}

/**
 * The desk's services contain the agent runs, and agent runs call commands. This object breaks the cycle: it is made
 * first, and `bind` gives it the services once they exist.
 */
export class AgentCommands {
  readonly #refusals: RefusalLog;
  #services: DeskServices | undefined;

  constructor(refusals: RefusalLog) {
    this.#refusals = refusals;
  }

  bind(services: DeskServices): void {
    this.#services = services;
  }

  /** @throws QocError of the command; INTERNAL if no services are bound yet. */
  async invoke(command: string, input: unknown, call: AgentCallOptions): Promise<unknown> {
    if (this.#services === undefined)
      throw new QocError("INTERNAL", { message: "an agent called a command before the desk was open" });
    return invoke(await commandRegistry(), { command, input }, agentContext(this.#services, call), this.#refusals);
  }
}

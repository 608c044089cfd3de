/** What the composition root lends the command line. Everything heavy hides behind a function, so that help stays quick. */
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandContext, CommandRegistry } from "../commands/command.ts";
import type { Io } from "./io.ts";

/** A call that runs in this process. */
export interface LocalCall extends Omit<CommandContext, "actor" | "desk" | "local"> {
  /** What `up` in the foreground says once the desk is ready; it answers only after it was stopped. */
  ready(facts: unknown): void;
}

export interface CliDeps {
  readonly io: Io;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  version(): Promise<string>;
  /** The commands: their entries at hand, their files loaded one by one. */
  registry(): Promise<CommandRegistry>;
  /** The socket of the desk that `from` lies in. @throws QocError NO_WORKSPACE. */
  socketFor(from: string): Promise<string>;
  /** Runs a command in this process. @throws the command's errors. */
  invokeLocal(entry: CommandEntry, input: unknown, call: LocalCall): Promise<unknown>;
}

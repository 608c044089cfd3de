/**
 * What the composition root passes to the command line. Heavy modules are loaded by functions, so that help starts
 * fast.
 */
import type { Authority, SigningRequest } from "../domain/authority/authority.ts";
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandContext, CommandRegistry } from "../commands/command.ts";
import type { DeskProcess } from "../workspace/lock.ts";
import type { DeskAddress } from "./client.ts";
import type { Io } from "./io.ts";

/** A call that runs in this process. */
export interface LocalCall extends Omit<CommandContext, "actor" | "desk" | "local"> {
  /**
   * Get the report of `up` in the foreground, when the desk answers and when its connectors have started too; the call
   * itself resolves after the desk has stopped.
   */
  answers(facts: unknown): void;
  ready(facts: unknown): void;
}

export interface CliDeps {
  readonly io: Io;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  version(): Promise<string>;
  /** The commands: their entries at hand, their files loaded one by one. */
  registry(): Promise<CommandRegistry>;
  /** The operator's socket of the desk that `from` lies in. @throws QocError NO_WORKSPACE. */
  deskAt(from: string): Promise<DeskAddress>;
  /**
   * Signs a statement with a key of the desk that `from` lies in. @throws QocError KEY_REQUIRED if the live key is
   * needed and the passphrase is missing or wrong; KEY_MISSING; NO_WORKSPACE.
   */
  sign(from: string, request: SigningRequest, passphrase: string | undefined): Promise<Authority>;
  /** `bytes` random bytes as hexadecimal text. */
  random(bytes: number): Promise<string>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Opens a link to the page of the desk that `from` lies in. @throws QocError NO_BROWSER, NO_WORKSPACE. */
  openLink(from: string, link: string): Promise<void>;
  /** The process that has the lock of that desk, if it is running. */
  deskProcess(from: string): Promise<DeskProcess | undefined>;
  /** Runs a command in this process. @throws the command's errors. */
  invokeLocal(entry: CommandEntry, input: unknown, call: LocalCall): Promise<unknown>;
}

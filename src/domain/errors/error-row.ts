/** A row of the table of errors, and the exit codes of the command line. */

/** Process exit codes of the command line. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refusedByGuard: 3,
  notPermitted: 4,
  deskDown: 5,
  unknownOutcome: 6,
  stale: 7,
  waiting: 8,
  interrupted: 130,
} as const;

export interface ErrorDefinition {
  /** `{name}` is replaced by `details.name`. */
  readonly template: string;
  /** The next step for a person: a command, or a short instruction. */
  readonly hint: string;
  readonly exit: number;
  /** true: the same call may succeed later. */
  readonly retryable: boolean;
  /** The next step for an agent, if `hint` names commands that only a person can type. */
  readonly hintForAgents?: string;
  /** The detail that contains external text. An agent receives it in a separate field, not in the desk's sentence. */
  readonly untrustedDetail?: "message" | "reason";
}

interface ErrorOptions extends Pick<ErrorDefinition, "hintForAgents" | "untrustedDetail"> {
  readonly exit?: number;
  readonly retryable?: boolean;
}

export function row(
  template: string,
  hint: string,
  { exit = EXIT.failed, retryable = false, ...agentFields }: ErrorOptions = {},
): ErrorDefinition {
  return { template, hint, exit, retryable, ...agentFields };
}

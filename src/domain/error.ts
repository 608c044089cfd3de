/** Every error a user of the desk can meet: one table, one class. */

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

interface ErrorDefinition {
  /** `{name}` is replaced by `details.name`. */
  readonly template: string;
  /** What to type next. */
  readonly hint: string;
  readonly exit: number;
  /** May the same call be made again without changing anything? */
  readonly retryable: boolean;
}

function row(template: string, hint: string, exit: number = EXIT.failed, retryable = false): ErrorDefinition {
  return {
    template,
    hint,
    exit,
    retryable,
  };
}

export const ERRORS = {
  // usage
  USAGE: row("{message}", "qoc help {command}", EXIT.usage),
  UNKNOWN_COMMAND: row("unknown command: {name}{suggestion}", "qoc help", EXIT.usage),
  INVALID_INPUT: row("{command}: {message}", "qoc help {command}", EXIT.usage),
  DIGEST_REQUIRED: row(
    "approving without a terminal needs the digest of what was read",
    "qoc orders show {id}, then qoc approve {id} --digest {digest}",
    EXIT.usage,
  ),
  NO_BULK_APPROVAL: row(
    "there is no --all: each order is approved on its own, by its digest",
    "qoc orders list --state proposed",
    EXIT.usage,
  ),
  // workspace and configuration
  NO_WORKSPACE: row("no desk.toml in {path} or above it", "qoc init {path}", EXIT.failed),
  WORKSPACE_EXISTS: row("{path} already holds a desk.toml; nothing was changed", "qoc status -C {path}", EXIT.failed),
  CONFIG_INVALID: row("{file}:{line}:{column}: {key}: {message}", "edit {file} line {line}, then qoc status"),
  CONFIG_NOT_YET: row(
    "{file}:{line}:{column}: {key} is documented but not built yet",
    "remove {key} from {file}, or comment it out",
  ),
  CONFIG_SYNTAX: row("{file}:{line}:{column}: not valid TOML: {message}", "edit {file} line {line}, then qoc status"),
  FORMAT_TOO_NEW: row("{what} has format {found}; this qoc reads up to {known}", "install a newer qoc"),
  SECRET_MISSING: row(
    "connector {connector}: secret {name} is not set ({source})",
    "set {source}, then qoc connectors restart {connector}, or qoc up",
  ),
  SECRET_LITERAL: row(
    "{file}:{line}:{column}: {key} holds a literal; secrets never stand in desk.toml",
    'write {key} = {{ env = "NAME" }} or {{ file = "/run/secrets/name" }}',
  ),
  LOCKED: row("another desk (pid {pid}) already runs on {path}", "qoc down -C {path}, or use the running one"),
  FILE_TOO_LARGE: row("{path} has {size} bytes; the limit is {limit}", "shorten the file", EXIT.failed),
  PATH_REFUSED: row("{path}: {reason}", "name a file inside the workspace"),
  FILE_NOT_FOUND: row("{path} does not exist", "qoc files list", EXIT.failed),
  FILE_CHANGED: row("{path} changed since it was read", "read it again, then write with its new digest", EXIT.stale),
  HOST_OWNED: row("{path} is written by the desk and cannot be restored by hand", "qoc journal rebuild"),
  GIT_MISSING: row("git is not installed; the desk trades but keeps no file history", "install git, then qoc doctor"),
  HISTORY_FAILED: row("history: {message}", "qoc doctor"),
  // journal
  JOURNAL_CORRUPT: row(
    "journal {segment} line {line}: {message}; the desk is read-only and halted",
    "qoc journal verify; restore {segment} from a backup",
  ),
  JOURNAL_FAILED: row("the journal could not be written: {message}; the desk is halted", "check the disk, then qoc up"),
  // desk
  DESK_DOWN: row("the desk is not up{reason}", "qoc up", EXIT.deskDown, true),
  DESK_READ_ONLY: row("the desk is read-only: {reason}", "qoc journal verify", EXIT.failed),
  PORT_TAKEN: row("port {port} on 127.0.0.1 is taken", "set another [workspace] port in desk.toml, then qoc up"),
  NOT_PERMITTED: row("unknown command: {name}", "qoc help", EXIT.notPermitted),
  KEY_REQUIRED: row(
    "approving a live order needs the operator's key unlocked: {reason}",
    "qoc approve {id} on a terminal",
  ),
  INTERNAL: row("unexpected: {message}", "qoc logs --tail 50"),
  TOO_LARGE: row("{what} has {size} bytes; the limit is {limit}", "send less"),
  // proposals and orders
  PROPOSAL_INVALID: row("{path}: {message}", "edit {path}, or qoc reject it"),
  ORDER_NOT_FOUND: row("no order {id}{suggestion}", "qoc orders list"),
  ID_AMBIGUOUS: row("{id} fits {count}: {matches}", "type more of the id, or the path"),
  ID_DUPLICATE: row("{id} stands in {paths}; neither can be approved", "rename or delete one of the files"),
  NEEDS_CONNECTOR: row(
    "{id}: no connector for it ({reason})",
    'add connector = "name" to {path}, or list the venue under venues = [...] in desk.toml',
  ),
  DIGEST_MISMATCH: row(
    "{id} is not what was shown: its digest is {actual}, not {shown}; it was edited, or its protection price followed the market",
    "qoc orders show {id}",
    EXIT.stale,
  ),
  ALREADY_DECIDED: row("{id} is {state} already; nothing was sent again", "qoc orders show {id}", EXIT.stale),
  APPROVAL_EXPIRED: row(
    "the approval of {id} expired after {seconds} s",
    "qoc orders show {id}, then propose it anew",
    EXIT.stale,
  ),
  GUARD_BLOCKED: row(
    "refused: {message}",
    "qoc orders show {id}; change the order, or the rule in desk.toml",
    EXIT.refusedByGuard,
  ),
  OUTCOME_UNKNOWN: row(
    "{id}: the venue's answer is unknown ({reason}); it will not be sent again",
    "qoc orders show {id}; when the venue's own page is clear: qoc resolve {id}",
    EXIT.unknownOutcome,
  ),
  VENUE_REJECTED: row("{id}: {connector} rejected the order: {reason}", "qoc orders show {id}"),
  NOT_CANCELLABLE: row("{id} is {state}; there is nothing to cancel", "qoc orders show {id}", EXIT.stale),
  NOT_UNKNOWN: row(
    "{id} is {state}; only an order whose venue has lost it is resolved by hand",
    "qoc orders show {id}",
  ),
  // connectors
  CONNECTOR_UNKNOWN: row("no connector {name}{suggestion}", "qoc connectors list"),
  CONNECTOR_DATA_ONLY: row(
    "connector {connector} gives data and takes no orders",
    "propose at another connector: qoc connectors list",
  ),
  CONNECTOR_NEEDED: row("no connector for this order ({reason})", "name one that you can see in qoc status"),
  CONNECTOR_NOT_READY: row(
    "connector {connector} is {state}{reason}",
    "qoc connectors list; qoc logs --connector {connector}",
    EXIT.failed,
    true,
  ),
  CONNECTOR_ZOMBIE: row(
    "the thread of connector {connector} could not be ended, so it may still act; a second one is not started beside it",
    "qoc down, then qoc up",
  ),
  ADAPTER_MISSING: row(
    "connector {connector}: adapter {path} does not exist",
    "create it, or correct adapter in desk.toml",
  ),
  ADAPTER_BUNDLE: row(
    "connector {connector}: {file}:{line}:{column}: {message}",
    "correct the adapter; it is reloaded by qoc connectors restart {connector}",
  ),
  ADAPTER_SHAPE: row(
    "connector {connector}: {message}",
    "see docs/connectors.md; then qoc connectors restart {connector}",
  ),
  ADAPTER_CHANGED: row(
    "connector {connector}: its file is not the one that was accepted ({trusted}); it is now {found}",
    "look at what changed, then qoc connectors restart {connector}",
  ),
  ADAPTER_THREW: row("connector {connector}: {message}", "qoc logs --connector {connector}"),
  CONNECTOR_EXISTS: row("{path} is there already; nothing was changed", "choose another name", EXIT.failed),
  NOT_CERTIFIED: row(
    "{connector} is not certified: {failed} of {of} cases failed",
    "correct what the report names, then test again; docs/connectors.md explains each group",
  ),
  SDK_MISMATCH: row(
    "connector {connector} was built for SDK {theirs}; this desk speaks {ours}",
    "install the qoc it was built for, or update the connector",
  ),
  CALL_TIMEOUT: row("{connector}.{method} did not answer in {ms} ms", "qoc connectors list", EXIT.failed),
  CALL_DIED: row("connector {connector} died during {method}: {reason}", "qoc logs --connector {connector}"),
  CALL_FAILED: row("{connector}.{method}: {message}", "qoc logs --connector {connector}"),
  PROTOCOL: row("connector {connector} sent a malformed {what}: {message}", "qoc logs --connector {connector}"),
  NOT_SUPPORTED: row("connector {connector} has no {method}", "qoc connectors list", EXIT.failed),
  // agents of the operator's own
  AGENT_EXISTS: row("an agent named {agent} may connect already", "qoc agents revoke {agent}, or give another --name"),
  AGENT_UNKNOWN: row("no agent {agent}{suggestion}", "qoc agents list"),
  TOKEN_REFUSED: row(
    "the desk does not know this agent's token, or it was revoked",
    "the human makes a new one: qoc agents setup",
    EXIT.notPermitted,
  ),
  AGENT_LIMIT: row(
    "{agent} may use {of} {limit} an hour, and this call goes over",
    "wait an hour, or leave the rest to the human: qoc inbox write",
    EXIT.notPermitted,
    true,
  ),
  // runs and notes
  ISSUE_NOT_FOUND: row("no issue {id}{suggestion}", "qoc issues list"),
  NOTE_INVALID: row("{path}: {message}", "correct the frontmatter"),
  ISSUE_RUNNING: row("{issue} is being worked on, or waits in a run's queue", "wait for the run to end; qoc status"),
  RUN_FAILED: row("{run} {outcome}: {reason}", "read {path}, or qoc logs --run {run}"),
  RUN_OVER: row("this run is over; nothing more is done for it", "read what it did: qoc status", EXIT.notPermitted),
  NO_RUN: row("there is no run that {issue} could be queued for", "leave a note for the human: qoc inbox write"),
  QUEUE_FULL: row(
    "one run works on {limit} issues at most",
    "finish, and leave the rest to the human: qoc inbox write",
  ),
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/** In one pass, so that braces in a detail stay as they are. */
export function fillTemplate(template: string, details: ErrorDetails): string {
  return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name: string | undefined) =>
    name === undefined ? found.slice(1) : String(details[name] ?? ""),
  );
}

export interface ErrorJson {
  code: ErrorCode;
  message: string;
  hint: string;
  retryable: boolean;
  details?: ErrorDetails;
}

/** The one error class of the desk. `data` travels to stdout beside it (an order whose fate it tells). */
export class QocError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly hint: string;
  readonly exit: number;
  readonly retryable: boolean;
  readonly data: unknown;

  /** `retryable` where this one is unlike its code: the call may have been carried out. */
  constructor(
    code: ErrorCode,
    details: ErrorDetails = {},
    options: { cause?: unknown; data?: unknown; retryable?: boolean } = {},
  ) {
    const entry: ErrorDefinition = ERRORS[code];
    super(fillTemplate(entry.template, details), options.cause === undefined ? {} : { cause: options.cause });
    this.name = "QocError";
    this.code = code;
    this.details = details;
    this.hint = fillTemplate(entry.hint, details);
    this.exit = entry.exit;
    this.retryable = options.retryable ?? entry.retryable;
    this.data = options.data;
  }

  toJSON(): ErrorJson {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retryable: this.retryable,
      ...(Object.keys(this.details).length > 0 ? { details: this.details } : {}),
    };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** All errors that a user can get: one table and one class. */

import { AGENT_ERRORS } from "./agent-errors.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { CONNECTOR_ERRORS } from "./connector-errors.ts";
import { EXIT, type ErrorDefinition, row } from "./error-row.ts";
import { KEY_ERRORS } from "./key-errors.ts";
import { PAGE_ERRORS } from "../pages/page-errors.ts";

export { EXIT, type ErrorDefinition } from "./error-row.ts";

/**
 * Starts no program that a planted configuration of the git dir names: this command of git reads no file with a filter,
 * without a pager, and fetches nothing.
 */
const NEWEST_CONFIG = "GIT_ALLOW_PROTOCOL=none git --no-pager --git-dir=.qoc/history.git cat-file blob desk:desk.toml";

const GAP_HINT =
  "qoc journal verify; restore the journal from a backup, or continue without these records: qoc resume --gap {gap}";

export const ERRORS = {
  // usage
  USAGE: row("{message}", "qoc help {command}", { exit: EXIT.usage }),
  UNKNOWN_COMMAND: row("unknown command: {name}{suggestion}", "qoc help", { exit: EXIT.usage }),
  INVALID_INPUT: row("{command}: {message}", "qoc help {command}", {
    exit: EXIT.usage,
    hintForAgents: "correct the call: the tool's schema lists its parameters",
  }),
  DIGEST_REQUIRED: row(
    "approval without a terminal requires the digest of the order that you reviewed",
    "qoc orders show {id}, then qoc approve {id} --digest {digest}",
    { exit: EXIT.usage },
  ),
  NO_BULK_APPROVAL: row(
    "--all is not supported: approve each order by its own digest",
    "qoc orders list --state proposed",
    { exit: EXIT.usage },
  ),
  REMOTE_NOT_YET: row("{name} is not implemented yet: only desks of this machine are reached", "type: unset {name}", {
    exit: EXIT.usage,
  }),
  // workspace and configuration
  FOLDER_MISSING: row("there is no folder {path}", "qoc init {path}, if it is to become a desk"),
  NO_WORKSPACE: row("no desk.toml in {path} or a folder above it", "qoc init {path}"),
  WORKSPACE_NOT_OURS: row(
    "{path} is, or has in it, the desk of another user (uid {owner}), whose desk.toml would start programs as you",
    "read its desk.toml, then: qoc trust {quoted}",
  ),
  DESK_ID_INVALID: row(
    "{path}: a desk's id has 32 characters of 0-9 and a-f",
    "restore {path} from a backup, or make a new desk: qoc init DIR",
  ),
  DESK_ID_MISSING: row(
    "{path} does not exist: the folder was copied without .qoc, which holds the journal",
    "copy the whole folder again, .qoc included; or make a new desk: qoc init DIR",
  ),
  FOLDER_NOT_EMPTY: row("{path} is not empty: it has {names}; nothing was changed", "qoc init {path}/my-desk"),
  FOLDER_REFUSED: row(
    "{path} cannot be a desk: {reason}; nothing was changed",
    "in a folder of yours: qoc init my-desk",
  ),
  WORKSPACE_EXISTS: row("{path} already contains a desk.toml; nothing was changed", "qoc status -C {path}"),
  WORKSPACE_INSIDE: row("{path} is inside the desk {desk}; nothing was changed", "qoc init {other}"),
  CONFIG_INVALID: row("{file}:{line}:{column}: {key}: {message}", "edit {file} line {line}, then qoc status"),
  CONFIG_NOT_YET: row(
    "{file}:{line}:{column}: {key} is documented but not implemented yet{message}",
    "remove {key} from {file}, or comment it out",
  ),
  CONFIG_SYNTAX: row("{file}:{line}:{column}: not valid TOML: {message}", "edit {file} line {line}, then qoc status"),
  CONFIG_UNREADABLE: row(
    "desk.toml: {message}",
    `restore desk.toml from a backup, or from its newest revision: ${NEWEST_CONFIG}; then qoc status`,
  ),
  CONFIG_STALE: row("nothing was accepted: {reason}", "qoc reload", { exit: EXIT.stale }),
  CONFIG_NOT_PINNED: row(
    "an earlier version made this desk, and its desk.toml is not signed yet: nothing is approved until it is",
    "qoc reload",
    { exit: EXIT.refusedByGuard },
  ),
  RULES_CHANGED: row("the guards in force are not those of desk.toml, so nothing is approved: {reason}", "{next}", {
    exit: EXIT.refusedByGuard,
  }),
  FORMAT_TOO_NEW: row(
    "{what} has format {found}; this version of qoc reads formats up to {known}",
    "install a newer version",
  ),
  SECRET_MISSING: row(
    "connector {connector}: secret {name} is not set ({source})",
    "set {source}, then qoc connectors restart {connector}, or qoc up",
  ),
  CA_INVALID: row(
    "connector {connector}: {path} is missing or contains no PEM certificate",
    "correct ca in desk.toml or the file, then qoc connectors restart {connector}",
  ),
  SECRET_LITERAL: row(
    "{file}:{line}:{column}: {key} is a literal secret; use an env or file reference",
    'write {key} = {{ env = "NAME" }} or {{ file = "/run/secrets/name" }}',
  ),
  RUNTIME_FOLDER_UNSAFE: row("{path}: {reason}, so the desk's socket is not safe there", "type: {fix}"),
  HOME_FOLDER_UNSAFE: row("{path}: {reason}, and its files name programs that would run as you", "type: {fix}"),
  OPTION_SECRET: row(
    "{file}:{line}:{column}: {key} is a secret by its name, and agents can read options{message}",
    'move it to [connector.auth] as a reference: name = {{ env = "NAME" }} or {{ file = "/run/secrets/name" }}',
  ),
  LOCKED: row(
    "this desk is up already (pid {pid}{since}): {path}",
    "qoc status -C {path}; to start it again: qoc down -C {path}, then qoc up -C {path}",
  ),
  FILE_TOO_LARGE: row("{path} has {size} bytes; the limit is {limit}", "shorten the file"),
  PATH_REFUSED: row("{path}: {reason}", "use a path inside the workspace"),
  CLIENT_FILE_REFUSED: row(
    "{path}: {reason}",
    "name another place with --to; or print the entry, to add it by hand: qoc agents setup {client}",
  ),
  FILE_NOT_FOUND: row("{path} does not exist", "qoc files list", { hintForAgents: "qoc_files_list" }),
  SNAPSHOT_NOT_FOUND: row("{message}", "qoc snapshots list; write one: qoc snapshot", {
    hintForAgents: "qoc_snapshots_list",
  }),
  SNAPSHOT_INVALID: row(
    "{path} cannot be read as a snapshot: {message}",
    "bring it back: qoc history {path}; qoc history restore {path} --at REVISION",
    { hintForAgents: "qoc_snapshots_list" },
  ),
  FILE_CHANGED: row(
    "{path} changed since it was read, or the call has no digest of it",
    "read the file again, then write it with its new digest",
    {
      exit: EXIT.stale,
    },
  ),
  DISK_REFUSED: row("{path} cannot be used: {reason}", "{next}; then type the command again", {
    hintForAgents: "tell the human: the desk cannot write this file",
  }),
  HOST_OWNED: row("{path} is written by the desk and cannot be restored", "qoc journal rebuild"),
  GIT_MISSING: row("git is not installed; the desk trades but keeps no file history", "install git, then qoc doctor"),
  HISTORY_LINKED: row(
    "{path} is a link to a folder elsewhere; the desk trades but keeps no file history",
    "rm {path}; qoc down; qoc up",
  ),
  HISTORY_FAILED: row("history: {message}", "qoc history list"),
  // journal
  JOURNAL_CORRUPT: row(
    "journal {segment} line {line}: {message}; the desk is read-only and halted",
    "qoc journal verify; restore {segment} from a backup",
  ),
  JOURNAL_BEHIND: row("{reason}; the desk is read-only and halted", GAP_HINT),
  JOURNAL_CHANGED: row("{reason}; the desk is read-only and halted", GAP_HINT),
  JOURNAL_FOREIGN: row(
    "the journal is that of the desk {journaled}, and this folder is the desk {own}; nothing was written",
    "restore the journal of the desk {own} from a backup; if the journal is the right one: rm {quoted} && qoc up",
  ),
  ANCHOR_MISSING: row("{reason}; the desk is read-only and halted", GAP_HINT),
  ANCHOR_INVALID: row("{reason}; the desk is read-only and halted", GAP_HINT),
  ARCHIVE_DAMAGED: row(
    "{file} in .qoc/checkpoints: {message}; the desk is read-only",
    "the next start makes the archive again from the journal: type qoc down, then qoc up",
  ),
  JOURNAL_FAILED: row(
    "writing the journal failed: {message}; the desk is read-only",
    "{fix}, then: qoc down && qoc up",
  ),
  // desk
  DESK_DOWN: row("the desk is not up{reason}", "qoc up", { exit: EXIT.deskDown, retryable: true }),
  DESK_UNREACHABLE: row(
    "the desk runs (pid {pid}), but its socket does not answer yet",
    "type the command again: a desk that starts, or whose socket was removed, opens it within seconds; if it does not, kill {pid} and qoc up",
    { exit: EXIT.deskDown, retryable: true },
  ),
  DESK_ELSEWHERE: row(
    "the desk runs (pid {pid}), but was started with another HOME or XDG_RUNTIME_DIR: its socket is not in {folder}",
    "type the command with the variables that this prints: tr '\\0' '\\n' < /proc/{pid}/environ | grep -E '^(HOME|XDG_RUNTIME_DIR)='; or kill {pid} and qoc up",
    { exit: EXIT.deskDown, retryable: true },
  ),
  START_FAILED: row("the desk did not start: {why}", "see why: qoc logs --tail 50; then: qoc up"),
  DESK_READ_ONLY: row("the desk is read-only: {reason}", "qoc journal verify"),
  PORT_TAKEN: row(
    "port {port} of this machine is in use{owner}",
    "qoc up --port {free}, or set another port under [workspace] in desk.toml",
  ),
  NOT_PERMITTED: row("unknown command: {name}", "qoc help", {
    exit: EXIT.notPermitted,
    hintForAgents: "take another of the listed tools",
  }),
  ...KEY_ERRORS,
  ...PAGE_ERRORS,
  DESK_NOT_PROVEN: row(
    "what listens at {socket} did not prove that it is this desk: {reason}; no request was sent",
    "end the process that listens there, then: qoc up",
  ),
  PROOF_REFUSED: row(
    "the desk at {socket} did not accept the key of this user; no request was sent",
    "end the desk's process and start it with the key files of this user: qoc up",
  ),
  SIGNATURE_REQUIRED: row(
    "{action} takes effect only with a signature by the {key} key of the operator",
    "type qoc {action}, at a terminal or in a script of the operator; it signs",
  ),
  SIGNATURE_INVALID: row(
    "the signature is not one of the {key} key over this {action}",
    "qoc {action} again; if that fails: qoc journal verify",
  ),
  SIGNATURE_STALE: row("the signed {action} is void: {reason}", "qoc {action} again", { exit: EXIT.stale }),
  DEMO_STOPPED: row("the demo stopped at qoc {command}: {message}{where}", "{next}"),
  INTERNAL: row("internal error: {message}", "qoc logs --tail 50"),
  PROGRAM_REPLACED: row(
    "the files of Qoc were replaced after this process started, for example by an update; it can still halt, cancel and stop",
    "qoc down, then qoc up",
  ),
  TOO_LARGE: row("{what} has {size} bytes; the limit is {limit}", "send less data"),
  // proposals and orders
  PROPOSAL_INVALID: row("{path}: {message}", "edit {path}, or: qoc reject {path}", {
    hintForAgents:
      "correct it: a refused proposal is not filed, so propose it again; write a file again with qoc_files_write",
    untrustedDetail: "message",
  }),
  NOT_YOURS: row(
    "{path} is a proposal of {author}; only its author and the human can change it",
    "qoc orders show {path}",
    {
      exit: EXIT.notPermitted,
      hintForAgents: "propose an order of your own: qoc_orders_propose",
    },
  ),
  ORDER_NOT_FOUND: row("no order {id}{suggestion}", "qoc orders list", { hintForAgents: "qoc_orders_list" }),
  POSITION_NOT_FOUND: row("no position in {symbol} to close{suggestion}", "qoc positions list"),
  ID_AMBIGUOUS: row("{id} matches {count}: {matches}", "use a longer part of the id, or the path"),
  ID_DUPLICATE: row("{id} exists in more than one file: {paths}", "rename or delete all of them but one"),
  PROPOSE_AGAIN: row(
    "{id} is from before a gap in the journal, so its decision may be lost",
    "propose it under a new id, then remove this one: qoc reject {id}",
    {
      exit: EXIT.stale,
      hintForAgents: "propose it again: qoc_orders_propose",
    },
  ),
  NEEDS_CONNECTOR: row(
    "{id}: no connector takes this order ({reason})",
    'add connector = "name" to {path}, or list the venue under venues = [...] in desk.toml',
    { hintForAgents: "name a connector that qoc_status shows", untrustedDetail: "reason" },
  ),
  DIGEST_MISMATCH: row(
    "{id} changed after it was shown: its digest is {actual}, not {shown}; the file was edited, or its protection price followed the market",
    "qoc orders show {id}",
    { exit: EXIT.stale },
  ),
  ALREADY_DECIDED: row("{id} is already {state}; this command sent nothing", "qoc orders show {id}", {
    exit: EXIT.stale,
    hintForAgents: "qoc_orders_show",
  }),
  APPROVAL_EXPIRED: row(
    "the approval of {id} expired after {seconds} s",
    "qoc orders show {id}, then propose the order again",
    { exit: EXIT.stale },
  ),
  GUARD_BLOCKED: row("refused: {message}", "{next}", { exit: EXIT.refusedByGuard }),
  OUTCOME_UNKNOWN: row(
    "{id}: the outcome at the venue is unknown ({reason}); the order will not be sent again",
    'qoc orders show {id}; look up the order at the venue, then qoc resolve {id} -m "what you saw"',
    { exit: EXIT.unknownOutcome, untrustedDetail: "reason" },
  ),
  VENUE_REJECTED: row("{id}: {connector} rejected the order: {reason}", "qoc orders show {id}", {
    untrustedDetail: "reason",
  }),
  TARGET_REFUSED: row("nothing was proposed: {reason}", "{next}", {
    hintForAgents: "qoc_orders_show",
  }),
  TARGET_CHANGED: row(
    "{id} is about {target} as it was when it was shown; now {target} {now}, with {filled} of {quantity} filled",
    "qoc orders show {id}",
    { exit: EXIT.stale },
  ),
  REPLACEMENT_NOT_SENT: row(
    "{id} was not sent: {reason}",
    "qoc orders show {id}; propose the order again if it is still wanted",
  ),
  NOT_CANCELLABLE: row("{id} is {state} and cannot be cancelled", "{next}", { exit: EXIT.stale }),
  NOT_UNKNOWN: row(
    "{id} is {state}; only an order that is unknown or lost by its venue can be resolved",
    "qoc orders show {id}",
  ),
  ...CONNECTOR_ERRORS,
  ...AGENT_ERRORS,
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Replaces `{name}` by the detail of that name, an absent detail by nothing, and doubled braces by single ones. One
 * pass, so that braces inside a detail stay as they are.
 */
export function fillTemplate(template: string, details: ErrorDetails): string {
  return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (match, name: string | undefined) =>
    name === undefined ? match.slice(1) : String(details[name] ?? ""),
  );
}

/** Details that may be arguments of a command in a hint. */
const ARGUMENTS = ["path", "file", "id", "connector", "issue", "run", "name", "agent", "other"];

/** The details as a shell takes them. */
function quotedDetails(details: ErrorDetails): ErrorDetails {
  const quoted = Object.entries(details).map(([name, value]) => [
    name,
    ARGUMENTS.includes(name) && typeof value === "string" && value !== "" ? quoteForShell(value) : value,
  ]);
  return Object.fromEntries(quoted) as ErrorDetails;
}

export interface ErrorJson {
  code: ErrorCode;
  message: string;
  hint: string;
  retryable: boolean;
  details?: ErrorDetails | undefined;
}

/** The error class of the desk. `data` is still printed to stdout, for example the receipt of the order that failed. */
export class QocError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly hint: string;
  readonly exit: number;
  readonly retryable: boolean;
  readonly data: unknown;

  /** `options.retryable` overrides the table, for example if the call may have been carried out. */
  constructor(
    code: ErrorCode,
    details: ErrorDetails = {},
    options: { cause?: unknown; data?: unknown; retryable?: boolean } = {},
  ) {
    const definition: ErrorDefinition = ERRORS[code];
    super(fillTemplate(definition.template, details), options.cause === undefined ? {} : { cause: options.cause });
    this.name = "QocError";
    this.code = code;
    this.details = details;
    this.hint = fillTemplate(definition.hint, quotedDetails(details));
    this.exit = definition.exit;
    this.retryable = options.retryable ?? definition.retryable;
    this.data = options.data;
  }

  toJSON(): ErrorJson {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retryable: this.retryable,
      details: Object.keys(this.details).length > 0 ? this.details : undefined,
    };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

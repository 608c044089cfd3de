/** The rows of the table of errors about agents, runs and notes. */
import { EXIT, type ErrorDefinition, row } from "./error-row.ts";

export const AGENT_ERRORS = {
  // agents
  AGENT_EXISTS: row("agent {agent} already exists", "qoc agents revoke {agent}, or choose another --name"),
  AGENT_UNKNOWN: row("no agent {agent}{suggestion}", "qoc agents list"),
  TOKEN_REFUSED: row(
    "the agent's token is unknown or revoked, or was made for HTTP",
    "ask the human for a new token: qoc help agents setup",
    { exit: EXIT.notPermitted },
  ),
  TOKEN_EXPIRED: row(
    "the token of {agent} expired at {at}: a token for HTTP is valid for at most 12 hours",
    "ask the human to renew it: qoc agents setup {client} --http --name {agent}",
    { exit: EXIT.notPermitted },
  ),
  TOO_MANY_WAITING: row(
    "{count} proposals of {agent} wait for the human; the limit is {limit}",
    "approve or reject some of them: qoc status",
    { exit: EXIT.notPermitted, retryable: true, hintForAgents: "leave the rest to the human, and read the decisions" },
  ),
  AGENT_LIMIT: row(
    "{agent} exceeded its limit of {limit} {of} per hour",
    "wait an hour, or leave the rest to the human: qoc help inbox write",
    { exit: EXIT.notPermitted, retryable: true, hintForAgents: "wait an hour, or leave the rest to the human" },
  ),
  // runs and notes
  ISSUE_NOT_FOUND: row("no issue {id}{suggestion}", "qoc issues list", { hintForAgents: "qoc_issues_list" }),
  NOTE_INVALID: row("{path}: {message}", "correct the frontmatter", { untrustedDetail: "message" }),
  BARS_INVALID: row("{path}:{line}: {message}", "correct line {line} of {path}", { untrustedDetail: "message" }),
  ISSUE_BY_AGENT: row(
    "{issue} was opened by {author}, and no human has run or edited it since",
    "read it, then: qoc run {issue}",
    { exit: EXIT.notPermitted, hintForAgents: "leave a note for the human: qoc_inbox_write" },
  ),
  ISSUE_RUNNING: row("{issue} is already running or queued", "wait for the run to end: qoc status", {
    hintForAgents: "wait for the run to end: qoc_status shows it",
  }),
  SCHEDULE_UNKNOWN: row("no schedule {name}{suggestion}", "qoc schedules list"),
  SCHEDULE_EXISTS: row(
    "schedule {name} already exists in {path}; nothing was changed",
    "choose another name, or: qoc schedules list",
  ),
  SCHEDULE_IN_CONFIG: row(
    "schedule {name} is in desk.toml, which the desk does not rewrite",
    "edit desk.toml; until then: qoc schedules pause {name}",
  ),
  SCHEDULE_NOT_ACCEPTED: row(
    "{path} does not run: no human has signed it as it is now",
    "read it, then: qoc schedules accept {name}",
  ),
  DAILY_LIMIT: row(
    "scheduled runs have reached the limit of {limit} {of} for today",
    "set a higher {key} under [schedules] in desk.toml, then qoc reload",
    { exit: EXIT.notPermitted, hintForAgents: "stop here, and leave the rest to the human" },
  ),
  RUN_FAILED: row("{run} {outcome}: {reason}", "read {path}, or qoc logs --run {run}"),
  RUN_NOT_RUNNING: row("no run {run} is under way", "qoc runs list"),
  RUN_OVER: row("this run has ended", "see its results: qoc status", {
    exit: EXIT.notPermitted,
    hintForAgents: "stop",
  }),
  NO_RUN: row("{issue} cannot be queued: no run is active", "leave a note for the human: qoc help inbox write", {
    hintForAgents: "leave a note for the human: qoc_inbox_write",
  }),
  QUEUE_FULL: row(
    "a run works on at most {limit} issues",
    "finish, and leave the rest to the human: qoc help inbox write",
    {
      hintForAgents: "finish, and leave the rest to the human: qoc_inbox_write",
    },
  ),
} as const satisfies Record<string, ErrorDefinition>;

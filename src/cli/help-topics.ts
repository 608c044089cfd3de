/**
 * Help pages that are not about one command. The texts are static; the tables of flags and errors are read from the
 * code.
 */
import { ERRORS, EXIT } from "../domain/error.ts";
import { GLOBAL_FLAGS, flagRow } from "./flags.ts";

/** Part of a paragraph ("" ends it; a leading space keeps the line separate), or a row of a table. */
export type TopicLine = string | readonly [name: string, text: string];

export interface Topic {
  readonly name: string;
  readonly summary: string;
  text(): readonly TopicLine[];
}

/** What each exit code means, also beside the commands that may end with it. */
export const EXIT_MEANINGS: ReadonlyMap<number, string> = new Map([
  [EXIT.done, "done; also: an empty list, a proposal that the guards block, status with the desk down"],
  [EXIT.failed, "failed"],
  [EXIT.usage, "usage: unknown command or flag, missing or invalid value, approve off a terminal without --digest"],
  [EXIT.refusedByGuard, "refused by a guard"],
  [EXIT.notPermitted, "not permitted for this actor"],
  [EXIT.deskDown, "the desk is not up"],
  [EXIT.unknownOutcome, "outcome unknown: the order may have reached the venue; do not send it again"],
  [EXIT.stale, "stale: the order was edited, has expired or was decided after it was read"],
  [EXIT.waiting, "proposals wait for approval (status --exit-code)"],
  [EXIT.interrupted, "interrupted"],
]);

export const TOPICS: readonly Topic[] = [
  {
    name: "flags",
    summary: "the flags of every command",
    text: () => GLOBAL_FLAGS.map(flagRow),
  },
  {
    name: "guards",
    summary: "the rules that an order must pass, and how to write them",
    text: () => [
      "Guards are the [[guard]] tables of desk.toml. All guards are evaluated in that order when an",
      "order is proposed (advice), approved, and dispatched (binding). The first breach is the stated",
      "reason; every breach is listed. A guard that throws, times out or lacks an input blocks.",
      "An unknown key or option is an error with file and line, and the desk does not start.",
      "",
      ["max-order-nav", "one order, in percent of NAV: max_pct = 5.0"],
      ["max-position-nav", "worst-case position, working orders included: max_pct = 20.0"],
      ["day-loss-limit", "the day's loss, in percent of NAV: max_pct = 3.0"],
      ["buying-power", "the buying power that the venue reports"],
      ["price-collar", "distance from the quote: max_pct = 3.0"],
      ["quote-freshness", "age of the quote: max_age_s = 15"],
      ["max-order-notional", "max_notional = 25000"],
      ["max-order-quantity", "max_quantity = 1000"],
      ["gross-exposure", "all positions together, in percent of NAV: max_pct = 100"],
      ["max-open-orders", "max = 50"],
      ["order-rate", "max_per_minute = 60, max_per_day"],
      ["duplicate-order", "the same terms again within window_s = 600"],
      ["no-short", "a sale may not exceed the position"],
      ["symbol-allowlist", 'symbols = ["SPX"]; no other symbol is traded'],
      ["symbol-denylist", 'symbols = ["TSLA"]'],
      ["market-hours", 'tz = "America/New_York", open = "09:30", close = "16:00"'],
      "",
      "Always on: trading state (qoc halt, qoc resume), a ready and reconciled connector, no unknown",
      "order on the instrument, tick and lot, freshness of the approval. Limits are inclusive.",
      "There is no override: change the rule in desk.toml, then qoc reload. A rule that loosens is signed.",
    ],
  },
  {
    name: "workspace",
    summary: "the folder of a desk, file by file",
    text: () => [
      "A desk is one folder of plain files: the nearest folder upwards with a desk.toml, or -C DIR.",
      "",
      ["desk.toml", "the configuration"],
      ["house-rules.md", "instructions for every agent run"],
      ["entities/", "one note for each name you follow"],
      ["inbox/", "fills, alerts, messages"],
      ["issues/", "tasks for agents"],
      ["orders/pending/", "proposals that wait for you, written by qoc orders propose"],
      ["orders/proposed/", "proposals written by hand or by an agent: TOML, YAML, JSON, Markdown"],
      ["orders/approved/", "approved and in flight; only the desk writes here"],
      ["orders/executed/", "ended with a fill"],
      ["orders/rejected/", "rejected or denied: ended without a fill; also orders/cancelled/"],
      ["research/", "notes; research/prices/bars/*.csv are your files"],
      ["snapshots/", "balance sheets and run summaries"],
      [".qoc/journal/", "the source of truth; every order file can be rebuilt from it"],
      "",
      "The id of an order is the name of its file without the extension. Commands take an id, a unique",
      "prefix of it, or the file. If you delete the file of a proposal, the proposal is rejected. If you",
      "move a file into orders/approved/, nothing is approved.",
      "",
      "A CSV of bars begins with the names of its columns: date and close, and open, high, low, volume",
      "if you have them. Dates are 2020-01-31, times 2020-01-31T15:30:00Z; decimals have a point. The",
      "file of BTC/USD is BTC_USD.csv, of EUR_USD EUR__USD.csv, of M&M M_-26-M.csv (its code point).",
    ],
  },
  {
    name: "runs",
    summary: "agent runs, their limits, and your own agent at the desk",
    text: () => [
      "qoc run ISSUE hands a task to the program that [agent] of desk.toml names. The program gets its",
      "own folder, the tools of the desk and nothing else. Its order proposals wait for you.",
      "",
      ["runtime", '"demo" (scripted), "claude", "codex", "opencode", "gemini", "acp", "command"'],
      ["command", 'another program: ["/path/of/it", "argument"]; required for acp and command'],
      ["model", "the model, as the program names it"],
      ["max_turns", "60; a run stops at its limits"],
      ["max_cost_usd", "5.0, as the program reports it"],
      ["timeout_minutes", "30"],
      ["env", 'variables passed besides those for the model: ["HTTPS_PROXY"]'],
      ["instructions", "added to the task of every agent"],
      ["unconfined", "true starts acp and command without a sandbox; status shows it"],
      "",
      "qoc run ISSUE --dry-run prints the text that the agent would get. qoc logs --run RUN -f follows a",
      "run from another terminal; Ctrl-C in the first terminal stops it. qoc agents setup claude prints",
      "the entry for your own client, which starts qoc mcp; --http is for a client that cannot, and its",
      'token expires after 12 hours. [connectors] agent = ["paper"] limits the connectors of agents.',
    ],
  },
  {
    name: "environment",
    summary: "environment variables that qoc reads",
    text: () => [
      ["NO_COLOR", "any text: no colours"],
      ["FORCE_COLOR", "colours in a pipe too; 0: no colours"],
      ["TERM", "dumb: no colours"],
      ["CI", "any text: no prompts"],
      ["HOME", "the operator's keys are in ~/.qoc/keys"],
      ["XDG_RUNTIME_DIR", "the folder of the desk's sockets, if it is yours (otherwise ~/.qoc/run)"],
      ["QOC_TOKEN", "for qoc mcp: the token of qoc agents setup; it is proved, not sent"],
      ['{ env = "X" }', "a connector's secret in desk.toml; read when the desk starts"],
    ],
  },
  {
    name: "exit-codes",
    summary: "what each exit code means",
    text: () => [
      ...[...EXIT_MEANINGS].map(([code, meaning]) => [String(code), meaning] as const),
      "",
      "With 3, 6 and 7 the order is on stdout and the error on stderr.",
    ],
  },
  {
    name: "json",
    summary: "output for programs",
    text: () => [
      "--json prints the bare value on stdout: an object, an array for lists, one value a line for",
      "streams (qoc logs). Amounts are decimal strings, times ISO 8601 in UTC, digests complete.",
      "An error is one object on stderr: {code, message, hint, retryable, details?}.",
      "Without --json and off a terminal, columns are separated by tabs, without header or colour, and",
      "no text is shortened.",
      "",
      ["orders propose", "{id, path, digest, verdict: {decision, reasons: [{guard, code, message, limit, actual}]}}"],
      ["approve, reject", "{id, state, clientOrderId, venueOrderId}; cancel too"],
      ["orders show", "{id, state, terms, approvals, fills, verdicts, history, review, …}"],
      ["status", "{workspace, up, trading, connectors, proposals, orders, issues, inbox, lastRun, book}"],
      ["doctor", "{checks: [{name, status: ok|warn|fail|skip, message, fix?}]}"],
      "",
      "States of an order: proposed approved submitting unknown accepted partially_filled",
      "filled cancelled expired rejected denied. rejected: rejectedBy is human or venue.",
      "denied: a guard refused the order after its approval, and it was not sent.",
    ],
  },
  {
    name: "connectors",
    summary: "venues: built in, or one TypeScript file of yours",
    text: () => [
      'A connector is a [[connector]] table of desk.toml: a built-in type, or adapter = "./path.ts",',
      "a file that exports a class with connect, disconnect, getQuote, getPositions, getBuyingPower,",
      "placeOrder and cancelOrder. There is no build step. Each connector runs in its own worker and",
      'reads only the secrets of its own [connector.auth]: { env = "X" } or { file = "/run/secrets/x" }.',
      "",
      ["orders = false", "data only; the desk sends no order through the connector"],
      ["mode", "paper or live, if the adapter does not state it; if either states live, it is live"],
      ["isolation", "worker (default) or process; beside a live connector always process"],
      ["hosts", "the only hosts that fetch and WebSocket can reach"],
      ["venues", "venue names of a proposal that mean this connector"],
      "",
      "States: starting ready degraded unresponsive restarting quarantined zombie stopped.",
      "After a change of the adapter file: qoc connectors restart NAME.",
    ],
  },
  {
    name: "agents",
    summary: "what an agent can do, and what it cannot do",
    text: () => [
      "An agent works on an issue (qoc run ISSUE) and reaches the desk through commands alone. An agent",
      "reads, writes notes, leaves inbox items, and proposes orders. An agent has no command that",
      "approves, rejects, cancels, connects, schedules, halts or edits the configuration: such a call",
      "returns the same error as an unknown command, and is journaled.",
      "",
      "Its orders are proposals. You review a proposal (qoc status, qoc orders show ID) and approve the",
      "digest that you read. The comment of a rejection is part of the agent's next run.",
    ],
  },
  {
    name: "security",
    summary: "what an approval depends on",
    text: () => [
      "An approval is bound to the digest of the terms that you read: an edited file is refused",
      "(exit 7). An approval is used once and expires. Off a terminal --digest is required. Your command",
      "signs each approval, resume and resolve: with the desk key for paper, with the live key for orders",
      "that are not paper. A passphrase locks the live key (qoc keys protect). Both keys are outside the",
      "workspace, where no agent writes; qoc journal verify checks the signatures.",
      "",
      "Each connection proves a key before it is answered: desk.sock the desk key, which only your user",
      "can read, agents.sock the key of an agent's token. A process of your user can approve paper orders.",
      "Secrets are in the environment or in files, never in desk.toml, logs or the journal.",
      "Text of agents and venues is quoted, and its control characters are shown as codes.",
      "Trust the code of a connector not to be malicious; its worker contains accidents.",
      "SECURITY.md lists what is prevented and what is not.",
    ],
  },
  {
    name: "complete",
    summary: "completions for your shell, with the ids of the running desk",
    text: () => [
      ["zsh", 'echo "source <(qoc complete zsh)" >> ~/.zshrc'],
      ["bash", 'echo "source <(qoc complete bash)" >> ~/.bashrc'],
      ["fish", "qoc complete fish > ~/.config/fish/completions/qoc.fish"],
      ["powershell", "qoc complete powershell >> $PROFILE"],
    ],
  },
  {
    name: "errors",
    summary: "every error code, its exit code, and what to do",
    text: () =>
      Object.entries(ERRORS).flatMap(([code, { template, hint, exit, retryable }]) => [
        `${code}  exit ${exit}${retryable ? ", retryable" : ""}`,
        `  ${template}`,
        `  next: ${hint}`,
      ]),
  },
];

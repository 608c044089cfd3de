/** Help that is not about one command. Static words; the two tables among them are read from what they describe. */
import { ERRORS, EXIT } from "../../domain/error.ts";

/** A part of a paragraph ("" ends it; a leading space keeps the line apart), or a name and its words. */
export type TopicLine = string | readonly [name: string, words: string];

export interface Topic {
  readonly name: string;
  readonly about: string;
  text(): readonly TopicLine[];
}

/** What each exit code means, also beside the commands that may end with it. */
export const EXIT_WORDS: ReadonlyMap<number, string> = new Map([
  [EXIT.done, "done; also: nothing to list, a proposal whose verdict is block, status with the desk down"],
  [EXIT.failed, "failed"],
  [EXIT.usage, "usage: an unknown word or flag, a missing or bad value, approve off a terminal without --digest"],
  [EXIT.refusedByGuard, "refused by a guard"],
  [EXIT.notPermitted, "not permitted to this actor"],
  [EXIT.deskDown, "the desk is not up"],
  [EXIT.unknownOutcome, "outcome unknown: it may have reached the venue; do not try again"],
  [EXIT.stale, "stale: edited, expired or decided since it was read"],
  [EXIT.waiting, "proposals wait for approval (status --exit-code)"],
  [EXIT.interrupted, "interrupted"],
]);

export const TOPICS: readonly Topic[] = [
  {
    name: "guards",
    about: "the rules an order must pass, and how they are written",
    text: () => [
      "Guards are the [[guard]] tables of desk.toml. All are evaluated, in that order, when an order",
      "is proposed (advice), approved, and dispatched (binding). The first breach is the stated",
      "reason; every breach is listed. A guard that throws, times out or lacks its input blocks.",
      "An unknown key or option is an error with file and line, and the desk does not start.",
      "",
      ["max-order-nav", "one order, in percent of NAV: max_pct = 5.0"],
      ["max-position-nav", "worst-case position, working orders included: max_pct = 20.0"],
      ["day-loss-limit", "the day's loss, in percent of NAV: max_pct = 3.0"],
      ["buying-power", "what the venue says can be spent"],
      ["price-collar", "distance from the quote: max_pct = 3.0"],
      ["quote-freshness", "age of the quote: max_age_s = 15"],
      ["max-order-notional", "max_notional = 25000"],
      ["max-order-quantity", "max_quantity = 1000"],
      ["gross-exposure", "all positions together, in percent of NAV: max_pct = 100"],
      ["max-open-orders", "max = 50"],
      ["order-rate", "max_per_minute = 60, max_per_day"],
      ["duplicate-order", "the same terms again within window_s = 600"],
      ["no-short", "a sale may not exceed what is held"],
      ["symbol-allowlist", 'symbols = ["SPX"]; nothing else is traded'],
      ["symbol-denylist", 'symbols = ["TSLA"]'],
      ["market-hours", 'tz = "America/New_York", open = "09:30", close = "16:00"'],
      "",
      "Always on: trading state (qoc halt, qoc resume), a ready and reconciled connector, no unknown",
      "order on the instrument, tick and lot, freshness of the approval. Limits are inclusive.",
      "There is no override: change the rule in desk.toml, which the file history records.",
    ],
  },
  {
    name: "workspace",
    about: "the folder of a desk, file by file",
    text: () => [
      "A desk is one folder of plain files: the nearest one upwards with a desk.toml, or -C DIR.",
      "",
      ["desk.toml", "the configuration"],
      ["house-rules.md", "instructions every agent run gets"],
      ["entities/", "one note per name you follow"],
      ["inbox/", "fills, alerts, messages"],
      ["issues/", "tasks for agents"],
      ["orders/pending/", "proposals that wait for you, written by qoc orders propose"],
      ["orders/proposed/", "the same, written by hand or by an agent: TOML or YAML"],
      ["orders/approved/", "approved and in flight; the desk's own from here on"],
      ["orders/executed/", "ended with a fill"],
      ["orders/rejected/", "ended without one; and orders/cancelled/"],
      ["research/", "notes; research/prices/bars/*.csv are yours"],
      ["snapshots/", "balance sheets and run summaries"],
      [".qoc/journal/", "the truth; every order file can be rebuilt from it"],
      "",
      "An order's id is its file's name without the ending. Commands take an id, a unique start of",
      "it, or the file. Deleting a proposal's file rejects it. Moving one into orders/approved/",
      "approves nothing.",
    ],
  },
  {
    name: "environment",
    about: "environment variables that qoc reads",
    text: () => [
        ["NO_COLOR", "any text: no colours"],
        ["FORCE_COLOR", "colours into a pipe too; 0 for none"],
        ["TERM", "dumb: no colours"],
        ["CI", "any text: never ask"],
        ["HOME", "the operator's keys are in ~/.qoc/keys"],
        ["XDG_RUNTIME_DIR", "where the desk's socket is; /tmp/qoc-UID otherwise"],
        ["{ env = \"X\" }", "a connector's secret in desk.toml; read when the desk starts"],
    ],
  },
  {
    name: "exit-codes",
    about: "what each exit code means",
    text: () => [
      ...[...EXIT_WORDS].map(([code, words]) => [String(code), words] as const),
      "",
      "With 3, 6 and 7 the order stands on stdout and the error on stderr.",
    ],
  },
  {
    name: "json",
    about: "output for programs",
    text: () => [
      "--json prints the bare value on stdout: an object, an array for lists, one line a value for",
      "streams (qoc logs). Amounts are decimal strings, times ISO 8601 in UTC, digests whole.",
      "An error is one object on stderr: {code, message, hint, retryable, details?}.",
      "Without --json and off a terminal: tabs between columns, no header, no colour, nothing cut.",
      "",
      ["orders propose", "{id, path, digest, verdict: {decision, reasons: [{guard, code, message, limit, actual}]}}"],
      ["approve, reject", "{id, state, clientOrderId, venueOrderId}; cancel too"],
      ["orders show", "{id, state, terms, approvals, fills, verdicts, history, review, …}"],
      ["status", "{workspace, up, trading, connectors, proposals, orders, issues, inbox, lastRun, book}"],
      ["doctor", "{checks: [{name, status: ok|warn|fail|skip, message, fix?}]}"],
      "",
      "States of an order: proposed approved submitting unknown acked partly_filled filled",
      "cancelled expired rejected. rejectedBy tells human, guard or venue.",
    ],
  },
  {
    name: "connectors",
    about: "venues: built in, or one TypeScript file of yours",
    text: () => [
      "A connector is a [[connector]] table of desk.toml: a built-in type, or adapter = \"./path.ts\",",
      "a file that exports a class with connect, disconnect, getQuote, getPositions, getBuyingPower,",
      "placeOrder and cancelOrder. No build step. Each runs in a worker of its own and sees only the",
      "secrets of its own [connector.auth]: { env = \"X\" } or { file = \"/run/secrets/x\" }.",
      "",
      ["orders = false", "data only; the desk refuses to send through it"],
      ["mode", "paper or live, where the adapter does not say it; live from either is live"],
      ["isolation", "worker (default) or process; take process for live money"],
      ["hosts", "the only hosts that fetch and WebSocket reach"],
      ["venues", "venue names of a proposal that mean this connector"],
      "",
      "States: starting ready degraded unresponsive restarting quarantined zombie stopped.",
      "After a change of its file: qoc connectors restart NAME.",
    ],
  },
  {
    name: "agents",
    about: "what an agent may do, and what it cannot",
    text: () => [
      "An agent works on an issue (qoc run ISSUE) and reaches the desk through commands alone. It",
      "reads, writes notes, leaves inbox items, and proposes orders. No command that approves,",
      "rejects, cancels, connects, schedules, halts or edits the configuration exists for it: such",
      "a call is answered like an unknown word, and journaled.",
      "",
      "What it writes is a proposal. You review it (qoc status, qoc orders show ID) and approve the",
      "digest you read. A comment on a rejection is given to its next run.",
    ],
  },
  {
    name: "security",
    about: "what an approval rests on",
    text: () => [
      "An approval is bound to the digest of the terms you read: an edited file is refused (exit 7).",
      "It is used once and expires. Off a terminal --digest is required. A live order also needs",
      "the operator's key unlocked by its passphrase (qoc key protect); the key is kept outside the",
      "workspace, where no agent writes.",
      "",
      "Any process of your user can approve paper orders. The socket is open to your user alone.",
      "Secrets stand in the environment or in files, never in desk.toml, logs or the journal.",
      "Text of agents and venues is shown with its control characters spelled out, and quoted.",
      "A connector is code you trust not to be malicious; its worker keeps accidents in.",
      "SECURITY.md says what is stopped and what is not.",
    ],
  },
  {
    name: "complete",
    about: "completions for your shell, with the ids that are waiting now",
    text: () => [
      ["zsh", 'echo "source <(qoc complete zsh)" >> ~/.zshrc'],
      ["bash", 'echo "source <(qoc complete bash)" >> ~/.bashrc'],
      ["fish", "qoc complete fish > ~/.config/fish/completions/qoc.fish"],
      ["powershell", "qoc complete powershell >> $PROFILE"],
    ],
  },
  {
    name: "errors",
    about: "every error code, its exit code, and what to do",
    text: () => Object.entries(ERRORS).flatMap(([code, { template, hint, exit, retryable }]) => [
      `${code}  exit ${exit}${retryable ? ", may be tried again" : ""}`,
      `  ${template}`,
      `  next: ${hint}`,
    ]),
  },
];

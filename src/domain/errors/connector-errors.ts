/** The errors of connectors, their adapters and the calls to them. */
import { EXIT, type ErrorDefinition, row } from "./error-row.ts";

export const CONNECTOR_ERRORS = {
  CONNECTOR_UNKNOWN: row("no connector {name}{suggestion}", "qoc connectors list", {
    hintForAgents: "qoc_status names the connectors",
  }),
  ACCOUNT_UNKNOWN: row("{connector} has not reported its account yet", "qoc connectors list", { retryable: true }),
  SPLIT_REFUSED: row("{message}; nothing was changed", "type: {hint}", { exit: EXIT.usage }),
  FLOW_AMOUNT: row("{message}", "type: {hint}", { exit: EXIT.usage }),
  CONNECTOR_DATA_ONLY: row(
    "connector {connector} provides data only and takes no orders",
    "propose the order at another connector: qoc connectors list",
    { hintForAgents: "propose at another connector: qoc_status names them" },
  ),
  CONNECTOR_NEEDED: row(
    "no connector for this order ({reason})",
    "qoc connectors list, then add --connector NAME; or add a connector: qoc connect",
    {
      hintForAgents: "name a connector that qoc_status shows",
    },
  ),
  CONNECTOR_NOT_READY: row(
    "connector {connector} is {state}{reason}",
    "qoc connectors list; qoc logs --connector {connector}",
    { retryable: true, untrustedDetail: "reason" },
  ),
  CONNECTOR_NOT_PAPER: row(
    "connector {connector} is {mode}: only paper and data-only connectors are restarted at each change of a file",
    'set mode = "paper" for it in desk.toml, or orders = false, then qoc down, then qoc up',
  ),
  CONNECTOR_ZOMBIE: row(
    "the thread of connector {connector} could not be terminated and may still act; no second thread is started",
    "qoc down, then qoc up",
  ),
  ADAPTER_MISSING: row(
    "connector {connector}: adapter {path} does not exist",
    "create the file, or correct adapter in desk.toml",
  ),
  ADAPTER_BUNDLE: row(
    "connector {connector}: {file}:{line}:{column}: {message}",
    "correct the adapter, then qoc connectors restart {connector}",
    { untrustedDetail: "message" },
  ),
  ADAPTER_SHAPE: row(
    "connector {connector}: {message}",
    "see docs/connectors.md; then qoc connectors restart {connector}",
    { untrustedDetail: "message" },
  ),
  LIVE_INCOMPLETE: row(
    "connector {connector} is live and does not start; it needs {missing}",
    "add what is missing, then qoc reload; if the table of the connector changed, start the desk again: qoc down, qoc up",
  ),
  SIMULATED_LIVE: row(
    "connector {connector} is live and its adapter declares simulatedTime: its quotes could be of any day",
    "remove simulatedTime from the adapter, then qoc connectors restart {connector}",
  ),
  ACCOUNT_CHANGED: row(
    "connector {connector}: the venue says account {reason}; its orders and positions belong to account {pinned}",
    "use the key of account {pinned}, or give the other account a connector with a name of its own",
    { untrustedDetail: "reason" },
  ),
  ACCOUNT_SHARED: row(
    "connector {connector}: it reaches account {reason}, which connector {other} trades; money counts once",
    "remove one of them, or set orders = false on it; two accounts need ids that differ in their adapters",
    { untrustedDetail: "reason" },
  ),
  ADAPTER_CHANGED: row(
    "connector {connector}: its adapter changed: accepted {trusted}, found {found}",
    "review the change, then {signed}qoc connectors restart {connector}",
  ),
  CONNECT_REFUSED: row(
    "connector {connector} refuses to connect: {message}",
    "correct its table in desk.toml, then qoc down, then qoc up; or the adapter, then qoc connectors restart {connector}",
    { untrustedDetail: "message" },
  ),
  ADAPTER_THREW: row("connector {connector}: {message}", "qoc logs --connector {connector}", {
    untrustedDetail: "message",
  }),
  CONNECTOR_EXISTS: row("{path} already exists; nothing was changed", "choose another name"),
  CONNECT_NOT_YET: row("{kind} is documented but not implemented yet{instead}", "see what there is: qoc connect", {
    exit: EXIT.usage,
  }),
  CONNECT_SECRETS: row(
    "connector {connector} needs {missing} in the environment of this terminal; desk.toml was not changed",
    "set {missing}, or name another prefix: {next}",
  ),
  CONNECT_FAILED: row(
    "connector {connector} could not connect: {message}; desk.toml was not changed",
    "correct {correct}, then: {next}",
    { untrustedDetail: "message" },
  ),
  CONNECT_NOT_WRITTEN: row("desk.toml was not changed: {reason}", "{next}"),
  NOT_CERTIFIED: row(
    "{connector} is not certified: {failed} of {of} cases failed",
    "correct what the report names, then run the test again; docs/connectors.md explains each group",
  ),
  NOT_TRIED: row(
    "{connector} is not certified: {summary}",
    "{next}; read section 9 of docs/connectors.md for an example",
  ),
  SDK_MISMATCH: row(
    "connector {connector} was built for SDK {theirs}; this desk uses SDK {ours}",
    "install the version that it was built for, or update the connector",
  ),
  CALL_TIMEOUT: row("{connector}.{method} did not respond within {ms} ms{cause}", "qoc connectors list"),
  CALL_DIED: row("connector {connector} stopped during {method}: {reason}", "qoc logs --connector {connector}", {
    untrustedDetail: "reason",
  }),
  CALL_FAILED: row("{connector}.{method}: {message}", "qoc logs --connector {connector}", {
    untrustedDetail: "message",
  }),
  RATE_LIMITED: row("{connector}.{method}: the venue asks for a pause: {message}", "qoc connectors list", {
    untrustedDetail: "message",
    retryable: true,
  }),
  PROTOCOL: row("connector {connector} sent a malformed {what}: {message}", "qoc logs --connector {connector}", {
    untrustedDetail: "message",
  }),
  POSITION_UNSETTLED: row(
    "fills of {symbol} keep arriving from {connector} while its position is read; nothing was changed",
    "repeat the command in a minute",
    { retryable: true },
  ),
  FILL_FLOOD: row(
    "connector {connector} reported more than {limit} {what} and was cut off",
    "compare with the venue's own page, then qoc connectors restart {connector}",
  ),
  NOT_SUPPORTED: row("connector {connector} does not support {method}", "qoc connectors list"),
} as const satisfies Record<string, ErrorDefinition>;

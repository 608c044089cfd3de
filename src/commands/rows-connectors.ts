/** Connectors: what they are doing, and what only a human may do with them. */
import type { CommandRow } from "./command.ts";
import { JOURNAL, NO_WRITES, flag, positional, toggle } from "./row.ts";

const NAME = positional("name", "NAME", "the connector", { completes: "connector" });

export const CONNECTOR_ROWS: readonly CommandRow[] = [
  {
    name: "connectors list",
    group: "connectors",
    audience: "human",
    writes: NO_WRITES,
    summary: "each connector's state, restarts, latency, memory, and the guarantees it cannot give",
    args: [],
    examples: ["qoc connectors list", "qoc connectors list --json"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./connectors.ts")).connectorsList,
  },
  {
    name: "connectors restart",
    group: "connectors",
    audience: "human",
    writes: JOURNAL,
    summary: "start one connector anew from its file as it is now; accepts a changed file, ends a quarantine",
    args: [NAME],
    examples: ["qoc connectors restart paper", "qoc connectors restart my-venue --json"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./connectors.ts")).connectorsRestart,
  },
  {
    name: "connectors quarantine",
    group: "connectors",
    audience: "human",
    writes: JOURNAL,
    summary: "stop one connector until you restart it; its working orders stay at the venue",
    args: [NAME, flag("reason", "TEXT", "why, for the journal")],
    examples: [
      "qoc connectors quarantine my-venue",
      'qoc connectors quarantine my-venue --reason "odd fills since noon"',
    ],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./connectors.ts")).connectorsQuarantine,
  },
  {
    name: "connectors logs",
    group: "connectors",
    audience: "human",
    writes: NO_WRITES,
    streams: true,
    runs: "local-if-down",
    summary: "what one connector logged and printed; the same as logs --connector NAME",
    args: [
      NAME,
      flag("tail", "N", "how many lines", { type: "number" }),
      toggle("follow", "go on until Ctrl-C", { short: "f" }),
    ],
    examples: ["qoc connectors logs my-venue --tail 20", "qoc connectors logs my-venue --follow"],
    load: async () => (await import("./connectors.ts")).connectorsLogs,
  },
  {
    name: "connectors new",
    group: "connectors",
    audience: "human",
    writes: ["src/connectors/"],
    runs: "local",
    summary: "write an adapter, its test and its README, certified as they stand, for you to change",
    args: [positional("name", "NAME", "a-z, 0-9, _ and -")],
    examples: ["qoc connectors new my-venue"],
    load: async () => (await import("./connectors.ts")).connectorsNew,
  },
  {
    name: "connectors test",
    group: "connectors",
    audience: "human",
    writes: NO_WRITES,
    runs: "local",
    summary: "certify an adapter: numbered cases against a fake venue on this machine; nothing is traded",
    args: [
      positional("target", "PATH|NAME", "an adapter's file or folder, or a connector of desk.toml", {
        completes: "connector",
      }),
      flag("isolation", "LEVEL", "worker or process; the connector's own by default", {
        choices: ["worker", "process"],
      }),
      flag("only", "CASE", "one case by its id; may be repeated", { many: true }),
    ],
    examples: [
      "qoc connectors test ./src/connectors/my-venue",
      "qoc connectors test paper --json",
      "qoc connectors test my-venue --only C21",
    ],
    load: async () => (await import("./connectors.ts")).connectorsTest,
  },
];

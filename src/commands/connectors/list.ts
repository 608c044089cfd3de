import * as z from "zod";
import { errorLine } from "../../domain/market/own-words.ts";
import { droppedText } from "../../host/unknown-members.ts";
import type { Desk } from "../../trading/desk.ts";
import { type ConnectorStatus, lostGuarantees } from "../../trading/market/venue-gateway.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { shownConnectorState } from "../rendering/shown-state.ts";
import { type Column, INDENT, type OutputStyle, tableOr } from "../rendering/table-text.ts";
import { oneLine, wrap } from "../rendering/terminal-text.ts";

export const command = defineCommand({
  name: "connectors list",
  group: "connectors",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the connectors and their state",
  description: "Restarts, latency, memory, hosts, and the guarantees that each connector cannot give.",
  examples: ["qoc connectors list", "qoc connectors list --json"],
  input: () => z.strictObject({}),
  output: () => z.array(z.looseObject({ name: z.string(), state: z.string() })),
  run: async (_input, context): Promise<readonly ConnectorView[]> => {
    if (context.desk === undefined) {
      const { recordedConnectors } = await import("../../trading/status.ts");
      const desk = await readableDesk(context);
      return recordedConnectors(desk).map((connector) => ({ ...connector, hosts: hostsOf(desk, connector), lost: [] }));
    }
    const { desk } = context.desk;
    return desk.venues.status().map((status) => ({
      ...status,
      ...{ lastError: status.lastError ?? null, hosts: hostsOf(desk, status), lost: lostGuarantees(status) },
    }));
  },
  render: renderConnectors,
});

type ShownFacts =
  | ("name" | "type" | "orders" | "state" | "mode" | "isolation" | "restarts")
  // Unknown while the desk is down.
  | ("comparisonFails" | "latencyMs" | "memoryMb" | "queueDepth" | "connection" | "unknownMembers");

interface ConnectorView extends Pick<ConnectorStatus, ShownFacts> {
  /** The hosts that it may reach, of desk.toml or of the built-in; null: any public one. */
  readonly hosts: readonly string[] | null;
  readonly lastError: string | null;
  readonly lost: readonly string[];
}

function hostsOf({ config }: Pick<Desk, "config">, { name }: { readonly name: string }): readonly string[] | null {
  return config.connectors.find((connector) => connector.name === name)?.hosts ?? null;
}

const COLUMNS: readonly Column<ConnectorView>[] = [
  { title: "name", cell: ({ name }) => name },
  { title: "state", cell: shownConnectorState },
  { title: "mode", cell: ({ mode }) => mode.toUpperCase() },
  { title: "level", cell: ({ isolation }) => isolation },
  { title: "restarts", cell: ({ restarts }) => String(restarts), isNumber: true },
  { title: "p50/p99 ms", cell: ({ latencyMs }) => latencyText(latencyMs), isNumber: true },
  { title: "MB", cell: ({ memoryMb }) => memoryMb?.toFixed(0) ?? "-", isNumber: true },
  { title: "queue", cell: ({ queueDepth }) => String(queueDepth ?? "-"), isNumber: true },
  { title: "last error", cell: ({ name, lastError }) => errorLine(name, lastError ?? ""), shrinks: true },
];

function latencyText(latency: ConnectorView["latencyMs"]): string {
  return latency === undefined ? "-" : `${latency.p50.toFixed(1)}/${latency.p99.toFixed(1)}`;
}

function hostsText({ name, hosts }: ConnectorView): readonly string[] {
  return hosts === null || hosts.length === 0 ? [] : [oneLine(`${name}: reaches ${hosts.join(", ")}`)];
}

function accountText({ name, connection }: ConnectorView): readonly string[] {
  if (connection === undefined) return [];
  const { accountId, environment, permissions } = connection;
  const may = permissions === undefined || permissions.length === 0 ? "" : `, its key may ${permissions.join(", ")}`;
  return [oneLine(`${name}: account ${accountId} (${environment})${may}`)];
}

/** The whole error, of which the table has the beginning only. */
function errorText({ name, lastError }: ConnectorView, { columns }: OutputStyle): readonly string[] {
  if (lastError === null) return [];
  return wrap(oneLine(`✗ ${name}: ${errorLine(name, lastError)}`), columns - INDENT.length).map((line, index) =>
    index === 0 ? line : `${INDENT}${line}`,
  );
}

/** The table, and on a terminal the last errors and the guarantees that each connector cannot give. */
function renderConnectors(connectors: readonly ConnectorView[], style: OutputStyle): readonly string[] {
  const warnings = connectors.flatMap(({ name, lost, unknownMembers = [] }) =>
    [...lost, ...unknownMembers.map(droppedText)].map((warning) => `! ${oneLine(`${name}: ${warning}`)}`),
  );
  const errors = connectors.flatMap((connector) => errorText(connector, style));
  const below = style.isTty
    ? [...errors, ...connectors.flatMap(accountText), ...connectors.flatMap(hostsText), ...warnings]
    : [];
  return [...tableOr(style, COLUMNS, connectors, "no connectors"), ...below];
}

/** What a live connector needs before it starts. Each is a line in desk.toml, or the live key. */
import { QocError } from "../domain/errors/error.ts";
import type { GuardConfig } from "../domain/config/guard-config.ts";
import type { Desk } from "../trading/desk.ts";
import type { ConnectorConfig } from "../workspace/config.ts";

export interface LiveFacts {
  readonly isolation: "worker" | "process";
  readonly guards: readonly GuardConfig[];
  readonly hasLiveKey: boolean;
}

/** What is missing, with what to write or type; empty if the connector may start. */
export function missingForLive({ hosts }: Pick<ConnectorConfig, "hosts">, facts: LiveFacts): readonly string[] {
  const { isolation, guards, hasLiveKey } = facts;
  const isLimited = guards.some(
    (guard) => guard.kind === "built-in" && guard.options.enabled && guard.options.key === "max-order-notional",
  );
  return [
    ...(isolation === "process" ? [] : ['isolation = "process" in its table']),
    ...(hosts === undefined ? ['hosts = ["…"] in its table'] : []),
    ...(isLimited ? [] : ['a [[guard]] with key = "max-order-notional"']),
    ...(hasLiveKey ? [] : ["the live key (qoc keys protect)"]),
  ];
}

/** @throws LIVE_INCOMPLETE if something that a live connector needs is missing. */
export async function requireComplete(
  { config, authority }: Pick<Desk, "config" | "authority">,
  connector: ConnectorConfig,
  isolation: LiveFacts["isolation"],
): Promise<void> {
  const facts = { isolation, guards: config.guards, hasLiveKey: await authority.hasLiveKey() };
  const missing = missingForLive(connector, facts);
  if (missing.length > 0)
    throw new QocError("LIVE_INCOMPLETE", { connector: connector.name, missing: missing.join("; ") });
}

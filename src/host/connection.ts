/** Checks what an adapter and its venue say of a connection against what the operator said. */
import { QocError } from "../domain/errors/error.ts";
import { answerIssue } from "./answer-issue.ts";
import type { ConnectorName } from "../domain/ids.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Mode, VenueConnection } from "../domain/market/venue.ts";
import type { Envelope } from "../protocol/messages.ts";
import { CAPABILITY_NAMES, connectionSchema } from "../protocol/schemas.ts";
import type { UnknownMembers } from "./unknown-members.ts";
import { VenueOutage } from "./restart-policy.ts";

export interface ConnectionExpectation {
  readonly name: ConnectorName;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "warn">;
  /** The mode in desk.toml, if it states one. */
  readonly mode?: Mode | undefined;
  /** The connector that trades this account already. */
  readonly accountTakenBy?: ((found: VenueConnection) => string | undefined) | undefined;
  /** The account that the venue named at an earlier start. */
  readonly accountId?: (() => string | undefined) | undefined;
}

export interface ConnectResult {
  readonly result: Envelope;
  readonly capabilities: Capabilities;
  readonly unknownMembers: Pick<UnknownMembers, "note">;
}

const CLOCK_DIFFERENCE_MS_MAX = 5_000;

/** @throws SIMULATED_LIVE for a replayed market that moves real money: its time would pass every freshness check. */
export function refuseSimulatedLive(
  { name: connector, mode }: Pick<ConnectionExpectation, "name" | "mode">,
  capabilities: Capabilities,
): void {
  if (capabilities.simulatedTime === true && (capabilities.mode === "live" || mode === "live"))
    throw new QocError("SIMULATED_LIVE", { connector });
}

/**
 * Reads the result of `connect`. Returns undefined if the adapter has never said whom it reached. @throws
 * CONNECT_REFUSED, ACCOUNT_CHANGED, ACCOUNT_SHARED, ADAPTER_SHAPE; VenueOutage if the start is to be repeated.
 */
export function readConnection(
  expected: ConnectionExpectation,
  { result, capabilities, unknownMembers }: ConnectResult,
): VenueConnection | undefined {
  const { name: connector } = expected;
  unknownMembers.note("static capabilities", capabilities, CAPABILITY_NAMES);
  if (!result.ok) {
    if (result.kind === "connect-refused")
      throw new QocError("CONNECT_REFUSED", { connector, message: result.message });
    throw new VenueOutage(`connect: ${result.stack ?? result.message}`);
  }
  if (result.value === undefined || result.value === null) {
    const pinned = expected.accountId?.();
    if (pinned !== undefined) throw new QocError("ACCOUNT_CHANGED", { connector, pinned, reason: "none" });
    return undefined;
  }
  unknownMembers.note("connect", result.value, connectionSchema.members);
  const parsed = connectionSchema.safeParse(result.value);
  if (!parsed.success) {
    const message = `the report of connect: ${answerIssue(parsed.error, result.value)}`;
    throw new QocError("ADAPTER_SHAPE", { connector, message });
  }
  const connection = parsed.data;
  checkConnection(expected, capabilities, connection);
  refuseSimulatedLive(expected, { ...capabilities, mode: connection.mode });
  return connection;
}

function checkConnection(
  { name: connector, mode, accountId, accountTakenBy, clock, log }: ConnectionExpectation,
  capabilities: Capabilities,
  found: VenueConnection,
): void {
  const refuse = (message: string): never => {
    throw new QocError("CONNECT_REFUSED", { connector, message });
  };
  for (const [source, stated] of [
    ["desk.toml", mode],
    ["its adapter", capabilities.mode],
  ] as const)
    if (stated !== undefined && stated !== "unstated" && stated !== found.mode)
      refuse(`${source} says ${stated}, and the venue says ${found.mode} (${found.environment})`);
  if (found.mode === "live" && found.permissions?.includes("withdraw") === true)
    refuse("its key may withdraw money; make a key that may not");
  const pinned = accountId?.();
  if (pinned !== undefined && pinned !== found.accountId)
    throw new QocError("ACCOUNT_CHANGED", { connector, pinned, reason: found.accountId });
  const other = accountTakenBy?.(found);
  if (other !== undefined) throw new QocError("ACCOUNT_SHARED", { connector, reason: found.accountId, other });
  const difference = found.at === undefined || capabilities.simulatedTime === true ? 0 : found.at - clock.now();
  if (Math.abs(difference) <= CLOCK_DIFFERENCE_MS_MAX) return;
  const seconds = Math.round(Math.abs(difference) / 1_000);
  log.warn(`the venue's clock is ${seconds} s ${difference > 0 ? "ahead of" : "behind"} this machine's`);
}

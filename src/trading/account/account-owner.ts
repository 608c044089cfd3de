/**
 * Connectors that reach one account of a venue: only one of them trades it, and its money counts once. An account is
 * known by the id that `connect` returned, which the journal keeps.
 */
import type { DeskState } from "../../domain/desk-state.ts";
import type { Mode } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";

interface Account {
  readonly accountId: string;
  readonly mode: Mode;
}

/**
 * The connector whose account this is: the first in desk.toml with the same account, those that route orders before the
 * others. The connector itself if no other has its account.
 */
export function accountOwner({ config, state }: Pick<Desk, "config" | "state">, name: string): string {
  const account = recordedAccount(state, name);
  if (account === undefined) return name;
  const sharing = config.connectors.filter(
    (other) => other.enabled && (other.name === name || isSame(recordedAccount(state, other.name), account)),
  );
  return (sharing.find(({ orders }) => orders) ?? sharing[0])?.name ?? name;
}

interface ReachedAccount {
  readonly name: string;
  readonly found: Account;
  /** Whom each connector reached; the journal has it once the connector is ready. */
  readonly connectors: ReadonlyMap<string, { readonly status: { readonly connection: Account | undefined } }>;
}

/** The other connector that already trades the account which the connector reached. */
export function accountTaken(
  { config, state }: Pick<Desk, "config" | "state">,
  { name, found, connectors }: ReachedAccount,
): string | undefined {
  const isOwn = isSame(recordedAccount(state, name), found);
  const place = config.connectors.findIndex((own) => own.name === name);
  return config.connectors.find((other, index) => {
    if (!other.enabled || !other.orders || other.name === name) return false;
    // Of two that had the account before, the first in desk.toml keeps it.
    if (isSame(recordedAccount(state, other.name), found)) return !isOwn || index < place;
    return !isOwn && isSame(connectors.get(other.name)?.status.connection, found);
  })?.name;
}

function recordedAccount({ connectors }: Readonly<DeskState>, name: string): Account | undefined {
  const { accountId, mode, accountMode = mode } = connectors.get(name) ?? {};
  return accountId === undefined || accountMode === undefined ? undefined : { accountId, mode: accountMode };
}

function isSame(a: Account | undefined, b: Account): boolean {
  return a?.accountId === b.accountId && a.mode === b.mode;
}

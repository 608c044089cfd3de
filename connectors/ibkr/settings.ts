/** The options of the connector, and whom the accounts of a login belong to. */
import { ConnectRefused } from "@qoc-app/sdk";

export type Environment = "paper" | "live";

export interface Settings {
  readonly environment: Environment;
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  /** undefined: the login has one account. */
  readonly account: string | undefined;
  /** Whether prices that are 15 minutes late are better than none. */
  readonly isDelayed: boolean;
}

/** IB Gateway's own ports. TWS has 7497 and 7496. */
const ADDRESSES: Readonly<Record<Environment, string>> = { paper: "127.0.0.1:4002", live: "127.0.0.1:4001" };
const CLIENT_ID = 71;
/** The accounts of IBKR's paper environment begin with DU, those of advisors with DF. */
const PAPER_ACCOUNT = /^D[UF]/;

/** @throws ConnectRefused for an option that is missing or not valid. */
export function settingsOf(options: Readonly<Record<string, unknown>>): Settings {
  const { environment, account, market_data: data = "live", client_id: clientId = CLIENT_ID } = options;
  if (environment !== "paper" && environment !== "live")
    throw new ConnectRefused('environment in [connector.options] must be "paper" or "live"');
  const { address = ADDRESSES[environment] } = options;
  const [, host = "", port = ""] = /^([^\s:]+|\[[^\]\s]+\]):(\d{1,5})$/.exec(String(address)) ?? [];
  if (host === "") throw new ConnectRefused(`address is ${JSON.stringify(address)}: it must be host:port`);
  if (data !== "live" && data !== "delayed") throw new ConnectRefused('market_data must be "live" or "delayed"');
  if (!Number.isInteger(clientId) || Number(clientId) < 1)
    throw new ConnectRefused("client_id must be a whole number above 0");
  return {
    environment,
    host,
    port: Number(port),
    clientId: Number(clientId),
    account: account === undefined ? undefined : String(account),
    isDelayed: data === "delayed",
  };
}

/**
 * The account to trade in, of those that the login has.
 * @throws ConnectRefused if it is not one of them, or if its environment is not that of desk.toml.
 */
export function accountOf(accounts: readonly string[], { account, environment }: Settings): string {
  if (accounts.length === 0) throw new Error("the gateway names no account: wait until it has logged in");
  const [only = ""] = accounts;
  if (account === undefined && accounts.length > 1)
    throw new ConnectRefused(
      `the login has the accounts ${accounts.join(", ")}: set account = "${only}", or another, in [connector.options]`,
    );
  const chosen = account ?? only;
  if (!accounts.includes(chosen))
    throw new ConnectRefused(`the login has no account ${chosen}: it has ${accounts.join(", ")}`);
  const found = PAPER_ACCOUNT.test(chosen) ? "paper" : "live";
  if (found !== environment)
    throw new ConnectRefused(
      `desk.toml says environment = "${environment}", and account ${chosen} at the gateway is a ${found} account`,
    );
  return chosen;
}

/** The password of a key, at exchanges that sign with one: their pages call it a passphrase, too. */
import { ConnectRefused, type ConnectorContext } from "@qoc-app/sdk";
import type { Exchange } from "./ccxt.ts";

/** @throws ConnectRefused if the exchange signs with a password, and desk.toml names none. */
export function addPassword(exchange: Exchange, { secret }: Pick<ConnectorContext, "secret">, name: string): void {
  if (exchange.requiredCredentials["password"] !== true) return;
  try {
    exchange.password = secret("password");
  } catch {
    throw new ConnectRefused(
      `${name} signs with the password of the key besides: add password = { env = "NAME" } to [connector.auth] in ` +
        "desk.toml, and set the variable to the password (passphrase) with which the key was made",
    );
  }
}

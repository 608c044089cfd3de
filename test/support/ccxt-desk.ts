/** Desks on the kit's venues that speak the wire formats of coin exchanges. */
import type { Dialect } from "../../src/domain/sdk-kit.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { binanceDialect } from "../../src/conformance/dialects/binance.ts";
import { type FakeVenue, openFakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import { type TempDesk, tempDesk, withoutPaper } from "./temp-desk.ts";

export const CCXT_SECRETS = { api_key: "KEY-OF-THE-TEST", api_secret: "secret-of-the-test" };
export const CCXT_ENV = { COIN_KEY: CCXT_SECRETS.api_key, COIN_SECRET: CCXT_SECRETS.api_secret };

const DIALECTS = { binance: binanceDialect } satisfies Record<string, () => Dialect>;
export type FakeExchange = keyof typeof DIALECTS;

export function openExchange(exchange: FakeExchange): Promise<FakeVenue> {
  const options = { clock: systemClock, ids: systemIds, secrets: CCXT_SECRETS };
  return openFakeVenue({ ...options, dialect: DIALECTS[exchange]() });
}

export interface CcxtTable {
  readonly exchange: string;
  readonly venue?: string;
  readonly environment?: string;
  /** Lines of `[connector.options]`. */
  readonly more?: string;
}

/** The connector's table in desk.toml, and the peg that its quotes need. */
export function ccxtTable({ exchange, venue, environment = "paper", more = "" }: CcxtTable): string {
  return `[[connector]]
name = "coins"
type = "ccxt"
  [connector.auth]
  api_key = { env = "COIN_KEY" }
  api_secret = { env = "COIN_SECRET" }
  [connector.options]
  exchange = "${exchange}"
  environment = "${environment}"
${venue === undefined ? "" : `  venue = "${venue}"\n`}${more}
[fx]
pegs = ["USDT=USD"]`;
}

/** The desk.toml of `init` with an exchange in place of the paper venue. */
export function openCcxtDesk(table: CcxtTable, env: Record<string, string> = CCXT_ENV): Promise<TempDesk> {
  return tempDesk({ config: (template) => withoutPaper(template, ccxtTable(table)), env });
}

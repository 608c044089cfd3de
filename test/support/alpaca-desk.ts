/** Desks on the kit's venue that speaks Alpaca's wire format. */
import { systemClock, systemIds } from "../../src/app/system.ts";
import { ALPACA_DIALECT } from "../../src/conformance/dialects/alpaca.ts";
import type { Clock } from "../../src/domain/ports.ts";
import { type FakeVenue, openFakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import { type TempDesk, tempDesk, withoutPaper } from "./temp-desk.ts";

export const ALPACA_SECRETS = { api_key: "PK-OF-THE-TEST", api_secret: "secret-of-the-test" };
export const ALPACA_ENV = { ALPACA_KEY: ALPACA_SECRETS.api_key, ALPACA_SECRET: ALPACA_SECRETS.api_secret };

export function openAlpaca(): Promise<FakeVenue> {
  return openFakeVenue({ clock: systemClock, ids: systemIds, secrets: ALPACA_SECRETS, dialect: ALPACA_DIALECT });
}

export interface AlpacaTable {
  readonly venue: string;
  readonly environment?: string;
  /** Lines of `[[connector]]`. */
  readonly more?: string;
  /** Tables after it. */
  readonly after?: string;
}

/** The connector's table in desk.toml. */
export function alpacaTable({ venue, environment = "paper", more = "", after = "" }: AlpacaTable): string {
  return `[[connector]]
name = "alpaca"
type = "alpaca"
${more}
  [connector.auth]
  api_key = { env = "ALPACA_KEY" }
  api_secret = { env = "ALPACA_SECRET" }
  [connector.options]
  environment = "${environment}"
  venue = "${venue}"
${after}`;
}

/** The desk.toml of `init` with Alpaca in place of the paper venue. */
export function withAlpaca(template: string, table: AlpacaTable): string {
  return withoutPaper(template, alpacaTable(table));
}

export function openAlpacaDesk(
  table: AlpacaTable,
  env: Record<string, string> = ALPACA_ENV,
  clock: Clock = systemClock,
): Promise<TempDesk> {
  return tempDesk({ config: (template) => withAlpaca(template, table), env, clock });
}

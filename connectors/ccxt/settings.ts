/** The options of the connector, and what each reviewed exchange has for them. */
import { ConnectRefused, type ConnectorContext } from "@qoc-app/sdk";

export type Environment = "paper" | "live";

/** The addresses of one environment of an exchange, without a path. */
export interface Origins {
  readonly rest: string;
  readonly stream: string;
  /** The public stream of quotes. */
  readonly quotes: string;
}

export interface Settings {
  readonly environment: Environment;
  /** The currency of the account: what other coins are valued in, and traded against. */
  readonly currency: string;
  /** Undefined for an exchange without a review. */
  readonly origins: Origins | undefined;
  /** The option; undefined: the exchange's first paper environment, or the live one. */
  readonly network?: string | undefined;
}

export interface ExchangeFacts {
  readonly name: string;
  /** The currency of the account if the options name none. */
  readonly currency?: string | undefined;
  readonly environments: Readonly<Partial<Record<Environment, Origins>>>;
  /** Other paper environments, by the value of the option `network`. */
  readonly networks?: Readonly<Record<string, Origins>> | undefined;
  /** The path of the stream. */
  readonly streamPath: string;
  /** The path of the stream of quotes at a fake venue. */
  readonly quotesPath: string;
  /** What to do instead, if the exchange has no paper environment. */
  readonly withoutPaper?: string | undefined;
}

const OPTIONS = ["exchange", "environment", "network", "currency", "venue"];

/** @throws ConnectRefused for an option that is missing or wrong. */
export function settingsOf(options: ConnectorContext["options"], facts: ExchangeFacts): Settings {
  const { environment, network, venue, currency = facts.currency } = options;
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw new ConnectRefused(`${unknown} is not an option of ccxt: ${OPTIONS.join(", ")}`);
  if (environment !== "paper" && environment !== "live")
    throw new ConnectRefused('ccxt needs environment = "paper" or environment = "live" in [connector.options]');
  if (typeof currency !== "string" || !/^[A-Z0-9]{2,12}$/.test(currency))
    throw new ConnectRefused(
      `${facts.name} needs the currency of the account in [connector.options], such as currency = "USDT"`,
    );
  const origins = originsOf(options, environment, facts);
  if (origins === undefined && facts.withoutPaper !== undefined)
    throw new ConnectRefused(`${facts.name} has no environment "${environment}": ${facts.withoutPaper}`);
  const name = network === undefined ? undefined : String(network);
  const found: Settings = { environment, currency, origins, network: name };
  if (venue === undefined || origins === undefined) return found;
  return { ...found, origins: fakeOrigins(String(venue), facts) };
}

/** @throws ConnectRefused for a network that the exchange lacks. */
function originsOf(
  { network }: ConnectorContext["options"],
  environment: Environment,
  { name, environments, networks = {} }: ExchangeFacts,
): Origins | undefined {
  if (network === undefined) return environments[environment];
  const found = environment === "paper" ? networks[String(network)] : undefined;
  if (found !== undefined) return found;
  throw new ConnectRefused(`${name} has no network ${JSON.stringify(network)} with environment = "${environment}"`);
}

/** A fake venue for tests. Only this machine: no option may send the keys to another host. */
function fakeOrigins(venue: string, { streamPath, quotesPath }: ExchangeFacts): Origins {
  if (!/^http:\/\/(?:127\.0\.0\.1|localhost):\d+$/.test(venue))
    throw new ConnectRefused(
      `venue is ${JSON.stringify(venue)}: it must be a fake venue on this machine, http://127.0.0.1:PORT`,
    );
  const streams = venue.replace("http", "ws");
  return { rest: venue, stream: `${streams}${streamPath}`, quotes: `${streams}${quotesPath}` };
}

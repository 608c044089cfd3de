/**
 * Requests to Alpaca and the shapes of its answers. Source: Alpaca's OpenAPI documents, trading API 2.0.1 and market
 * data API 1.1. Numbers without quotes are kept as text, because a JavaScript number cannot hold every price.
 */
import { parseJson } from "../exact-json.ts";
import { ConnectRefused, type ConnectorContext, NotSent, RateLimited } from "@qoc-app/sdk";

export type Environment = "paper" | "live";
/** The feed of stock quotes and bars. Alpaca gives `iex` to every account. */
export type Feed = "iex" | "sip" | "delayed_sip";

const FEEDS: readonly Feed[] = ["iex", "sip", "delayed_sip"];
const OPTIONS = ["environment", "feed", "venue"];

export interface Settings {
  readonly environment: Environment;
  readonly feed: Feed;
  /** Origin of the trading API. */
  readonly trading: string;
  /** Origin of the market data API. */
  readonly data: string;
  readonly stream: string;
  /** Origin of the streams of market data. */
  readonly quotes: string;
}

/** One switch chooses every host. @throws ConnectRefused for a missing or wrong option. */
export function settingsOf(options: ConnectorContext["options"]): Settings {
  const { environment, feed = "iex", venue } = options;
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw new ConnectRefused(`${unknown} is not an option of alpaca: ${OPTIONS.join(", ")}`);
  if (environment !== "paper" && environment !== "live")
    throw new ConnectRefused('alpaca needs environment = "paper" or environment = "live" in [connector.options]');
  if (!FEEDS.includes(feed as Feed))
    throw new ConnectRefused(`feed is ${JSON.stringify(feed)}: it must be one of ${FEEDS.join(", ")}`);
  const common = { environment, feed: feed as Feed } as const;
  if (venue !== undefined) return { ...common, ...fakeHosts(String(venue)) };
  const host = environment === "paper" ? "paper-api.alpaca.markets" : "api.alpaca.markets";
  return {
    ...common,
    trading: `https://${host}`,
    data: "https://data.alpaca.markets",
    stream: `wss://${host}/stream`,
    quotes: "wss://stream.data.alpaca.markets",
  };
}

/** A fake venue for tests. Only this machine: no option may send the keys to another host. */
function fakeHosts(venue: string): Pick<Settings, "trading" | "data" | "stream" | "quotes"> {
  if (!/^http:\/\/(?:127\.0\.0\.1|localhost):\d+$/.test(venue))
    throw new ConnectRefused(
      `venue is ${JSON.stringify(venue)}: it must be a fake venue on this machine, http://127.0.0.1:PORT`,
    );
  const streams = venue.replace("http", "ws");
  return { trading: venue, data: venue, stream: `${streams}/stream`, quotes: streams };
}

export interface VenueOrder {
  readonly id: string;
  readonly client_order_id?: string | null;
  readonly status: string;
  /** Empty for an order of several legs. */
  readonly symbol: string;
  readonly asset_id: string;
  readonly asset_class: string;
  readonly side: string;
  /** null for an order by notional. */
  readonly qty: string | null;
  readonly filled_qty: string;
  readonly filled_avg_price: string | null;
  readonly limit_price: string | null;
  readonly replaced_by?: string | null;
  readonly replaces?: string | null;
  readonly submitted_at: string;
  /** When the order changed last. */
  readonly updated_at?: string | null;
}

export interface TradeUpdate {
  readonly event: string;
  readonly execution_id?: string;
  readonly price?: string;
  readonly qty?: string;
  readonly timestamp: string;
  /** A date. */
  readonly settle_date?: string | null;
  /** Of an order that Alpaca ended, and of a refused cancel. */
  readonly reason?: string | null;
  readonly order: VenueOrder;
}

export interface VenueAccount {
  readonly account_number: string;
  readonly status: string;
  readonly currency: string;
  readonly equity: string;
  readonly cash: string;
  readonly buying_power: string;
  readonly initial_margin?: string | null;
  readonly trading_blocked: boolean;
  readonly account_blocked: boolean;
  readonly trade_suspended_by_user: boolean;
}

/** Prices of a unit, and what all units cost and are worth. */
interface PositionValues {
  readonly avg_entry_price: string;
  readonly current_price?: string | null;
  readonly cost_basis?: string | null;
  readonly market_value?: string | null;
}

export interface VenuePosition extends PositionValues {
  readonly symbol: string;
  readonly asset_id: string;
  readonly asset_class: string;
  readonly qty: string;
  readonly side: string;
  /** Of an account in another currency, whose prices above are in that currency. */
  readonly usd?: PositionValues | null;
}

export interface VenueAsset {
  readonly id: string;
  readonly symbol: string;
  readonly class: string;
  readonly name?: string;
  readonly status: string;
  readonly tradable: boolean;
  readonly fractionable: boolean;
  readonly shortable?: boolean;
  readonly min_order_size?: string;
  readonly min_trade_increment?: string;
  readonly price_increment?: string;
}

/** A contract of `/v2/options/contracts`. */
export interface VenueOption {
  readonly symbol: string;
  readonly name?: string;
  readonly multiplier: string;
}

/** Every member is text: market data are numbers without quotes. */
export interface VenueQuote {
  readonly ap: string;
  readonly as: string;
  readonly bp: string;
  readonly bs: string;
  readonly t: string;
}

/** A rate of two currencies. Every member is text. */
export interface VenueRate {
  readonly mp: string;
  readonly t: string;
}

export interface VenueBar {
  readonly t: string;
  readonly o: string;
  readonly h: string;
  readonly l: string;
  readonly c: string;
  readonly v: string;
}

/** A day of `/v3/calendar`. A session that the day lacks is absent. */
export interface CalendarDay {
  readonly core_start: string;
  readonly core_end: string;
  readonly pre_start?: string | null;
  readonly pre_end?: string | null;
  readonly lunch_start?: string | null;
  readonly lunch_end?: string | null;
  readonly post_start?: string | null;
  readonly post_end?: string | null;
}

/** An event of `/v2beta1/events/activities`. */
export interface ActivityEvent {
  readonly activity_type: string;
  readonly event_id: string;
  /** The execution id of a trade, the transaction id of anything else. */
  readonly ref_id: string;
  /** What this event corrects or cancels. */
  readonly previous_id?: string | null;
  readonly at: string;
  readonly executed_at: string | null;
  readonly activity_subtype?: string | null;
  readonly status: string;
  /** A date. */
  readonly settle_date?: string | null;
  readonly price?: string;
  readonly qty?: string | null;
  readonly net_amount?: string | null | undefined;
  readonly currency?: string | null;
  readonly details?: Readonly<Record<string, unknown>> | null;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly retryAfterMs: number;
}

/** An answer of Alpaca that is an error in its own words. Without the code, the words may be those of a proxy. */
export interface VenueError {
  readonly code: string;
  readonly message: string;
}

/** Less than the desk's time limit for an order (10 s) and a read (5 s), so that the error says what happened. */
const REQUEST_MS = 4_000;
/** A long gap has many fills. The desk waits 30 s for them. */
const FILLS_MS = 20_000;
/** The connection was never made, so nothing was sent. */
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

/** Sends requests with the account's keys. */
export class AlpacaClient {
  readonly #settings: Settings;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(settings: Settings, ctx: Pick<ConnectorContext, "secret">) {
    this.#settings = settings;
    this.#headers = {
      "apca-api-key-id": ctx.secret("api_key"),
      "apca-api-secret-key": ctx.secret("api_secret"),
    };
  }

  /** @throws Error if Alpaca has nothing there, RateLimited, and Error for any answer that is not the one expected. */
  async get<T>(path: string, host: "trading" | "data" = "trading"): Promise<T> {
    const found = await this.find<T>(path, host);
    if (found === undefined) throw new Error(`Alpaca has nothing at ${path.split("?")[0] ?? path}`);
    return found;
  }

  /** As `get`, for an answer that is a list of objects. */
  async list<T extends object>(path: string): Promise<readonly T[]> {
    return listOf<T>(await this.get<unknown>(path), path);
  }

  /** Resolves to undefined if Alpaca answers 404. @throws as `get`. */
  async find<T>(path: string, host: "trading" | "data" = "trading"): Promise<T | undefined> {
    const answer = await this.send("GET", path, { host });
    if (answer.status === 404 && errorOf(answer) !== undefined) return undefined;
    return bodyOf<T>(answer, path);
  }

  /** The activity events between two times, in Alpaca's order. @throws Error if they are not complete. */
  async activities(since: string, until: string): Promise<readonly ActivityEvent[]> {
    const query = new URLSearchParams({ since, until });
    const answer = await this.send("GET", `/v2beta1/events/activities?${query}`, { timeoutMs: FILLS_MS });
    if (answer.status === 429) throw rateLimited(answer);
    if (answer.status !== 200 || !answer.type.startsWith("text/event-stream"))
      throw new Error(`Alpaca answered its activity events with ${describe(answer)}`);
    return eventsOf(answer.text);
  }

  async send(
    method: string,
    path: string,
    {
      host = "trading",
      body,
      timeoutMs = REQUEST_MS,
    }: { host?: "trading" | "data"; body?: object; timeoutMs?: number } = {},
  ): Promise<Answer> {
    const { trading, data } = this.#settings;
    const headers = body === undefined ? this.#headers : { ...this.#headers, "content-type": "application/json" };
    const init = {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      // The keys are in headers that a redirect to another host would take along.
      redirect: "error" as const,
      body: body === undefined ? null : JSON.stringify(body),
    };
    let response: Response;
    try {
      response = await fetch(`${host === "trading" ? trading : data}${path}`, init);
    } catch (error) {
      const code = error instanceof Error ? (error.cause as { code?: string } | undefined)?.code : undefined;
      if (code !== undefined && NEVER_CONNECTED.includes(code)) throw new NotSent(`Alpaca cannot be reached (${code})`);
      throw error;
    }
    return {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      text: await response.text(),
      retryAfterMs: retryAfterMs(response.headers),
    };
  }
}

/** Alpaca names a second of the clock, a proxy a number of seconds. */
function retryAfterMs(headers: Headers): number {
  const after = Number(headers.get("retry-after") ?? "0");
  const reset = Number(headers.get("x-ratelimit-reset") ?? "0") * 1_000 - Date.now();
  return Math.max(0, after > 0 ? after * 1_000 : reset) || 0;
}

function rateLimited(answer: Answer): RateLimited {
  return new RateLimited("Alpaca limits requests to 200 a minute", answer.retryAfterMs);
}

/** The body of a success. @throws RateLimited, and Error for any other answer. */
function bodyOf<T>(answer: Answer, path: string): T {
  if (answer.status === 429) throw rateLimited(answer);
  const body = answer.status === 200 ? parsedOf(answer) : undefined;
  if (typeof body !== "object" || body === null || errorIn(body) !== undefined)
    throw new Error(`Alpaca answered ${path.split("?")[0] ?? path} with ${describe(answer)}`);
  return body as T;
}

/** @throws Error if the value is no list of objects. */
export function listOf<T extends object>(value: unknown, path: string): readonly T[] {
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === "object" && entry !== null);
  if (!isList) throw new Error(`Alpaca answered ${path.split("?")[0] ?? path} with something else than a list`);
  return value as readonly T[];
}

function describe(answer: Answer): string {
  const error = errorOf(answer);
  if (error !== undefined) return `${answer.status}: ${error.message} (${error.code})`;
  return `${answer.status} and ${answer.text === "" ? "no body" : answer.type || "a body without a type"}`;
}

/** Resolves to undefined if the body is not JSON, whatever its content type says. */
export function parsedOf({ type, text }: Pick<Answer, "type" | "text">): unknown {
  if (!type.includes("json")) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Alpaca's error in an answer; undefined if the answer is a success, or not Alpaca's. */
export function errorOf(answer: Answer): VenueError | undefined {
  return errorIn(parsedOf(answer));
}

export function errorIn(body: unknown): VenueError | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { code, message } = body as { code?: unknown; message?: unknown };
  if (typeof message !== "string" || (typeof code !== "string" && code !== undefined)) return undefined;
  return { code: code ?? "", message };
}

/** Comments say that events are missing: a list with a gap is not the list. @throws Error, SyntaxError. */
function eventsOf(text: string): readonly ActivityEvent[] {
  const lines = text.split(/\r\n|\n|\r/);
  const loss = lines.find((line) => /^:.*(?:dropped \d+|error)/i.test(line));
  if (loss !== undefined) throw new Error(`Alpaca's activity events are not complete:${loss.slice(1)}`);
  // The data of an event may be on several lines; an empty line ends the event.
  const events: string[] = [];
  let data = "";
  for (const line of [...lines, ""])
    if (line.startsWith("data:")) data += `${line.slice(5)}\n`;
    else if (line === "" && data !== "") {
      events.push(data);
      data = "";
    }
  return events.map((event) => parseJson(event) as ActivityEvent);
}

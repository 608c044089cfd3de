/** The connectors of Qoc, each on the kit's venue: load time, memory, and the requests of an idle desk. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { coinbaseDialect } from "../../src/conformance/dialects/coinbase.ts";
import { binanceDialect } from "../../src/conformance/dialects/binance.ts";
import { krakenDialect } from "../../src/conformance/dialects/kraken.ts";
import { openTwsGateway } from "../../src/conformance/tws/gateway.ts";
import { openFakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import type { Dialect } from "../../src/domain/sdk-kit.ts";
import { ALPACA_ENV, alpacaTable, openAlpaca } from "../support/alpaca-desk.ts";
import { CCXT_ENV, ccxtTable } from "../support/ccxt-desk.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { SHORT, median, timed } from "./measure.ts";

const STARTS = SHORT ? 1 : 5;
const ORDERS = SHORT ? 1 : 10;
/** What the orders caused is over then. */
const QUIET_MS = SHORT ? 100 : 30_000;
const IDLE_MS = SHORT ? 500 : 180_000;

interface Opened {
  readonly requests: readonly { readonly path: string }[];
  close(): Promise<void>;
}

interface BuiltIn {
  readonly name: string;
  readonly connector: string;
  readonly desk: TempDesk;
  /** undefined: the connector makes no requests. */
  readonly venue: Opened | undefined;
  readonly order: Readonly<Record<string, string>> | undefined;
}

const COIN = { symbol: "BTC/USD", quantity: "0.01", timeInForce: "gtc" };
const STOCK = { symbol: "AAPL", quantity: "1" };

async function exchange(id: string, dialect: () => Dialect): Promise<BuiltIn> {
  // Keys of the kit: those of Kraken are base64, those of Coinbase are private keys.
  const secrets = KEYS[id] ?? { api_key: "KEY-OF-THE-TEST", api_secret: "secret-of-the-test" };
  const venue = await openFakeVenue({ clock: systemClock, ids: systemIds, secrets, dialect: dialect() });
  const isPaper = id === "binance";
  const table = ccxtTable({ exchange: id, venue: venue.url, environment: isPaper ? "paper" : "live" });
  const config = isPaper ? table : table.replace('type = "ccxt"', `type = "ccxt"\n${LIVE_LINES}`) + LIVE_GUARD;
  const env = { ...CCXT_ENV, COIN_KEY: secrets.api_key, COIN_SECRET: secrets.api_secret };
  const desk = await tempDesk({ config: () => config, env });
  const order = isPaper ? { ...COIN, symbol: "BTC/USDT" } : COIN;
  return { name: `ccxt, ${id}`, connector: "coins", desk, venue, order };
}

const KEYS: Readonly<Record<string, { readonly api_key: string; readonly api_secret: string }>> = {
  kraken: { api_key: "key-id-of-the-kit", api_secret: "c2VjcmV0LW9mLXRoZS1raXQtb2YtYWRhcHRlcnM=" },
  coinbase: {
    api_key: "organizations/kit/apiKeys/0001",
    api_secret: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEICInsQJ7DV+ioVctFMVZ/U8oY7gSZXPvDH2tEdq87GrioAoGCCqGSM49
AwEHoUQDQgAEqkM9YN/TUjfnZY+8vBZud7jcOJ8fYIOKWwMsH57RHSwFZc46aUHx
AFjmVLij3y8U15F6FZ8/YdurZ2lA55V1bQ==
-----END EC PRIVATE KEY-----
`,
  },
};

async function alpaca(): Promise<BuiltIn> {
  const venue = await openAlpaca();
  const desk = await tempDesk({ config: () => alpacaTable({ venue: venue.url }), env: ALPACA_ENV });
  return { name: "alpaca", connector: "alpaca", desk, venue, order: STOCK };
}

async function ibkr(): Promise<BuiltIn> {
  const venue = await openTwsGateway({ clock: systemClock, ids: systemIds });
  const options = `  [connector.options]\n  environment = "paper"\n  address = "${venue.url}"\n`;
  const desk = await tempDesk({ config: () => `[[connector]]\nname = "ib"\ntype = "ibkr"\n${options}` });
  return { name: "ibkr", connector: "ib", desk, venue, order: STOCK };
}

async function local(type: string, options = "", files: Readonly<Record<string, string>> = {}): Promise<BuiltIn> {
  const table = `[[connector]]\nname = "${type}"\ntype = "${type}"\n${options}`;
  const desk = await tempDesk({ config: () => table, files });
  return { name: type, connector: type, desk, venue: undefined, order: undefined };
}

/** The bars that the kit certifies the replay on. */
function replay(): Promise<BuiltIn> {
  const symbols = ["AAPL", "MSFT"];
  const barsOf = (symbol: string): string =>
    readFileSync(new URL(`../../connectors/replay/bars/${symbol}.csv`, import.meta.url), "utf8");
  const files = symbols.map((symbol) => [`research/prices/bars/${symbol}.csv`, barsOf(symbol)]);
  const options = `  [connector.options]\n  symbols = ${JSON.stringify(symbols)}\n  start = "2013-07-05"\n`;
  return local("replay", options, Object.fromEntries(files) as Record<string, string>);
}

interface Costs {
  readonly ready: string;
  readonly heap: string;
}

/** The bundle is in the cache, as at each start of a desk but the first. */
async function costsOf({ desk, connector }: BuiltIn): Promise<Costs> {
  const restart = (): Promise<unknown> => desk.call("connectors restart", { name: connector });
  const ready = median(await timed(STARTS, restart));
  const { memoryMb = 0 } = desk.open.fleet.venues.status().find(({ name }) => name === connector) ?? {};
  return { ready: `${ready.toFixed(0)} ms`, heap: `${memoryMb.toFixed(1)} MB` };
}

/** Requests a minute, after ten orders were sent that wait in the venue's book. */
async function idleRequests({ desk, connector, venue, order }: BuiltIn): Promise<string> {
  if (venue === undefined || order === undefined) return "none";
  for (let i = 0; i < ORDERS; i++) {
    const terms = { connector, side: "buy", type: "limit", limitPrice: String(40 + i), rationale: "bench", ...order };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", terms);
    await desk.call("approve", { id, digest });
  }
  await sleep(QUIET_MS);
  const before = venue.requests.length;
  await sleep(IDLE_MS);
  return ((venue.requests.length - before) / (IDLE_MS / 60_000)).toFixed(1);
}

export async function builtIns(): Promise<string> {
  const opened = [
    ...[await local("paper"), await local("cash", '  [connector.options]\n  balances = { USD = "100" }\n')],
    ...[await replay(), await alpaca(), await ibkr()],
    ...[await exchange("binance", binanceDialect), await exchange("kraken", krakenDialect)],
    await exchange("coinbase", coinbaseDialect),
  ];
  const costs: Costs[] = [];
  for (const one of opened) costs.push(await costsOf(one));
  const requests = await Promise.all(opened.map(idleRequests));
  for (const { desk, venue } of opened) {
    await desk.stop();
    await discard(desk);
    await venue?.close();
  }
  const lines = [
    "| connector | restart to ready, p50 | heap | requests a minute, ten working orders |",
    "|---|---|---|---|",
  ];
  for (const [i, { name }] of opened.entries())
    lines.push(`| ${name} | ${costs[i]?.ready} | ${costs[i]?.heap} | ${requests[i]} |`);
  return lines.join("\n");
}

/** Exchanges that sign with a password of the key besides its secret: desk.toml names it, and they are only read. */
import ccxt from "ccxt";
import { describe, expect, it } from "vitest";
import type { ExchangeClass } from "../../connectors/ccxt/ccxt.ts";
import { connectorFor } from "../../connectors/ccxt/connector.ts";
import { readOnlyProfile } from "../../connectors/ccxt/read-only.ts";
import { type ConnectorContext, ConnectRefused } from "../../src/domain/sdk.ts";
import { builtInType } from "../../src/workspace/built-in-types.ts";
import { readConfig } from "../../src/workspace/config.ts";

type Answers = Readonly<Record<string, object>>;
type Headers = Readonly<Record<string, string>>;

const OKX_ROW = { totalEq: "1", uTime: "1796049000000" };
const OKX_USDT = { ccy: "USDT", eq: "12.50", cashBal: "12.50", availBal: "10.25", frozenBal: "2.25" };
const OKX_BTC = { ccy: "BTC", eq: "0.30000001", cashBal: "0.30000001", availBal: "0.30000001", frozenBal: "0" };
const BITGET_USDT = {
  coin: "USDT",
  equity: "12.50",
  balance: "20.00",
  available: "10.25",
  locked: "2.25",
  debt: "7.50",
};
const BITGET_BTC = { coin: "BTC", equity: "0.30000001", balance: "0.30000001", available: "0.30000001", locked: "0" };
const KUCOIN_USDT = { id: "1", currency: "USDT", type: "trade", balance: "12.50", available: "10.25", holds: "2.25" };
const KUCOIN_BTC = {
  ...KUCOIN_USDT,
  id: "2",
  currency: "BTC",
  balance: "0.30000001",
  available: "0.30000001",
  holds: "0",
};

/** By a part of their address: the first counts. KuCoin's header is not the password itself, but signed with it. */
const EXCHANGES: readonly (readonly [id: string, header: string, answers: Answers])[] = [
  [
    "okx",
    "OK-ACCESS-PASSPHRASE",
    {
      "account/balance": { code: "0", data: [{ ...OKX_ROW, details: [OKX_USDT, OKX_BTC] }] },
      "": { code: "0", data: [] },
    },
  ],
  [
    "bitget",
    "ACCESS-PASSPHRASE",
    {
      "v3/account/assets": { code: "00000", data: { accountEquity: "1", assets: [BITGET_USDT, BITGET_BTC] } },
      "": { code: "00000", data: [] },
    },
  ],
  [
    "kucoin",
    "KC-API-PASSPHRASE",
    {
      "account/mode": { code: "200000", data: { selfAccountMode: "CLASSIC" } },
      "accounts?": { code: "200000", data: [KUCOIN_USDT, KUCOIN_BTC] },
      "": { code: "200000", data: [] },
    },
  ],
];

function connectorTo(id: string, answers: Answers, sent: Headers[] = []) {
  const fetchImplementation = (url: string, { headers }: { readonly headers: Headers }): Promise<Response> => {
    sent.push(headers);
    const [, body] = Object.entries(answers).find(([part]) => url.includes(part)) ?? [];
    return Promise.resolve(Response.json(body));
  };
  const Exchange = (ccxt as unknown as Record<string, ExchangeClass>)[id] as ExchangeClass;
  class Answered extends (Exchange as new (config: object) => object) {
    constructor(config: object) {
      super({ ...config, fetchImplementation, enableRateLimit: false });
    }
  }
  return new (connectorFor(Answered as ExchangeClass, readOnlyProfile(id)))();
}

function contextWith(exchange: string, secrets: Readonly<Record<string, string>>): ConnectorContext {
  const secret = (name: string): string => {
    const value = secrets[name];
    if (value === undefined) throw new Error(`no secret ${name}`);
    return value;
  };
  const logger = { info: () => undefined, warn: () => undefined };
  const options = { exchange, environment: "live", currency: "USDT" };
  return { options, secret, logger } as unknown as ConnectorContext;
}

const KEYS = { api_key: "key", api_secret: "secret" };

describe.each(EXCHANGES)("%s", (id, header, answers) => {
  it("connects with the password of desk.toml, signs with it, and states its balances", async () => {
    const sent: Headers[] = [];
    const connector = connectorTo(id, answers, sent);
    const report = await connector.connect(contextWith(id, { ...KEYS, password: "pass-phrase" }));
    expect(report).toMatchObject({ mode: "live", permissions: ["read"] });
    const stated = sent.flatMap((headers) => headers[header] ?? []);
    expect(stated).not.toEqual([]);
    expect(stated.every((text) => (id === "kucoin" ? text !== "" : text === "pass-phrase"))).toBe(true);
    expect(await connector.getAccount?.()).toMatchObject({ currency: "USDT", cash: "12.5", buyingPower: "10.25" });
    expect(await connector.getPositions()).toMatchObject([{ symbol: "BTC/USDT", quantity: "0.30000001" }]);
  });

  it("without one: is refused for good before any request, and the error says what to type", async () => {
    const sent: Headers[] = [];
    const refused = connectorTo(id, answers, sent).connect(contextWith(id, KEYS));
    await expect(refused).rejects.toThrow(ConnectRefused);
    await expect(refused).rejects.toThrow('add password = { env = "NAME" } to [connector.auth] in desk.toml');
    expect(sent).toEqual([]);
  });

  it("a desk.toml without one is not valid, and the error says what to type", () => {
    const toml = (more: string): string =>
      `[[connector]]\nname = "c"\ntype = "ccxt"\n[connector.auth]\napi_key = { env = "K" }\napi_secret = { env = "S" }\n` +
      `${more}[connector.options]\nexchange = "${id}"\nenvironment = "paper"\ncurrency = "USDT"\n`;
    const words = 'ccxt needs password = { env = "NAME" } in [connector.auth]';
    expect(() => readConfig(toml(""), "desk.toml")).toThrow(words);
    expect(() => readConfig(toml('password = { env = "P" }\n'), "desk.toml")).not.toThrow();
  });
});

it("an exchange that signs with something else is refused, and named", async () => {
  const refused = connectorTo("coinmate", {}).connect(contextWith("coinmate", KEYS));
  await expect(refused).rejects.toThrow("coinmate needs uid besides a key, its secret and its password: not supported");
});

it("the exchanges whose keys have a password are those of ccxt", () => {
  const known = ["apiKey", "secret", "password"];
  const required = (id: string): readonly string[] => {
    const { requiredCredentials } = new ((ccxt as unknown as Record<string, ExchangeClass>)[id] as ExchangeClass)({});
    return Object.keys(requiredCredentials).filter((name) => requiredCredentials[name] === true);
  };
  const signing = ccxt.exchanges.filter((id) => required(id).toSorted().join() === known.toSorted().join());
  const secrets = (exchange: string): readonly string[] => builtInType({ type: "ccxt" })?.secrets({ exchange }) ?? [];
  expect(ccxt.exchanges.filter((id) => secrets(id).includes("password"))).toEqual(signing);
});

/** `qoc connect` with the built program, on Alpaca's wire format, with the desk down and up. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock, systemIds } from "../../src/app/system.ts";
import type { FakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import { openTwsGateway } from "../../src/conformance/tws/gateway.ts";
import { ALPACA_SECRETS, openAlpaca } from "../support/alpaca-desk.ts";
import { freePort } from "../support/free-port.ts";
import { requireBuild } from "../support/built.ts";
import { type Answer, qocJson } from "../support/qoc-json.ts";

const KEYS = { AL_API_KEY: ALPACA_SECRETS.api_key, AL_API_SECRET: ALPACA_SECRETS.api_secret };
const base = mkdtempSync(join(tmpdir(), "qoc-connect-"));
const desk = join(base, "desk");
let venue: FakeVenue;

function qoc(args: readonly string[], env: Record<string, string> = {}): Promise<Answer> {
  const own = { PATH: process.env["PATH"] ?? "", HOME: base, XDG_RUNTIME_DIR: join(base, "run") };
  return qocJson({ args, desk, env: { ...own, ...KEYS, ...env } });
}
function connect(args: readonly string[], env: Record<string, string> = {}): Promise<Answer> {
  return qoc(["connect", ...args, "--yes"], env);
}
function alpaca(name: string, ...more: readonly string[]): readonly string[] {
  return ["alpaca", "--name", name, "--env-prefix", "AL_", "--venue", venue.url, ...more];
}
function file(): string {
  return readFileSync(join(desk, "desk.toml"), "utf8");
}

beforeAll(async () => {
  requireBuild();
  venue = await openAlpaca();
  await qocJson({ args: ["init", desk], desk: base, env: { PATH: process.env["PATH"] ?? "", HOME: base } });
  // The port that init found free may be another test's by now.
  writeFileSync(join(desk, "desk.toml"), file().replace(/^port = \d+$/m, `port = ${await freePort()}`));
});
afterAll(async () => {
  await qoc(["down"]);
  await venue.close();
  await rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

it("a missing secret, a refused key and the wrong environment leave desk.toml as it is", async () => {
  const before = file();
  expect(await connect(alpaca("al"), { AL_API_KEY: "" })).toMatchObject({
    code: 1,
    error: { code: "CONNECT_SECRETS", message: expect.stringContaining("needs AL_API_KEY in") as unknown },
  });
  const refused = await connect(alpaca("al"), { AL_API_KEY: "PK-WRONG-KEY-9" });
  expect(refused).toMatchObject({ code: 1, error: { code: "CONNECT_FAILED" } });
  expect(refused.error.message).toMatch(/^connector al could not connect: Alpaca's paper environment refused the keys/);
  expect(JSON.stringify(refused)).not.toContain("PK-WRONG-KEY-9");
  expect(await connect(alpaca("al", "--environment", "live"))).toMatchObject({ error: { code: "CONNECT_FAILED" } });
  const unusedAddress = `http://127.0.0.1:${await freePort()}`;
  const unreached = await connect(["alpaca", "--name", "al", "--env-prefix", "AL_", "--venue", unusedAddress]);
  expect(unreached.error.message).toMatch(/^connector al could not connect: Alpaca cannot be reached/);
  expect(file()).toBe(before);
});

it("an exchange that ccxt does not have, or that has no paper account, is named before any secret", async () => {
  const before = file();
  const krakn = await connect(["ccxt", "--name", "k", "--exchange", "krakn"]);
  expect(krakn).toMatchObject({ code: 1, error: { code: "CONNECT_NOT_WRITTEN" } });
  expect(krakn.error.message).toContain('has no exchange "krakn" (did you mean kraken?)');
  expect(krakn.error.hint).toContain("type: qoc connect ccxt --name k --env-prefix K_ --exchange kraken --yes");
  const kucion = await connect(["ccxt", "--name", "k", "--exchange", "kucion", "--currency", "EUR"]);
  expect(kucion.error.hint).toContain("--exchange kucoin --currency EUR --hosts api.kucoin.com --yes");
  const paper = await connect(["ccxt", "--name", "k", "--exchange", "kraken"]);
  expect(paper).toMatchObject({ code: 2, error: { code: "USAGE" } });
  expect(paper.error.message).toContain("kraken has no paper environment; type: qoc connect ccxt --name k");
  expect(paper.error.message).toContain("--environment live");
  const binance = await connect(["ccxt", "--name", "k", "--exchange", "binance"]);
  expect(binance).toMatchObject({ code: 1, error: { code: "CONNECT_SECRETS" } });
  expect(binance.error.message).not.toContain("K_PASSWORD");
  const more = ["--environment", "live", "--currency", "USDT", "--hosts", "www.okx.com"];
  const okx = await connect(["ccxt", "--name", "k", "--exchange", "okx", ...more]);
  expect(okx).toMatchObject({ code: 1, error: { code: "CONNECT_SECRETS" } });
  expect(okx.error.message).toContain("needs K_API_KEY and K_API_SECRET and K_PASSWORD in the environment");
  expect(file()).toBe(before);
});

it("an exchange that is only read is connected with its password, currency and hosts, and the table says so", async () => {
  const before = file();
  const headers: IncomingHttpHeaders[] = [];
  const balance = { ccy: "USDT", eq: "12.50", cashBal: "12.50", availBal: "10.25", frozenBal: "2.25" };
  const server = createServer((request, response) => {
    headers.push(request.headers);
    const data = request.url?.includes("account/balance") === true ? [{ totalEq: "1", details: [balance] }] : [];
    response.setHeader("content-type", "application/json").end(JSON.stringify({ code: "0", data }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  installCcxt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const keys = { K_API_KEY: "key", K_API_SECRET: "secret", K_PASSWORD: "pass-phrase" };
  const okx = (...more: readonly string[]) => connect(["ccxt", "--name", "k", "--exchange", "okx", ...more], keys);
  const command = "type: qoc connect ccxt --name k --env-prefix K_ --exchange okx";

  const currency = await okx();
  expect(currency).toMatchObject({ code: 2, error: { code: "USAGE" } });
  expect(currency.error.message).toBe(
    `connect: --currency is missing; ${command} --currency USDT --hosts api.okx.com --yes`,
  );
  const hosts = await okx("--currency", "USDC");
  expect(hosts.error.message).toBe(`connect: --hosts is missing; ${command} --currency USDC --hosts api.okx.com --yes`);
  const elsewhere = await okx("--currency", "USDT", "--hosts", "api.okx.com");
  expect(elsewhere.error.message).toMatch(
    /could not connect: 127\.0\.0\.1 is not among hosts = \["api\.okx\.com"\] of this connector; desk\.toml was not/,
  );
  expect(elsewhere.error.hint).toContain("correct the keys, --hosts or the network, then: qoc connect ccxt");
  expect([file(), headers]).toEqual([before, []]);

  const { code, json } = await okx("--currency", "USDT", "--hosts", "127.0.0.1");
  server.close();
  expect([code, json.account]).toMatchObject([0, { currency: "USDT", cash: "12.5", buyingPower: "10.25" }]);
  expect(headers.map((one) => one["ok-access-passphrase"])).toContain("pass-phrase");
  expect(file().slice(before.length)).toBe(`
[[connector]]
name = "k"
type = "ccxt"
enabled = true
hosts = ["127.0.0.1"]
  [connector.auth]
  api_key = { env = "K_API_KEY" }
  api_secret = { env = "K_API_SECRET" }
  password = { env = "K_PASSWORD" }
  [connector.options]
  environment = "paper"
  exchange = "okx"
  currency = "USDT"
`);
  expect(JSON.stringify([json, file()])).not.toContain("pass-phrase");
  writeFileSync(join(desk, "desk.toml"), before);
  await rm(join(desk, "node_modules"), { recursive: true });
});

/** A ccxt of the desk whose OKX is at this address. */
function installCcxt(address: string): void {
  const folder = join(desk, "node_modules/ccxt");
  mkdirSync(join(folder, "js/src"), { recursive: true });
  const installed = fileURLToPath(new URL("../../node_modules/ccxt", import.meta.url));
  copyFileSync(join(installed, "package.json"), join(folder, "package.json"));
  writeFileSync(
    join(folder, "js/src/okx.js"),
    `import okx from ${JSON.stringify(join(installed, "js/src/okx.js"))};
export default class extends okx {
  constructor(config) {
    super(config);
    this.urls.test = { rest: ${JSON.stringify(address)} };
  }
}
`,
  );
}

it("with the desk down: connects, names the account, appends the table, and the desk starts it", async () => {
  const before = file();
  const { code, json } = await connect(alpaca("al"));
  expect(code).toBe(0);
  expect(json).toMatchObject({
    ...{
      name: "al",
      mode: "paper",
      accountId: expect.stringMatching(/^PA/) as unknown,
      inForce: false,
      next: "qoc up",
    },
    ...{ secrets: ["AL_API_KEY", "AL_API_SECRET"], account: { currency: "USD", cash: venue.state.account()["cash"] } },
  });
  expect(file().startsWith(before)).toBe(true);
  for (const secret of Object.values(KEYS)) expect(`${file()}${JSON.stringify(json)}`).not.toContain(secret);
  expect(venue.orders).toEqual([]);
  expect(await connect(alpaca("al"))).toMatchObject({ code: 1, error: { code: "CONNECTOR_EXISTS" } });
  expect(await qoc(["up", "--detach"])).toMatchObject({ code: 0 });
  await expect.poll(() => stateOf("al")).toBe("ready");
});

it("cash and a replay take the word that their table needs, and refuse another one", async () => {
  const cash = ["cash", "--name", "savings", "--balances", "USD=25000,EUR=1200.50"];
  expect(await connect(cash.slice(0, 3))).toMatchObject({
    code: 2,
    error: { message: expect.stringContaining("--balances is missing; type: qoc connect cash --name") as unknown },
  });
  expect(await connect([...cash.slice(0, 4), "USD"])).toMatchObject({ code: 2 });
  expect(await connect([...cash, "--symbols", "A"])).toMatchObject({ code: 2 });
  expect(await connect(cash)).toMatchObject({ code: 0, json: { account: { currency: "USD", cash: "25000" } } });
  expect(file()).toContain('  currency = "USD"\n  balances = { USD = "25000", EUR = "1200.50" }\n');
  const replay = ["replay", "--name", "past", "--symbols", "ACME"];
  for (const empty of ["[]", '""', ".,-"])
    expect(await connect([...replay.slice(0, 4), empty])).toMatchObject({
      code: 2,
      error: {
        message: expect.stringMatching(/; type: qoc connect replay --name past --symbols AAPL,MSFT --yes$/) as unknown,
      },
    });
  expect(await connect(replay)).toMatchObject({
    code: 1,
    error: {
      message: expect.stringContaining("has 0 bars of ACME") as unknown,
      hint: "correct that, then: qoc connect replay --name past --symbols ACME --yes",
    },
  });
  mkdirSync(join(desk, "research/prices/bars"), { recursive: true });
  writeFileSync(join(desk, "research/prices/bars/ACME.csv"), "date,close\n2014-01-02,10\n2014-01-03,11\n");
  expect(await connect(replay)).toMatchObject({ code: 0, json: { mode: "paper", account: { nav: "1000000" } } });
});

it("a gateway of Interactive Brokers is reached at its address, which the table then grants", async () => {
  const gateway = await openTwsGateway({ clock: systemClock, ids: systemIds });
  const address = gateway.url;
  const { code, json } = await connect(["ibkr", "--name", "ib", "--address", address]);
  await gateway.close();
  expect(code).toBe(0);
  expect(json).toMatchObject({ mode: "paper", accountId: "DU1234567", secrets: [], account: { currency: "USD" } });
  expect(file()).toContain(`address = "${address}"`);
  expect(gateway.orders).toEqual([]);
});

it("with the desk up: signs once, and the desk starts the connector without a restart", async () => {
  expect(await connect(["paper", "--name", "second"])).toMatchObject({ code: 0, json: { inForce: true } });
  await expect.poll(() => stateOf("second")).toBe("ready");
  expect((await qoc(["journal", "verify"])).json).toMatchObject({ ok: true });
});

it("two at once lose no table: each is in desk.toml, or says that it is not", async () => {
  const before = file();
  const names = ["left", "right"];
  const answers = await Promise.all(names.map((name) => connect(["paper", "--name", name])));
  expect(file().startsWith(before)).toBe(true);
  for (const [index, { code, error }] of answers.entries()) {
    const isWritten = file().includes(`name = "${names[index] ?? ""}"`);
    if (isWritten) expect(["", "CONFIG_STALE"]).toContain(code === 0 ? "" : error.code);
    else expect(["CONNECT_NOT_WRITTEN", "CONFIG_STALE"]).toContain(error.code);
  }
  expect(names.filter((name) => file().includes(`name = "${name}"`))).not.toEqual([]);
  await qoc(["reload", "--yes"]);
});

it("an account that another connector trades, and other changes of desk.toml, are refused", async () => {
  const shared = await connect(alpaca("twin"));
  expect(shared).toMatchObject({ code: 1, error: { code: "CONNECT_FAILED" } });
  expect(shared.error.message).toContain("which connector al trades");
  const edited = file().replace('key = "no-short"', 'key = "no-short"\nenabled = false');
  writeFileSync(join(desk, "desk.toml"), edited);
  expect(await connect(["paper", "--name", "third"])).toMatchObject({ code: 7, error: { code: "CONFIG_STALE" } });
  expect(file()).toBe(edited);
});

async function stateOf(name: string): Promise<string | undefined> {
  const { json } = await qoc(["connectors", "list"]);
  return (json as { name: string; state: string }[]).find((connector) => connector.name === name)?.state;
}

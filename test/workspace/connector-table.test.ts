/** The table of `qoc connect`: every other byte of desk.toml stays, and nothing else changes its meaning. */
import { describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { type NewConnector, connectorTable, withConnector } from "../../src/workspace/connector-table.ts";
import { deskToml } from "../../src/workspace/config-template.ts";

const PATH = "/desk/desk.toml";
const ALPACA: NewConnector = { name: "main", type: "alpaca", environment: "paper", envPrefix: "EQ_" };
const TEMPLATE = deskToml({ name: "d", port: 7070, timezone: "America/New_York" });

function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof QocError ? `${error.code}: ${error.message}` : error;
  }
}

describe("connectorTable", () => {
  it("names the variables by prefix, and holds no mode", () => {
    expect(connectorTable(ALPACA)).toEqual([
      "[[connector]]",
      'name = "main"',
      'type = "alpaca"',
      "enabled = true",
      "  [connector.auth]",
      '  api_key = { env = "EQ_API_KEY" }',
      '  api_secret = { env = "EQ_API_SECRET" }',
      "  [connector.options]",
      '  environment = "paper"',
    ]);
  });

  it("names the password of a key where the exchange signs with one", () => {
    const coins = { ...ALPACA, type: "ccxt", envPrefix: "OKX_" };
    const password = '  password = { env = "OKX_PASSWORD" }';
    expect(connectorTable({ ...coins, words: { exchange: "okx" } })).toContain(password);
    expect(connectorTable({ ...coins, words: { exchange: "binance" } })).not.toContain(password);
  });

  it("is the table of an exchange that is only read, which loads", () => {
    const words = { exchange: "okx", currency: "USDT", hosts: "www.okx.com,aws.okx.com" };
    const okx: NewConnector = { name: "okx-live", type: "ccxt", environment: "live", envPrefix: "OKX_", words };
    expect(connectorTable(okx)).toEqual([
      "[[connector]]",
      'name = "okx-live"',
      'type = "ccxt"',
      "enabled = true",
      'isolation = "process"',
      'hosts = ["www.okx.com", "aws.okx.com"]',
      "  [connector.auth]",
      '  api_key = { env = "OKX_API_KEY" }',
      '  api_secret = { env = "OKX_API_SECRET" }',
      '  password = { env = "OKX_PASSWORD" }',
      "  [connector.options]",
      '  environment = "live"',
      '  exchange = "okx"',
      '  currency = "USDT"',
    ]);
    const { config } = withConnector({ path: PATH, text: TEMPLATE }, okx);
    expect(config.connectors.at(-1)).toMatchObject({
      ...{ hosts: ["www.okx.com", "aws.okx.com"], mode: "live" },
      options: { exchange: "okx", currency: "USDT" },
    });
  });

  it("names another currency of a reviewed exchange, and none if none is given", () => {
    const coins = { ...ALPACA, type: "ccxt", words: { exchange: "binance" } };
    expect(connectorTable(coins).at(-1)).toBe('  exchange = "binance"');
    expect(connectorTable({ ...coins, words: { ...coins.words, currency: "USDC" } }).at(-1)).toBe(
      '  currency = "USDC"',
    );
  });

  it("puts a live connector into a process", () => {
    expect(connectorTable({ ...ALPACA, environment: "live" })).toContain('isolation = "process"');
  });

  it("writes neither secrets nor options for the paper venue", () => {
    expect(connectorTable({ ...ALPACA, type: "paper" })).toHaveLength(4);
  });
});

describe("withConnector", () => {
  it.each([
    ["the template", TEMPLATE],
    ["Windows line ends", TEMPLATE.replaceAll("\n", "\r\n")],
    ["no last line end", TEMPLATE.trimEnd()],
    ["a comment at the end", `${TEMPLATE}# the last word`],
    ["an empty file", ""],
    ["a table of another kind at the end", '[context.risk]\nnote = "x"'],
  ])("%s: keeps every byte, and reads as before with one connector more", (_name, text) => {
    const { text: after, line, config } = withConnector({ path: PATH, text }, ALPACA);
    expect(after.startsWith(text)).toBe(true);
    expect(after.split(/\r?\n/)[line - 1]).toBe("[[connector]]");
    expect(after.replaceAll("\r\n", "").includes("\n")).toBe(!text.includes("\r\n"));
    const [before, read] = [readConfig(text, PATH), readConfig(after, PATH)];
    expect(read).toEqual(config);
    expect({ ...read, connectors: read.connectors.slice(0, -1), digest: "" }).toEqual({
      ...{ ...before, digest: "" },
      guards: before.guards,
    });
    expect(read.connectors.at(-1)).toMatchObject({ name: "main", type: "alpaca", mode: "paper", orders: true });
  });

  it.each([
    [
      "a name that exists",
      TEMPLATE,
      { name: "paper" },
      "CONNECTOR_EXISTS: connector paper of desk.toml already exists",
    ],
    [
      "connectors in one list",
      'connector = [{ name = "p", type = "paper" }]',
      {},
      "CONNECT_NOT_WRITTEN: desk.toml was",
    ],
    ["a file with a problem", "[[connector]]\nname = 1", {}, "CONFIG_INVALID"],
    ["a venue elsewhere", TEMPLATE, { venue: "https://evil.example" }, "CONNECT_NOT_WRITTEN"],
  ])("%s: is refused", (_name, text, change, words) => {
    const outcome = codeOf(() => withConnector({ path: PATH, text }, { ...ALPACA, ...change }));
    expect(outcome).toEqual(expect.stringContaining(words));
  });

  it("connectors of the global file would end: it is refused", () => {
    const global = { path: "/home/config.toml", text: '[[connector]]\nname = "p"\ntype = "paper"\n' };
    const outcome = codeOf(() => withConnector({ path: PATH, text: "" }, ALPACA, global));
    expect(outcome).toEqual(expect.stringContaining("/home/config.toml count only while desk.toml has none"));
  });
});

/** desk.toml: every mistake is reported with file, line, column and key; no key is ignored. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { deskToml } from "../../src/workspace/config-template.ts";

const FILE = "/desk/desk.toml";
const TEMPLATE = deskToml({ name: "my-desk", port: 7070, timezone: "America/New_York" });

function problem(text: string): QocError {
  try {
    readConfig(text, FILE);
  } catch (error) {
    if (error instanceof QocError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe("the starter file", () => {
  it("the starter file enables the paper connector and the documented guards, in order", () => {
    const config = readConfig(TEMPLATE, FILE);
    expect(config.connectors).toMatchObject([{ name: "paper", type: "paper", enabled: true, orders: true }]);
    expect(config.guards.map((guard) => (guard.kind === "built-in" ? guard.options.key : guard.key))).toEqual([
      "max-order-nav",
      "max-position-nav",
      "day-loss-limit",
      "buying-power",
      "price-collar",
      "quote-freshness",
      "order-rate",
      "duplicate-order",
      "no-short",
    ]);
    expect(TEMPLATE).toMatch(/# key = "market-hours"/);
    expect(TEMPLATE).toMatch(/# key = "symbol-allowlist"/);
    expect(TEMPLATE).toMatch(/max_per_minute = 60/);
  });

  it("an empty desk.toml gets the documented defaults", () => {
    expect(readConfig("", FILE)).toMatchObject({
      workspace: {
        name: "my-desk",
        port: 7070,
        logLevel: "info",
        historyEnabled: true,
        historyMaxSnapshots: 90,
        timezone: "America/New_York",
      },
      account: { currency: "USD", navMethod: "last_snapshot" },
      uta: { snapshotInterval: 60 },
      connectors: [],
      guards: [],
    });
  });
});

describe("the network of a [[connector]]", () => {
  const connector = (more: string): string => `[[connector]]\nname = "v"\ntype = "paper"\n${more}`;

  it("proxy is an address, and ca is a file relative to desk.toml", () => {
    const text = connector('proxy = "http://10.0.0.1:3128"\nca = "./venue.pem"');
    expect(readConfig(text, FILE).connectors).toMatchObject([{ proxy: "http://10.0.0.1:3128", ca: "/desk/venue.pem" }]);
  });

  it.each(["https://proxy:1", "proxy:3128", "http://proxy/path", "http://"])("proxy %s is an error", (proxy) => {
    expect(problem(connector(`proxy = "${proxy}"`))).toMatchObject({
      code: "CONFIG_INVALID",
      details: { line: 4, key: "connector[0].proxy" },
    });
  });
});

describe("[ui]", () => {
  it("approves paper orders, under the names of this machine, unless it says otherwise", () => {
    expect(readConfig("", FILE).ui).toEqual({ approve: "paper", origins: [] });
    for (const origin of ["https://desk.tailnet.ts.net", "https://desk.example:8443", "http://localhost:8080"])
      expect(readConfig(`[ui]\norigins = ["${origin}"]`, FILE).ui.origins).toEqual([origin]);
  });

  it.each([
    ['approve = "live"', "ui.approve"],
    ['origins = ["http://desk.example"]', "ui.origins[0]"],
    ['origins = ["http://localhost"]', "ui.origins[0]"],
    ['origins = ["https://desk.example/"]', "ui.origins[0]"],
    ['origins = ["https://desk.example/ui"]', "ui.origins[0]"],
    ['origins = ["https://*.example"]', "ui.origins[0]"],
    ['origins = ["https://user@desk.example"]', "ui.origins[0]"],
    ['origins = ["null"]', "ui.origins[0]"],
    ['origins = ["https://a.example", "https://b.example"]', "ui.origins"],
    ['host = "0.0.0.0"', "ui.host"],
  ])("with %s is refused", (line, key) => {
    expect(problem(`[ui]\n${line}`)).toMatchObject({ code: "CONFIG_INVALID", details: { key } });
  });
});

describe("[[news]]", () => {
  const feed = (more: string): string => `[[news]]\nname = "ft"\nurl = "https://feeds.example/x"\n${more}`;

  it("[[news]] lists feeds, each fetched every fifteen minutes by default", () => {
    expect(readConfig("", FILE).news).toEqual([]);
    expect(readConfig(`${feed("")}${feed('every = "2h"').replace('"ft"', '"b"')}`, FILE).news).toEqual([
      { name: "ft", url: "https://feeds.example/x", everyMs: 900_000 },
      { name: "b", url: "https://feeds.example/x", everyMs: 7_200_000 },
    ]);
    expect(
      readConfig(TEMPLATE.replace(/# (\[\[news\]\])\n# (name.*)\n# (url.*)\n# (every.*)/, "$1\n$2\n$3\n$4"), FILE).news,
    ).toHaveLength(1);
  });

  it.each([
    ['every = "15"', "news[0].every", /time such as/],
    ['every = "0m"', "news[0].every", /time such as/],
    ['every = "30s"', "news[0].every", /time such as/],
    ['every = "31d"', "news[0].every", /30d at most/],
    ["every = 15", "news[0].every", /must be a text/],
    ['tags = ["x"]', "news[0].tags", /unknown key/],
  ])("[[news]] with %s is refused", (more, key, says) => {
    const { code, details, message } = problem(feed(more));
    expect([code, details["key"]]).toEqual(["CONFIG_INVALID", key]);
    expect(message).toMatch(says);
  });

  it.each([
    ["file:///etc/passwd"],
    ["ftp://x.example/"],
    ["feeds.example/x"],
    ["https://me:secret@feeds.example/"],
    ["javascript:1"],
    [""],
  ])("[[news]] with the address %j is refused", (url) => {
    expect(problem(feed("").replace("https://feeds.example/x", url)).details["key"]).toBe("news[0].url");
  });

  it("[[news]] with a duplicate or invalid name is refused", () => {
    expect(problem(`${feed("")}${feed("")}`)).toMatchObject({
      details: { key: "news[1].name", message: "duplicate name: ft" },
    });
    expect(problem(feed("").replace('"ft"', '"../ft"'))).toMatchObject({ details: { key: "news[0].name" } });
  });
});

describe("a mistake", () => {
  const connector = (more: string): string => `[[connector]]\nname = "a"\ntype = "custom"\nadapter = "./a.ts"\n${more}`;
  it.each([
    [
      "unknown key",
      '[workspace]\nnmae = "x"',
      "CONFIG_INVALID",
      ":2:1: workspace.nmae: unknown key (did you mean name?)",
    ],
    ["unknown table", "[worksapce]\n", "CONFIG_INVALID", ":1:1: worksapce: unknown key (did you mean workspace?)"],
    ["wrong type", '[workspace]\nname = "x"\nport = "7070"', "CONFIG_INVALID", ":3:1: workspace.port:"],
    ["port out of range", "[workspace]\nport = 70000", "CONFIG_INVALID", "workspace.port"],
    ["time zone", '[workspace]\ntimezone = "Mars/Olympus"', "CONFIG_INVALID", "IANA time zone"],
    [
      "unknown guard",
      '[[guard]]\nkey = "max-order-nva"',
      "CONFIG_INVALID",
      'unknown guard "max-order-nva" (did you mean max-order-nav?)',
    ],
    [
      "percent of nothing",
      '[[guard]]\nkey = "max-order-nav"\nmax_pct = 0',
      "CONFIG_INVALID",
      ":3:1: guard[0].max_pct: must be above 0",
    ],
    [
      "percent as text",
      '[[guard]]\nkey = "max-order-nav"\nmax_pct = "5%"',
      "CONFIG_INVALID",
      ":3:1: guard[0].max_pct: must be a number of percent",
    ],
    [
      "unknown option of a guard",
      '[[guard]]\nkey = "max-order-nav"\nmax_pc = 5',
      "CONFIG_INVALID",
      "unknown key (did you mean max_pct?)",
    ],
    [
      "option of another guard",
      '[[guard]]\nkey = "buying-power"\nmax_pct = 5',
      "CONFIG_INVALID",
      "guard[0].max_pct: unknown key",
    ],
    [
      "a symbol no order can carry",
      '[[guard]]\nkey = "symbol-allowlist"\nsymbols = ["ААPL"]',
      "CONFIG_INVALID",
      "symbols",
    ],
    ["market hours", '[[guard]]\nkey = "market-hours"\nopen = "9:30"', "CONFIG_INVALID", 'such as "09:30"'],
    [
      "literal secret",
      connector('  [connector.auth]\n  api_key = "sk-live-1"'),
      "SECRET_LITERAL",
      ":6:3: connector[0].auth.api_key",
    ],
    [
      "literal secret in the options",
      connector('  [connector.options]\n  url = "https://x"\n  apiKey = "sk-live-1"'),
      "OPTION_SECRET",
      ":7:3: connector[0].options.apiKey is a secret by its name",
    ],
    [
      "literal secret deep in the options",
      connector('  [connector.options.login]\n  pass_word = "x"\n  Pass-Phrase = "x"\n  API-SECRET = "x"'),
      "OPTION_SECRET",
      "connector[0].options.login.API-SECRET",
    ],
    [
      "secrets as a list in the options",
      connector('  [connector.options]\n  tokens = ["x"]'),
      "OPTION_SECRET",
      "connector[0].options.tokens",
    ],
    [
      "reference in the options",
      connector('  [connector.options]\n  password = { env = "X" }'),
      "OPTION_SECRET",
      "connector[0].options.password",
    ],
    ["host as a URL", connector('hosts = ["https://api.x.io/v1"]'), "CONFIG_INVALID", 'write "api.x.io"'],
    ["host with a port", connector('hosts = ["api.x.io:443"]'), "CONFIG_INVALID", 'write "api.x.io"'],
    ["host in capitals", connector('hosts = ["API.x.io"]'), "CONFIG_INVALID", 'write "api.x.io"'],
    ["host as a pattern", connector('hosts = ["*.x.io"]'), "CONFIG_INVALID", 'such as "api.x.io"'],
    ["host with a space", connector('hosts = ["a b"]'), "CONFIG_INVALID", "connector[0].hosts[0]"],
    [
      "secret of a wrong shape",
      connector("  [connector.auth]\n  api_key = { value = 1 }"),
      "CONFIG_INVALID",
      "connector[0].auth.api_key",
    ],
    ["connector name", '[[connector]]\nname = "My Venue"\ntype = "paper"', "CONFIG_INVALID", "is not a connector name"],
    [
      "connector twice",
      '[[connector]]\nname = "a"\ntype = "paper"\n[[connector]]\nname = "a"\ntype = "paper"',
      "CONFIG_INVALID",
      "duplicate name: a",
    ],
    ["custom without adapter", '[[connector]]\nname = "a"\ntype = "custom"', "CONFIG_INVALID", "requires adapter"],
    ["not TOML", "[workspace]\nname = = 1", "CONFIG_SYNTAX", ":2:"],
    ["newer format", "format = 99", "FORMAT_TOO_NEW", "has format 99"],
  ])("a mistake is reported with its place: %s", (_name, text, code, message) => {
    const error = problem(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("sk-live-1");
    expect(error.hint).not.toBe("");
  });

  it.each([
    ['via = ["kraken"]', "fx.via[0]", /CONNECTOR:PAIR/],
    ['via = ["kraken:EUR/USD"]', "fx.via[0]", /no connector is named "kraken"/],
    ['pegs = ["USDT"]', "fx.pegs[0]", /CODE=CODE/],
    ['[fx.rates]\nEURO = { rate = "1.08", at = "2026-11-27" }', "fx.rates.EURO", /must be a pair/],
    ['[fx.rates]\nEUREUR = { rate = "1.08", at = "2026-11-27" }', "fx.rates.EUREUR", /must be a pair/],
    ['[fx.rates]\nEURUSD = { rate = "0", at = "2026-11-27" }', "fx.rates.EURUSD.rate", /above 0/],
    ['[fx.rates]\nEURUSD = { rate = "-1.08", at = "2026-11-27" }', "fx.rates.EURUSD.rate", /must be a number/],
    ['[fx.rates]\nEURUSD = { rate = "1.08" }', "fx.rates.EURUSD.at", /./],
    ['[fx.rates]\nEURUSD = { rate = "1.08", at = "yesterday" }', "fx.rates.EURUSD.at", /must be a date/],
  ])("[fx] with %s is refused at its key", (lines, key, says) => {
    const { code, details, message } = problem(`[fx]\n${lines}`);
    expect([code, details["key"]]).toEqual(["CONFIG_INVALID", key]);
    expect(message).toMatch(says);
  });

  it("[fx] takes rates with their dates, as text or as dates of TOML, and pairs with or without a slash", () => {
    const rates =
      '[fx.rates]\nEURUSD = { rate = "1.08", at = 2026-11-27 }\n"BTC/USD" = { rate = 60000, at = "2026-11-27T10:00:00Z" }';
    expect(readConfig(rates, FILE).fx.rates).toMatchObject([
      { base: "EUR", quote: "USD", bid: "1.08", ask: "1.08", at: Date.UTC(2026, 10, 27), origin: "configuration" },
      { base: "BTC", quote: "USD", bid: "60000", at: Date.UTC(2026, 10, 27, 10) },
    ]);
  });

  it.each(["webhook", "notify", "data_hub", "tunnel", "ai", "tool"])(
    "[%s] is documented, and reported as not built yet",
    (table) => {
      expect(problem(`[workspace]\n\n[${table}]\nx = 1`)).toMatchObject({
        code: "CONFIG_NOT_YET",
        details: { line: 3 },
      });
    },
  );

  it.each([
    ["[[webhook]]", "webhook"],
    ["[data_hub.news]", "data_hub.news"],
    ["[[tool]]", "tool"],
  ])("%s is reported as not built yet, at its line", (header, key) => {
    expect(problem(`[workspace]\n\n${header}\nname = "x"`)).toMatchObject({
      code: "CONFIG_NOT_YET",
      details: { line: 3, key },
    });
  });

  it.each([["a built-in connector that does not exist", 'type = "options"']])(
    "%s is reported as not built yet",
    (_name, line) => {
      const text = `[[connector]]\nname = "a"\n${line}`;
      expect(problem(text).code).toBe("CONFIG_NOT_YET");
    },
  );

  it("a secret file inside the workspace is refused, because the history would keep it", () => {
    const refusal = problem(
      '[[connector]]\nname = "a"\ntype = "paper"\n  [connector.auth]\n' +
        `  key = { file = "${FILE.replace("desk.toml", "secrets/key")}" }`,
    );
    expect(refusal).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("move it outside") as string,
    });
  });

  it("an error reports the first problem and the number of other problems", () => {
    expect(problem('[workspace]\nport = "x"\nnmae = 1\n[[guard]]\nkey = "x"').message).toContain("(and 2 more");
  });
});

describe("what is accepted", () => {
  it("secrets are accepted by reference in each documented form", () => {
    const text =
      '[[connector]]\nname = "a"\ntype = "custom"\nadapter = "./a.ts"\n  [connector.auth]\n' +
      '  a = { env = "A" }\n  b = { file = "/run/b" }\n  c = "env:C"\n  d = "{env:D}"';
    expect(readConfig(text, FILE).connectors[0]).toMatchObject({
      adapter: "/desk/a.ts",
      auth: { a: { env: "A" }, b: { file: "/run/b" }, c: { env: "C" }, d: { env: "D" } },
    });
  });

  it("desk.toml of format 0, with the table [desk], is accepted", () => {
    expect(readConfig('format = 0\n[desk]\nname = "old"', FILE).workspace.name).toBe("old");
  });

  describe("guards of the global file", () => {
    const globalFile = (text: string) => ({ path: "/home/config.toml", text });
    const guard = (lines: string): string => `[[guard]]\n${lines}\n`;
    const keys = (text: string, globalText: string) =>
      readConfig(text, FILE, globalFile(globalText)).guards.map((entry) =>
        entry.kind === "built-in" ? [entry.options.key, entry.options.enabled] : [entry.key, entry.adapter],
      );
    const NO_SHORT = guard('key = "no-short"');

    it("guards of the global file stay in force if the desk.toml has guards of its own, or switches the same guard off", () => {
      expect(keys(guard('key = "buying-power"'), NO_SHORT)).toEqual([
        ["buying-power", true],
        ["no-short", true],
      ]);
      expect(keys(guard('key = "no-short"\nenabled = false'), NO_SHORT)).toEqual([
        ["no-short", false],
        ["no-short", true],
      ]);
      expect(keys("guard = []", NO_SHORT)).toEqual([["no-short", true]]);
      expect(keys("", NO_SHORT)).toEqual([["no-short", true]]);
    });

    it("guards of the global file are evaluated once if desk.toml repeats them exactly", () => {
      expect(keys(NO_SHORT, NO_SHORT)).toEqual([["no-short", true]]);
    });

    it("paths of global guards are relative to the global file, which is named in their errors", () => {
      expect(keys("", guard('key = "mine"\nadapter = "./mine.ts"'))).toEqual([["mine", "/home/mine.ts"]]);
      const code = (text: string) => {
        try {
          return keys(NO_SHORT, text);
        } catch (error) {
          return (error as Error).message;
        }
      };
      expect(code(`${NO_SHORT}${guard('key = "max-order-nav"\nmax_pct = "5%"')}`)).toContain(
        "/home/config.toml:5:1: guard[1].max_pct",
      );
      expect(code("guard = 5")).toContain("/home/config.toml:1:1: guard");
    });
  });

  it("the workspace's desk.toml overrides and unsets values of the global file", () => {
    const defaults = {
      path: "/home/config.toml",
      text: '[workspace]\nname = "global"\nport = 9000\nlog_level = "debug"',
    };
    const config = readConfig('[workspace]\nname = "mine"\nlog_level = ""', FILE, defaults);
    expect(config.workspace).toMatchObject({ name: "mine", port: 9000, logLevel: "info" });
  });
});

describe("options and hosts", () => {
  it("options that name no secret, and host names and addresses, are accepted", () => {
    const hosts = ["api.x.io", "localhost", "127.0.0.1", "[::1]", "a-b.c"];
    const options = 'url = "https://x"\ntoken_ttl = 30\nkeyboard = "us"\nkeywords = ["a"]\nuse_token = true\n';
    const text = `[[connector]]\nname = "a"\ntype = "custom"\nadapter = "./a.ts"\nhosts = ${JSON.stringify(hosts)}\n[connector.options]\n${options}`;
    expect(readConfig(text, FILE).connectors[0]?.hosts).toEqual(hosts);
  });
});

describe("any text", () => {
  it("any text is read as a configuration or refused with a QocError", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "[workspace]",
        "[[guard]]",
        'key = "max-order-nav"',
        "max_pct = 5",
        "[[connector]]",
        'name = "a"',
        "[connector.auth]",
        "x = {",
        "port = 1e999",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        try {
          readConfig(lines.join("\n"), FILE);
        } catch (error) {
          expect(error).toBeInstanceOf(QocError);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("a text that nests ten thousand levels deep is refused with a configuration error", () => {
    expect(problem(`x = ${"[".repeat(10_000)}${"]".repeat(10_000)}`).code).toMatch(/CONFIG/);
  });
});

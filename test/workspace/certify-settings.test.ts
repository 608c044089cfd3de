import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CERTIFY_FILE, parseCertifySettings, readCertifySettings } from "../../src/workspace/certify-settings.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const DEFAULTS = {
  symbol: "AAPL",
  unknownSymbol: "NO-SUCH",
  quantity: "1",
  orders: true,
  grant: [],
  network: true,
  serial: false,
  quotes: true,
  options: {},
  auth: { api_key: "test-key-of-the-kit" },
};

describe("certify.toml", () => {
  it("certify.toml is read from the adapter's folder, and defaults apply if it is absent", async () => {
    const dir = await mkdtemp(join(tmpdir(), "qoc-certify-"));
    const adapter = join(dir, "index.ts");
    expect(await readCertifySettings(nodeDisk(), adapter)).toEqual(DEFAULTS);
    await writeFile(
      join(dir, CERTIFY_FILE),
      'symbol = "SPX"\nquantity = "0.5"\n[options]\nurl = "{venue}"\n[auth]\ntoken = "made-up"\n',
    );
    expect(await readCertifySettings(nodeDisk(), adapter)).toEqual({
      ...DEFAULTS,
      symbol: "SPX",
      quantity: "0.5",
      options: { url: "{venue}" },
      auth: { token: "made-up" },
    });
  });

  it.each(["./bars", "./link/bars", "./in/link"])("the bars are no link to a folder of elsewhere: %s", async (bars) => {
    const elsewhere = await mkdtemp(join(tmpdir(), "qoc-bars-"));
    const dir = await mkdtemp(join(tmpdir(), "qoc-certify-"));
    await mkdir(join(elsewhere, "bars"));
    await mkdir(join(dir, "in"));
    for (const [name, target] of [
      ["bars", join(elsewhere, "bars")],
      ["link", elsewhere],
      ["in/link", elsewhere],
    ] as const)
      await symlink(target, join(dir, name));
    await writeFile(join(dir, CERTIFY_FILE), `bars = "${bars}"`);
    await expect(readCertifySettings(nodeDisk(), join(dir, "index.ts"))).rejects.toThrow(
      "must not lead through a link",
    );
  });

  it("certification with a grant places no orders unless certify.toml has orders = true", () => {
    const grant = 'grant = ["tcp:127.0.0.1:4002"]';
    expect(parseCertifySettings(grant, "f").orders).toBe(false);
    expect(parseCertifySettings(`orders = true\n${grant}`, "f").orders).toBe(true);
    expect(parseCertifySettings("orders = false", "f").orders).toBe(false);
  });

  it("the venue is a path beside certify.toml, and an upstream elsewhere gets no orders by itself", () => {
    const options = '[options]\nurl = "{venue}"';
    const orders = (upstream: string): boolean =>
      parseCertifySettings(`upstream = "${upstream}"\n${options}`, "f").orders;
    expect(parseCertifySettings(`venue = "./fake.ts"\n${options}`, "/desk/my-venue/certify.toml")).toMatchObject({
      venue: "/desk/my-venue/fake.ts",
      orders: true,
    });
    const dialect = (value: string) => parseCertifySettings(`dialect = "${value}"`, "/desk/my-venue/certify.toml");
    expect(dialect("./dialect.ts")).toMatchObject({ dialect: undefined, dialectFile: "/desk/my-venue/dialect.ts" });
    expect(dialect("kraken")).toMatchObject({ dialect: "kraken", dialectFile: undefined });
    expect([orders("http://127.0.0.1:18160"), orders("https://sandbox.example.com/v2")]).toEqual([true, false]);
    expect(
      parseCertifySettings(
        `orders = true\nserial = true\ntime_in_force = "gtc"\nupstream = "https://sandbox.example.com"\nupstream_stream = "wss://ws.example.com/v2"\n${options}`,
        "f",
      ),
    ).toMatchObject({ orders: true, serial: true, timeInForce: "gtc", upstreamStream: "wss://ws.example.com/v2" });
  });

  it.each([
    ['symbol = "A"\nsymbl = "B"', "f:2:1: symbl: "],
    ["quantity = 1", "f:1:1: quantity: "],
    ['quantity = "-1"', "f:1:1: quantity: must be a decimal in quotes"],
    ['grant = ["net"]', "f:1:1: grant[0]: must be tcp:host:port"],
    ['[auth]\napi_key = { env = "REAL" }', "f:2:1: auth.api_key: "],
    ["symbol = ", "f:1:10: not valid TOML"],
    ['time_in_force = "gtd"', "f:1:1: time_in_force: "],
    [
      'dialect = "nasdaq"',
      'f:1:1: dialect: must be alpaca, binance, coinbase, kraken, ibkr, or a path that starts with "./"',
    ],
    ['bars = "../../prices"', "f:1:1: bars: must be below the connector's folder"],
    ['bars = "./a/../../prices"', "f:1:1: bars: must be below the connector's folder"],
    ['venue = "fake.ts"', 'f:1:1: venue: must be a path that starts with "./"'],
    [
      'symbol = "A"\nupstream = "sandbox.example.com"',
      "f:2:1: upstream: must be an address that starts with http:// or",
    ],
    ['upstream = "ws://127.0.0.1"', "f:1:1: upstream: must be an address that starts with http:// or https://"],
    ['upstream = "https://a.example/?key=1"', "f:1:1: upstream: "],
    ['upstream_stream = "wss://a.example"', "f:1:1: upstream_stream: needs upstream"],
    ['upstream = "http://a.example"', "f:1:1: upstream: no option contains {venue}"],
    ['venue = "./f.ts"\n[options]\nurl = "http://a.example"', "f:1:1: venue: no option contains {venue}"],
    ['venue = "./f.ts"\nupstream = "http://a.example"', "f:2:1: upstream: set venue or upstream, not both"],
    ['network = false\n[options]\nurl = "{venue}"', "f:1:1: network: an adapter without a network reaches no venue"],
    ['network = false\ngrant = ["tcp:127.0.0.1:1"]', "f:1:1: network: an adapter without a network reaches no venue"],
  ])("certify.toml with %s is refused with its place", (text, message) => {
    expect(() => parseCertifySettings(text, "f")).toThrow(message);
  });
});

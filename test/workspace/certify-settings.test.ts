import { mkdtemp, writeFile } from "node:fs/promises";
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

  it("certification with a grant places no orders unless certify.toml has orders = true", () => {
    const grant = 'grant = ["tcp:127.0.0.1:4002"]';
    expect(parseCertifySettings(grant, "f").orders).toBe(false);
    expect(parseCertifySettings(`orders = true\n${grant}`, "f").orders).toBe(true);
    expect(parseCertifySettings("orders = false", "f").orders).toBe(false);
  });

  it.each([
    ['symbol = "A"\nsymbl = "B"', "f:2:1: symbl: "],
    ["quantity = 1", "f:1:1: quantity: "],
    ['quantity = "-1"', "f:1:1: quantity: must be a decimal in quotes"],
    ['grant = ["net"]', "f:1:1: grant[0]: must be tcp:host:port"],
    ['[auth]\napi_key = { env = "REAL" }', "f:2:1: auth.api_key: "],
    ["symbol = ", "f:1:10: not valid TOML"],
  ])("certify.toml with %s is refused with its place", (text, message) => {
    expect(() => parseCertifySettings(text, "f")).toThrow(message);
  });
});

/** `qoc:exchange`: one exchange of ccxt in the bundle of a connector, and what to type if it is not there. */
import { mkdir, mkdtemp, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { type Bundle, bundleAdapter } from "../../src/host/bundle.ts";
import { ALLOWED_BUILTINS } from "../../src/protocol/limits.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const CCXT = fileURLToPath(new URL("../../node_modules/ccxt", import.meta.url));
const ADAPTER = 'import { Exchange, id } from "qoc:exchange"; export default [Exchange, id];';

async function folder(ccxt?: "installed" | "5.0.0"): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "qoc-exchange-")));
  await writeFile(join(root, "desk.toml"), "");
  await writeFile(join(root, "adapter.ts"), ADAPTER);
  await mkdir(join(root, "node_modules"));
  if (ccxt === "installed") await symlink(CCXT, join(root, "node_modules/ccxt"));
  else if (ccxt !== undefined) {
    await mkdir(join(root, "node_modules/ccxt/js/src"), { recursive: true });
    await writeFile(join(root, "node_modules/ccxt/package.json"), JSON.stringify({ version: ccxt }));
  }
  return root;
}

function bundle(root: string, id?: string, cacheDir?: string): Promise<Bundle> {
  return bundleAdapter({
    connector: "coins",
    adapter: join(root, "adapter.ts"),
    disk: nodeDisk(),
    allowed: ALLOWED_BUILTINS,
    tcp: false,
    exchange: id === undefined ? undefined : { id, folders: [root] },
    cacheDir,
  });
}

async function messageOf(result: Promise<unknown>): Promise<string> {
  return result.then(
    () => "no error",
    (error: unknown) => (error instanceof QocError ? error.message : String(error)),
  );
}

describe("the bundle of a ccxt connector", () => {
  let root = "";
  beforeAll(async () => {
    root = await folder("installed");
  });

  it("has one exchange, and is kept apart from that of another exchange", async () => {
    const cacheDir = join(root, ".qoc/bundles");
    const [kraken, coinbase] = [await bundle(root, "kraken", cacheDir), await bundle(root, "coinbase", cacheDir)];
    const hosts = ["api.kraken.com", "api.coinbase.com", "api.binance.com"];
    expect(hosts.map((host) => kraken.code.includes(host))).toEqual([true, false, false]);
    // All of ccxt is 14 MB.
    expect(kraken.code.length).toBeLessThan(1_000_000);
    expect(coinbase.digest).not.toBe(kraken.digest);
    expect((await bundle(root, "kraken", cacheDir)).digest).toBe(kraken.digest);
    expect(await nodeDisk().list(cacheDir)).toHaveLength(2);
  });

  it("of a reviewed exchange lacks the parts of others that ccxt's base class loads, and only those", async () => {
    const [kraken, bybit] = [await bundle(root, "kraken"), await bundle(root, "bybit")];
    const parts = ["zklink/zklink-sdk-web", "dydx-v4-client/helpers", "protobuf/mexc", "@scure/starknet"];
    expect(parts.filter((part) => kraken.map.includes(part))).toEqual([]);
    expect(parts.filter((part) => bybit.map.includes(part))).toEqual(parts);
  });

  it("names a near exchange if ccxt has none of this name", async () => {
    expect(await messageOf(bundle(root, "krakn"))).toMatch(
      /ccxt 4\.\S+ has no exchange "krakn" \(did you mean kraken\?\)/,
    );
    // Only the names of files count: no path leads elsewhere.
    expect(await messageOf(bundle(root, "base/Exchange"))).toContain('has no exchange "base/Exchange"');
  });
});

it("without ccxt says what to type, and where", async () => {
  const root = await folder();
  const message = await messageOf(bundle(root, "binance"));
  expect(message).toContain("adapter.ts");
  expect(message).toContain(`package ccxt is not installed: run npm install ccxt@4 in ${root}`);
});

it("without a chosen exchange says where it is set", async () => {
  const root = await folder("installed");
  expect(await messageOf(bundle(root))).toContain(
    "set exchange in [connector.options], or in [options] of certify.toml",
  );
});

it("refuses a version that it was not written for", async () => {
  const root = await folder("5.0.0");
  expect(await messageOf(bundle(root, "binance"))).toContain(
    `is version 5.0.0, and this connector needs version 4: run npm install ccxt@4 in ${root}`,
  );
});

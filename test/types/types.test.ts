/** The SDK's types, with the repository's own strict options: from its source, and from the declarations that are published. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "qoc-sdk-types-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What tsc says of these files, where `@qoc-app/sdk` is that file of the repository. */
const compile = (sdk: string, files: readonly string[]): string => {
  const compilerOptions = { types: [], paths: { "@qoc-app/sdk": [`${ROOT}/${sdk}`] } };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: `${ROOT}/tsconfig.json`, compilerOptions, include: [], files }));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const tsc = spawnSync(process.execPath, [`${ROOT}/node_modules/typescript/bin/tsc`, "--noEmit", "-p", folder], { encoding: "utf8" });
  expect([tsc.status === 0, tsc.stderr]).toEqual([tsc.stdout === "", ""]);
  return tsc.stdout;
};

/** One statement each, on the second line of a file of its own; what tsc must say of it. */
const REFUSED: readonly (readonly [name: string, imports: string, statement: string, code: string])[] = [
  ["an amount that is a bigint", "Quote", 'export const x: Quote = { symbol: "X", bid: 1n, ask: 2, timestamp: 0 };', "TS2322"],
  ["a side in capitals", "Fill", 'export const x: Fill["side"] = "BUY";', "TS2820"],
  ["an acknowledgement without an id", "OrderAck", 'export const x: OrderAck = { status: "acknowledged" };', "TS2741"],
  ["an acknowledgement of another status", "OrderAck", 'export const x: OrderAck = { venueOrderId: "1", status: "accepted" };', "TS2322"],
  ["a status in another spelling", "OrderReport", 'export const x: OrderReport["status"] = "canceled";', "TS2820"],
  ["an unknown capability", "Capabilities", "export const x: Capabilities = { fast: true };", "TS2353"],
  ["an unknown kind of dedupe", "Capabilities", 'export const x: Capabilities = { clientIdDedupe: "daily" };', "TS2322"],
  ["an unknown mode", "Capabilities", 'export const x: Capabilities = { mode: "demo" };', "TS2322"],
  ["an account without its currency", "Account", "export const x: Account = { nav: 1, cash: 1, buyingPower: 1 };", "TS2741"],
  ["an SDK's number as text", "ConnectorClass", 'export const x: Pick<ConnectorClass, "sdk"> = { sdk: "1" };', "TS2322"],
  ["an adapter that is no class", "ConnectorClass", "export const x: ConnectorClass = () => undefined;", "TS2322"],
  ["a block without a reason", "GuardResult", 'export const x: GuardResult = { result: "block" };', "TS2322"],
  ["a guard without a key", "GuardAdapter", 'export const x: GuardAdapter = { description: "", evaluate: () => ({ result: "allow" }) };', "TS2741"],
  ["a secret that is awaited", "ConnectorContext", 'export const x = (ctx: ConnectorContext) => ctx.secret("a").then();', "TS2339"],
  ["an order's quantity that is text", "Order", 'export const x: Order["quantity"] = "1";', "TS2322"],
  ["an undefined limit price", "Order", 'export const x: Pick<Order, "limitPrice"> = { limitPrice: undefined };', "TS2375"],
];

describe.each([
  ["its source", "src/domain/sdk.ts"],
  ["the published declarations", "dist/src/domain/sdk.d.ts"],
])("the SDK's types, by %s", (_name, sdk) => {
  it("take every shape that is documented", () => {
    expect(compile(sdk, [`${ROOT}/test/types/sdk.types.ts`])).toBe("");
  });

  it("refuse each mistake, at its line and for its own reason", () => {
    const files = REFUSED.map(([, imports, statement], index) => {
      const file = join(folder, `case-${index}.ts`);
      writeFileSync(file, `import type { ${imports} } from "@qoc-app/sdk";\n${statement}\n`);
      return file;
    });
    const said = compile(sdk, files).split("\n");
    const found = REFUSED.map(([name], index) => {
      const lines = said.filter((line) => line.includes(`case-${index}.ts(`));
      return [name, lines.map((line) => /\((\d+),\d+\): error (TS\d+)/.exec(line)?.slice(1).join(" "))];
    });
    expect(found).toEqual(REFUSED.map(([name, , , code]) => [name, [`2 ${code}`]]));
  });
});

/** The kit's own venue speaks a dialect that an author brings, and says which faults are the dialect's. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { CASES } from "../../../src/conformance/cases.ts";
import type { Report } from "../../../src/conformance/report.ts";
import { CERTIFICATION_MS_MAX, withOutcome } from "../../support/certified.ts";
import { CERTIFY_DEPS } from "../../support/certify-deps.ts";
import { applyMistake } from "../broken/apply-mistake.ts";
import { TEMPLATE, sourceOf } from "../broken/test-mistakes.ts";

const DIALECT = readFileSync(fileURLToPath(new URL("example.ts", import.meta.url)), "utf8");
const SETTINGS = readFileSync(join(TEMPLATE, "certify.toml"), "utf8");

/** What the template changes to speak the format of example.ts. */
const EDITS = [
  ['authorization: `Bearer ${this.ctx.secret("api_key")}`', '"x-api-key": this.ctx.secret("api_key")'],
  [
    '`${String(this.ctx.options["url"])}${path}`, init',
    '`${String(this.ctx.options["url"])}/api/v1${path}`, { ...init, redirect: "error" }',
  ],
  ["(JSON.parse(text) as unknown)", "(JSON.parse(text) as { result?: unknown }).result"],
  ['const key = encodeURIComponent(this.ctx.secret("api_key"));', ""],
  [
    'const stream = new WebSocket(`${String(this.ctx.options["stream"])}?key=${key}`);',
    'const stream = new WebSocket(String(this.ctx.options["stream"]));\n      stream.addEventListener("open", () => ' +
      'stream.send(JSON.stringify({ op: "auth", key: this.ctx.secret("api_key") })));',
  ],
] as const;

/** What the template and example.ts change for a venue that lists all instruments in one answer. */
const LISTED = [
  ["const path = `/instruments/${encodeURIComponent(symbol)}`;", 'const path = "/instruments";'],
  [
    "const instrument = await this.getOrNull<{ tick_size: string; lot_size: string; currency: string }>(path);",
    "const all = await this.get<Record<string, { tick_size: string; lot_size: string; currency: string }>>(path);\n" +
      "    const instrument = all[symbol] ?? null;",
  ],
] as const;
const LISTING_DIALECT = DIALECT.replace(
  'return { route: "instrument", symbol: id };',
  'return { route: "instruments" };',
).replace(
  '    case "placed":',
  `    case "instruments": {
      const { steps, currency } = outcome;
      const all = Object.entries(steps).map(([symbol, one]) => [symbol, { ...one, currency }]);
      return envelope(200, Object.fromEntries(all));
    }
    case "placed":`,
);

async function certify(
  dialect: string,
  only: readonly string[],
  more: readonly (readonly [string, string])[] = [],
): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "qoc-dialect-"));
  cpSync(TEMPLATE, folder, { recursive: true });
  const adapter = applyMistake(sourceOf(TEMPLATE), {
    name: "example",
    description: "",
    edits: [...EDITS, ...more],
    caughtBy: [],
  });
  writeFileSync(join(folder, "index.ts"), adapter);
  writeFileSync(join(folder, "dialect.ts"), dialect);
  writeFileSync(join(folder, "certify.toml"), `dialect = "./dialect.ts"\n${SETTINGS}`);
  return certifyAdapter(CERTIFY_DEPS, { target: folder, from: folder, only }, { line: () => undefined });
}

describe("an author's dialect", () => {
  it("is tried by the cases of the kit's own venue", { timeout: CERTIFICATION_MS_MAX }, async () => {
    const groups = ["quotes", "account", "orders", "fills", "cancel"];
    const faults = ["C01", "C57", "C60", "C65", "C69", "C77", "C99", "C100", "C139", "C140", "C141", "C142", "C146"];
    const only = CASES.filter(({ id, group }) => groups.includes(group) || faults.includes(id)).map(({ id }) => id);
    const report = await certify(DIALECT, only);
    expect(withOutcome(report, "failed").join("; ")).toBe("");
    expect(withOutcome(report, "untried").join("; ")).toBe("");
    expect(withOutcome(report, "skipped").map((text) => text.split(":")[0])).toEqual([
      "C131",
      "C132",
      "C133",
      "C134",
      "C137",
      "C152",
      "C153",
    ]);
    expect(report.summary).toContain("C131 C152 not possible at this venue");
  });

  it("may list all instruments in one answer, whose faults and steps are tried", async () => {
    const report = await certify(LISTING_DIALECT, ["C18", "C19", "C94", "C107"], LISTED);
    expect(report.cases.map(({ id, outcome }) => [id, outcome])).toEqual(
      ["C18", "C19", "C94", "C107"].map((id) => [id, "passed"]),
    );
  });

  it.each([
    [
      "a function that throws",
      "function read(",
      "function read(): never { throw new Error('no route'); }\nfunction unused(",
      /dialect\.ts:\d+:\d+: read: no route/,
    ],
    ["an unknown command", 'route: "quote"', 'route: "price"', /dialect\.ts: read returned .*"route":"price"/],
    ["a trait that is no amount", '"49.07"', "49.07", /dialect\.ts: traits returned .* limitOrders\.0\.limit/],
    ["a missing function", "  converse,\n  event,", "  event,", /dialect\.ts has no hook converse/],
  ])("is at fault for %s, and not the adapter", async (_name, find, by, reason) => {
    expect(DIALECT).toContain(find);
    const [report] = (await certify(DIALECT.replace(find, by), ["C02", "C11"])).cases.slice(1);
    expect(report?.outcome).not.toBe("passed");
    expect(report?.reason).toMatch(reason);
    expect(report?.reason).not.toMatch(/the adapter does not/);
  });
});

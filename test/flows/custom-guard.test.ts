/** A custom guard in a whole desk: the documented example, and a guard that hangs. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { readConfig } from "../../src/workspace/config.ts";
import { type TempDesk, type TempDeskOptions, discard, tempDesk } from "../support/temp-desk.ts";

interface Proposed {
  id: string;
  digest: string;
  verdict: { decision: string; reasons: { guard: string; code: string; message: string }[] };
}

const EXAMPLE = readFileSync(
  fileURLToPath(new URL("../../examples/guards/max-sector-concentration.ts", import.meta.url)),
  "utf8",
);
const KEY = "max-sector-concentration";
const PATH = "src/guards/max-sector-concentration.ts";
const GUARD = `
[[guard]]
key = "${KEY}"
adapter = "./${PATH}"
max_pct = 4.0
  [guard.sector_map]
  AAPL = "Information Technology"
  MSFT = "Information Technology"
  SPX = "Index"
`;
function fast(text: string): string {
  return text.replace("bar_seconds = 2", "bar_seconds = 0.4");
}
const limit = {
  connector: "paper",
  side: "buy",
  symbol: "SPX",
  quantity: "10",
  type: "limit",
  limitPrice: "3000",
  rationale: "TEXT",
};

let desk: TempDesk | undefined;
async function start(guard: string, files: TempDeskOptions["files"] = {}): Promise<TempDesk> {
  desk = await tempDesk({ config: (text) => `${fast(text)}${guard}`, files });
  return desk;
}
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});
function guardsOf({ verdict }: Proposed): string[] {
  return verdict.reasons.map((reason) => reason.guard);
}

describe("the documented sector guard", () => {
  it("a custom guard is read from desk.toml with its path and options", () => {
    const { guards } = readConfig(GUARD, "/desk/desk.toml");
    expect(guards).toEqual([
      {
        kind: "custom",
        line: 2,
        key: KEY,
        enabled: true,
        adapter: `/desk/${PATH}`,
        options: {
          max_pct: 4,
          sector_map: { AAPL: "Information Technology", MSFT: "Information Technology", SPX: "Index" },
        },
      },
    ]);
    expect(readConfig(GUARD.replace("max_pct", "enabled = false\nmax_pct"), "/desk/desk.toml").guards).toMatchObject([
      { enabled: false },
    ]);
  });

  it("the sector guard allows an order under its limit, and counts positions and open orders afterwards", async () => {
    const { call, reaches } = await start(GUARD, { [PATH]: EXAMPLE });
    const first = await call<Proposed>("orders propose", limit);
    expect(first.verdict).toEqual({ decision: "allow", reasons: [] });
    await call("approve", { id: first.id, digest: first.digest });
    await reaches(first.id, "filled", "accepted", "partially_filled");
    // Positions and open orders are 3 % of NAV; another 1.5 % would exceed the limit of 4 %.
    const second = await call<Proposed>("orders propose", { ...limit, quantity: "5", limitPrice: "3001" });
    expect(guardsOf(second)).toContain(KEY);
    const reason = second.verdict.reasons.find(({ guard }) => guard === KEY);
    expect(reason?.message).toMatch(/^Index would be \d\.\d\d % of NAV; the limit is 4\.00 %$/);
  });

  it("the sector guard blocks an order over its limit, with its reason in the verdict and at the approval", async () => {
    const { call } = await start(GUARD, { [PATH]: EXAMPLE });
    const proposed = await call<Proposed>("orders propose", { ...limit, quantity: "15" });
    expect(proposed.verdict).toMatchObject({
      decision: "block",
      reasons: [
        { guard: KEY, code: "CUSTOM_GUARD_BLOCKED", message: "Index would be 4.50 % of NAV; the limit is 4.00 %" },
      ],
    });
    const shown = await call<{ verdicts: unknown[] }>("orders show", { id: proposed.id });
    expect(JSON.stringify(shown.verdicts)).toContain("Index would be 4.50 % of NAV");
    await expect(call("approve", { id: proposed.id, digest: proposed.digest })).rejects.toMatchObject({
      code: "GUARD_BLOCKED",
      message: expect.stringContaining("Index would be 4.50 % of NAV"),
    });
  });

  it("the sector guard blocks a symbol whose sector is unknown", async () => {
    const { call } = await start(GUARD.replace("SPX =", "XOM ="), { [PATH]: EXAMPLE });
    const proposed = await call<Proposed>("orders propose", limit);
    expect(proposed.verdict.reasons).toMatchObject([
      { guard: KEY, message: "sector_map does not name the sector of SPX" },
    ]);
  });

  it("a custom guard with invalid options or a missing file blocks every order, unless it is disabled", async () => {
    const wrong = await start(GUARD.replace("4.0", '"4 %"'), { [PATH]: EXAMPLE });
    expect((await wrong.call<Proposed>("orders propose", limit)).verdict.reasons).toMatchObject([
      { guard: KEY, code: "GUARD_ERROR", message: `${KEY} failed: max_pct must be a number of percent such as 30.0` },
    ]);
    await wrong.stop();
    await discard(wrong);
    const missing = await start(GUARD);
    const proposed = await missing.call<Proposed>("orders propose", limit);
    expect(proposed.verdict.reasons[0]?.message).toContain(`${missing.root}/${PATH} does not exist`);
    await missing.stop();
    await discard(missing);
    const off = await start(GUARD.replace("max_pct", "enabled = false\nmax_pct"));
    expect((await off.call<Proposed>("orders propose", limit)).verdict.decision).toBe("allow");
  });
});

describe("a guard that hangs", () => {
  it("a guard that hangs blocks its order at its timeout, while the desk answers and later evaluates the next order", async () => {
    const source = `export default class {
      key = "slow"; description = "hangs on one symbol";
      evaluate(order) { if (order.symbol === "AAPL") for (;;); return { result: "allow" }; }
    }`;
    const { call } = await start('\n[[guard]]\nkey = "slow"\nadapter = "./slow.ts"\n', { "slow.ts": source });
    const started = performance.now();
    const hung = call<Proposed>("orders propose", { ...limit, symbol: "AAPL", quantity: "1", limitPrice: "100" });
    // The desk answers while the guard hangs.
    const quote = await call<{ symbol: string }>("quotes get", { symbol: "SPX" });
    const during = performance.now() - started;
    expect(quote.symbol).toBe("SPX");
    expect((await hung).verdict.reasons).toContainEqual(
      expect.objectContaining({ guard: "slow", code: "GUARD_NO_ANSWER", message: "slow did not answer in 1000 ms" }),
    );
    expect(during).toBeLessThan(performance.now() - started);
    const next = await call<Proposed>("orders propose", limit);
    expect(next.verdict).toEqual({ decision: "allow", reasons: [] });
  });
});

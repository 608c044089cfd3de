/** A guard of the operator's own through a whole desk: the documented example, and one that hangs. */
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
  it("is read from desk.toml with its path and options", () => {
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

  it("lets an order through that stays under its limit, and counts what is held and open afterwards", async () => {
    const { call, reaches } = await start(GUARD, { [PATH]: EXAMPLE });
    const first = await call<Proposed>("orders propose", limit);
    expect(first.verdict).toEqual({ decision: "allow", reasons: [] });
    await call("approve", { id: first.id, digest: first.digest });
    await reaches(first.id, "filled", "accepted", "partially_filled");
    // 3 % of NAV is held or open; another 1.5 % would be over the 4 %.
    const second = await call<Proposed>("orders propose", { ...limit, quantity: "5", limitPrice: "3001" });
    expect(guardsOf(second)).toContain(KEY);
    const reason = second.verdict.reasons.find(({ guard }) => guard === KEY);
    expect(reason?.message).toMatch(/^Index would be \d\.\d\d % of NAV; the limit is 4\.00 %$/);
  });

  it("blocks an order over its limit with its reason, which the verdict lists and the approval meets again", async () => {
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

  it("blocks a symbol whose sector is not known", async () => {
    const { call } = await start(GUARD.replace("SPX =", "XOM ="), { [PATH]: EXAMPLE });
    const proposed = await call<Proposed>("orders propose", limit);
    expect(proposed.verdict.reasons).toMatchObject([
      { guard: KEY, message: "sector_map does not name the sector of SPX" },
    ]);
  });

  it("blocks every order where its options are wrong, where its file is missing, and not where it is switched off", async () => {
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
  it("blocks its own order in its time; the desk answers meanwhile, and the next order is judged", async () => {
    const source = `export default class {
      key = "slow"; description = "hangs on one symbol";
      evaluate(order) { if (order.symbol === "AAPL") for (;;); return { result: "allow" }; }
    }`;
    const { call } = await start('\n[[guard]]\nkey = "slow"\nadapter = "./slow.ts"\n', { "slow.ts": source });
    const started = performance.now();
    const hung = call<Proposed>("orders propose", { ...limit, symbol: "AAPL", quantity: "1", limitPrice: "100" });
    // The desk itself answers while the guard hangs.
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

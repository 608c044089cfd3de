/** The documented order files on a desk whose venue lists NASDAQ, quotes AAPL near the limit and holds it. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, protect, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterFixture("fixed-price");

/** The YAML of the page, up to `pending_approval`; the sentence after it is not part of the file. */
const YAML = `action: sell
symbol: AAPL
quantity: 50
order_type: limit
limit_price: 192.40
venue: NASDAQ
rationale: >
  Trimming 20 % of AAPL position after earnings beat.
  Position exceeds target weight by 1.8 pp post-move.
  See research/2026-07-05-aapl-earnings.md for analysis.
proposed_by: agent-run-20260705T0830Z
status: pending_approval`;

const TOML = `# Proposed by agent at 2026-07-05T14:22:00Z
# Task: rebalance-equities (issue #42)
[order]
connector     = "main-equities"
symbol        = "AAPL"
side          = "buy"
quantity      = 50
type          = "limit"
limit_price   = 211.40
time_in_force = "day"
[rationale]
summary      = "..."
research_ref = "research/2026-07-05-aapl-rebalance.md"
`;

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

function open(price: number, files: Record<string, string>): Promise<TempDesk> {
  return tempDesk({
    env: { VENUE_KEY: "nasdaq-secret-1" },
    files: { "src/nasdaq.ts": VENUE, ...files },
    config: (text) =>
      `${text}\n[[connector]]\nname = "main-equities"\ntype = "custom"\nadapter = "./src/nasdaq.ts"\nvenues = ["NASDAQ"]\nfirst_order_notional = "20000"\n  [connector.options]\n  price = ${price}\n  [connector.auth]\n  api_key = { env = "VENUE_KEY" }\n`,
  });
}

interface Shown {
  id: string;
  state: string;
  digest: string;
  path: string;
  terms: Record<string, string>;
  review: { decision: string; checks: unknown[] };
}

describe("documented order files", () => {
  it.each([
    [
      "the YAML of the command-line page",
      192.4,
      "orders/pending/20260705-aapl-trim.yaml",
      YAML,
      "20260705-aapl-trim",
      "sell",
    ],
    [
      "the YAML as the page's text has it, without its indentation",
      192.4,
      "orders/proposed/20260705-aapl-trim.yaml",
      YAML.replaceAll(/^ +/gm, ""),
      "20260705-aapl-trim",
      "sell",
    ],
    [
      "the TOML of the orders page",
      211.3,
      "orders/proposed/2026-07-05T14-22-00Z_AAPL_buy.toml",
      TOML,
      "2026-07-05T14-22-00Z_AAPL_buy",
      "buy",
    ],
  ])("%s is approved and filled", async (_name, price, path, text, id, side) => {
    desk = await open(price, { [path]: text });
    const listed = await desk.call<{ proposals: unknown[] }>("status");
    expect(listed.proposals).toMatchObject([{ id, decision: "allow", needs: "approval" }]);
    const shown = await desk.call<Shown>("orders show", { id: path });
    expect(shown).toMatchObject({
      id,
      state: "proposed",
      terms: { connector: "main-equities", side, quantity: "50", mode: "unstated" },
    });
    expect(shown.review.decision, JSON.stringify(shown.review.checks)).toBe("allow");
    // Its connector does not state a mode, so the live key signs.
    await protect(desk);
    await desk.call("approve", { id, digest: shown.digest });
    await desk.reaches(id, "filled");
    await desk.settled();
    const filed = desk.read(`orders/executed/${path.split("/").at(-1)}`);
    expect(filed.startsWith(text)).toBe(true);
    expect(filed).toContain("# filled 50 @ ");
  });

  it("each order file matches the page it was copied from", () => {
    let page: string;
    try {
      page = readFileSync(new URL("../../../shared/seeds/cli-injection.txt", import.meta.url), "utf8");
    } catch {
      console.warn("skipped: the documentation pages are not beside the project");
      return;
    }
    const squeeze = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
    expect(squeeze(page)).toContain(squeeze(YAML));
  });

  it("the connector's secret is not in its log", async () => {
    const env = { VENUE_KEY: "nasdaq-secret-1" };
    desk = await open(192.4, {});
    await desk.open.logs.flush();
    const logs = await desk.services.readLogs({ tail: 100, connector: "main-equities" });
    expect(JSON.stringify(logs)).toContain("connected with 15 characters");
    expect(JSON.stringify(logs)).not.toContain(env.VENUE_KEY);
  });
});

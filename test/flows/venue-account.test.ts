/** The venue's statement of its mode and account is pinned, and another statement refuses the connector. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { bookSums } from "../../src/commands/rendering/positions.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

const LIVE = { mode: "live", environment: "production", accountId: "U1" };
const PAPER = { mode: "paper", environment: "sandbox", accountId: "P1" };

function venue(report: object): string {
  return adapterFixture("scripted-venue")
    .replace("connect(ctx: ConnectorContext): Promise<void>", "connect(ctx: ConnectorContext): Promise<ConnectReport>")
    .replace("String(value));\n", `String(value));\n    return ${JSON.stringify(report)};\n`)
    .replace("ConnectorAdapter,", "ConnectorAdapter,\n  ConnectReport,");
}
function config(mode: string): string {
  return `[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\n${mode}\n`;
}
async function open(report: typeof LIVE, mode = "", again?: TempDesk): Promise<TempDesk> {
  desk = await tempDesk({
    hasLiveKey: report.mode === "live",
    config: () => config(mode),
    files: { "venue.ts": venue(report) },
    ...(again === undefined ? {} : { again }),
  });
  return desk;
}
function status(of: TempDesk) {
  return of.open.fleet.venues.status().find(({ name }) => name === "broker");
}
describe("a venue that says live", () => {
  it("makes the connector live, in a process of its own, though desk.toml states no mode", async () => {
    const opened = await open(LIVE, `${LIVE_LINES}${LIVE_GUARD}`);
    await expect.poll(() => status(opened)?.state).toBe("ready");
    expect(status(opened)).toMatchObject({ mode: "live", isolation: "process", connection: LIVE });
    const order = { connector: "broker", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100" };
    const { id, digest } = await opened.call<{ id: string; digest: string }>("orders propose", {
      ...order,
      rationale: "x",
    });
    expect(await opened.call("orders show", { id })).toMatchObject({ terms: { mode: "live" } });
    await expect(opened.call("approve", { id, digest }, { actor: "human" })).rejects.toMatchObject({
      code: "SIGNATURE_REQUIRED",
      details: { key: "live" },
    });
  });

  it("is refused if desk.toml says paper", async () => {
    const opened = await open(LIVE, 'mode = "paper"');
    expect(status(opened)).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("desk.toml says paper, and the venue says live (production)") as string,
    });
  });
});

describe("the account of a connector", () => {
  it("is in the journal, and the connector does not start with another one", async () => {
    const opened = await open(PAPER, 'mode = "paper"');
    expect(status(opened)).toMatchObject({ state: "ready", connection: PAPER });
    await opened.settled();
    const lines = readFileSync(`${opened.root}/.qoc/journal/000001.ndjson`, "utf8").trim().split("\n");
    const records = lines.map((line) => JSON.parse(line) as { type: string; state?: string; accountId?: string });
    expect(records.find(({ type, state }) => type === "connector.changed" && state === "ready")).toMatchObject({
      accountId: "P1",
    });
    await opened.write("venue.ts", venue({ ...PAPER, accountId: "P2" }));
    await opened.call("connectors restart", { name: "broker" });
    const refused = {
      state: "quarantined",
      lastError: expect.stringContaining(
        "the venue says account P2; its orders and positions belong to account P1",
      ) as string,
    };
    expect(status(opened)).toMatchObject(refused);
    await opened.stop();
    const again = await open({ ...PAPER, accountId: "P2" }, 'mode = "paper"', opened);
    await again.call("connectors restart", { name: "broker" });
    expect(status(again)).toMatchObject(refused);
    await again.write("venue.ts", venue(PAPER));
    await again.call("connectors restart", { name: "broker" });
    expect(status(again)).toMatchObject({ state: "ready" });
  });

  it.each(["worker", "process"])("is named at each start, once it was named (%s)", async (isolation) => {
    const opened = await open(PAPER, `mode = "paper"\nisolation = "${isolation}"`);
    await expect.poll(() => status(opened)?.state).toBe("ready");
    await opened.write("venue.ts", adapterFixture("scripted-venue"));
    await opened.call("connectors restart", { name: "broker" });
    expect(status(opened)).toMatchObject({
      state: "quarantined",
      lastError: expect.stringContaining("the venue says account none; its orders and positions belong to") as string,
    });
  });
});

describe("two connectors of one account", () => {
  const tables = ["first", "second"]
    .map((name) => `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`)
    .join("");
  const stateOf = (of: TempDesk, name: string) => of.open.fleet.venues.status().find((found) => found.name === name);

  it("the second is refused by name, and the first keeps its account at each start", async () => {
    desk = await tempDesk({ config: () => tables, files: { "venue.ts": venue(PAPER) } });
    const [ready] = desk.open.fleet.venues.status().filter(({ state }) => state === "ready");
    const [refused] = desk.open.fleet.venues.status().filter(({ state }) => state === "quarantined");
    expect(refused?.lastError).toContain(`it reaches account P1, which connector ${ready?.name} trades`);
    const { checks } = await desk.call<{ checks: { name: string; status: string; message: string }[] }>("doctor");
    expect(checks.find(({ name }) => name === `connector ${refused?.name}`)).toMatchObject({
      status: "fail",
      message: expect.stringContaining("money counts once") as string,
    });
    const status = await desk.call<{ connectors: { name: string; untrusted: { text: string } | null }[] }>("status");
    expect(status.connectors.find(({ name }) => name === refused?.name)?.untrusted?.text).toContain(
      "money counts once",
    );
    await desk.stop();
    desk = await tempDesk({ again: desk, config: () => tables, files: { "venue.ts": venue(PAPER) } });
    expect(stateOf(desk, ready?.name ?? "")).toMatchObject({ state: "ready" });
    expect(stateOf(desk, refused?.name ?? "")).toMatchObject({ state: "quarantined" });
  });

  it("of which one is data only both start, and their money counts once", async () => {
    const second = tables.replace('name = "second"\n', 'name = "second"\norders = false\n');
    desk = await tempDesk({ config: () => second, files: { "venue.ts": venue(PAPER) } });
    expect(desk.open.fleet.venues.status().map(({ state }) => state)).toEqual(["ready", "ready"]);
    const { book } = await desk.call<StatusView>("status");
    const accounts = book.accounts.toSorted((a, b) => a.connector.localeCompare(b.connector));
    expect(accounts.map(({ connector, sharedWith, isInSum }) => [connector, sharedWith, isInSum])).toEqual([
      ["first", null, true],
      ["second", "first", false],
    ]);
    expect(book.nav).toBe(accounts[0]?.nav);
    expect(bookSums(book, { isTty: true, columns: 80, paint: (_shade, text) => text }).join("\n")).toContain(
      "! second: the same account as first; it counts once",
    );
    const { checks } = await desk.call<{ checks: { name: string; message: string }[] }>("doctor");
    expect(checks.map(({ message }) => message)).toContain("it reaches the same account as first, which counts once");
  });
});

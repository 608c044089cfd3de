/**
 * desk.toml is edited while the desk is down, and the desk is started again: what loosens a live connector or a guard
 * is not in force until the operator signs it.
 */
import type { ConfigNotice } from "../../src/domain/status-view.ts";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DoctorCheck } from "../../src/trading/doctor.ts";
import type { ReloadReport } from "../../src/trading/config/reload-config.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, protect, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterFixture("scripted-venue");
const BROKER = `
[[connector]]
name = "broker"
type = "custom"
adapter = "./venue.ts"
mode = "live"
isolation = "process"
hosts = ["api.example.com"]
  [connector.options]
  base = "https://api.example.com"
`;
const GUARDS = `
[[guard]]
key = "max-order-notional"
max_notional = 1000
[[guard]]
key = "symbol-denylist"
symbols = ["BAD"]
`;
const FILES = { "venue.ts": VENUE, "other.ts": VENUE };

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

/** A desk that is up with a signed live connector, or again with another desk.toml. */
async function open(config: string, again?: TempDesk): Promise<TempDesk> {
  desk = await tempDesk({ config: () => config, files: again === undefined ? FILES : {}, ...(again && { again }) });
  return desk;
}
async function edited(before: string, after: string): Promise<TempDesk> {
  const first = await open(before);
  await first.stop();
  return open(after, first);
}

interface Status {
  connectors: { name: string; state: string; mode: string; isolation: string }[];
  config: ConfigNotice[];
}
async function notices(of: TempDesk): Promise<Record<string, readonly string[]>> {
  const { config } = await of.call<Status>("status");
  return Object.fromEntries(config.map(({ kind, changes }) => [kind, changes]));
}
interface Draft {
  readonly id: string;
  readonly digest: string;
  readonly refusal: unknown;
}
async function propose(of: TempDesk, connector: string, symbol = "AAA"): Promise<Draft> {
  const order = { connector, side: "buy", symbol, quantity: "1", type: "limit", limitPrice: "100", rationale: "x" };
  return of.call("orders propose", order);
}
function running(of: TempDesk, name: string) {
  return of.open.desk.config.connectors.find((connector) => connector.name === name);
}

describe("an edit of a live connector while the desk is down", () => {
  it("mode = paper and no guards: the order is live, needs the passphrase, and status, doctor and verify tell", async () => {
    const paper = BROKER.replace('mode = "live"', 'mode = "paper"');
    const again = await edited(BROKER + GUARDS, paper);
    const { connectors } = await again.call<Status>("status");
    expect(connectors).toMatchObject([{ name: "broker", mode: "live" }]);
    expect((await notices(again))["waiting"]).toEqual([
      'connector.broker.mode "live" → "paper"',
      "guard.max-order-notional is removed",
      "guard.symbol-denylist is removed",
    ]);
    const { checks } = await again.call<{ checks: DoctorCheck[] }>("doctor");
    expect(checks.find(({ name }) => name === "desk.toml")).toMatchObject({
      status: "fail",
      message: expect.stringContaining('connector.broker.mode "live" → "paper"') as string,
      fix: expect.stringContaining("qoc reload") as string,
    });
    expect(await again.call("journal verify")).toMatchObject({ ok: true, waiting: 3 });
    const { id, digest } = await propose(again, "broker");
    expect(await again.call("orders show", { id })).toMatchObject({ terms: { mode: "live" } });
    await expect(again.call("approve", { id, digest })).rejects.toMatchObject({
      code: "RULES_CHANGED",
      exit: 3,
      details: { reason: expect.stringContaining("guard.max-order-notional is removed") as string },
    });
    // The guards are put back: the order needs the live key still.
    await again.write("desk.toml", paper + GUARDS);
    await expect(again.call("approve", { id, digest }, { actor: "human" })).rejects.toMatchObject({
      code: "SIGNATURE_REQUIRED",
      details: { key: "live" },
    });
  });

  it("a stricter file takes force by itself, and is journaled without a signature", async () => {
    const again = await edited(BROKER + GUARDS, BROKER + GUARDS.replace("1000", "900"));
    expect(again.open.desk.config.guards[0]).toMatchObject({ options: { max_notional: expect.anything() as unknown } });
    expect(await notices(again)).toEqual({});
    const record = journal(again).findLast(({ type }) => type === "config.accepted");
    expect(record).toMatchObject({
      changes: [
        { path: "guard.max-order-notional.max_notional", before: '"1000"', after: '"900"', effect: "tightens" },
      ],
    });
    expect(record).not.toHaveProperty("authority");
  });

  it("of one file, what tightens takes force and what loosens waits", async () => {
    const again = await edited(
      BROKER + GUARDS,
      BROKER.replace('"process"', '"worker"') + GUARDS.replace("1000", "900"),
    );
    expect((await notices(again))["waiting"]).toEqual(['connector.broker.isolation "process" → "worker"']);
    expect(journal(again).findLast(({ type }) => type === "config.accepted")).toMatchObject({
      changes: [{ path: "guard.max-order-notional.max_notional" }],
    });
  });

  it("the same desk.toml again journals nothing", async () => {
    const again = await edited(BROKER, `# comment\n${BROKER}`);
    expect(journal(again).filter(({ type }) => type === "config.accepted")).toHaveLength(2);
    expect(await notices(again)).toEqual({ "no-guards": [] });
  });

  it("a removed live connector comes back live, whatever its table says, and under another name waits", async () => {
    const removed = await edited(BROKER, GUARDS);
    expect(running(removed, "broker")).toBeUndefined();
    await removed.stop();
    const back = await open(GUARDS + BROKER.replace('mode = "live"', 'mode = "paper"'), removed);
    expect(running(back, "broker")).toBeUndefined();
    expect(await notices(back)).toMatchObject({ waiting: [expect.stringContaining("connector.broker is new")] });
    await back.stop();
    const renamed = BROKER.replace('"broker"', '"demo"').replace('mode = "live"', 'mode = "paper"');
    const other = await open(GUARDS + renamed, back);
    expect(running(other, "demo")).toBeUndefined();
    expect(await notices(other)).toMatchObject({ waiting: [expect.stringContaining("connector.demo is new")] });
  });

  it("a connector whose adapter said live stays live, though the adapter says it no more", async () => {
    const says = (mode: string): string => VENUE.replace("Capabilities = {}", `Capabilities = { mode: "${mode}" }`);
    const config = '[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\n';
    desk = await tempDesk({ config: () => config, files: { "venue.ts": says("live") } });
    const first = desk;
    await first.stop();
    await first.write("venue.ts", says("paper"));
    const again = await open(config, first);
    await protect(again);
    await again.call("reload");
    await again.call("connectors restart", { name: "broker" });
    expect((await again.call<Status>("status")).connectors).toMatchObject([{ state: "ready", mode: "live" }]);
  });

  it("a custom guard's changed file blocks every order until it is signed", async () => {
    const guard = (body: string): string =>
      `import type { GuardAdapter } from "@qoc-app/sdk";\nexport default class implements GuardAdapter { check() { ${body} } }\n`;
    const config = `${BROKER}[[guard]]\nkey = "mine"\nadapter = "./guard.ts"\n`;
    desk = await tempDesk({
      config: () => config,
      files: { ...FILES, "guard.ts": guard('return { allow: false, reason: "no" };') },
    });
    const first = desk;
    await first.stop();
    await first.write("guard.ts", guard("return { allow: true };"));
    const again = await open(config, first);
    const { verdict } = await again.call<{ verdict: { reasons: { message: string }[] } }>("orders propose", {
      ...{ connector: "broker", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100" },
      rationale: "x",
    });
    expect(JSON.stringify(verdict)).toContain("its file changed and is not accepted");
    expect((await notices(again))["waiting"]).toEqual([expect.stringContaining("guard.mine.code")]);
  });
});

describe("one edit of a live connector while the desk is down", () => {
  /** The accepted table stays in force, so that every row starts from the same desk. */
  let first: TempDesk;
  beforeAll(async () => {
    first = await tempDesk({ config: () => BROKER, files: FILES });
    await first.stop();
  });
  afterEach(async () => {
    await desk?.stop();
    desk = undefined;
  });
  afterAll(() => discard(first));

  it.each([
    ["the mode is removed", ['mode = "live"', ""], { mode: "live" }],
    ["another base URL", ["https://api", "https://evil"], { options: { base: "https://api.example.com" } }],
    ["another host", ['"api.example.com"]', '"evil.example.com"]'], { hosts: ["api.example.com"] }],
    ["no hosts", ['hosts = ["api.example.com"]', ""], { hosts: ["api.example.com"] }],
    ["worker isolation", ['"process"', '"worker"'], { isolation: "process" }],
    ["a grant", ["hosts", 'grant = ["tcp:h:1"]\nhosts'], { grant: [] }],
    ["another adapter", ["./venue.ts", "./other.ts"], { adapter: expect.stringMatching(/\/venue\.ts$/) as string }],
    ["a secret", ["hosts", 'auth = { k = "env:K" }\nhosts'], { auth: {} }],
  ])("%s is not in force", async (_, [from, to], inForce) => {
    const again = await open(BROKER.replace(from ?? "", to ?? ""), first);
    expect(running(again, "broker")).toMatchObject(inForce);
    expect((await notices(again))["waiting"]).toHaveLength(1);
  });
});

function journal(of: TempDesk): { type: string; [name: string]: unknown }[] {
  const text = readFileSync(`${of.root}/.qoc/journal/000001.ndjson`, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
}

describe("a new desk", () => {
  it("pins its first file without a question, up to its live connectors", async () => {
    desk = await tempDesk({ config: (template) => template + BROKER, files: FILES, accept: false });
    expect(running(desk, "broker")).toBeUndefined();
    expect(await notices(desk)).toMatchObject({ waiting: [expect.stringContaining("connector.broker is new")] });
    expect(journal(desk).map(({ type }) => type)).toEqual(
      expect.arrayContaining(["config.accepted", "config.waiting"]),
    );
    await expect(desk.call("reload")).rejects.toMatchObject({ code: "KEY_REQUIRED" });
    await protect(desk);
    expect(await desk.call<ReloadReport>("reload")).toMatchObject({ accepted: true, restart: [] });
    await desk.open.fleet.settled();
    expect((await desk.call<Status>("status")).connectors).toMatchObject([
      { name: "paper" },
      { name: "broker", mode: "live" },
    ]);
    expect(await notices(desk)).toEqual({});
  });

  it("with a desk.toml that does not fit into a record of the journal does not start", async () => {
    const long = `[risk]\n${Array.from({ length: 3_000 }, (_, n) => `key_${n} = "${"x".repeat(50)}"`).join("\n")}\n`;
    await expect(tempDesk({ config: () => long })).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
  });
});

describe("qoc reload while the desk is up", () => {
  const WIDER = GUARDS.replace("1000", "2000");
  const PAPER = '[[connector]]\nname = "paper"\ntype = "paper"\n';

  it("an edited guard is not in force, nothing is approved, and the reload puts it in force", async () => {
    const opened = await open(PAPER + GUARDS);
    const { id, digest, refusal: before } = await propose(opened, "paper", "SPX");
    expect(before).toBeNull();
    await opened.write("desk.toml", PAPER + WIDER);
    expect(await propose(opened, "paper", "SPX")).toMatchObject({
      verdict: { decision: "allow" },
      refusal: { code: "RULES_CHANGED", hint: expect.stringContaining("qoc reload") as string },
    });
    expect((await notices(opened))["waiting"]).toEqual(['guard.max-order-notional.max_notional "1000" → "2000"']);
    const refusal = { code: "RULES_CHANGED", details: { next: expect.stringContaining("qoc reload") as string } };
    await expect(opened.call("approve", { id, digest })).rejects.toMatchObject(refusal);
    expect(await opened.call("approve", { id, review: true })).toMatchObject({
      review: { decision: "allow" },
      refusal,
    });
    expect(await opened.call("orders show", { id })).toMatchObject({
      review: { warnings: expect.arrayContaining([expect.stringContaining("is not in force")]) as string[] },
    });
    expect(await opened.call<ReloadReport>("reload")).toMatchObject({
      accepted: true,
      changes: [{ effect: "loosens" }],
      restart: [],
    });
    expect(await notices(opened)).toEqual({});
    expect(await opened.call("approve", { id, digest })).toMatchObject({ state: "accepted" });
    expect(await opened.call("journal verify")).toMatchObject({ ok: true });
    expect(await opened.call<ReloadReport>("reload")).toMatchObject({ accepted: false, changes: [] });
  });

  it("run says that the agent and the guards of desk.toml are not in force, before the agent starts", async () => {
    const opened = await open(PAPER + GUARDS);
    await opened.call("issues new", { title: "look around" });
    await opened.write("desk.toml", `${PAPER}${WIDER}[agent]\nmax_turns = 3\n`);
    await opened.call("run", { issue: "001", dryRun: true });
    expect(opened.said).toEqual([
      expect.stringMatching(/^desk\.toml changed at .* and is not in force: .*max_notional.*max_turns/s),
    ]);
  });

  it("put back, the file is in force again without a reload", async () => {
    const opened = await open(PAPER + GUARDS);
    await opened.write("desk.toml", PAPER + WIDER);
    expect(await notices(opened)).toHaveProperty("waiting");
    await opened.write("desk.toml", PAPER + GUARDS);
    expect(await notices(opened)).toEqual({});
  });

  it("a file that is no TOML is refused with file and line, nothing is approved, and nothing changes", async () => {
    const opened = await open(PAPER + GUARDS);
    const { id, digest } = await propose(opened, "paper", "SPX");
    await opened.write("desk.toml", `${PAPER}[[guard]\n`);
    await expect(opened.call("reload")).rejects.toMatchObject({
      code: "CONFIG_SYNTAX",
      details: { file: expect.stringMatching(/desk\.toml$/) as string, line: 4 },
    });
    expect(await notices(opened)).toHaveProperty("unreadable");
    await expect(opened.call("approve", { id, digest })).rejects.toMatchObject({
      code: "RULES_CHANGED",
      message: expect.stringContaining("approved: desk.toml is not valid: ") as string,
      hint: "edit desk.toml, then qoc status",
    });
    expect(opened.open.desk.config.guards).toHaveLength(2);
  });

  it("a file that is gone cannot be read, and nothing is approved", async () => {
    const opened = await open(PAPER + GUARDS);
    const { id, digest } = await propose(opened, "paper", "SPX");
    await opened.open.desk.workspace.disk.remove(`${opened.root}/desk.toml`);
    expect(await notices(opened)).toHaveProperty("unreadable");
    await expect(opened.call("reload")).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
    await expect(opened.call("approve", { id, digest })).rejects.toMatchObject({
      code: "RULES_CHANGED",
      message: expect.stringContaining("approved: desk.toml cannot be read: ") as string,
    });
  });

  it.each([
    ["guard", GUARDS.replace("1000", "2000"), []],
    ["guard (custom)", `${GUARDS}[[guard]]\nkey = "mine"\nadapter = "./guard.ts"\n`, []],
    ["agent", "[agent]\nmax_turns = 3\n", []],
    ["connectors", '[connectors]\nagent = ["paper"]\n', []],
    ["fx", '[fx]\nvia = ["paper:EUR/USD"]\npegs = ["USDT=USD"]\n', []],
    ["risk", '[risk]\nappetite = "low"\n', []],
    ["context", '[context]\nfiles = ["a.md"]\n', []],
    ["workspace.name", '[workspace]\nname = "other"\n', []],
    ["workspace.timezone", '[workspace]\ntimezone = "Asia/Tokyo"\n', []],
    ["account.nav_method", '[account]\nnav_method = "live"\n', []],
    ["connector (new)", '[[connector]]\nname = "second"\ntype = "paper"\n', []],
    ["workspace.port", "[workspace]\nport = 7999\n", ["workspace.port"]],
    ["workspace.log_level", '[workspace]\nlog_level = "debug"\n', ["workspace.log_level"]],
    ["workspace.history_enabled", "[workspace]\nhistory_enabled = false\n", ["workspace.history_enabled"]],
    ["account.currency", '[account]\ncurrency = "EUR"\n', ["account.currency"]],
    ["uta", "[uta]\nsnapshot_interval = 30\n", ["uta.snapshot_interval"]],
    ["news", '[[news]]\nname = "ft"\nurl = "https://x.com/f"\n', ["news.ft"]],
  ])("%s: applied at once, or needs a restart", async (section, lines, restart) => {
    const guard = "export default class { check() { return { allow: true }; } }\n";
    desk = await tempDesk({ config: () => PAPER, files: { "guard.ts": guard } });
    await desk.write("desk.toml", PAPER + lines);
    const report = await desk.call<ReloadReport>("reload");
    expect(report.restart.map(({ path }) => path)).toEqual(restart);
    const { config } = desk.open.desk;
    const applied: Record<string, unknown> = {
      guard: config.guards.length,
      "guard (custom)": config.guards.length,
      agent: config.agent.maxTurns,
      connectors: config.agentConnectors,
      risk: config.risk,
      context: config.contextFiles,
      "workspace.name": config.workspace.name,
      "workspace.timezone": config.workspace.timezone,
      "account.nav_method": config.account.navMethod,
      "connector (new)": config.connectors.length,
      "workspace.port": config.workspace.port,
      "workspace.log_level": config.workspace.logLevel,
      "workspace.history_enabled": config.workspace.historyEnabled,
      "account.currency": config.account.currency,
      uta: config.uta.snapshotInterval,
      fx: [config.fx.via.length, config.fx.pegs.length],
      news: config.news.length,
    };
    expect(applied[section]).toEqual(
      {
        ...{ guard: 2, "guard (custom)": 3, agent: 3, connectors: ["paper"], risk: { appetite: "low" } },
        ...{ context: ["a.md"], "workspace.name": "other", "workspace.timezone": "Asia/Tokyo" },
        ...{ "account.nav_method": "live", "connector (new)": 2, "workspace.port": 7070 },
        ...{
          "workspace.log_level": "info",
          "workspace.history_enabled": true,
          "account.currency": "USD",
          uta: 60,
          fx: [1, 1],
          news: 0,
        },
      }[section],
    );
    const told = await notices(desk);
    expect(told["restart"]?.length ?? 0).toBe(restart.length);
    expect(told).not.toHaveProperty("waiting");
  });

  it("a changed connector needs a restart, and a restart puts it in force", async () => {
    const opened = await open(PAPER + GUARDS);
    await opened.write("desk.toml", `${PAPER}orders = false\n${GUARDS}`);
    const { restart } = await opened.call<ReloadReport>("reload");
    expect(restart.map(({ path }) => path)).toEqual(["connector.paper.orders"]);
    expect(running(opened, "paper")).toMatchObject({ orders: true });
    await opened.stop();
    const again = await tempDesk({ again: opened });
    desk = again;
    expect(running(again, "paper")).toMatchObject({ orders: false });
    expect(await notices(again)).toEqual({});
  });

  it("a new custom guard judges the next order", async () => {
    const guard = 'export default class { check() { return { allow: false, reason: "not today" }; } }\n';
    desk = await tempDesk({ config: () => PAPER, files: { "guard.ts": guard } });
    const { id, digest } = await propose(desk, "paper", "SPX");
    await desk.write("desk.toml", `${PAPER}[[guard]]\nkey = "mine"\nadapter = "./guard.ts"\n`);
    await desk.call("reload");
    await expect(desk.call("approve", { id, digest })).rejects.toMatchObject({ code: "GUARD_BLOCKED" });
  });

  it("a guard needs the live key if the desk has one, and no key of an agent", async () => {
    const opened = await open(PAPER + GUARDS);
    await protect(opened);
    await opened.write("desk.toml", PAPER + WIDER);
    const preview = await opened.call<{ signing: never }>("reload", { preview: true });
    expect(preview.signing).toMatchObject({ key: "live", statement: { action: "reload" } });
    await expect(opened.call("reload", {}, { actor: "agent:x", channel: "mcp" })).rejects.toMatchObject({
      code: "NOT_PERMITTED",
    });
    const signed = { ...(preview.signing as { statement: { digest: string; shown: string } }).statement };
    const authority = await opened.sign({ ...(preview.signing as object), key: "desk" } as never);
    await expect(
      opened.call("reload", { digest: signed.digest, shown: signed.shown, authority }, { actor: "human" }),
    ).rejects.toMatchObject({ code: "SIGNATURE_REQUIRED" });
  });

  it("of two terminals one wins, and the other gets a stale error", async () => {
    const opened = await open(PAPER + GUARDS);
    await opened.write("desk.toml", PAPER + WIDER);
    const prepare = async () => {
      const { signing } = await opened.call<{ signing: { statement: { digest: string; shown: string } } }>("reload", {
        preview: true,
      });
      const { digest, shown } = signing.statement;
      return { digest, shown, authority: await opened.sign(signing as never) };
    };
    const [first, second] = [await prepare(), await prepare()];
    const results = await Promise.allSettled([
      opened.call("reload", first, { actor: "human" }),
      opened.call("reload", second, { actor: "human" }),
    ]);
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(1);
    expect(journal(opened).filter(({ type }) => type === "config.accepted")).toHaveLength(2);
    await opened.write("desk.toml", PAPER + WIDER.replace("2000", "3000"));
    await expect(opened.call("reload", second, { actor: "human" })).rejects.toMatchObject({
      code: "CONFIG_STALE",
      exit: 7,
    });
    // The file is edited after the human signed.
    const third = await prepare();
    await opened.write("desk.toml", PAPER + WIDER.replace("2000", "4000"));
    await expect(opened.call("reload", third, { actor: "human" })).rejects.toMatchObject({ code: "CONFIG_STALE" });
    await opened.write("desk.toml", PAPER);
    await opened.call("reload");
    await opened.write("desk.toml", PAPER + WIDER.replace("2000", "3000"));
    await expect(opened.call("reload", third, { actor: "human" })).rejects.toMatchObject({ exit: 7 });
  });

  it("a desk without a guard says so", async () => {
    const opened = await open(PAPER);
    expect(await notices(opened)).toEqual({ "no-guards": [] });
    const { checks } = await opened.call<{ checks: DoctorCheck[] }>("doctor");
    expect(checks.find(({ name }) => name === "desk.toml")).toMatchObject({
      message: expect.stringContaining("no guard") as string,
    });
    const { id } = await propose(opened, "paper", "SPX");
    expect(await opened.call("orders show", { id })).toMatchObject({
      review: { warnings: [expect.stringContaining("no guard is in force") as string] },
    });
    await opened.call("approve", { id, review: true });
    expect(opened.said).toEqual([expect.stringContaining("no guard is in force")]);
  });
});

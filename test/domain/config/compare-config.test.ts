/** What a change of desk.toml does: for every section, every key of a connector and every option of a guard. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareConfig, loosens, strictestConfig } from "../../../src/domain/config/compare-config.ts";
import type { ConfigChange } from "../../../src/domain/config/config-field.ts";
import { type ConfigTables, type Table, SETTINGS, digestTables } from "../../../src/domain/config/config-tables.ts";
import { guardKeys } from "../../../src/domain/config/guard-config.ts";
import { configOf, tablesOf } from "../../../src/workspace/accepted-config.ts";
import { deskToml } from "../../../src/workspace/config-template.ts";
import { readConfig } from "../../../src/workspace/config.ts";

const ROOT = "/desk";
function tables(toml: string): ConfigTables {
  return tablesOf(readConfig(toml, `${ROOT}/desk.toml`), ROOT);
}
/** `effect/key/needs` by path. */
function changes(before: string, after: string, pins?: ReadonlyMap<string, Table>): Record<string, string> {
  return Object.fromEntries(
    compareConfig(tables(before), tables(after), pins).map((change) => [change.path, word(change)]),
  );
}
function word({ effect, key, needs }: ConfigChange): string {
  return `${effect}/${key}/${needs}`;
}

function connector(lines: string, { name = "broker", mode = 'mode = "live"' } = {}): string {
  return `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./v.ts"\n${mode}\n${lines}\n`;
}
const LIVE = connector("");
const PAPER = connector("", { mode: 'mode = "paper"' });
const UNSTATED = connector("", { mode: "" });
const [TIGHTER, LOOSER, SAME] = ["tightens/none/restart", "loosens/live/restart", "neutral/none/restart"];

describe("a connector", () => {
  it.each([
    ["mode", LIVE, PAPER, LOOSER],
    ["mode", LIVE, UNSTATED, LOOSER],
    ["mode", PAPER, LIVE, LOOSER],
    ["mode", UNSTATED, LIVE, LOOSER],
    ["mode", UNSTATED, PAPER, LOOSER],
    ["mode", PAPER, UNSTATED, LOOSER],
    ["adapter", LIVE, LIVE.replace("./v.ts", "./w.ts"), LOOSER],
    ["enabled", LIVE, connector("enabled = false"), TIGHTER],
    ["enabled", connector("enabled = false"), LIVE, LOOSER],
    ["orders", LIVE, connector("orders = false"), TIGHTER],
    ["orders", connector("orders = false"), LIVE, LOOSER],
    ["venues", connector('venues = ["A"]'), connector('venues = ["A", "B"]'), LOOSER],
    ["venues", connector('venues = ["A", "B"]'), connector('venues = ["B"]'), TIGHTER],
    ["isolation", LIVE, connector('isolation = "process"'), TIGHTER],
    ["isolation", connector('isolation = "process"'), LIVE, LOOSER],
    ["hosts", LIVE, connector('hosts = ["a.example.com"]'), LOOSER],
    ["hosts", connector('hosts = ["a.example.com"]'), LIVE, LOOSER],
    ["hosts", connector('hosts = ["a.x.com"]'), connector('hosts = ["a.x.com", "b.x.com"]'), LOOSER],
    ["hosts", connector('hosts = ["a.x.com", "b.x.com"]'), connector('hosts = ["a.x.com"]'), TIGHTER],
    ["grant", LIVE, connector('grant = ["tcp:h:1"]'), LOOSER],
    ["grant", connector('grant = ["tcp:h:1"]'), LIVE, TIGHTER],
    ["proxy", LIVE, connector('proxy = "http://10.0.0.1:80"'), LOOSER],
    ["proxy", connector('proxy = "http://10.0.0.1:80"'), LIVE, LOOSER],
    ["ca", LIVE, connector('ca = "./ca.pem"'), LOOSER],
    ["memory_mb", connector("memory_mb = 100"), connector("memory_mb = 99"), TIGHTER],
    ["memory_mb", connector("memory_mb = 99"), connector("memory_mb = 100"), LOOSER],
    ["first_order_notional", connector(""), connector("first_order_notional = 99"), TIGHTER],
    ["first_order_notional", connector(""), connector("first_order_notional = 101"), LOOSER],
    ["first_order_notional", connector("first_order_notional = 99"), connector(""), LOOSER],
    ["auth", LIVE, connector('auth = { k = "env:K" }'), LOOSER],
    ["options", connector('options = { url = "a" }'), connector('options = { url = "b" }'), LOOSER],
    ["options", connector("options = { at = 2026-01-01 }"), connector("options = { at = 2026-01-02 }"), LOOSER],
    ["options", connector("options = { at = nan }"), connector("options = { at = inf }"), LOOSER],
  ])("%s of a connector that is not paper", (key, before, after, expected) => {
    expect(changes(before, after)).toEqual({ [`connector.broker.${key}`]: expected });
  });

  it("a paper connector changes without a signature, up to the mode", () => {
    const paper = (lines: string): string => connector(lines, { mode: 'mode = "paper"' });
    const after = paper('orders = false\nhosts = ["a.x.com"]\ngrant = ["tcp:h:1"]\noptions = { a = 1 }').replace(
      "./v",
      "./w",
    );
    expect(new Set(Object.values(changes(PAPER, after)))).toEqual(new Set([SAME]));
  });

  it.each([
    ["a live one", LIVE, LOOSER],
    ["one without a mode", UNSTATED, SAME],
    ["a paper one", PAPER, SAME],
  ])("is added: %s", (_, table, expected) => {
    expect(changes("", table)).toEqual({ "connector.broker": expected });
  });

  it.each([
    ["a live one", LIVE, TIGHTER],
    ["one without a mode", UNSTATED, TIGHTER],
    ["a paper one", PAPER, SAME],
  ])("is removed: %s", (_, table, expected) => {
    expect(changes(table, "")).toEqual({ "connector.broker": expected });
  });

  it.each([
    ["as it was", LIVE, SAME],
    ["stricter", connector('isolation = "process"'), SAME],
    ["as paper", PAPER, LOOSER],
    ["without a mode", UNSTATED, LOOSER],
    ["with another option", connector("options = { a = 1 }"), LOOSER],
  ])("a removed live connector comes back %s", (_, table, expected) => {
    const pins = new Map([["broker", tables(LIVE).connector[0] as Table]]);
    expect(changes("", table, pins)).toEqual({ "connector.broker": expected });
  });

  const other = (lines: string): string => connector(lines, { name: "other", mode: 'mode = "paper"' });
  it.each([
    ["the adapter of a live one", LIVE, other(""), LOOSER],
    [
      "a secret of a live one",
      connector('auth = { k = "env:K" }'),
      other('auth = { x = "env:K" }').replace("./v", "./w"),
      LOOSER,
    ],
    ["nothing of a live one", LIVE, other("").replace("./v", "./w"), SAME],
  ])("a paper one of another name has %s", (_, live, paper, expected) => {
    expect(changes(live, live + paper)).toEqual({ "connector.other": expected });
    expect(changes(live, paper)).toMatchObject({ "connector.other": expected });
  });

  it("a paper one takes the secret of a live one", () => {
    const live = connector('auth = { k = "env:K" }').replace("./v", "./w");
    expect(changes(live + other(""), live + other('auth = { k = "env:K" }'))).toEqual({
      "connector.other.auth": LOOSER,
    });
  });

  it("a connector is live because its adapter said so, though desk.toml always said paper", () => {
    const pins = new Map([["broker", tables(PAPER).connector[0] as Table]]);
    expect(changes(PAPER, PAPER, pins)).toEqual({ "connector.broker.mode": LOOSER });
    expect(changes(PAPER, PAPER + "# comment", new Map())).toEqual({});
    expect(changes(UNSTATED, UNSTATED, pins)).toEqual({});
  });
});

function guard(key: string, lines = ""): string {
  return `[[guard]]\nkey = "${key}"\n${lines}\n`;
}
/** A key, an option, its loose value and its strict value; null: no value is known to be stricter. */
const GUARDS: readonly (readonly [string, string, string, string | null])[] = [
  ["max-order-nav", "max_pct", "5.5", "5.0"],
  ["max-order-nav", "scope", '"desk"', null],
  ["max-position-nav", "max_pct", "20", "9"],
  ["max-position-nav", "scope", '"desk"', null],
  ["day-loss-limit", "max_pct", "3", "2.999"],
  ["day-loss-limit", "scope", '"desk"', null],
  ["buying-power", "enabled", "false", "true"],
  ["symbol-allowlist", "symbols", '["A", "B"]', '["B"]'],
  ["symbol-denylist", "symbols", '["A"]', '["B", "A"]'],
  ["market-hours", "open", '"09:00"', '"09:30"'],
  ["market-hours", "close", '"17:00"', '"16:00"'],
  ["market-hours", "close", '"02:00"', '"16:00"'],
  ["market-hours", "tz", '"Asia/Tokyo"', null],
  ["max-order-notional", "max_notional", '"10000.5"', '"9999"'],
  ["max-order-quantity", "max_quantity", "10", '"9"'],
  ["price-collar", "max_pct", "10", "3"],
  ["quote-freshness", "max_age_s", "15.5", "15"],
  ["order-rate", "max_per_minute", "60", "59"],
  ["order-rate", "max_per_day", "10", "9"],
  ["duplicate-order", "window_s", "0", "600"],
  ["no-short", "enabled", "false", "true"],
  ["gross-exposure", "max_pct", "100", "99"],
  ["gross-exposure", "scope", '"desk"', null],
  ["max-open-orders", "max", "50", "9"],
];
const REQUIRED: Record<string, string> = {
  "symbol-allowlist": 'symbols = ["A", "B"]',
  "symbol-denylist": 'symbols = ["A"]',
  "max-order-notional": "max_notional = 1",
  "max-order-quantity": "max_quantity = 1",
};
const [STRICTER, LAXER, EQUAL] = ["tightens/none/reload", "loosens/live/reload", "neutral/none/reload"];

describe("a guard", () => {
  it.each(GUARDS)("%s: %s from %s to %s", (key, option, loose, strict) => {
    const [lax, tight] = [`${option} = ${loose}`, strict === null ? "" : `${option} = ${strict}`];
    const path = `guard.${key}.${option}`;
    const others = REQUIRED[key]?.startsWith(option) === true ? "" : (REQUIRED[key] ?? "");
    const file = (line: string): string => guard(key, `${others}\n${line}`);
    expect(changes(file(lax), file(tight))).toEqual({ [path]: strict === null ? LAXER : STRICTER });
    expect(changes(file(tight), file(lax))).toEqual({ [path]: LAXER });
  });

  it.each(guardKeys().map((key) => [key, guard(key, REQUIRED[key])]))("%s is added, removed, disabled", (key, file) => {
    expect(changes("", file)).toEqual({ [`guard.${key}`]: STRICTER });
    expect(changes(file, "")).toEqual({ [`guard.${key}`]: LAXER });
    const disabled = `${file}enabled = false\n`;
    expect(changes(file, disabled)).toEqual({ [`guard.${key}.enabled`]: LAXER });
    expect(changes(disabled, file)).toEqual({ [`guard.${key}.enabled`]: STRICTER });
    expect(changes("", disabled)).toEqual({ [`guard.${key}`]: EQUAL });
    expect(changes(disabled, "")).toEqual({ [`guard.${key}`]: EQUAL });
  });

  it("every key is in the table", () => {
    expect(new Set(GUARDS.map(([key]) => key))).toEqual(new Set(guardKeys()));
  });

  it("a limit a day is stricter than none", () => {
    const daily = guard("order-rate", "max_per_day = 10");
    expect(changes(guard("order-rate"), daily)).toEqual({ "guard.order-rate.max_per_day": STRICTER });
    expect(changes(daily, guard("order-rate"))).toEqual({ "guard.order-rate.max_per_day": LAXER });
  });

  it("a custom guard: any option, the file and its content", () => {
    const custom = guard("mine", 'adapter = "./g.ts"\nlimit = 1');
    expect(changes(custom, custom.replace("limit = 1", "limit = 0"))).toEqual({ "guard.mine.options": LAXER });
    expect(changes(custom, custom.replace("./g", "./h"))).toEqual({ "guard.mine.adapter": LAXER });
    const withCode = (code: string): ConfigTables => ({
      ...tables(custom),
      guard: tables(custom).guard.map((table) => ({ ...table, code })),
    });
    expect(compareConfig(withCode("sha256:1"), withCode("sha256:2")).map(word)).toEqual([LAXER]);
  });

  it("of two guards of one key, the equal one is not compared with the other", () => {
    const [five, ten] = [guard("max-order-nav", "max_pct = 5"), guard("max-order-nav", "max_pct = 10")];
    expect(changes(five + ten, ten)).toEqual({ "guard.max-order-nav": LAXER });
    expect(changes(five + ten, ten + five)).toEqual({ guard: EQUAL });
  });
});

describe("a setting", () => {
  const [LOCAL, DESK] = ["neutral/none/reload", "loosens/desk/reload"];
  it.each([
    ["workspace.name", '[workspace]\nname = "b"', LOCAL, LOCAL],
    ["workspace.port", "[workspace]\nport = 7071", SAME, SAME],
    ["workspace.log_level", '[workspace]\nlog_level = "debug"', SAME, SAME],
    ["workspace.log_dir", '[workspace]\nlog_dir = "x"', SAME, SAME],
    ["workspace.history_enabled", "[workspace]\nhistory_enabled = false", "loosens/desk/restart", TIGHTER],
    ["workspace.history_max_snapshots", "[workspace]\nhistory_max_snapshots = 1", LOCAL, LOCAL],
    ["workspace.timezone", '[workspace]\ntimezone = "Asia/Tokyo"', LAXER, LAXER],
    ["account.currency", '[account]\ncurrency = "EUR"', LOOSER, LOOSER],
    ["account.nav_method", '[account]\nnav_method = "live"', STRICTER, LAXER],
    ["uta.snapshot_interval", "[uta]\nsnapshot_interval = 30", TIGHTER, LOOSER],
    ["fx.pegs", '[fx]\npegs = ["USDT=USD"]', LAXER, LAXER],
    ["fx.rates", '[fx.rates]\nEURUSD = { rate = "1.08", at = "2026-11-27" }', LAXER, LAXER],
    ["connectors.agent", "[connectors]\nagent = []", STRICTER, DESK],
    ["agent.runtime", '[agent]\nruntime = "claude"', LOCAL, LOCAL],
    ["ui.approve", '[ui]\napprove = "none"', STRICTER, DESK],
    ["ui.origins", '[ui]\norigins = ["https://desk.example"]', DESK, STRICTER],
    ["agent.unconfined", "[agent]\nunconfined = true", DESK, STRICTER],
    ["agent.env", '[agent]\nenv = ["X"]', DESK, STRICTER],
    ["agent.max_turns", "[agent]\nmax_turns = 1", LOCAL, LOCAL],
    ["agent.timeout_minutes", "[agent]\ntimeout_minutes = 1", LOCAL, LOCAL],
    ["risk.appetite", '[risk]\nappetite = "low"', LOCAL, LOCAL],
    ["context.files", '[context]\nfiles = ["a.md"]', LOCAL, LOCAL],
    ["news.ft", '[[news]]\nname = "ft"\nurl = "https://x.com/f"', SAME, SAME],
  ])("%s", (path, toml, there, back) => {
    expect(changes("", toml)).toEqual({ [path]: there });
    expect(changes(toml, "")).toEqual({ [path]: back });
  });
});

const PARTS: readonly string[] = [
  ...[LIVE, PAPER, UNSTATED, connector('hosts = ["a.x.com"]'), connector("enabled = false")],
  ...GUARDS.map(([key, option, loose]) =>
    guard(key, `${REQUIRED[key]?.startsWith(option) === true ? "" : (REQUIRED[key] ?? "")}\n${option} = ${loose}`),
  ),
  ...guardKeys().map((key) => guard(key, REQUIRED[key])),
  ...['[workspace]\ntimezone = "Asia/Tokyo"', "[agent]\nunconfined = true", "[connectors]\nagent = []"],
];
/** A desk.toml of some of the parts, each table and each connector at most once. */
const anyFile = fc.shuffledSubarray([...PARTS]).map((parts) => {
  const first = parts.filter((part) => !part.startsWith("[[connector]]"));
  const connectors = parts.filter((part) => part.startsWith("[[connector]]")).slice(0, 1);
  return tables(
    [
      ...first.filter((part) => part.startsWith("[w") || part.startsWith("[a") || part.startsWith("[c")),
      ...connectors,
      ...first.filter((part) => part.startsWith("[[g")),
    ].join("\n"),
  );
});

describe("any two files", () => {
  it("equal files have no change, and different files have one", () => {
    fc.assert(
      fc.property(anyFile, anyFile, (a, b) => {
        expect(compareConfig(a, structuredClone(a))).toEqual([]);
        expect(compareConfig(a, b).length === 0).toBe(digestTables(a) === digestTables(b));
      }),
      { numRuns: 50 },
    );
  });

  it("what tightens in one direction loosens in the other", () => {
    fc.assert(
      fc.property(anyFile, anyFile, (a, b) => {
        const back = new Map(compareConfig(b, a).map((change) => [change.path, change]));
        for (const { path, before, after, effect } of compareConfig(a, b)) {
          const reverse = back.get(path);
          // Two guards of one key have one path.
          if (reverse?.before !== after || reverse.after !== before) continue;
          // A removed connector comes back without a signature unless it is live.
          if (effect === "tightens" && path !== "connector.broker") expect(reverse.effect, path).toBe("loosens");
        }
      }),
      { numRuns: 50 },
    );
  });

  it("the strictest tables of two files loosen nothing, and taking them again changes nothing", () => {
    fc.assert(
      fc.property(anyFile, anyFile, (a, b) => {
        const strictest = strictestConfig(a, b);
        expect(compareConfig(a, strictest).filter(loosens)).toEqual([]);
        expect(digestTables(strictestConfig(strictest, b))).toBe(digestTables(strictest));
      }),
      { numRuns: 50 },
    );
  });
});

describe("the tables in the journal", () => {
  it("give the configuration back, also in another folder", () => {
    const desk = deskToml({ name: "d", port: 1, timezone: "Asia/Tokyo" });
    const toml = `${desk}${connector('ca = "./ca.pem"\nmemory_mb = 64\nauth = { k = "env:K" }\noptions = { at = 2026-01-01T00:00:00.000Z, n = nan }')}${guardKeys()
      .map((key) => guard(key, REQUIRED[key]))
      .join("")}${guard("mine", 'adapter = "./g.ts"\nx = [1, 2]')}`;
    const there = (root: string) => readConfig(toml, `${root}/desk.toml`);
    const journaled = JSON.parse(JSON.stringify(tablesOf(there("/desk"), "/desk"))) as ConfigTables;
    // Places in the file and its digest are not in the tables.
    const left = new Set(["line", "currencyAt", "digest"]);
    const plain = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (name, member: unknown) => (left.has(name) ? undefined : member)));
    for (const root of ["/desk", "/moved"]) expect(plain(configOf(journaled, root))).toEqual(plain(there(root)));
    expect(compareConfig(journaled, tablesOf(configOf(journaled, "/moved"), "/moved"))).toEqual([]);
  });

  it("name every table of the file", () => {
    expect(Object.keys(tables("")).toSorted()).toEqual(
      [...SETTINGS, "connector", "guard", "news", "schedule"].toSorted(),
    );
  });
});

describe("schedules", () => {
  const EACH = '[[schedule]]\nname = "a"\ncron = "0 9 * * *"\ntask = "snapshot"\n';
  it.each([
    ["a new one", "", EACH, { "schedule.a": "loosens/desk/reload" }],
    ["other times", EACH, EACH.replace("9", "8"), { "schedule.a.cron": "loosens/desk/reload" }],
    ["one switched off", EACH, `${EACH}enabled = false\n`, { "schedule.a.enabled": "tightens/none/reload" }],
    ["one removed", EACH, "", { "schedule.a": "tightens/none/reload" }],
    [
      "a higher limit of a day",
      "",
      "[schedules]\nmax_runs_per_day = 49\n",
      { "schedules.max_runs_per_day": "loosens/desk/reload" },
    ],
  ])("%s", (_name, before, after, expected) => expect(changes(before, after)).toEqual(expected));

  it("are read back from the journal as they were", () => {
    const config = readConfig(`${EACH}timeout_minutes = 5\n`, `${ROOT}/desk.toml`);
    expect(configOf(tablesOf(config, ROOT), ROOT)).toMatchObject({
      schedules: config.schedules,
      scheduleLimits: config.scheduleLimits,
    });
  });
});

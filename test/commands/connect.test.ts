/** The client's side of `qoc connect`: what it asks, what it refuses, and that it signs the new connector alone. */
import { describe, expect, it } from "vitest";
import type { CommandSession } from "../../src/commands/command.ts";
import { command } from "../../src/commands/connect.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { compareConfig, digestChanges } from "../../src/domain/config/compare-config.ts";
import { type ConfigTables, digestTables } from "../../src/domain/config/config-tables.ts";
import type { ReloadPreview } from "../../src/trading/config/reload-config.ts";
import { tablesOf } from "../../src/workspace/accepted-config.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { connectorTable } from "../../src/workspace/connector-table.ts";
import { bufferIo } from "../support/buffer-io.ts";

const STYLE = { isTty: true, columns: 80, paint: (_: unknown, text: string) => text };
const NEW = { name: "main", type: "alpaca", environment: "paper", envPrefix: "MAIN_" } as const;

function tables(toml: string): ConfigTables {
  return tablesOf(readConfig(toml, "/desk/desk.toml"), "/desk");
}
const BEFORE = tables("");
const AFTER = tables(connectorTable(NEW).join("\n"));

function preview(before: ConfigTables, after: ConfigTables): ReloadPreview {
  const statement = {
    ...{ desk: "d", epoch: 1, head: { seq: 1, hash: "" }, action: "reload" as const, id: "", mode: "" as const },
    ...{ digest: digestTables(after), shown: digestChanges(compareConfig(before, after)) },
  } as const;
  const isSame = digestTables(before) === digestTables(after);
  return { before, after, livePins: {}, ...(!isSame && { signing: { key: "desk" as const, statement } }) };
}

interface Play {
  /** Answers of the person; undefined: not a terminal. */
  readonly answers?: readonly (string | undefined)[];
  readonly yes?: boolean;
  /** What the desk compares before and after the file is written; absent: the desk is down. */
  readonly desk?: readonly [before: ReloadPreview, after: ReloadPreview];
}

async function play(input: Record<string, unknown>, { answers, yes = false, desk }: Play = {}) {
  const { io, asked } = bufferIo({ isTty: true, answers: answers ?? [] });
  const signal = new AbortController().signal;
  const lines: string[] = [];
  const calls: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  let shown: unknown;
  let previews = 0;
  let signed = 0;
  const session = {
    flags: { json: false, yes, quiet: false },
    prompter: answers === undefined ? undefined : io.prompter({ signal, hasColour: false }),
    call: async (name: string, sent: Readonly<Record<string, unknown>>) => {
      calls.push([name, sent]);
      if (name === "connect")
        return { ...NEW, ...facts(), isWritten: "digest" in sent && sent["digest"] !== undefined };
      if (desk === undefined) throw new QocError("DESK_DOWN");
      return sent["preview"] === true ? desk[Math.min(previews++, 1)] : { accepted: true, changes: [], restart: [] };
    },
    show: (_: string, value: unknown) => Promise.resolve((shown = value)),
    display: (render: (style: typeof STYLE) => readonly string[]) => lines.push(...render(STYLE)),
    progress: { line: (text: string) => lines.push(text) },
    sign: () => Promise.resolve(((signed += 1), { signature: "s" })),
    isDeskDown: (error: unknown) => error instanceof QocError && error.code === "DESK_DOWN",
  } as unknown as CommandSession;
  const run = command.cli as NonNullable<typeof command.cli>;
  const code = await run(session, { environment: "paper", ...input }).catch((error: unknown) => error);
  return { code, lines, calls, shown, signed, asked };
}

function facts() {
  return {
    ...{ secrets: ["MAIN_API_KEY", "MAIN_API_SECRET"], table: connectorTable(NEW), line: 3, digest: "sha256:1" },
    ...{ settings: AFTER.connector[0], mode: "paper", environment: null, accountId: "PA1", permissions: ["trade"] },
    ...{
      account: { currency: "USD", nav: "12345.6", cash: "9", buyingPower: "8" },
      positions: 2,
      missing: ["a guard"],
    },
  };
}

describe("qoc connect off a terminal", () => {
  it("without a type lists the types, and does nothing else", async () => {
    const { code, shown, calls } = await play({});
    expect([code, calls]).toEqual([0, []]);
    expect(shown).toMatchObject({
      types: expect.arrayContaining([
        expect.objectContaining({ type: "alpaca", state: "built in" }),
        expect.objectContaining({ type: "equities", about: "by alpaca" }),
        expect.objectContaining({ type: "ibkr", state: "built in" }),
        expect.objectContaining({ type: "futures", about: "by ibkr" }),
      ]) as unknown,
    });
  });

  it.each([
    [{ name: "a" }, "USAGE", "qoc connect paper --name a --yes"],
    [{ type: "alpaca" }, "USAGE", "qoc connect alpaca --name alpaca-paper --env-prefix ALPACA_PAPER_ --yes"],
    [{ type: "equities", name: "a" }, "USAGE", "qoc connect equities --name a --env-prefix A_ --yes"],
    [
      { type: "alpaca", name: "7a", environment: "live" },
      "USAGE",
      "--name 7a --env-prefix _7A_ --environment live --yes",
    ],
    [{ type: "alpaca", name: "a", envPrefix: "A B" }, "USAGE", "--env-prefix must be the start"],
    [{ type: "alpaca", name: "A/B" }, "USAGE", "is not a connector name"],
    [{ type: "alpacca", name: "a" }, "USAGE", "(did you mean alpaca?)"],
    [{ type: "custom", name: "a" }, "USAGE", "qoc connectors new NAME"],
    [{ type: "paper", name: "a", environment: "live" }, "USAGE", "is always paper"],
    [{ type: "paper", name: "a", venue: "http://127.0.0.1:1" }, "USAGE", "has no --venue"],
    [
      { type: "crypto" },
      "USAGE",
      "qoc connect crypto --name binance-paper --env-prefix BINANCE_PAPER_ --exchange binance",
    ],
    [{ type: "ccxt", name: "a" }, "USAGE", "--exchange is missing; type: qoc connect ccxt --name a"],
    [{ type: "alpaca", name: "a", exchange: "binance" }, "USAGE", "alpaca has no --exchange"],
    [{ type: "ccxt", name: "a", exchange: "../x" }, "USAGE", "--exchange must be such as binance"],
    [
      { type: "ccxt", name: "a", exchange: "okx", currency: "usdt" },
      "USAGE",
      '--currency must be such as USDT; it is "usdt"; type: qoc connect ccxt --name a --env-prefix A_ --exchange okx ' +
        "--currency USDT --hosts api.okx.com --yes",
    ],
    [
      { type: "ccxt", name: "a", exchange: "okx", currency: "USDT", hosts: "https://www.okx.com/api, aws.okx.com" },
      "USAGE",
      "--currency USDT --hosts www.okx.com,aws.okx.com --yes",
    ],
    [
      { type: "ccxt", name: "a", exchange: "okx", currency: "USDT", hosts: "*.okx.com" },
      "USAGE",
      '--hosts must be such as api.okx.com; it is "*.okx.com"; type: qoc connect ccxt',
    ],
    [
      { type: "ccxt", name: "a", exchange: "okx", currency: "USDT", hosts: "" },
      "USAGE",
      "such as api.okx.com; it is empty",
    ],
    [{ type: "ccxt", name: "a", exchange: "binance", hosts: "a.b" }, "USAGE", "binance has no --hosts"],
    [{ type: "alpaca", name: "a", currency: "USD" }, "USAGE", "alpaca has no --currency"],
    [{ type: "cash", name: "a", balances: "USD=1", currency: "USD" }, "USAGE", "cash has no --currency"],
    [{ type: "alpaca", name: "a", address: "127.0.0.1:4002" }, "USAGE", "alpaca has no --address"],
    [{ type: "ibkr", name: "a", venue: "http://127.0.0.1:1" }, "USAGE", "ibkr has no --venue"],
    [
      { type: "ibkr", address: "127.0.0.1:7497" },
      "USAGE",
      "qoc connect ibkr --name ibkr-paper --address 127.0.0.1:7497",
    ],
    [{ type: "options" }, "CONNECT_NOT_YET", "not implemented yet; alpaca and ibkr show positions in options"],
    [{ type: "kraken" }, "USAGE", "kraken is an exchange; type: qoc connect ccxt --exchange kraken"],
  ])("%j fails with exit 2 and connects nothing", async (input, errorCode, words) => {
    const { code, calls } = await play(input);
    expect(code).toMatchObject({ code: errorCode, exit: 2, message: expect.stringContaining(words) as unknown });
    expect(calls).toEqual([]);
  });

  it("with --yes and the desk down writes what it connected, and signs nothing", async () => {
    const { code, calls, shown, signed } = await play({ type: "alpaca", name: "main" }, { yes: true });
    expect([code, signed]).toEqual([0, 0]);
    expect(calls.map(([name, { digest }]) => [name, digest])).toEqual([
      ["reload", undefined],
      ["connect", undefined],
      ["connect", "sha256:1"],
    ]);
    expect(shown).toMatchObject({ inForce: false, isWritten: true, next: "qoc up" });
  });
});

describe("qoc connect on a terminal", () => {
  it("asks for type, name and prefix, and shows account, mode, balances, permissions and the lines", async () => {
    const { code, asked, calls, lines } = await play({}, { answers: ["alpaca", "main", "", "y"] });
    expect(code).toBe(0);
    expect(asked).toEqual([
      "Connect which type? (Escape: none)",
      "Name of the connector (Enter: alpaca-paper)",
      "Prefix of its variables (Enter: MAIN_, MAIN_API_KEY, MAIN_API_SECRET)",
      "Write this to desk.toml?",
    ]);
    expect(calls[1]?.[1]).toMatchObject({ type: "alpaca", name: "main", envPrefix: "MAIN_" });
    const text = lines.join("\n");
    for (const words of [
      "PA1",
      "paper",
      "12,345.60 USD",
      "9.00 USD",
      "8.00 USD",
      "trade",
      '+ type = "alpaca"',
      "line 3",
      "a guard",
    ])
      expect(text).toContain(words);
  });

  it("asks which exchange, and names the connector after it", async () => {
    const { asked, calls } = await play({ type: "ccxt" }, { answers: ["binance", "", "", "y"] });
    expect(asked.slice(0, 2)).toEqual([
      "Which exchange? (for example binance)",
      "Name of the connector (Enter: binance-paper)",
    ]);
    expect(calls[1]?.[1]).toMatchObject({ type: "ccxt", name: "binance-paper", exchange: "binance" });
  });

  it("asks for the currency and the hosts of an exchange that is only read", async () => {
    const answers = ["okx", "USDT", "www.okx.com,aws.okx.com", "", "", "y"];
    const { asked, calls } = await play({ type: "crypto" }, { answers });
    expect(asked.slice(0, 5)).toEqual([
      "Which exchange? (for example binance)",
      "Currency of the account, which values its coins (for example USDT)",
      "Hosts of its API, separated by commas (for example api.okx.com)",
      "Name of the connector (Enter: okx-paper)",
      "Prefix of its variables (Enter: OKX_PAPER_, OKX_PAPER_API_KEY, OKX_PAPER_API_SECRET, OKX_PAPER_PASSWORD)",
    ]);
    const words = { exchange: "okx", currency: "USDT", hosts: "www.okx.com,aws.okx.com" };
    expect(calls[1]?.[1]).toMatchObject({ type: "crypto", name: "okx-paper", ...words });
  });

  it.each([
    ["Escape in the list", {}, [undefined], 0],
    ["no to the question", { type: "paper", name: "p" }, ["n"], 1],
  ])("%s: writes nothing", async (_name, input, answers, exit) => {
    const { code, calls } = await play(input, { answers });
    expect(code).toBe(exit);
    expect(calls.filter(([, { digest }]) => digest !== undefined)).toEqual([]);
  });
});

describe("qoc connect with the desk up", () => {
  const quiet = preview(BEFORE, BEFORE);
  const again = { type: "alpaca", name: "main" };

  it("signs once, and only the new connector", async () => {
    const desk = [quiet, preview(BEFORE, AFTER)] as const;
    const { code, signed, calls, shown } = await play(again, { yes: true, desk });
    expect([code, signed]).toEqual([0, 1]);
    expect(calls.at(-1)).toEqual(["reload", expect.objectContaining({ digest: digestTables(AFTER) })]);
    expect(shown).toMatchObject({ inForce: true });
  });

  it("signs the digest of the code with the new connector, which the desk adds", async () => {
    const after = { ...AFTER, connector: AFTER.connector.map((table) => ({ ...table, code: "sha256:0" })) };
    const { code, signed } = await play(again, { yes: true, desk: [quiet, preview(BEFORE, after)] });
    expect([code, signed]).toEqual([0, 1]);
  });

  it("other changes wait for a signature: it connects nothing", async () => {
    const waiting = preview(BEFORE, tables("[workspace]\nport = 7999"));
    const { code, calls } = await play(again, { yes: true, desk: [waiting, waiting] });
    expect(code).toMatchObject({ code: "CONFIG_STALE", exit: 7 });
    expect(calls).toHaveLength(1);
  });

  it.each([
    ["another change came with it", `${connectorTable(NEW).join("\n")}\n[workspace]\nport = 7999`],
    ["the table is not the one that was shown", connectorTable({ ...NEW, environment: "live" }).join("\n")],
    ["the table is gone", ""],
  ])("%s: signs nothing, and says that the table is in the file", async (_name, toml) => {
    const desk = [quiet, preview(BEFORE, tables(toml))] as const;
    const { code, signed, lines } = await play(again, { yes: true, desk });
    expect(code).toMatchObject({ code: "CONFIG_STALE" });
    expect(signed).toBe(0);
    expect(lines.at(-1)).toContain("not in force; put it in force with: qoc reload");
  });
});

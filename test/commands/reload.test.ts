/** The client's side of `qoc reload`: it displays what it computed, and signs nothing else. */
import { describe, expect, it } from "vitest";
import type { CommandSession, Prompter } from "../../src/commands/command.ts";
import { command } from "../../src/commands/reload.ts";
import { compareConfig, digestChanges } from "../../src/domain/config/compare-config.ts";
import { type ConfigTables, digestTables } from "../../src/domain/config/config-tables.ts";
import type { ReloadPreview } from "../../src/trading/config/reload-config.ts";
import { tablesOf } from "../../src/workspace/accepted-config.ts";
import { readConfig } from "../../src/workspace/config.ts";

function tables(toml: string): ConfigTables {
  return tablesOf(readConfig(toml, "/desk/desk.toml"), "/desk");
}
const GUARD = (max: number): string => `[[guard]]\nkey = "max-order-quantity"\nmax_quantity = ${max}\n`;
const before = tables(GUARD(10));
const after = tables(
  `${GUARD(20)}[[guard]]\nkey = "no-short"\n[[connector]]\nname = "p"\ntype = "paper"\n[workspace]\nport = 7999`,
);

function preview(change: { digest?: string; shown?: string } = {}): ReloadPreview {
  const changes = compareConfig(before, after);
  const statement = {
    ...{ desk: "d", epoch: 1, head: { seq: 1, hash: "" }, action: "reload" as const, id: "", mode: "" as const },
    ...{ digest: digestTables(after), shown: digestChanges(changes), ...change },
  } as const;
  return { before, after, livePins: {}, signing: { key: "live", statement } };
}

const STYLE = { isTty: true, columns: 80, paint: (_: unknown, text: string) => text };

interface Played {
  readonly code: number | Error;
  readonly screen: readonly string[];
  readonly signed: number;
  readonly sent: readonly Readonly<Record<string, unknown>>[];
}

/** Runs the command on a terminal where the person gives this answer; without an answer there is no prompter. */
async function play(
  desk: ReloadPreview,
  { answer, yes = false, quiet = false }: { answer?: boolean; yes?: boolean; quiet?: boolean },
): Promise<Played> {
  const screen: string[] = [];
  const sent: Readonly<Record<string, unknown>>[] = [];
  let signed = 0;
  const session = {
    flags: { json: false, yes, quiet },
    prompter: answer === undefined ? undefined : ({ confirm: () => Promise.resolve(answer) } as unknown as Prompter),
    call: (_: string, input: Readonly<Record<string, unknown>>) => {
      sent.push(input);
      return Promise.resolve(input["preview"] === true ? desk : { accepted: true, changes: [], restart: [] });
    },
    show: () => Promise.resolve(),
    display: (render: (style: typeof STYLE) => readonly string[]) => screen.push(...render(STYLE)),
    progress: { line: () => undefined },
    sign: () => Promise.resolve(((signed += 1), { signature: "s" })),
  } as unknown as CommandSession;
  const code = await (command.cli as NonNullable<typeof command.cli>)(session, {}).catch((error: Error) => error);
  return { code, screen, signed, sent };
}

describe("qoc reload", () => {
  it("prints what loosens first, in 80 columns, asks, and signs the digests of what it printed", async () => {
    const { code, screen, sent, signed } = await play(preview(), { answer: true });
    expect(code).toBe(0);
    expect(screen[0]).toBe("desk.toml: 4 changes, to be signed with the live key");
    expect(screen.indexOf("these allow more than before")).toBe(1);
    expect(screen.slice(2, 5).map((line) => line.trim())).toEqual([
      "guard.max-order-quantity.max_quantity",
      '- "10"',
      '+ "20"',
    ]);
    expect(screen.join("\n")).toContain("workspace.port (after a restart of the desk)");
    expect(screen.map((line) => line.trim())).toContain("connector.p");
    for (const line of screen) expect(line.length).toBeLessThanOrEqual(80);
    expect(signed).toBe(1);
    expect(sent[1]).toEqual({
      digest: digestTables(after),
      shown: digestChanges(compareConfig(before, after)),
      authority: { signature: "s" },
    });
  });

  it("sends nothing if the person says no", async () => {
    expect(await play(preview(), { answer: false })).toMatchObject({ code: 1, signed: 0, sent: [{ preview: true }] });
  });

  it("off a terminal needs --yes", async () => {
    expect(await play(preview(), {})).toMatchObject({ code: { code: "USAGE" }, signed: 0 });
    expect(await play(preview(), { yes: true })).toMatchObject({ code: 0, signed: 1 });
  });

  it("under --quiet prints the changes only before a question", async () => {
    expect(await play(preview(), { yes: true, quiet: true })).toMatchObject({ code: 0, signed: 1, screen: [] });
    const asked = await play(preview(), { answer: true, quiet: true });
    expect(asked.screen[0]).toBe("desk.toml: 4 changes, to be signed with the live key");
  });

  it.each([
    ["other tables", { digest: "sha256:0" }],
    ["another difference", { shown: "sha256:0" }],
  ])("signs nothing if the desk asks for a signature of %s", async (_, change) => {
    const played = await play(preview(change), { answer: true });
    expect(played).toMatchObject({ code: { code: "SIGNATURE_INVALID" }, signed: 0, sent: [{ preview: true }] });
  });

  it("asks nothing if desk.toml is as accepted", async () => {
    const { before: same } = preview();
    expect(await play({ before: same, after: same, livePins: {} }, {})).toMatchObject({
      code: 0,
      signed: 0,
      screen: [],
    });
  });
});

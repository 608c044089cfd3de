/** The link of `qoc ui`, and of `qoc up` on a terminal: made and signed by the client, and printed nowhere else. */
import { describe, expect, it } from "vitest";
import type { CommandSession } from "../../src/commands/command.ts";
import { command as ui } from "../../src/commands/ui.ts";
import { command as up } from "../../src/commands/up.ts";
import type { SigningRequest } from "../../src/domain/authority/authority.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { grantText } from "../../src/domain/pages/page-session.ts";

const CODE = Buffer.from("ab".repeat(32), "hex").toString("base64url");
const ADDRESS = "http://localhost:7070/ui/";

interface Screen {
  readonly isTty?: boolean;
  readonly flags?: Partial<CommandSession["flags"]>;
  /** The desk asks for a signature of another grant. */
  readonly isForged?: boolean;
  readonly isDown?: boolean;
}

function session({ isTty = true, flags = {}, isForged = false, isDown = false }: Screen = {}) {
  const calls: { command: string; input: Record<string, unknown> }[] = [];
  const shown: unknown[] = [];
  const said: string[] = [];
  const opened: string[] = [];
  const call: CommandSession["call"] = async (command, input, answers) => {
    calls.push({ command, input });
    if (command === "up") {
      await answers?.();
      return undefined;
    }
    if (isDown) throw new QocError("DESK_DOWN");
    const { grant, authority } = input as { grant: Parameters<typeof grantText>[0]; authority?: unknown };
    if (authority !== undefined) return { session: "amber-kite-oslo", address: ADDRESS };
    const digest = digestOf(isForged ? "another grant" : grantText(grant));
    const statement = { desk: "d", epoch: 1, head: { seq: 1, hash: "" }, action: "session", id: "", digest } as const;
    const signing: SigningRequest = { key: "desk", statement: { ...statement, shown: "", mode: "" } };
    throw new QocError("SIGNATURE_REQUIRED", { action: "ui", key: "desk" }, { data: { signing } });
  };
  const fake: Partial<CommandSession> = {
    flags: { json: false, yes: false, quiet: false, ...flags },
    isTty,
    call,
    show: async (_command, value) => void shown.push(value),
    sign: async () => ({ key: "desk", epoch: 1, head: { seq: 1, hash: "" }, expiresAt: 1, signature: "c2ln" }),
    random: (bytes) => Promise.resolve("ab".repeat(bytes)),
    now: () => 1_000,
    openLink: async (link) => void opened.push(link),
    progress: { line: (line) => void said.push(line) },
    remoteError: (error) => (error instanceof QocError ? { ...error.toJSON(), data: error.data } : undefined),
  };
  return { session: fake as CommandSession, calls, shown, said, opened };
}

const LINK = { link: `${ADDRESS}?open=${"ab".repeat(16)}#login=${CODE}`, session: "amber-kite-oslo", scope: "paper" };

describe("qoc ui", () => {
  it("W06 makes the code itself: the desk gets its digest alone, in a grant of two minutes and seven days", async () => {
    const at = session();
    expect(await ui.cli?.(at.session, { scope: "paper", open: false })).toBe(0);
    expect(at.shown).toEqual([LINK]);
    expect(at.calls[0]?.input["grant"]).toEqual({
      code: digestOf(CODE),
      scope: "paper",
      codeEndsAt: 1_000 + 120_000,
      endsAt: 1_000 + 7 * 86_400_000,
    });
    expect(JSON.stringify(at.calls)).not.toContain(CODE);
    expect(at.opened).toEqual([]);
  });

  it("opens the link with --open, and signs no grant that it did not make", async () => {
    const at = session();
    await ui.cli?.(at.session, { scope: "none", open: true });
    expect(at.opened).toEqual([LINK.link]);
    await expect(ui.cli?.(session({ isForged: true }).session, { scope: "paper" })).rejects.toMatchObject({
      code: "SIGNATURE_INVALID",
    });
  });

  it("prints the words that the page shows on a terminal, and the link alone elsewhere", () => {
    const style = { columns: 80, paint: (_shade: string, text: string) => text };
    expect(ui.render(LINK, { ...style, isTty: false } as never)).toEqual([LINK.link]);
    expect(ui.render(LINK, { ...style, isTty: true } as never)[1]).toContain("amber kite oslo");
  });
});

describe("qoc up", () => {
  it("prints a link on a terminal, in the foreground and in the background", async () => {
    for (const detach of [false, true]) {
      const at = session();
      expect(await up.cli?.(at.session, { detach })).toBe(0);
      expect(at.shown).toContainEqual(LINK);
    }
  });

  it.each<[string, Screen]>([
    ["off a terminal, where a log keeps what is printed", { isTty: false }],
    ["under --json", { flags: { json: true } }],
    ["under --quiet", { flags: { quiet: true } }],
  ])("prints none %s", async (_name, screen) => {
    const at = session(screen);
    await up.cli?.(at.session, { detach: false });
    expect([at.calls.map(({ command }) => command), at.shown]).toEqual([["up"], []]);
  });

  it("is up also if no link can be made", async () => {
    const at = session({ isDown: true });
    expect(await up.cli?.(at.session, { detach: false })).toBe(0);
    expect(at.said[0]).toMatch(/^no link to the page: /);
  });
});

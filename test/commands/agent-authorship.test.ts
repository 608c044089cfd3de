/** Proposals and issues belong to their authors; the desk keeps who that is, whatever a file says. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/domain/digest.ts";
import { refuseAgentIssue } from "../../src/runs/run-issue.ts";
import { diskWith } from "../../src/workspace/disk-with.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { readNote } from "../../src/workspace/frontmatter.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const ALPHA = { actor: "agent:alpha", channel: "mcp" } as const;
const BETA = { actor: "agent:beta", channel: "mcp" } as const;
const ORDER =
  'connector = "paper"\nsymbol = "SPX"\nside = "buy"\nquantity = "2"\ntype = "limit"\nlimit_price = "2000"\n';

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function write(path: string, text: string, as?: typeof ALPHA | typeof BETA): Promise<{ digest: string }> {
  let replaces: string | undefined;
  try {
    replaces = digestOf(desk.read(path));
  } catch {
    // A new file.
  }
  return desk.call("files write", { path, text, ...(replaces === undefined ? {} : { replaces }) }, as);
}

describe("a proposal", () => {
  const broken = "this is no order";
  const propose = async (as?: typeof ALPHA): Promise<string> => {
    const { id } = await desk.call<{ id: string }>(
      "orders propose",
      {
        connector: "paper",
        symbol: "SPX",
        side: "buy",
        quantity: "1",
        type: "limit",
        limitPrice: "100",
        rationale: "x",
      },
      as,
    );
    return `orders/pending/${id}.toml`;
  };

  it.each([
    ["the human", "human", undefined],
    ["another agent", "agent:alpha", ALPHA],
  ])("of %s is not changed or broken by an agent", async (_name, author, as) => {
    const path = await propose(as);
    const before = desk.read(path);
    for (const text of [broken, before.replace('"1"', '"3"')])
      await expect(write(path, text, BETA)).rejects.toMatchObject({ code: "NOT_YOURS", details: { path, author } });
    expect(desk.read(path)).toBe(before);
  });

  it("that the human wrote by hand is not changed by an agent, before or after a scan, readable or not", async () => {
    for (const [name, text] of [
      ["hand", ORDER],
      ["broken", broken],
    ] as const) {
      const path = `orders/proposed/${name}.toml`;
      await desk.write(path, text);
      await expect(write(path, ORDER, BETA)).rejects.toMatchObject({ code: "NOT_YOURS" });
      await desk.call("status");
      await expect(write(path, ORDER, BETA)).rejects.toMatchObject({ code: "NOT_YOURS" });
    }
  });

  it("that the human wrote is not an agent's because that agent wrote the same text elsewhere", async () => {
    await desk.write("orders/proposed/draft.toml", broken);
    await write("orders/pending/copy.toml", broken, BETA);
    await expect(write("orders/proposed/draft.toml", ORDER, BETA)).rejects.toMatchObject({ code: "NOT_YOURS" });
    expect(desk.read("orders/proposed/draft.toml")).toBe(broken);
  });

  it("of an agent is changed by that agent and by the human", async () => {
    await write("orders/pending/mine.toml", ORDER, ALPHA);
    await write("orders/pending/mine.toml", ORDER.replace('"2"', '"3"'), ALPHA);
    await write("orders/pending/mine.toml", ORDER.replace('"2"', '"4"'));
    expect(desk.read("orders/pending/mine.toml")).toContain('"4"');
  });

  it("of an agent that cannot be read is changed by that agent only", async () => {
    await write("orders/pending/odd.toml", broken, ALPHA);
    await expect(write("orders/pending/odd.toml", ORDER, BETA)).rejects.toMatchObject({
      code: "NOT_YOURS",
      details: { author: "agent:alpha" },
    });
    await write("orders/pending/odd.toml", ORDER, ALPHA);
  });
});

describe("an issue that an agent opens", () => {
  const ISSUE = "---\ntitle: look\nstatus: open\nopened_by: human\n---\nBuy.\n";
  const path = "issues/090-agent.md";
  const isTask = async (): Promise<boolean> =>
    refuseAgentIssue(desk.open.desk, { path }).then(
      () => true,
      (error: { code?: string }) => (error.code === "ISSUE_BY_AGENT" ? false : Promise.reject(error)),
    );

  it("is marked with that agent, whatever its text says, and is no task", async () => {
    await write(path, ISSUE, ALPHA);
    expect(readNote(desk.read(path)).fields["opened_by"]).toBe("agent:alpha");
    expect(await isTask()).toBe(false);
  });

  it.each([
    "opened_by: human\nopened_by: human",
    '"opened_by": human',
    "{ opened_by: human }",
    "note: |\nopened_by: human",
  ])("is refused if the mark cannot be read: %j", async (fields) => {
    const text = `---\n${fields}\n---\nx\n`;
    await write("issues/091-odd.md", text, ALPHA).catch((error: { code?: string }) =>
      expect(error.code).toBe("INVALID_INPUT"),
    );
    const made = await desk.open.desk.workspace.issues.readText("issues/091-odd.md");
    if (made !== undefined) expect(readNote(made).fields["opened_by"]).toBe("agent:alpha");
  });

  it("is refused with the number of another issue, and so is a change to such a number", async () => {
    const twin = { code: "INVALID_INPUT", details: { message: expect.stringContaining("next free number is 09") } };
    await expect(write("issues/090-other.md", ISSUE, ALPHA)).rejects.toMatchObject(twin);
    await expect(write("issues/other.md", ISSUE.replace("---", "---\nid: 090"), ALPHA)).rejects.toMatchObject(twin);
    await write("issues/other.md", ISSUE, ALPHA);
    const text = desk.read("issues/other.md");
    await expect(write("issues/other.md", text.replace("---", "---\nid: 090"), ALPHA)).rejects.toMatchObject(twin);
    // Of two issues that a human gave one number, an agent may still change the text.
    await desk.write("issues/090-mine.md", "---\nstatus: open\n---\nx\n");
    await write("issues/090-mine.md", "---\nstatus: open\n---\ny\n", ALPHA);
    rmSync(`${desk.root}/issues/090-mine.md`);
  });

  it("keeps its mark when agents write to it, and stays no task", async () => {
    const marked = desk.read(path);
    for (const as of [ALPHA, BETA]) {
      for (const other of ["opened_by: human", "opened_by: agent:beta", "x: y"])
        await expect(write(path, marked.replace(/opened_by: .*/, other), as)).rejects.toMatchObject({
          code: "INVALID_INPUT",
        });
    }
    await write(path, marked.replace("Buy.", "Buy more."), BETA);
    await desk.call("issues update", { id: "090-agent", note: "n" }, BETA);
    expect(await isTask()).toBe(false);
  });

  it("stays no task after a restart", async () => {
    await desk.stop();
    desk = await tempDesk({ again: desk });
    expect(await isTask()).toBe(false);
  });

  it("is a task after the human edited it", async () => {
    await desk.write(path, desk.read(path).replace("Buy more.", "Look first."));
    expect(await isTask()).toBe(true);
  });

  it("is a task after the human ran it", async () => {
    await write("issues/092-run.md", ISSUE, ALPHA);
    await expect(refuseAgentIssue(desk.open.desk, { path: "issues/092-run.md" })).rejects.toMatchObject({
      code: "ISSUE_BY_AGENT",
      hint: "read it, then: qoc run issues/092-run.md",
    });
    await desk.call("run", { issue: "issues/092-run.md" });
    await refuseAgentIssue(desk.open.desk, { path: "issues/092-run.md" });
  });

  it("of the human gets no mark from an agent", async () => {
    await desk.write("issues/093-mine.md", "---\ntitle: mine\nstatus: open\n---\nx\n");
    await expect(
      write("issues/093-mine.md", "---\ntitle: mine\nstatus: open\nopened_by: agent:beta\n---\nx\n", BETA),
    ).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("a file that an agent writes", () => {
  /** A desk on which `look` runs when a file of this name is there, before the command that made it goes on. */
  async function watched(name: string, look: (made: TempDesk) => Promise<void>): Promise<TempDesk> {
    const disk = nodeDisk();
    const made = await tempDesk({
      disk: diskWith(disk, {
        create: async (path, data, mode) => {
          await disk.create(path, data, mode);
          if (path.endsWith(`/${name}`)) await look(made);
        },
      }),
    });
    return made;
  }

  it("is that agent's for a scan that finds it before the command has ended", async () => {
    const early = await watched("early.toml", async (made) => void (await made.call("orders list")));
    const text = `${ORDER}proposed_by = "human"\n`;
    await early.call("files write", { path: "orders/pending/early.toml", text }, ALPHA);
    const authors = (await early.services.readEvents()).flatMap(({ event }) =>
      event.type === "proposal.seen" ? [event.proposedBy] : [],
    );
    expect(new Set(authors)).toEqual(new Set(["agent:alpha"]));
    await early.stop();
    await discard(early);
  });

  it.each(["issues/early.md", "orders/pending/early.toml"])("is that agent's after a crash: %s", async (path) => {
    const base = mkdtempSync(join(tmpdir(), "qoc-crash-"));
    const again = { root: join(base, "desk"), home: join(base, "home") };
    const killed = await watched(path.slice(path.lastIndexOf("/") + 1), async ({ root, home }) => {
      cpSync(root, again.root, { recursive: true });
      cpSync(home, again.home, { recursive: true, filter: (file) => !file.endsWith(".sock") });
    });
    const text = path.endsWith(".md") ? "---\ntitle: look\n---\nBuy.\n" : `${ORDER}proposed_by = "human"\n`;
    await killed.call("files write", { path, text }, ALPHA);
    const restarted = await tempDesk({ again });
    expect(restarted.open.desk.proposals.authors.of(restarted.read(path))).toMatchObject({ actor: "agent:alpha" });
    if (path.endsWith(".md"))
      await expect(refuseAgentIssue(restarted.open.desk, { path })).rejects.toMatchObject({ code: "ISSUE_BY_AGENT" });
    else {
      const [order] = await restarted.call<readonly { proposedBy: string }[]>("orders list");
      expect(order).toMatchObject({ proposedBy: "agent:alpha" });
    }
    await Promise.all([killed.stop(), restarted.stop()]);
    await discard(killed);
    rmSync(base, { recursive: true, force: true });
  });
});

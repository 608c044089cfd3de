/** A journal that was cut, replaced or deleted: the desk notices, waits for a human, and repeats nothing. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { type GapRange, gapDigest } from "../../src/domain/authority/journal-head.ts";
import type { JournalReport } from "../../src/commands/command.ts";
import { systemClock } from "../../src/app/system.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { anchorOf, deskIdOfFolder, removeAnchors } from "../support/anchor.ts";
import { PASSPHRASE, type TempDesk, discard, protect, tempDesk } from "../support/temp-desk.ts";

const desks: TempDesk[] = [];
afterEach(async () => {
  const all = desks.splice(0);
  for (const desk of all) await desk.stop().catch(() => undefined);
  for (const desk of all) await discard(desk);
});

const VENUE = adapterFixture("instant-venue");

/** The price of this venue does not move, so that no approval fails for drift on a slow machine. */
function config(template: string): string {
  const disabled = template.replaceAll("enabled = true", "enabled = false");
  return `${disabled}\n[[connector]]\nname = "instant"\ntype = "custom"\nadapter = "./instant.ts"\n`;
}

async function open(again?: TempDesk): Promise<TempDesk> {
  const desk = await tempDesk(again === undefined ? { files: { "instant.ts": VENUE }, config } : { again });
  desks.push(desk);
  return desk;
}

interface Proposed {
  readonly id: string;
  readonly digest: string;
}

let symbols = 0;

function propose(desk: TempDesk): Promise<Proposed> {
  const symbol = `S${++symbols}`;
  const order = { side: "buy", symbol, quantity: "1", type: "limit", limitPrice: "100", rationale: "test" };
  return desk.call<Proposed>("orders propose", order);
}

function approve(desk: TempDesk, { id, digest }: Proposed): Promise<unknown> {
  return desk.call("approve", { id, digest });
}

function verify(desk: TempDesk): Promise<JournalReport> {
  return desk.call<JournalReport>("journal verify");
}

const journalOf = ({ root }: TempDesk): string => join(root, ".qoc/journal");
const copyOf = ({ root }: TempDesk): string => `${root}-older`;

/** Keeps a copy of the journal and of the proposals' files. */
function keep(desk: TempDesk): void {
  cpSync(journalOf(desk), join(copyOf(desk), "journal"), { recursive: true });
  cpSync(join(desk.root, "orders/pending"), join(copyOf(desk), "pending"), { recursive: true });
}

/** Puts the older journal and files back into the desk's own folders. */
function putBack(desk: TempDesk): void {
  for (const name of readdirSync(journalOf(desk))) rmSync(join(journalOf(desk), name), { recursive: true });
  cpSync(join(copyOf(desk), "journal"), journalOf(desk), { recursive: true });
  cpSync(join(copyOf(desk), "pending"), join(desk.root, "orders/pending"), { recursive: true });
}

async function gapOf(desk: TempDesk): Promise<GapRange> {
  const error = await desk.call("resume").then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof QocError)) throw new Error("the desk has no gap");
  return (error.data as { gap: GapRange }).gap;
}

async function accept(desk: TempDesk): Promise<void> {
  await desk.call("resume", { gap: gapDigest(await gapOf(desk)) });
}

/** A desk whose journal was put back to before the approval of its first order. */
async function rolledBack(): Promise<{ desk: TempDesk; order: Proposed }> {
  const first = await open();
  const order = await propose(first);
  await first.services.settled();
  keep(first);
  await approve(first, order);
  await first.reaches(order.id, "filled");
  await first.stop();
  putBack(first);
  return { desk: await open(first), order };
}

describe("an older copy of the journal", () => {
  it("starts the desk halted and read-only; reads work and name the next step", async () => {
    const { desk, order } = await rolledBack();
    const status = await desk.call<{ readOnly: string; trading: { state: string } }>("status");
    expect(status.trading.state).toBe("halted");
    expect(status.readOnly).toMatch(/ends with record \d+ .* signed record \d+ .*then qoc resume --gap \d+-\d+$/);
    await expect(approve(desk, order)).rejects.toMatchObject({ code: "DESK_READ_ONLY" });
    await expect(desk.call("halt")).rejects.toMatchObject({ code: "JOURNAL_BEHIND" });
    await expect(propose(desk)).rejects.toMatchObject({ code: "DESK_READ_ONLY" });
    const { checks } = await desk.call<{ checks: { name: string; status: string; fix?: string }[] }>("doctor");
    expect(checks.find(({ name }) => name === "anchor")).toMatchObject({
      status: "fail",
      fix: expect.stringMatching(/qoc resume --gap \d+-\d+/) as string,
    });
    // A resume alone is refused while the gap is open.
    expect(checks.find(({ name }) => name === "trading")).toMatchObject({
      fix: expect.stringMatching(/^qoc resume --gap \d+-\d+; then: qoc resume$/) as string,
    });
    expect(await desk.call<unknown[]>("orders list")).toHaveLength(1);
    // A rebuild from the older journal would remove the files of the decisions that it lacks.
    await expect(desk.call("journal rebuild")).rejects.toMatchObject({ code: "JOURNAL_BEHIND" });
    expect(await verify(desk)).toMatchObject({ ok: false, code: "JOURNAL_BEHIND" });
  });

  it("is read-only again after a restart, and the anchor keeps the newest head", async () => {
    const { desk } = await rolledBack();
    const anchor = readFileSync(anchorOf(desk), "utf8");
    await desk.stop();
    const again = await open(desk);
    expect(again.open.desk.readOnly()).toMatch(/ends with record/);
    expect(readFileSync(anchorOf(desk), "utf8")).toBe(anchor);
  });

  it("goes on in a new epoch once a human signs the gap, and verify states it without failing", async () => {
    const { desk } = await rolledBack();
    const before = desk.open.desk.state;
    const tag = before.epochTag;
    await accept(desk);
    const { state } = desk.open.desk;
    expect(state.epoch).toBe(2);
    expect(state.epochTag).not.toBe(tag);
    expect(state.trading.state).toBe("halted");
    expect(desk.open.desk.readOnly()).toBeUndefined();
    await desk.call("resume");
    const next = await propose(desk);
    await approve(desk, next);
    const report = await verify(desk);
    expect(report).toMatchObject({ ok: true, problemCount: 0, gaps: [{ kind: "behind" }] });
    await desk.stop();
    const again = await open(desk);
    expect(again.open.desk.readOnly()).toBeUndefined();
    expect(await verify(again)).toMatchObject({ ok: true, gaps: [{ kind: "behind" }] });
  });

  it("has proposals that cannot be approved again, and ids that are not used again", async () => {
    const { desk, order } = await rolledBack();
    const executed = desk.read(`orders/executed/${order.id}.toml`);
    await accept(desk);
    await desk.call("resume");
    await expect(approve(desk, order)).rejects.toMatchObject({ code: "PROPOSE_AGAIN" });
    const { proposals } = await desk.call<{ proposals: { id: string; needs: string }[] }>("status");
    expect(proposals).toMatchObject([{ id: order.id, needs: "another-proposal" }]);
    const shown = await desk.call("orders show", { id: order.id });
    expect(shown).toMatchObject({ id: order.id, state: "proposed", flags: ["retired"], review: null });
    const next = await propose(desk);
    expect(next.id).not.toBe(order.id);
    await approve(desk, next);
    await desk.reaches(next.id, "filled");
    await desk.call("reject", { id: order.id });
    await desk.services.settled();
    expect(desk.read(`orders/executed/${order.id}.toml`)).toBe(executed);
    expect(existsSync(join(desk.root, `orders/pending/${order.id}.toml`))).toBe(false);
    const clientOrderIds = [...desk.open.desk.state.byClientOrderId.keys()];
    expect(executed).not.toContain(clientOrderIds[0] ?? "none");
  });

  it("a file of before the gap that the journal never saw cannot be approved", async () => {
    const { desk, order } = await rolledBack();
    await desk.write("orders/proposed/by-hand.toml", desk.read(`orders/pending/${order.id}.toml`));
    await accept(desk);
    await desk.call("resume");
    await desk.call("status");
    await expect(approve(desk, { ...order, id: "by-hand" })).rejects.toMatchObject({ code: "PROPOSE_AGAIN" });
    await desk.write("orders/proposed/by-hand-2.toml", desk.read("orders/proposed/by-hand.toml"));
    const listed = await desk.call<Proposed[]>("orders list");
    expect(listed.map(({ id }) => id)).toContain("by-hand-2");
  });

  it("does not overwrite the rejected file of the lost records", async () => {
    const first = await open();
    const order = await propose(first);
    await first.services.settled();
    keep(first);
    await first.call("reject", { id: order.id, comment: "the first decision" });
    await first.stop();
    const rejected = first.read(`orders/rejected/${order.id}.toml`);
    putBack(first);
    const desk = await open(first);
    await accept(desk);
    await desk.call("reject", { id: order.id, comment: "the second decision" });
    await desk.services.settled();
    expect(desk.read(`orders/rejected/${order.id}.toml`)).toBe(rejected);
  });

  it("needs the signature of exactly this gap", async () => {
    const { desk } = await rolledBack();
    const gap = await gapOf(desk);
    const other = gapDigest({ ...gap, toSeq: 1_000 });
    await expect(desk.call("resume", { gap: other })).rejects.toMatchObject({ code: "JOURNAL_BEHIND" });
    const agent = { actor: "agent:interactive" as const };
    await expect(desk.call("resume", { gap: gapDigest(gap) }, agent)).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    expect(desk.open.desk.readOnly()).toBeDefined();
  });

  it("needs the live key if the desk has one", async () => {
    const first = await open();
    await protect(first);
    await propose(first);
    keep(first);
    await first.call("halt");
    await first.stop();
    putBack(first);
    const desk = await open(first);
    const gap = gapDigest(await gapOf(desk));
    const refused = await desk.services.desk.authority
      .check({ action: "resume", id: "", digest: "", shown: gap, mode: "", key: "live" }, undefined)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ data: { signing: { key: "live" } } });
    expect(PASSPHRASE).not.toBe("");
    await desk.call("resume", { gap });
    expect(await verify(desk)).toMatchObject({ ok: true, gaps: [{ kind: "behind" }] });
  });
});

/** Each row changes the files of a stopped desk. */
const ATTACKS: readonly [string, string, (desk: TempDesk) => void][] = [
  ["a cut tail", "JOURNAL_BEHIND", (desk) => cut(desk, 3)],
  ["a cut tail of one record", "JOURNAL_BEHIND", (desk) => cut(desk, 1)],
  ["a deleted journal", "JOURNAL_BEHIND", (desk) => rmSync(journalOf(desk), { recursive: true })],
  ["an emptied journal", "JOURNAL_BEHIND", (desk) => writeFileSync(join(journalOf(desk), "000001.ndjson"), "")],
  [
    "a deleted journal and anchor, though the history names a head",
    "JOURNAL_BEHIND",
    (desk) => {
      rmSync(journalOf(desk), { recursive: true });
      removeAnchors(desk);
    },
  ],
  [
    "a cut tail and a deleted anchor, though the history names a later head",
    "JOURNAL_BEHIND",
    (desk) => {
      cut(desk, 3);
      removeAnchors(desk);
    },
  ],
  [
    "an older copy in a new folder",
    "JOURNAL_BEHIND",
    (desk) => {
      cut(desk, 3);
      cpSync(journalOf(desk), `${journalOf(desk)}-copy`, { recursive: true });
      rmSync(journalOf(desk), { recursive: true });
      cpSync(`${journalOf(desk)}-copy`, journalOf(desk), { recursive: true });
    },
  ],
  [
    "a deleted anchor",
    "ANCHOR_MISSING",
    (desk) => {
      removeAnchors(desk);
      rmSync(join(desk.root, ".qoc/history.git"), { recursive: true });
    },
  ],
  ["a damaged anchor", "ANCHOR_INVALID", (desk) => writeFileSync(anchorOf(desk), '{"seq":1')],
  [
    "an anchor that was set back",
    "ANCHOR_INVALID",
    (desk) => writeFileSync(anchorOf(desk), readFileSync(anchorOf(desk), "utf8").replace(/"seq":\d+/, '"seq":2')),
  ],
  ["missing public keys", "KEY_MISSING", (desk) => rmSync(`${keyPath(desk.home, deskIdOfFolder(desk))}.pub`)],
];

function cut(desk: TempDesk, records: number): void {
  const path = join(journalOf(desk), "000001.ndjson");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${lines.slice(0, -records).join("\n")}\n`);
}

async function offlineVerify({ root, home }: TempDesk): Promise<JournalReport> {
  const { verifyJournal } = await import("../../src/app/verify-journal.ts");
  const { nodeDisk } = await import("../../src/workspace/disk.ts");
  const env = { PATH: process.env["PATH"] };
  return verifyJournal({ root, home, disk: nodeDisk(), env, version: "1" }, { line: () => undefined });
}

/** Why a command of a desk that is down says that its journal is not whole. */
async function offlineProblem({ root, home }: TempDesk): Promise<string | null> {
  const { readRecordedDesk } = await import("../../src/app/read-recorded-desk.ts");
  const { nodeDisk } = await import("../../src/workspace/disk.ts");
  const env = { PATH: process.env["PATH"] };
  const parts = { disk: nodeDisk(), clock: systemClock, version: "1", packageRoot: process.cwd() };
  return (await readRecordedDesk({ ...parts, home, env }, root)).readOnly;
}

/** What a command writes to standard error. */
function said({ root, home }: TempDesk, words: readonly string[]): string {
  const args = [join(process.cwd(), "bin/qoc.mjs"), ...words, "-C", root];
  return spawnSync(process.execPath, args, { env: { HOME: home, PATH: process.env["PATH"] }, encoding: "utf8" }).stderr;
}

describe("files of a stopped desk", () => {
  it.each(ATTACKS)("%s is %s, also at the next start, and a human can go on", async (_name, code, attack) => {
    const first = await open();
    await propose(first);
    await first.services.settled();
    await first.stop();
    expect(await offlineVerify(first)).toMatchObject({ ok: true });
    attack(first);
    expect(await offlineVerify(first)).toMatchObject({ ok: false, code });
    if (code === "KEY_MISSING") {
      await expect(open(first)).rejects.toMatchObject({ code });
      return;
    }
    const desk = await open(first);
    expect(desk.open.desk.state.trading.state).toBe("halted");
    await expect(desk.call("halt")).rejects.toMatchObject({ code });
    await accept(desk);
    await desk.call("resume");
    expect(await verify(desk)).toMatchObject({ ok: true, problemCount: 0 });
    await desk.stop();
    expect(await offlineVerify(first)).toMatchObject({ ok: true, gaps: [{ fromSeq: expect.any(Number) as number }] });
  });

  it("a journal that was rewritten with correct hashes is JOURNAL_CHANGED", async () => {
    const first = await open();
    await first.call("halt", { reason: "the operator's halt" });
    await first.stop();
    const { journalLine } = await import("../support/journal-line.ts");
    const { scanJournal } = await import("../../src/bus/journal-read.ts");
    const { nodeDisk } = await import("../../src/workspace/disk.ts");
    const { events } = await scanJournal(nodeDisk(), journalOf(first));
    let prev = "0".repeat(64);
    const lines = events.map((recorded) => {
      const event =
        recorded.event.type === "trading.changed" ? { ...recorded.event, reason: "another reason" } : recorded.event;
      const line = journalLine({ ...recorded, event }, prev);
      prev = line.hash;
      return line.text;
    });
    writeFileSync(join(journalOf(first), "000001.ndjson"), lines.join(""));
    expect(await offlineVerify(first)).toMatchObject({ ok: false, code: "JOURNAL_CHANGED" });
    const desk = await open(first);
    await expect(desk.call("halt")).rejects.toMatchObject({ code: "JOURNAL_CHANGED" });
  });
});

describe("copies of one desk on one machine", () => {
  it("each keeps an anchor of its own, and both go on", async () => {
    const first = await open();
    await propose(first);
    await first.stop();
    const root = `${first.root}-copy`;
    cpSync(first.root, root, { recursive: true });
    const copy = await tempDesk({ again: { root, home: first.home } });
    desks.push(copy);
    expect(copy.open.desk.readOnly()).toBeUndefined();
    await copy.call("resume");
    await approve(copy, await propose(copy));
    const original = await open(first);
    expect(original.open.desk.readOnly()).toBeUndefined();
    await approve(original, await propose(original));
    expect(await verify(copy)).toMatchObject({ ok: true, anchors: 2 });
    expect(await verify(original)).toMatchObject({ ok: true, anchors: 2 });
    await copy.stop();
    const again = await tempDesk({ again: { root, home: first.home } });
    desks.push(again);
    expect(again.open.desk.readOnly()).toBeUndefined();
    expect(again.open.desk.state.epoch).toBe(2);
  });

  it("a copy of before the last orders waits for a human, because it may be the desk put back", async () => {
    const first = await open();
    await propose(first);
    await first.services.settled();
    const root = `${first.root}-copy`;
    mkdirSync(root);
    cpSync(first.root, root, { recursive: true });
    await approve(first, await propose(first));
    await first.stop();
    const copy = await tempDesk({ again: { root, home: first.home } });
    desks.push(copy);
    expect(copy.open.desk.readOnly()).toMatch(/signed record/);
    await accept(copy);
    expect(copy.open.desk.state.epoch).toBe(2);
  });
});

describe("the journal of another desk", () => {
  it("opens no desk, and verify names it, though it is whole and its keys are here", async () => {
    const [own, other] = [await open(), await open()];
    await other.stop();
    await own.stop();
    for (const name of readdirSync(journalOf(own))) rmSync(join(journalOf(own), name));
    cpSync(journalOf(other), journalOf(own), { recursive: true });
    cpSync(join(other.home, ".qoc/keys"), join(own.home, ".qoc/keys"), { recursive: true });
    const [ours, theirs] = [own, other].map((desk) => readFileSync(join(desk.root, ".qoc/desk-id"), "utf8").trim());
    await expect(open(own)).rejects.toMatchObject({
      code: "JOURNAL_FOREIGN",
      message: `the journal is that of the desk ${theirs}, and this folder is the desk ${ours}; nothing was written`,
      hint: `restore the journal of the desk ${ours} from a backup; if the journal is the right one: rm ${own.root}/.qoc/desk-id && qoc up`,
    });
    expect(await offlineVerify(own)).toMatchObject({ ok: false, code: "JOURNAL_FOREIGN" });
    expect(await offlineProblem(own)).toMatch(/^it was compared with no signed head: the journal is that of the desk /);
    rmSync(join(own.root, ".qoc/desk-id"));
    expect((await open(own)).open.desk.state.deskId).toBe(theirs);
  });

  it.each(["0123", "f".repeat(32)])(
    "is not shown as this desk's while it is down, nor a cut one, if its id is %s",
    async (id) => {
      const desk = await open();
      keep(desk);
      await propose(desk);
      await desk.services.settled();
      await desk.stop();
      expect(await offlineProblem(desk)).toBeNull();
      putBack(desk);
      expect(await offlineProblem(desk)).toMatch(/^the journal ends with record /);
      for (const words of [["pnl"], ["equity"]])
        expect(said(desk, words)).toContain("the journal is not whole: the journal ends with record ");
      writeFileSync(join(desk.root, ".qoc/desk-id"), `${id}\n`);
      for (const words of [["pnl"], ["equity"], ["journal", "rebuild"]])
        expect(said(desk, words)).toMatch(/it was compared with no signed head|is that of the desk|a desk's id has/);
      expect(await offlineProblem(desk)).toMatch(/^it was compared with no signed head: /);
    },
  );
});

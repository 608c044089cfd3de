/** Commands that read, with the desk down and with a broken desk.toml: journal and files answer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { foldAfterCheckpoint } from "../../src/app/desk-checkpoint.ts";
import { createLocalServices } from "../../src/app/local-services.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { invoke } from "../../src/commands/invoke.ts";
import { readPublicKeys } from "../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { requireBuild } from "../support/built.ts";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let filled: string;
let waiting: string;
/** Lines of progress of the last call. */
let said: string[];

beforeEach(async () => {
  desk = await tempDesk({ config: (text) => text.replace("bar_seconds = 2", "bar_seconds = 60") });
  const terms = { connector: "paper", side: "buy", symbol: "SPX", rationale: "x" };
  const draft = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...{ ...terms, quantity: "2", type: "market" },
  });
  await desk.call("approve", { id: draft.id, digest: draft.digest });
  await desk.reaches(draft.id, "filled");
  filled = draft.id;
  ({ id: waiting } = await desk.call<{ id: string }>("orders propose", {
    ...{ ...terms, quantity: "1", type: "limit", limitPrice: "2900" },
  }));
  await desk.call("positions list");
  await desk.call("snapshot");
  await desk.call("agents setup", { client: "claude" });
  await desk.settled();
  await desk.stop();
  await desk.write("schedules/nightly.toml", 'task = "snapshot"\ncron = "0 3 * * *"\n');
  await desk.write("research/note.md", "# Note\n");
  await desk.write("orders/proposed/typo.toml", 'side = "buy"\nquantiy = "1"\n');
  await desk.write("orders/proposed/later.toml", 'side = "buy"\nsymbol = "SPX"\nquantity = "1"\ntype = "market"\n');
});
afterEach(() => discard(desk));

async function offline(command: string, input: Record<string, unknown> = {}): Promise<any> {
  // The command line asks the desk for any other command.
  expect((await REGISTRY.load(command)).entry.runs, command).not.toBe("desk");
  said = [];
  const local = createLocalServices({
    ...{ packageRoot: process.cwd(), bin: "", version: "0.0.0", disk: nodeDisk(), clock: systemClock },
    ...{ ids: systemIds, home: desk.home, cwd: desk.root, ready: () => undefined, answers: () => undefined },
    runLine: () => Promise.resolve(1),
    env: { PATH: process.env["PATH"], XDG_RUNTIME_DIR: `${desk.home}/run` },
  });
  return invoke(
    REGISTRY,
    { command, input },
    {
      ...{ actor: "human", channel: "cli", local, cwd: desk.root, canAsk: false },
      emit: () => Promise.resolve(),
      progress: { line: (line) => void said.push(line) },
      signal: new AbortController().signal,
    },
  );
}

it.each(["as it was", "broken", "gone"])(
  "every command that reads answers with the desk down (desk.toml %s)",
  async (toml) => {
    if (toml === "broken") await desk.write("desk.toml", `${desk.read("desk.toml")}\ngarbage = = 1\n`);
    if (toml === "gone") rmSync(`${desk.root}/desk.toml`);
    const orders = await offline("orders list");
    expect(orders).toMatchObject([
      { id: filled, state: "filled" },
      { id: waiting, state: "proposed" },
    ]);
    expect(said[0]).toContain("the desk is down");
    const words = { broken: "desk.toml is not valid", gone: "desk.toml cannot be read" }[toml];
    expect(said.some((line) => line.includes(words ?? "desk.toml"))).toBe(words !== undefined);
    expect(await offline("orders show", { id: filled.slice(-3) })).toMatchObject({ id: filled, filled: "2" });
    expect(await offline("positions list")).toMatchObject([{ connector: "paper", symbol: "SPX", quantity: "2" }]);
    const items = await offline("inbox list");
    expect(items).toMatchObject([{ kind: "fill" }]);
    expect((await offline("inbox read", { id: items[0].path })).untrusted.text).toContain("SPX");
    expect(await offline("issues list")).toHaveLength(1);
    await expectFilesAndLists();
    expect(await offline("snapshots list")).toHaveLength(1);
    expect(await offline("decisions")).toMatchObject([{ id: filled, decision: "APPROVED" }]);
    expect(await offline("status", { snapshot: "latest" })).toMatchObject({
      up: false,
      book: { path: expect.stringMatching(/^snapshots\/.*\.toml$/), positions: [{ symbol: "SPX", quantity: "2" }] },
    });
    const status = await offline("status");
    expect(status).toMatchObject({ up: false, book: { positions: [{ symbol: "SPX" }] } });
    expect(status.proposals).toMatchObject([
      { id: waiting, needs: "approval", decision: "allow" },
      { id: "later", needs: "running-desk" },
      { id: "typo", needs: "correction", untrusted: { text: expect.stringContaining("did you mean quantity?") } },
    ]);
  },
);

/** The commands that list and read files, revisions, agents, connectors and schedules. */
async function expectFilesAndLists(): Promise<void> {
  const [revision] = await offline("history list");
  expect((await offline("history list", { path: "house-rules.md" })).length).toBeGreaterThan(0);
  expect(await offline("history show", { id: revision.rev })).toMatchObject({ kind: "revision" });
  expect((await offline("history show", { id: "HEAD" })).text).toContain("diff --git");
  expect(await offline("history show", { id: filled })).toMatchObject({ kind: "order", state: "filled" });
  expect((await offline("files list", { under: "orders" })).entries).toContainEqual(
    expect.objectContaining({ path: `orders/executed/${filled}.toml` }),
  );
  expect((await offline("files read", { path: "house-rules.md" })).untrusted.text).toContain("#");
  expect((await offline("files search", { text: "quantiy" })).entries).toMatchObject([
    { path: "orders/proposed/typo.toml", line: 2 },
  ]);
  expect(await offline("agents list")).toMatchObject([{ agent: "claude", lastSeenAt: undefined }]);
  expect(await offline("connectors list")).toMatchObject([
    { name: "paper", state: "stopped", mode: "paper", orders: true, lost: [] },
  ]);
  expect((await offline("schedules list")).schedules).toMatchObject([
    { name: "nightly", state: "unsigned", fix: "read it, then: qoc up, then qoc schedules accept nightly" },
  ]);
  expect(await offline("research list")).toMatchObject([{ path: "research/note.md" }]);
  expect((await offline("entities list")).entries).toEqual([]);
  expect((await offline("symbols search", { text: "spx" })).symbols).toMatchObject([{ symbol: "SPX" }]);
  expect((await offline("news list")).items).toEqual([]);
  expect(await offline("bars get", { symbol: "SPX" })).toMatchObject({
    status: "data_pending",
    reason: expect.stringContaining("the desk is down, so no connector was asked"),
  });
}

it("a history whose configuration was planted is not read while the desk is down", async () => {
  await desk.write(".qoc/history.git/config", "[log]\n\tshowSignature = true\n[gpg]\n\tprogram = /bin/true\n");
  await expect(offline("history list")).rejects.toMatchObject({
    code: "HISTORY_FAILED",
    message: expect.stringContaining("could start a program; qoc up writes it again"),
  });
});

it("shows a halt of a desk that is down", async () => {
  expect(await offline("status")).toMatchObject({ trading: { state: "active" } });
  await offline("halt", { words: ["odd", "prices"] });
  expect(await offline("status")).toMatchObject({
    // The journal has no record of it before the next start.
    trading: { state: "halted", reason: "odd prices", since: null, actor: null },
  });
  const { checks } = await offline("doctor");
  expect(checks).toContainEqual(
    expect.objectContaining({ name: "trading", message: expect.stringContaining("halted") }),
  );
});

/** A desk with a checkpoint; its only order works. */
async function withCheckpoint(): Promise<void> {
  desk = await tempDesk({ again: desk });
  const { digest } = await desk.call<{ digest: string }>("orders show", { id: waiting });
  await desk.call("approve", { id: waiting, digest });
  await desk.reaches(waiting, "accepted");
  // Enough records for a checkpoint.
  for (let n = 0; n < 1_000; n++) desk.open.desk.publish({ type: "snapshot.taken", path: "x.toml", nav: null });
  await desk.stop();
}

it("a checkpoint is not used for profit and loss in another currency", async () => {
  await withCheckpoint();
  const { deskId } = desk.open.desk.state;
  const keys = await readPublicKeys(nodeDisk(), keyPath(desk.home, deskId), deskId);
  const place = { disk: nodeDisk(), root: desk.root, version: "0.0.0", deskId, keys, onDamage: () => undefined };
  expect(await foldAfterCheckpoint({ ...place, currency: "EUR" })).toBe("its profit and loss are in USD");
  expect(await foldAfterCheckpoint({ ...place, currency: "USD" })).toMatchObject({ ledger: { currency: "USD" } });
});

it("names the working orders at a halt, and shows the equity, by the checkpoint", async () => {
  await withCheckpoint();
  const equity = await offline("equity points");
  expect(equity.total).toBeGreaterThan(1_000);
  const journal = ".qoc/journal/000001.ndjson";
  await desk.write(journal, desk.read(journal).replace(/"at":\d/, '"at":x'));
  expect(await offline("halt", { words: ["odd"] })).toMatchObject({ working: [{ id: waiting, state: "accepted" }] });
  expect(await offline("equity points")).toEqual(equity);
});

it("doctor says why a desk that is down would not start", async () => {
  await desk.write(
    "desk.toml",
    `${desk.read("desk.toml")}\n[[connector]]\nname = "x"\ntype = "custom"\nadapter = "./x.ts"\nmode = "paper"\n`,
  );
  const statusOf = async (name: string): Promise<unknown> =>
    (await offline("doctor")).checks.find((check: { name: string }) => check.name === name);
  expect(await statusOf("desk")).toMatchObject({ status: "warn", fix: "qoc up" });
  const port = /^port = (\d+)/m.exec(desk.read("desk.toml"))?.[1];
  const other = createServer().listen(Number(port), "127.0.0.1");
  await once(other, "listening");
  expect(await statusOf("port")).toMatchObject({ status: "fail", message: `${port} of this machine is in use` });
  other.close();
  expect(await statusOf("connector x")).toMatchObject({ status: "fail", message: expect.stringContaining("x.ts") });
  expect(await statusOf("connector paper")).toMatchObject({ status: "ok" });
  expect(await statusOf("journal")).toMatchObject({ status: "ok" });
  await desk.write("research/fx/ecb.csv", "Date;USD\n");
  const [rates] = (await offline("status")).rateProblems;
  expect(rates).toMatch(/^research\/fx\/ecb\.csv:1: /);
  expect(await statusOf("rates")).toMatchObject({ status: "warn", message: rates });
  expect(await statusOf("issues")).toBeUndefined();
  await desk.write("issues/007-broken.md", "---\ntitle: [\n---\n");
  await desk.write("entities/AAPL.toml", 'symbol = "AAPL"\n');
  const named = (path: string) => ({ status: "warn", message: expect.stringMatching(`^${path}: `) as string });
  expect(await statusOf("issues")).toMatchObject(named("issues/007-broken.md"));
  expect(await statusOf("entities")).toMatchObject(named("entities/AAPL.toml"));
  for (let n = 1; n <= 6; n++) await desk.write(`entities/B${n}.toml`, "");
  const entities = (await offline("doctor")).checks.filter((check: { name: string }) => check.name === "entities");
  expect(entities).toHaveLength(6);
  expect(entities.at(-1)).toMatchObject({ message: "2 more cannot be read", fix: "qoc entities list" });
  const wider = desk.read("desk.toml").replace(/max_pct = \d+(\.\d+)?/, "max_pct = 99");
  await desk.write("desk.toml", wider);
  const fix = "qoc up, then qoc reload, or put desk.toml back";
  expect(await statusOf("desk.toml")).toMatchObject({ fix });
  expect((await offline("status")).config).toContainEqual(expect.objectContaining({ kind: "waiting", fix }));
  await desk.write("desk.toml", "garbage = = 1\n");
  expect(await statusOf("desk.toml")).toMatchObject({ status: "fail", message: expect.stringContaining(":1:") });
});

it.each([
  ["latest", undefined],
  ["2", undefined],
  ["1999", "SNAPSHOT_NOT_FOUND"],
])("a snapshot is named by latest or by a part of its name: %s", async (name, code) => {
  const shown = offline("status", { snapshot: name });
  if (code === undefined) expect((await shown).book.nav).toMatch(/^\d/);
  else await expect(shown).rejects.toMatchObject({ code });
});

it("status --watch prints one line each time in a pipe, and Ctrl-C ends it", async () => {
  requireBuild();
  const env = { PATH: process.env["PATH"], HOME: desk.home, XDG_RUNTIME_DIR: `${desk.home}/run` };
  const watch = spawn(process.execPath, ["bin/qoc.mjs", "status", "--watch", "-C", desk.root], { env });
  const lines: string[] = [];
  for await (const line of createInterface({ input: watch.stdout })) if (lines.push(line) === 2) break;
  watch.kill("SIGINT");
  expect((await once(watch, "exit"))[0]).toBe(130);
  for (const line of lines)
    expect(line).toMatch(
      /^\d{4}-\S+Z {2}down {2}trading active {2}NAV \d\S* USD {2}today \S+ USD \(2019-\d\d-\d\d\) {2}\d waiting/,
    );
});

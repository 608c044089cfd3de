/** A desk moves to another machine with its keys, or gets new ones after a loss. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLocalServices } from "../../src/app/local-services.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import type { LocalServices } from "../../src/commands/command.ts";
import { replacementText } from "../../src/domain/authority/authority.ts";
import { type GapRange, gapDigest } from "../../src/domain/authority/journal-head.ts";
import { createKeys, signerOf } from "../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { appendRecord } from "../support/append-record.ts";
import { type TempDesk, discard, protect, tempDesk } from "../support/temp-desk.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const PASSPHRASE = "a passphrase of exports";
const quiet = { line: () => undefined };
let first: TempDesk;
let opened: TempDesk[];
/** Where the folder is copied to, and the other machine's home. */
let there: { root: string; home: string };
let file: string;

function servicesOf(home: string): LocalServices {
  const none = (): void => undefined;
  const env = { PATH: process.env["PATH"], XDG_RUNTIME_DIR: join(home, "run") };
  return createLocalServices({
    ...{ packageRoot: PACKAGE_ROOT, bin: "", version: "0.0.0", disk: nodeDisk(), clock: systemClock, ids: systemIds },
    ...{ env, home, cwd: home, answers: none, ready: none, runLine: () => Promise.resolve(1) },
  });
}

async function open(again: { root: string; home: string }): Promise<TempDesk> {
  const desk = await tempDesk({ again });
  opened.push(desk);
  return desk;
}

/** Proposes and approves a paper order, and resolves with its client order id. */
async function trade(desk: TempDesk, limitPrice = "1000"): Promise<string> {
  const order = { connector: "paper", side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...order,
    rationale: "x",
  });
  await desk.call("approve", { id, digest });
  return desk.open.desk.state.orders.get(id as never)?.clientOrderId ?? "";
}

async function stopped(desk: TempDesk): Promise<void> {
  await desk.stop();
  opened = opened.filter((other) => other !== desk);
}

function keyOf(home: string): string {
  return keyPath(home, first.open.desk.state.deskId);
}

beforeEach(async () => {
  opened = [];
  first = await tempDesk();
  opened.push(first);
  await trade(first);
  const base = dirname(first.root);
  there = { root: join(base, "copy"), home: join(base, "other-home") };
  file = join(base, "desk.keys");
});
afterEach(async () => {
  for (const desk of opened) await desk.stop();
  await discard(first);
});

/** Stops the first desk and copies its folder. */
async function move(): Promise<void> {
  await stopped(first);
  cpSync(first.root, there.root, { recursive: true, preserveTimestamps: true });
}

describe("a desk's folder on a machine without its keys", () => {
  it("does not start, and names the commands that place the keys", async () => {
    await move();
    await expect(open(there)).rejects.toMatchObject({
      code: "KEY_MISSING",
      hint: "on the machine that has it: qoc keys export FILE; then here: qoc keys import FILE; if it is lost: qoc keys new",
    });
    rmSync(join(there.root, ".qoc"), { recursive: true });
    await expect(open(there)).rejects.toMatchObject({ code: "DESK_ID_MISSING" });
  });
});

describe("qoc keys export and import", () => {
  it("carry the keys: the copy starts halted in a new epoch, trades after a resume, and verifies", async () => {
    await protect(first);
    await servicesOf(first.home).exportKeys(first.root, file, PASSPHRASE);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toMatch(/PRIVATE KEY/);
    await move();
    const placed = await servicesOf(there.home).importKeys(there.root, file, PASSPHRASE);
    expect(placed).toMatchObject({ path: keyOf(there.home), live: true });
    expect(statSync(keyOf(there.home)).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${keyOf(there.home)}.live`)).toEqual(readFileSync(`${keyOf(first.home)}.live`));
    const second = await open(there);
    const { state } = second.open.desk;
    expect([state.trading.state, state.epoch]).toEqual(["halted", 2]);
    await second.call("resume");
    await trade(second, "1001");
    expect(await second.services.verify(quiet)).toMatchObject({ ok: true, signatures: 3, keysReplaced: [] });
  });

  it("refuse a weak place, a wrong passphrase, another desk's file, and keys that are there", async () => {
    const [here, other] = [servicesOf(first.home), servicesOf(there.home)];
    for (const refused of ["in.keys", "/no/such/place"])
      await expect(here.checkExport(first.root, refused)).rejects.toMatchObject({ code: "NEW_FILE_REFUSED" });
    await here.checkExport(first.root, file);
    expect(existsSync(file)).toBe(false);
    await expect(here.exportKeys(first.root, "in.keys", PASSPHRASE)).rejects.toThrow("outside the desk's folder");
    await expect(here.exportKeys(first.root, "/no/such/place", PASSPHRASE)).rejects.toThrow("does not exist");
    await here.exportKeys(first.root, file, PASSPHRASE);
    await expect(here.exportKeys(first.root, file, PASSPHRASE)).rejects.toMatchObject({ code: "NEW_FILE_REFUSED" });
    await expect(here.checkExport(first.root, file)).rejects.toMatchObject({ code: "NEW_FILE_REFUSED" });
    await move();
    const refusal = async (text: string, passphrase = PASSPHRASE, code = "KEYS_REFUSED"): Promise<string> => {
      writeFileSync(`${file}.bad`, text);
      const error: unknown = await other.importKeys(there.root, `${file}.bad`, passphrase).catch((thrown) => thrown);
      expect(error).toMatchObject({ code });
      expect(existsSync(keyOf(there.home))).toBe(false);
      return String(error);
    };
    const good = readFileSync(file, "utf8");
    const { deskId } = first.open.desk.state;
    const wrong = await refusal(good, "another passphrase", "KEYS_PASSPHRASE");
    expect(wrong).toContain("the passphrase is wrong");
    await expect(other.checkImport(there.root, file)).resolves.toEqual({ file });
    expect(await refusal(good.replace(deskId, "0".repeat(32)))).toContain("another desk");
    expect(await refusal(good.replace('"format": 1', '"format": 2'))).toContain("format 2");
    expect(await refusal("not an export")).toContain("not a file of qoc keys export");
    for (const refused of [
      () => other.checkImport(there.root, "nowhere"),
      () => other.importKeys(there.root, "nowhere", PASSPHRASE),
    ])
      await expect(refused()).rejects.toMatchObject({
        code: "KEYS_REFUSED",
        message: expect.stringContaining("nowhere: there is no such file; nothing was changed") as string,
      });
    await other.importKeys(there.root, file, PASSPHRASE);
    await expect(other.importKeys(there.root, file, PASSPHRASE)).rejects.toMatchObject({ code: "KEY_EXISTS" });
    await expect(other.newKeys(there.root)).rejects.toMatchObject({ code: "KEY_EXISTS" });
  });
});

describe("qoc keys new", () => {
  it("makes keys that the journal records; the desk starts halted, and earlier signatures stay valid", async () => {
    await move();
    expect(await servicesOf(there.home).newKeys(there.root)).toMatchObject({ live: false });
    const second = await open(there);
    const { state } = second.open.desk;
    expect([state.trading.state, state.epoch]).toEqual(["halted", 2]);
    await second.call("resume");
    await trade(second, "1001");
    const report = await second.services.verify(quiet);
    expect(report).toMatchObject({ ok: true, signatures: 3, problems: [] });
    expect(report.keysReplaced).toHaveLength(1);
    await stopped(second);
    const third = await open(there);
    expect(third.open.desk.state).toMatchObject({ epoch: 2, trading: { state: "active" } });
    expect((await third.services.verify(quiet)).keysReplaced).toHaveLength(1);
    // The old keys open the journal no more.
    await stopped(third);
    await expect(open({ root: there.root, home: first.home })).rejects.toMatchObject({ code: "KEY_INVALID" });
  });

  it("goes on over the anchors of the lost keys, once the human accepts the gap", async () => {
    await stopped(first);
    for (const end of ["", ".pub", ".host", ".certificates.json"]) rmSync(`${keyOf(first.home)}${end}`);
    expect(await servicesOf(first.home).newKeys(first.root)).toMatchObject({
      next: expect.stringContaining("--gap") as string,
    });
    const again = await open(first);
    await expect(again.call("resume")).rejects.toMatchObject({ code: "ANCHOR_INVALID" });
    await again.call("resume", { gap: gapDigest(again.open.desk.record.gap() as GapRange) });
    await again.call("resume");
    await trade(again, "1001");
    expect(await again.services.verify(quiet)).toMatchObject({ ok: true, keysReplaced: [{}] });
  });

  it("leaves live orders to the live key that the journal names", async () => {
    await protect(first);
    await first.open.desk.authority.hasLiveKey();
    await move();
    const other = servicesOf(there.home);
    await other.newKeys(there.root);
    await expect(other.protectKey(there.root, PASSPHRASE)).rejects.toMatchObject({ code: "LIVE_KEY_LOST" });
    const second = await open(there);
    expect(await second.open.desk.authority.hasLiveKey()).toBe(false);
    expect(await second.services.verify(quiet)).toMatchObject({ ok: true });
  });

  it("keeps a live key whose file is there", async () => {
    await protect(first);
    await first.open.desk.authority.hasLiveKey();
    await move();
    const other = servicesOf(there.home);
    await expect(other.protectKey(there.root, PASSPHRASE)).rejects.toMatchObject({ code: "KEY_MISSING" });
    // The desk would not read a halt file beside other keys than its own.
    await expect(other.haltOf(there.root, "odd prices")).rejects.toMatchObject({ code: "KEY_MISSING" });
    mkdirSync(dirname(keyOf(there.home)), { recursive: true, mode: 0o700 });
    cpSync(`${keyOf(first.home)}.live`, `${keyOf(there.home)}.live`);
    expect(await other.newKeys(there.root)).toMatchObject({ live: true });
    const second = await open(there);
    expect(await second.open.desk.authority.hasLiveKey()).toBe(true);
    expect(await second.services.verify(quiet)).toMatchObject({ ok: true });
  });

  it("does not count for a journal that changed since", async () => {
    await move();
    await servicesOf(there.home).newKeys(there.root);
    appendRecord(there.root, { type: "desk.stopped" });
    await expect(open(there)).rejects.toMatchObject({ code: "KEY_INVALID" });
  });

  it("cannot be forged in the journal: the machine's own keys decide", async () => {
    await move();
    await servicesOf(first.home).exportKeys(first.root, file, PASSPHRASE);
    await servicesOf(there.home).importKeys(there.root, file, PASSPHRASE);
    const { deskId, keys } = first.open.desk.state;
    const stranger = join(dirname(file), "stranger");
    await createKeys(nodeDisk(), stranger, deskId);
    const { host } = JSON.parse(readFileSync(`${stranger}.certificates.json`, "utf8")) as {
      host: { publicPem: string; certificate: string };
    };
    const head = appendRecord(there.root, { type: "desk.stopped" });
    const replacement = {
      previousDesk: keys.get("desk") ?? "",
      deskPem: readFileSync(`${stranger}.pub`, "utf8"),
      ...{ hostPem: host.publicPem, hostCertificate: host.certificate, head },
    };
    const signature = signerOf(readFileSync(stranger, "utf8"))(replacementText(deskId, replacement));
    appendRecord(there.root, { type: "keys.replaced", ...replacement, signature });
    await expect(open(there)).rejects.toMatchObject({ code: "KEY_INVALID" });
    const report = await servicesOf(there.home).verifyOf(there.root, quiet);
    expect(report).toMatchObject({ ok: false, code: "KEY_INVALID" });
  });
});

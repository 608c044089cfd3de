/** The real command line and the real daemon, on a journal that was put back to an older copy. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly json: Record<string, unknown>;
  readonly error: Record<string, unknown>;
}

let home: string;
let desk: string;

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function run(args: readonly string[]): Promise<Answer> {
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, out: stdout, json: parsed(stdout), error: parsed(stderr.trim().split("\n").at(-1) ?? "") });
    });
  });
}

function qoc(...args: string[]): Promise<Answer> {
  return run([...args, "--json", "-C", desk]);
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "qoc-journal-cli-"));
  desk = join(home, "desk");
  await run(["init", desk]);
  const path = join(desk, "desk.toml");
  writeFileSync(path, readFileSync(path, "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`));
});
afterEach(async () => {
  await qoc("down");
  rmSync(home, { recursive: true, force: true });
});

/** A dozen starts of the command line, each of which takes seconds on a busy machine. */

describe("a desk whose journal was put back to an older copy", () => {
  it("is refused, explained, accepted by its range, and verified, each by one command", async () => {
    const started = await qoc("up", "--detach");
    const order = ["--side", "buy", "--symbol", "SPX", "--quantity", "1", "--type", "market", "--rationale", "x"];
    const { id, digest } = (await qoc("orders", "propose", ...order)).json;
    cpSync(join(desk, ".qoc/journal"), join(home, "older"), { recursive: true });
    expect((await qoc("halt", "--reason", "the operator's halt")).code).toBe(0);
    // The halt is in the journal, and its anchor follows after a pause: no clean stop writes it here.
    const head = await anchoredAfter(Number(String((await qoc("journal", "verify")).json["head"]).split(" ")[0]));
    process.kill(Number(started.json["pid"]), "SIGKILL");
    cpSync(join(home, "older"), join(desk, ".qoc/journal"), { recursive: true });

    // While the killed process ends, the desk counts as unreachable.
    await expect.poll(async () => (await qoc("journal", "verify")).code).toBe(1);
    const offline = await qoc("journal", "verify");
    expect(offline).toMatchObject({ code: 1, json: { ok: false, code: "JOURNAL_BEHIND" } });
    expect((await qoc("status")).json["readOnly"]).toMatch(/signed record/);

    await qoc("up", "--detach");
    const range = `${(offline.json["records"] as number) + 1}-${head}`;
    const refused = await qoc("resume", "--gap", "1-2");
    expect(refused).toMatchObject({ code: 1, error: { code: "JOURNAL_BEHIND" } });
    expect(refused.error["hint"]).toContain(`qoc resume --gap ${range}`);
    expect(await qoc("resume", "--gap", range)).toMatchObject({ code: 0, json: { trading: "halted" } });
    expect(await qoc("resume")).toMatchObject({ code: 0, json: { trading: "active" } });
    const again = await qoc("approve", String(id), "--digest", String(digest));
    expect(again).toMatchObject({ code: 7, error: { code: "PROPOSE_AGAIN" } });
    const verified = await qoc("journal", "verify");
    expect(verified).toMatchObject({ code: 0, json: { ok: true, gaps: [{ kind: "behind", toSeq: head }] } });
    expect((await run(["journal", "verify", "-C", desk])).out).toMatch(/the journal is whole[^]*\ngap\t/);
  });
});

/** Resolves with the anchored number once it is at least `seq`. */
async function anchoredAfter(seq: number): Promise<number> {
  const keys = join(home, ".qoc/keys");
  const anchored = (): number => {
    const folder = readdirSync(keys).find((name) => name.endsWith(".heads"));
    const [file] = folder === undefined ? [] : readdirSync(join(keys, folder)).filter((name) => name.endsWith(".json"));
    return file === undefined ? 0 : Number(parsed(readFileSync(join(keys, folder ?? "", file), "utf8"))["seq"]);
  };
  await expect.poll(anchored).toBeGreaterThanOrEqual(seq);
  return anchored();
}

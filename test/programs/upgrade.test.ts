/** The real command line takes over a desk of an earlier version, with both forms of its key. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { copyEarlierDesk } from "../support/earlier-desk.ts";
import { freePort } from "../support/free-port.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));
const PASSPHRASE = "tulip crank envoy";

let folder: { root: string; home: string } | undefined;
let desks: ChildProcess[] = [];

afterEach(async () => {
  for (const child of desks) {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once("exit", done));
  }
  desks = [];
  if (folder !== undefined) rmSync(dirname(folder.root), { recursive: true, force: true });
  folder = undefined;
});

/** Starts qoc in the desk's folder. With a passphrase, descriptor 3 has it. */
function start(args: readonly string[], passphrase?: string): ChildProcess {
  const { root, home } = folder ?? { root: "", home: "" };
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  const flags = passphrase === undefined ? [] : ["--passphrase-fd", "3"];
  const file = join(home, "passphrase");
  if (passphrase !== undefined) writeFileSync(file, `${passphrase}\n`);
  const fd = passphrase === undefined ? undefined : openSync(file, "r");
  const child = spawn(process.execPath, [BIN, ...args, ...flags, "-C", root], {
    env,
    stdio: ["ignore", "pipe", "pipe", fd ?? "ignore"],
  });
  if (fd !== undefined) closeSync(fd);
  return child;
}

interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly json: any;
  readonly error: any;
}

async function qoc(args: readonly string[], passphrase?: string): Promise<Answer> {
  const child = start([...args, "--json"], passphrase);
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (out += String(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => (err += String(chunk)));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  return { code, out, json: parse(out), error: parse(err.trim().split("\n").at(-1) ?? "") };
}

/** Resolves with what `qoc up` prints for a person when the desk is up. */
function up(): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = start(["up"]);
    desks.push(child);
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      out += String(chunk);
      if (/trading/.test(out)) resolve(out);
    });
    let err = "";
    child.stderr?.on("data", (chunk: Buffer) => (err += String(chunk)));
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${err}`)));
  });
}

async function stop(): Promise<void> {
  const child = desks.pop();
  child?.kill("SIGTERM");
  await new Promise((done) => child?.once("exit", done));
}

const kinds = (answer: Answer): string[] => answer.json.config.map(({ kind }: { kind: string }) => kind);

it.each([
  ["without a passphrase", undefined, 'mode = "paper"'],
  ["under a passphrase", PASSPHRASE, ""],
])(
  "a desk of the version before, its key %s, says once what changed and is pinned by one signature",
  async (_, passphrase, mode) => {
    folder = copyEarlierDesk(passphrase);
    const { root } = folder;
    const config = readFileSync(join(root, "desk.toml"), "utf8");
    const port = await freePort();
    writeFileSync(
      join(root, "desk.toml"),
      config.replace(/^port = \d+$/m, `port = ${port}`).replace('type = "custom"', `type = "custom"\n${mode}`),
    );

    expect(await up()).toContain("an earlier version made this desk");
    expect(kinds(await qoc(["status"]))).toContain("upgrade");
    const approve = async (): Promise<Answer> => {
      const [pending] = (await qoc(["orders", "list", "--state", "proposed"])).json;
      return qoc(["approve", pending.id, "--digest", pending.digest], passphrase);
    };
    const refused = await approve();
    expect(refused).toMatchObject({ code: 3, error: { code: "CONFIG_NOT_PINNED", hint: "qoc reload" } });

    expect(await qoc(["reload"])).toMatchObject({ code: 2 });
    if (passphrase !== undefined) {
      expect(await qoc(["reload", "--yes"])).toMatchObject({ code: 1, error: { code: "KEY_REQUIRED" } });
    }
    expect(await qoc(["reload", "--yes"], passphrase)).toMatchObject({
      code: 0,
      json: { accepted: true, restart: [] },
    });
    expect(kinds(await qoc(["status"]))).not.toContain("upgrade");

    await qoc(["resume", "--reason", "the copy is the desk now"], passphrase);
    await qoc(["connectors", "restart", "venue"]);
    // The adapter that starts now states its mode, which is part of the digest.
    expect(await approve()).toMatchObject({ code: 0, json: { state: "accepted" } });
    expect(await qoc(["journal", "verify"])).toMatchObject({ code: 0, json: { ok: true } });

    await stop();
    expect(await up()).not.toContain("an earlier version");
    expect(kinds(await qoc(["status"]))).not.toContain("upgrade");
  },
  120_000,
);

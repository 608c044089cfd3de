/** Row 7: whole processes, compared with a process that does nothing. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGE_ROOT } from "./harness.ts";
import { type Row, SHORT, inTurn, median, ratioOf } from "./measure.ts";

const ROUNDS = SHORT ? 3 : 20;
const IS_CACHED = Number(process.versions.node.split(".")[0]) >= 22;

export async function processes(): Promise<readonly Row[]> {
  const home = mkdtempSync(join(tmpdir(), "qoc-bench-"));
  // Node 20 reads a file of certificates at each start, which makes the floor three times as high.
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...inherited } = process.env;
  const env = { ...inherited, HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  const bin = join(PACKAGE_ROOT, "bin/qoc.mjs");
  const desk = join(home, "desk");
  const qoc = (...args: readonly string[]): readonly string[] => [bin, ...args];
  const run = (args: readonly string[]) => async (): Promise<void> => {
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  };
  const once = (...args: readonly string[]): unknown =>
    execFileSync(process.execPath, qoc(...args), { env, stdio: "ignore" });
  const row = async (name: string, target: string, call: () => Promise<unknown>): Promise<Row> =>
    rowOf(name, target, await inTurn(ROUNDS, call, run(["-e", "0"])));
  const rowOf = (name: string, target: string, times: { readonly a: number[]; readonly b: number[] }): Row => {
    return {
      n: 7,
      name,
      what: name,
      floor: "node -e 0",
      ours: `${median(times.a).toFixed(0)} ms`,
      base: `${median(times.b).toFixed(0)} ms`,
      ...ratioOf(times.a, times.b),
      target,
    };
  };
  once("init", desk);
  const answers: number[] = [];
  const starts = await inTurn(
    ROUNDS,
    async () => void answers.push(await untilAnswer(qoc("up", "-C", desk), env)),
    run(["-e", "0"]),
  );
  const up = rowOf("qoc up to its first answer", "<= 6", { a: answers.slice(-starts.a.length), b: starts.b });
  once("up", "--detach", "-C", desk);
  const status = await row(
    "qoc status, desk up",
    IS_CACHED ? "<= 2" : "<= 2.5",
    run(qoc("status", "--json", "-C", desk)),
  );
  const help = await row("qoc --help", "<= 2", run(qoc("--help")));
  once("down", "-C", desk);
  return [status, help, up];
}

/** The time until the desk says that it is up, ms. Resolves when it is down again. */
async function untilAnswer(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    const take = (data: Buffer): void => {
      said += data.toString("utf8");
      if (/is up/.test(said)) resolve();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    void ended.then(() => reject(new Error(said)));
  });
  const took = performance.now() - started;
  child.kill("SIGTERM");
  await ended;
  return took;
}

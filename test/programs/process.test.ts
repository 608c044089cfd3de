/** A connector in its own process: it finds no secret or file there, and its sudden end leaves an order unknown. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const isLinux = process.platform === "linux";

/** Process ids of a process's children that run a connector, as the system lists them. */
function children(parent = process.pid): readonly number[] {
  return execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(parent)], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes("--permission") || line.includes("--experimental-permission"))
    .map((line) => Number(line.trim().split(" ")[0]));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
/** Polls until a process has ended; there is no event for the end of another process's child. */
function gone(pid: number): Promise<void> {
  return expect.poll(() => isRunning(pid), { message: `process ${pid} runs` }).toBe(false);
}

describe.skipIf(!isLinux)("a connector's process", () => {
  const harnesses: AdapterHarness[] = [];
  afterEach(async () => {
    await Promise.all(harnesses.splice(0).map((made) => made.connector.stop()));
  });

  it("a connector's process has no variable of the desk, no desk argument, an empty folder, and only its pipes open", async () => {
    process.env["QOC_CHILD_CANARY"] = "canary-in-host";
    const made = await adapterHarness(adapterSource(""), { isolation: "process", secrets: { key: "canary-secret" } });
    harnesses.push(made);
    await made.connector.start();
    const [pid = 0] = children();
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toMatch(/^TZ=[\w/+-]+\0$/);
    const args = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    expect(args).not.toMatch(/canary|stand|desk|qoc/);
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    expect(readdirSync(cwd)).toEqual([]);
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(
      open.filter(
        (path) => !/^(socket|pipe|anon_inode):/.test(path) && path !== "/dev/null" && !path.startsWith("/dev/urandom"),
      ),
    ).toEqual([]);
    delete process.env["QOC_CHILD_CANARY"];
  });

  it("an adapter that reaches past its stubs finds no file by Node's own modules", async () => {
    const made = await adapterHarness(
      adapterSource(
        `
      async getQuote(symbol: string): Promise<any> {
        const seen: Record<string, unknown> = {};
        const attempt = (name: string, f: () => unknown) => { try { seen[name] = f(); } catch (error: any) { seen[name] = error.code ?? error.message; } };
        attempt("env", () => JSON.stringify(process.env)); attempt("argv", () => JSON.stringify(process.argv)); attempt("cwd", () => process.cwd());
        attempt("fs", () => fs.readdirSync("/")); attempt("passwd", () => fs.readFileSync("/etc/passwd"));
        return seen;
      }`,
        `import fs from "node:fs";`,
      ),
      { isolation: "process" },
    );
    harnesses.push(made);
    await made.connector.start();
    const answer = await made.connector.invoke("getQuote", ["X"]);
    expect(answer).toEqual({ ok: true, value: { env: "{}", argv: "[]", cwd: "/", fs: "ENOENT", passwd: "ENOENT" } });
  });

  it("a result that is longer than what the kernel keeps for the desk arrives whole", async () => {
    const made = await adapterHarness(
      adapterSource("async getQuote(text: string): Promise<any> { return { text: text.repeat(1_000_000) }; }"),
      { isolation: "process" },
    );
    harnesses.push(made);
    await made.connector.start();
    const answer = await made.connector.invoke("getQuote", ["four"]);
    expect(answer).toEqual({ ok: true, value: { text: "four".repeat(1_000_000) } });
  });

  it("a connector's process ends when its connector is stopped", async () => {
    const made = await adapterHarness(adapterSource(""), { isolation: "process" });
    harnesses.push(made);
    await made.connector.start();
    const [pid = 0] = children();
    await made.connector.stop();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("a connector's process does not outlive a killed desk", async () => {
    const bin = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));
    const home = mkdtempSync(join(tmpdir(), "qoc-orphan-"));
    const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
    const qoc = (...args: string[]): string =>
      execFileSync(process.execPath, [bin, ...args, "-C", join(home, "desk")], { env, encoding: "utf8" });
    execFileSync(process.execPath, [bin, "init", join(home, "desk")], { env });
    const config = join(home, "desk/desk.toml");
    writeFileSync(
      config,
      readFileSync(config, "utf8").replace('type = "paper"', 'type = "paper"\nisolation = "process"'),
    );
    const { pid } = JSON.parse(qoc("up", "--detach", "--json")) as { pid: number };
    const [child = 0] = children(pid);
    expect(child).toBeGreaterThan(0);
    process.kill(pid, "SIGKILL");
    await gone(child);
    rmSync(home, { recursive: true, force: true });
  });

  it("a connector's process is ended if it holds too much memory outside its heap", async () => {
    const made = await adapterHarness(
      adapterSource(
        `keep: any[] = []; async cancelOrder() { for (let i = 0; i < 12; i++) { this.keep.push(new Uint8Array(64 * 1024 * 1024).fill(1)); await new Promise((r) => setTimeout(r, 50)); } await new Promise(() => {}); }`,
      ),
      { isolation: "process", memoryMb: 64 },
    );
    harnesses.push(made);
    await made.connector.start();
    await expect(made.connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
    expect(made.connector.status.lastError).toMatch(
      /its process used \d+ MB of memory; the limit is 256 MB \(memory_mb = 64 plus 192\)/,
    );
  });

  it("one allocation beyond the heap limit ends only the connector's process", async () => {
    const made = await adapterHarness(
      adapterSource(
        `async cancelOrder() { const a = new Array(60_000_000).fill(0).map((_, i) => ({ i })); await new Promise(() => {}); return a as never; }`,
      ),
      { isolation: "process", memoryMb: 64 },
    );
    harnesses.push(made);
    await made.connector.start();
    await expect(made.connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
    await made.reached("ready");
  });
});

const VENUE = adapterFixture("silent-orders");

describe.skipIf(!isLinux)("SIGKILL in the middle of an order", () => {
  let desk: TempDesk | undefined;
  afterEach(async () => {
    await desk?.stop();
    if (desk !== undefined) await discard(desk);
  });

  it("SIGKILL during an order leaves the order unknown, and nothing more is sent for that instrument", async () => {
    desk = await tempDesk({
      files: { "venue.ts": VENUE },
      config: () => `[[connector]]\nname = "venue"\ntype = "custom"\nadapter = "./venue.ts"\nisolation = "process"\n`,
    });
    const propose = () =>
      (desk as TempDesk).call<{ id: string; digest: string }>("orders propose", {
        side: "buy",
        symbol: "X",
        quantity: "1",
        type: "limit",
        limitPrice: "100",
        rationale: "test",
      });
    const made = await propose();
    const out = new Promise<void>((resolve) => {
      const stop = (desk as TempDesk).open.logs.watch((line) => {
        if (!String(line["message"]).includes("the order is out")) return;
        stop();
        resolve();
      });
    });
    const approving = desk.call("approve", { id: made.id, digest: made.digest });
    approving.catch(() => undefined);
    await out;
    for (const pid of children()) process.kill(pid, "SIGKILL");
    await expect(approving).rejects.toMatchObject({
      code: "OUTCOME_UNKNOWN",
      message: expect.stringContaining("SIGKILL") as string,
    });
    expect(desk.open.desk.state.orders.get(made.id as never)?.state).toBe("unknown");
    const next = await propose();
    await expect(desk.call("approve", { id: next.id, digest: next.digest })).rejects.toMatchObject({
      code: "GUARD_BLOCKED",
    });
  });
});

/** A new user: the program in a terminal, the link that it prints, a browser, and nothing else. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireBuild } from "../support/built.ts";
import { arriveAt } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser, watch } from "./support/chromium.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));
/** Runs a program at a terminal of its own; util-linux has it. */
const SCRIPT = "/usr/bin/script";
const hasTerminal = existsSync(SCRIPT);
if (!hasTerminal) process.stderr.write(`SKIPPED: ${SCRIPT} does not exist; the start of a new user is not tested\n`);

let base: string;
let browser: TestBrowser;
let up: ChildProcess | undefined;

async function printedLink(program: ChildProcess): Promise<string> {
  let said = "";
  for await (const part of program.stdout ?? []) {
    const link = /http:\/\/localhost:\d+\/ui\/\?open=[0-9a-f]{32}#login=[\w-]{43}/.exec((said += String(part)))?.[0];
    if (link !== undefined) return link;
  }
  throw new Error(`qoc up printed no link: ${said}`);
}

(hasTerminal ? describePage : describe.skip)("a new user", () => {
  beforeAll(async () => {
    requireBuild();
    base = realpathSync(mkdtempSync(join(tmpdir(), "qoc-new-user-")));
    browser = await openBrowser();
  });
  afterAll(async () => {
    // Ctrl-C.
    up?.stdin?.write("\u0003");
    if (up !== undefined && up.exitCode === null) await once(up, "close");
    await browser?.close();
    rmSync(base, { recursive: true, force: true });
  });

  it("types qoc init and qoc up, opens the printed link, hands over the first issue, and approves the order", async () => {
    const env = { PATH: process.env["PATH"], HOME: join(base, "home"), XDG_RUNTIME_DIR: join(base, "run") };
    for (const folder of [env.HOME, env.XDG_RUNTIME_DIR]) mkdirSync(folder, { mode: 0o700 });
    const started = performance.now();
    const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1);
    await promisify(execFile)(process.execPath, [BIN, "init", "my-desk"], { env, cwd: base });
    const command = `'${process.execPath}' '${BIN}' up -C my-desk`;
    up = spawn(SCRIPT, ["-qfec", command, "/dev/null"], { env, cwd: base, stdio: ["pipe", "pipe", "inherit"] });
    const link = await printedLink(up);
    up.stdout?.resume();
    const [linkAt, context] = [seconds(), await browser.context()];
    const page = await context.newPage();
    const complaints = watch(page, new URL(link).origin);
    await page.goto(link);
    await arriveAt(page);
    await page.getByRole("link", { name: "Hand an issue to an agent." }).click();
    await page.locator("main").getByRole("link").first().click();
    await page.getByRole("button", { name: "See what the agent would get" }).click();
    await page.getByRole("button", { name: "Start the agent" }).click();
    await page.getByText("It has ended.").waitFor();
    const proposedAt = seconds();
    await page.locator("main").getByRole("link", { name: "Review" }).click();
    await page.getByRole("heading", { level: 1, name: /^PAPER/ }).waitFor();
    const field = page.getByLabel(/^Type \S+ to approve$/);
    if ((await field.count()) > 0) await field.pressSequentially("SPX");
    await page.getByRole("button", { name: "Approve and send", disabled: false }).click();
    await page.getByText("The venue accepted it.").or(page.getByText("Filled.")).first().waitFor();
    process.stdout.write(`a new user: link ${linkAt} s, proposed ${proposedAt} s, approved ${seconds()} s\n`);
    expect(complaints).toEqual({ errors: [], foreign: [] });
  }, 180_000);
});

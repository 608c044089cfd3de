import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BubblewrapOptions, bubblewrapArgs, runFolders } from "../../src/agents/bubblewrap.ts";
import { startProcess } from "../../src/agents/process.ts";
import { bubblewrapWorks, launchDeps } from "../support/agent-harness.ts";

const folders = runFolders("/tmp/qoc-run-1");

/** keyctl by its number, on machines with Perl, which can call it. */
const callOfKeys = existsSync("/usr/bin/perl") ? { x64: 250, arm64: 219 }[process.arch as string] : undefined;

function argsOf(options: Partial<BubblewrapOptions>): readonly string[] {
  const none = { readable: [], hidden: [], secretFiles: [] };
  return bubblewrapArgs({ bubblewrap: "/usr/bin/bwrap", folders, ...none, argv: ["/usr/bin/true"], ...options });
}

/** The mounts at and below /usr, in their order. */
function systemMounts(hidden: readonly string[], readable: readonly string[] = []): readonly string[] {
  const args = argsOf({ readable, hidden });
  return args.flatMap((arg, at) => {
    const path = args[at + 1] ?? "";
    return ["--ro-bind", "--tmpfs"].includes(arg) && /^\/usr(?:\/|$)/.test(path) ? [`${arg} ${path}`] : [];
  });
}

describe("the sandbox of an agent's program", () => {
  it("covers a desk and a home folder that are inside the system's folder", () => {
    expect(systemMounts(["/home/me", "/usr/src/home", "/usr/src/desk"])).toEqual([
      "--ro-bind /usr",
      "--tmpfs /usr/src/home",
      "--tmpfs /usr/src/desk",
    ]);
  });

  it("has a program inside such a home folder, and no other twice", () => {
    const readable = ["/usr/src/home/.local/bin", "/usr/lib/node_modules"];
    expect(systemMounts(["/usr/src/home"], readable)).toEqual([
      "--ro-bind /usr",
      "--tmpfs /usr/src/home",
      "--ro-bind /usr/src/home/.local/bin",
    ]);
  });

  it("has no file of a connector's secret: one in a folder that is mounted cannot be read", () => {
    const files = ["/usr/local/etc/venue.key", "/etc/ssl/certs/venue.pem", "/srv/venue.key"];
    const args = argsOf({ secretFiles: files }).join(" ");
    for (const file of files.slice(0, 2)) expect(args).toContain(`--ro-bind /dev/null ${file}`);
    expect(args).not.toContain("/srv/venue.key");
  });

  it("has certificates of /etc, and no folder in which a machine keeps private keys", () => {
    const args = argsOf({});
    expect(args).toContain("/etc/ssl/certs");
    for (const folder of ["/etc/ssl", "/etc/ssl/private", "/etc/pki", "/etc/pki/tls", "/etc/pki/tls/private"])
      expect(args).not.toContain(folder);
  });

  it.skipIf(!bubblewrapWorks || callOfKeys === undefined)("has no keys of the kernel", async () => {
    const lines: string[] = [];
    const root = mkdtempSync(join(realpathSync(tmpdir()), "qoc-keys-"));
    mkdirSync(runFolders(root).work);
    const { ended } = startProcess(launchDeps(), {
      // The id of the session's keyring.
      argv: argsOf({
        folders: runFolders(root),
        argv: ["/usr/bin/perl", "-e", `print syscall(${callOfKeys}, 0, -3, 0), " ", $!+0, "\\n"`],
      }),
      isSandboxed: true,
      env: {},
      cwd: "/",
      initialInput: "",
      keepsInputOpen: false,
      timeoutMs: 20_000,
      onLine: (line) => lines.push(line),
    });
    expect(await ended).toMatchObject({ isClean: true });
    expect(lines).toEqual([`-1 ${constants.errno.ENOSYS}`]);
    rmSync(root, { recursive: true });
  });

  it("covers nothing of a system without them", () => {
    expect(systemMounts(["/home/me", "/usr"])).toEqual(["--ro-bind /usr"]);
  });
});

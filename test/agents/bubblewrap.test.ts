import { describe, expect, it } from "vitest";
import { bubblewrapArgs, runFolders } from "../../src/agents/bubblewrap.ts";

const folders = runFolders("/tmp/qoc-run-1");

/** The mounts at and below /usr, in their order. */
function systemMounts(hidden: readonly string[], readable: readonly string[] = []): readonly string[] {
  const args = bubblewrapArgs({ bubblewrap: "/usr/bin/bwrap", folders, readable, hidden, argv: ["/usr/bin/true"] });
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

  it("covers nothing of a system without them", () => {
    expect(systemMounts(["/home/me", "/usr"])).toEqual(["--ro-bind /usr"]);
  });
});

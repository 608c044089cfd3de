/** A client that is not there, or is another version than the one that was tried, is named with what to type. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CLIENTS, clientFolder, problemOf, programOf } from "./cache.ts";
import { clientsNamed } from "./install.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qoc-cache-"));
  vi.stubEnv("QOC_CLIENTS_DIR", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function claude() {
  return clientsNamed(["claude"])[0] ?? CLIENTS[0]!;
}
function put(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

describe("the clients", () => {
  it("are all of them where none is named, and an unknown name is said", () => {
    expect(clientsNamed([])).toEqual(CLIENTS);
    expect(() => clientsNamed(["claude", "clod"])).toThrow("unknown: clod");
  });

  it("that are not there are named with what to type", () => {
    expect(problemOf(claude())).toBe(
      `claude ${claude().version} is not in ${folder} (npm run clients -- --install claude)`,
    );
  });

  it("of another version are not taken", () => {
    const about = join(clientFolder(claude()), "node_modules", claude().package, "package.json");
    put(about, JSON.stringify({ version: "1.0.0" }));
    expect(problemOf(claude())).toContain(`claude is 1.0.0 and not ${claude().version}`);
    put(about, JSON.stringify({ version: claude().version }));
    expect(problemOf(claude())).toContain("is not in");
    put(programOf(claude()), "", 0o700);
    expect(problemOf(claude())).toBeUndefined();
  });
});

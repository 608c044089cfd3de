/** A missing client, or one of another version, is reported with the command that installs it. */
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

describe("the client cache", () => {
  it("no name selects all clients, and an unknown name is reported", () => {
    expect(clientsNamed([])).toEqual(CLIENTS);
    expect(() => clientsNamed(["claude", "clod"])).toThrow("unknown: clod");
  });

  it("a client that is not installed is reported with the command that installs it", () => {
    expect(problemOf(claude())).toBe(
      `claude ${claude().version} is not in ${folder} (npm run clients -- --install claude)`,
    );
  });

  it("a client of another version is not used", () => {
    const about = join(clientFolder(claude()), "node_modules", claude().package, "package.json");
    put(about, JSON.stringify({ version: "1.0.0" }));
    expect(problemOf(claude())).toContain(`claude is 1.0.0 and not ${claude().version}`);
    put(about, JSON.stringify({ version: claude().version }));
    expect(problemOf(claude())).toContain("is not in");
    put(programOf(claude()), "", 0o700);
    expect(problemOf(claude())).toBeUndefined();
  });
});

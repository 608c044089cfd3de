/** The folders that an agent's program must not read, also through symbolic links. */
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { readablePaths } from "../../src/agents/bubblewrap.ts";
import { createLauncher } from "../../src/app/process-launcher.ts";

let base: string;
let hidden: readonly string[];
let secretFiles: () => readonly string[];
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "qoc-launcher-")));
  for (const folder of ["real-home/.qoc/keys", "real-home/bin", "run/qoc/abc"])
    mkdirSync(join(base, folder), { recursive: true });
  symlinkSync(join(base, "real-home"), join(base, "home"));
  writeFileSync(join(base, "run/venue.key"), "");
  symlinkSync(join(base, "run"), join(base, "link"));
  const auth = {
    key: { file: join(base, "link/venue.key") },
    none: { file: join(base, "none") },
    name: { env: "KEY" },
  };
  const desk = { workspace: { root: join(base, "desk") }, config: { connectors: [{ auth }] } } as never;
  ({ hidden, secretFiles } = createLauncher({
    desk,
    env: {},
    home: join(base, "home"),
    socket: join(base, "run/qoc/abc/desk.sock"),
  }));
});

describe("a program's folder", () => {
  it.each([
    ["a home behind a link", "real-home/agent.sh"],
    ["the folder of the keys", "real-home/.qoc/agent.sh"],
    ["the folder of the desk's socket", "run/qoc/abc/agent.sh"],
    ["a folder above the socket", "run/agent.sh"],
  ])("a program's folder that exposes %s is not readable", (_name, program) => {
    expect(readablePaths(join(base, program), [], hidden)).toMatchObject({ exposes: expect.any(String) as string });
  });

  it("a program in the folder for temporary files does not make that folder readable", () => {
    expect(readablePaths(join(realpathSync(tmpdir()), "agent.py"), [], hidden)).toMatchObject({
      exposes: expect.any(String) as string,
    });
  });

  it("a program's folder in which a connector's secret lies is not readable", () => {
    const secret = join(base, "run/venue.key");
    expect(secretFiles()).toEqual([secret]);
    expect(readablePaths(join(base, "run/agent.sh"), [], secretFiles())).toEqual({ exposes: secret });
  });

  it("a program's own folder below the home folder is readable", () => {
    expect(readablePaths(join(base, "real-home/bin/agent"), [], hidden)).toEqual([join(base, "real-home/bin")]);
  });
});

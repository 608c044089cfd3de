/** `qoc ui --open`: the code of the link is in a file of this user, and in no argument of a process. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { linkOpener, openLink } from "../../src/app/open-link.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const LINK = 'http://localhost:7070/ui/#login=a-secret-code"><script>';

it("W07 writes a file of mode 0600, opens it by its name, and removes it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "qoc-open-"));
  const opener = join(folder, "browser");
  writeFileSync(
    opener,
    `#!/bin/sh\npwd > ${folder}/cwd; stat -c %a "$1" > ${folder}/mode; cp "$1" ${folder}/page; echo "$@" > ${folder}/args\n`,
  );
  chmodSync(opener, 0o700);
  await openLink({ disk: nodeDisk(), folder, opener, keptMs: 500 }, LINK);
  expect(readFileSync(join(folder, "mode"), "utf8").trim()).toBe("600");
  expect(readFileSync(join(folder, "cwd"), "utf8").trim()).toBe("/");
  expect(readFileSync(join(folder, "args"), "utf8").trim()).toBe(join(folder, "ui-open.html"));
  expect(readFileSync(join(folder, "page"), "utf8")).toContain(
    "url=http://localhost:7070/ui/#login=a-secret-code&quot;>",
  );
  expect(existsSync(join(folder, "ui-open.html"))).toBe(false);
});

it("W07 removes the file also if there is no program that opens it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "qoc-open-"));
  const opener = join(folder, "missing");
  await expect(openLink({ disk: nodeDisk(), folder, opener }, LINK)).rejects.toMatchObject({ code: "NO_BROWSER" });
  expect(existsSync(join(folder, "ui-open.html"))).toBe(false);
  expect([linkOpener("darwin"), linkOpener("linux")]).toEqual(["open", "xdg-open"]);
});

/** Certifies this connector; run with `node --test`. Set QOC to the command to use if `qoc` is not on the PATH. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const [command, ...args] = (process.env.QOC ?? "qoc").split(" ");

test("the connector is certified", () => {
  const { stdout, stderr } = spawnSync(command, [...args, "connectors", "test", folder, "--json"], {
    encoding: "utf8",
  });
  assert.notEqual(stdout, "", stderr);
  const { certified, cases } = JSON.parse(stdout);
  const failed = cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => `${id} ${reason}`);
  assert.deepEqual(failed, []);
  assert.equal(certified, true);
});

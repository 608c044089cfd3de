/** node --test: certifies this connector. QOC names another command than `qoc`, where it is not on the path. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [command, ...first] = (process.env.QOC ?? "qoc").split(" ");

test("is certified", () => {
  const { stdout, stderr } = spawnSync(command, [...first, "connectors", "test", here, "--json"], { encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  const { certified, cases } = JSON.parse(stdout);
  const failed = cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => `${id} ${reason}`);
  assert.deepEqual(failed, []);
  assert.equal(certified, true);
});

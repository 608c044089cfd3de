/** A connector made by `qoc connectors new` passes certification unchanged, in an otherwise empty workspace. */
import { mkdtempSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { certifyAdapter } from "../../src/app/certify-adapter.ts";
import { newConnector } from "../../src/app/new-connector.ts";
import { CERTIFY_DEPS } from "../support/certify-deps.ts";

const { disk, packageRoot } = CERTIFY_DEPS;
async function workspace(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "qoc-new-"));
  await writeFile(join(root, "desk.toml"), "");
  return root;
}

it("a new connector has its own name and passes certification unchanged", async () => {
  const root = await workspace();
  const made = await newConnector({ disk, root, packageRoot, name: "my-venue" });
  expect(made.files).toEqual(
    ["README.md", "certify.toml", "index.ts", "venue.test.mjs"].map((file) => `src/connectors/my-venue/${file}`),
  );
  const text = made.files.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  expect(text).toContain("class MyVenueConnector implements ConnectorAdapter");
  expect(text).toContain("MY_VENUE_API_KEY");
  expect(text).not.toMatch(/template/i);
  const report = await certifyAdapter(
    CERTIFY_DEPS,
    { target: "src/connectors/my-venue", from: root, only: [] },
    { line: () => undefined },
  );
  expect(report.cases.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  expect(report.certified).toBe(true);
}, 120_000);

it("a new connector overwrites no file, and an invalid name is refused", async () => {
  const root = await workspace();
  await newConnector({ disk, root, packageRoot, name: "venue" });
  await expect(newConnector({ disk, root, packageRoot, name: "venue" })).rejects.toMatchObject({
    code: "CONNECTOR_EXISTS",
  });
  await expect(newConnector({ disk, root, packageRoot, name: "../x" })).rejects.toMatchObject({
    code: "INVALID_INPUT",
  });
});

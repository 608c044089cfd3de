/**
 * A connector made by `qoc connectors new` is the template, which is certified, under another name. Its names are right
 * in an otherwise empty workspace.
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

/** The template's text from that of a new connector. */
function withTemplateNames(text: string): string {
  return text
    .replaceAll("MyVenueConnector", "TemplateConnector")
    .replaceAll("MY_VENUE_API_KEY", "TEMPLATE_API_KEY")
    .replaceAll("src/connectors/my-venue/", "src/connectors/template/")
    .replaceAll('name = "my-venue"', 'name = "template"')
    .replace("# my-venue", "# template");
}

it("a new connector is the template under its own name, and passes the cases that its names concern", async () => {
  const root = await workspace();
  const made = await newConnector({ disk, root, packageRoot, name: "my-venue" });
  expect(made.files).toEqual(
    ["README.md", "certify.toml", "index.ts", "venue.test.mjs"].map((file) => `src/connectors/my-venue/${file}`),
  );
  const text = made.files.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  expect(text).toContain("class MyVenueConnector implements ConnectorAdapter");
  expect(text).toContain("MY_VENUE_API_KEY");
  expect(text).not.toMatch(/template/i);
  // The table to paste sets every option that the adapter reads.
  const read = [...text.matchAll(/ctx\.options\["(\w+)"\]/g)].map(([, option]) => option);
  expect(new Set(read)).toEqual(new Set(["url", "stream"]));
  for (const option of read) expect(made.table).toMatch(new RegExp(`^ {2}${option} = "\\w+://`, "m"));
  for (const file of made.files) {
    const template = readFileSync(join(packageRoot, "connectors/template", basename(file)), "utf8");
    expect(withTemplateNames(readFileSync(join(root, file), "utf8")), file).toBe(template);
  }
  const report = await certifyAdapter(
    CERTIFY_DEPS,
    { target: "src/connectors/my-venue", from: root, only: ["C01", "C02", "C05", "C26", "C84", "C86"] },
    { line: () => undefined },
  );
  expect(report.cases.map(({ outcome, reason }) => reason ?? outcome)).toEqual(report.cases.map(() => "passed"));
  expect(report.name).toBe("my-venue");
});

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

/** The certificate files of a connector are read at each of its starts. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCertificates } from "../../src/host/certificates.ts";
import { needsOperator } from "../../src/host/restart-policy.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
const dir = mkdtempSync(join(tmpdir(), "qoc-ca-"));
const disk = nodeDisk();

describe("the certificate files of a connector", () => {
  it("are returned as texts, in order", async () => {
    for (const name of ["a.pem", "b.pem"]) writeFileSync(join(dir, name), `${name}\n${PEM}`);
    const texts = await readCertificates(disk, "venue", [join(dir, "a.pem"), join(dir, "b.pem")]);
    expect(texts).toEqual([`a.pem\n${PEM}`, `b.pem\n${PEM}`]);
  });

  it.each([
    ["is missing", "missing.pem"],
    ["has no certificate", "empty.pem"],
  ])("stop the connector until the operator corrects them if one %s", async (_name, file) => {
    writeFileSync(join(dir, "empty.pem"), "no certificate");
    const error = await readCertificates(disk, "venue", [join(dir, file)]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "CA_INVALID", details: { connector: "venue", path: join(dir, file) } });
    expect(needsOperator(error)).toBe(true);
  });
});

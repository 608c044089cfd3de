/** The kit against whole adapters: a correct one, the documented skeleton, the paper venue, and some that do not come up. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CASES } from "../../src/conformance/cases.ts";
import { type CertifyOptions, certify } from "../../src/conformance/certify.ts";
import type { Report } from "../../src/conformance/report.ts";
import { startProcess } from "../../src/host/process-transport.ts";
import { startWorker } from "../../src/host/transport.ts";
import { residentMb } from "../../src/app/processes.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { parseCertifySettings, readCertifySettings } from "../../src/workspace/certify-settings.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { WORKER_TEXT } from "../support/adapter-harness.ts";

function at(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
const COMPLETE = at("test/fixtures/venue-adapter/index.ts");
const EMPTY = mkdtempSync(join(tmpdir(), "qoc-empty-"));
const disk = nodeDisk();

async function run(adapter: string, more: Partial<CertifyOptions> = {}): Promise<Report> {
  const isolation = more.isolation ?? "worker";
  const inProcess = (memoryMb: number) =>
    startProcess({ text: WORKER_TEXT, memoryMb, cwd: EMPTY, clock: systemClock, residentMb });
  return certify({
    adapter,
    name: "my-venue",
    settings: await readCertifySettings(disk, adapter),
    isolation,
    transport:
      isolation === "process" ? inProcess : (memoryMb) => startWorker({ text: WORKER_TEXT, name: "kit", memoryMb }),
    disk,
    clock: systemClock,
    ids: systemIds,
    onProgress: () => undefined,
    ...more,
  });
}

function settings(toml: string) {
  return parseCertifySettings(toml, "certify.toml");
}
function withOutcome(report: Report, outcome: string) {
  return report.cases.filter((one) => one.outcome === outcome).map(({ id }) => id);
}
function failures(report: Report) {
  return report.cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => `${id}: ${reason}`);
}
function reasonOf(report: Report, id: string) {
  return report.cases.find((one) => one.id === id)?.reason;
}

/** The complete adapter with one thing changed. */
function changed(from: string, to: string): string {
  const source = readFileSync(COMPLETE, "utf8");
  expect(source).toContain(from);
  const file = join(mkdtempSync(join(tmpdir(), "qoc-certify-")), "index.ts");
  writeFileSync(
    file,
    source.replace(from, () => to),
  );
  return file;
}

const VENUE = '[options]\nurl = "{venue}"\nstream = "{stream}"';

describe("the cases", () => {
  it("have each their own number, in order", () => {
    const ids = CASES.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted());
    expect(ids.every((id) => /^C\d\d$/.test(id))).toBe(true);
  });

  it("fill every group", () => {
    const groups = [
      "load",
      "quotes",
      "account",
      "orders",
      "fills",
      "cancel",
      "faults",
      "recovery",
      "secrets",
      "limits",
    ];
    expect(new Set(CASES.map(({ group }) => group))).toEqual(new Set(groups));
  });
});

describe("certify", () => {
  it("certifies a complete adapter, with every guarantee", { timeout: 180_000 }, async () => {
    const lines: string[] = [];
    const report = await run(COMPLETE, { onProgress: (line) => lines.push(line) });
    expect(failures(report)).toEqual([]);
    expect(withOutcome(report, "skipped")).toEqual(["C92"]);
    expect(report).toMatchObject({ certified: true, name: "my-venue", isolation: "worker", counts: { failed: 0 } });
    expect(report.digest).toMatch(/^sha256:/);
    expect(report.methods).toContain("getFills");
    expect(report.guarantees.filter(({ given }) => !given)).toEqual([]);
    expect(lines).toHaveLength(CASES.length);
  });

  it("drives a process as it drives a thread", { timeout: 120_000 }, async () => {
    const only = ["C01", "C10", "C16", "C27", "C39", "C65", "C69", "C77", "C84", "C91"];
    const report = await run(COMPLETE, { isolation: "process", only });
    expect(failures(report)).toEqual([]);
    expect(withOutcome(report, "passed")).toEqual(only);
    expect(report.certified).toBe(false);
  });

  it("certifies the paper venue, which is its own world", { timeout: 120_000 }, async () => {
    const paper = 'symbol = "SPX"\n[auth]\n[options]\nbar_seconds = 0.05';
    const report = await run(at("connectors/paper/index.ts"), { settings: settings(paper) });
    expect(failures(report)).toEqual([]);
    expect(report.certified).toBe(true);
    expect(withOutcome(report, "passed")).toEqual(
      expect.arrayContaining(["C15", "C21", "C28", "C37", "C40", "C51", "C53", "C55", "C79", "C92"]),
    );
  });

  it("flags the placeholders of the documented skeleton", { timeout: 60_000 }, async () => {
    const only = ["C01", "C02", "C03", "C07", "C08", "C10", "C11", "C21", "C28", "C54", "C84"];
    const report = await run(at("test/fixtures/adapters/my-venue/index.ts"), { settings: settings(""), only });
    expect(withOutcome(report, "failed")).toEqual(["C07", "C11", "C21", "C28", "C54"]);
    expect(reasonOf(report, "C11")).toContain("take the address from ctx.options");
    expect(reasonOf(report, "C21")).toContain("looks like a placeholder");
    expect(reasonOf(report, "C28")).toContain('"placeholder-id": that is a placeholder');
    expect(report.guarantees.filter(({ given }) => given).map(({ guarantee }) => guarantee)).toEqual([
      "its secrets stay out of logs and messages, even without the desk's redaction",
    ]);
  });

  it("names an adapter that awaits its fill", { timeout: 60_000 }, async () => {
    const awaits =
      'while ((await this.getOrder({ venueOrderId: taken.order_id }))?.status !== "filled") await new Promise((go) => setTimeout(go, 50));';
    const adapter = changed("return { venueOrderId: taken", `${awaits}\n    return { venueOrderId: taken`);
    const report = await run(adapter, { settings: settings(VENUE), only: ["C27"] });
    expect(reasonOf(report, "C27")).toMatch(/^placeOrder awaits its fill/);
  });

  it("says once what does not load, and tries nothing else", { timeout: 60_000 }, async () => {
    const adapter = changed("async cancelOrder(", "async cancel(");
    const report = await run(adapter, { settings: settings(VENUE), only: ["C01", "C11", "C26"] });
    expect(failures(report)).toEqual(["C01: it does not load: connector kit: method cancelOrder is missing"]);
    expect(reasonOf(report, "C26")).toMatch(/^it does not come up: /);
  });

  it("says where it cannot be bundled", { timeout: 60_000 }, async () => {
    const report = await run(changed("import {", 'import "node:child_process";\nimport {'), {
      settings: settings(VENUE),
      only: ["C01"],
    });
    expect(reasonOf(report, "C01")).toContain("index.ts:2:8: node:child_process is not available inside a connector");
    expect(report.digest).toBe("");
  });

  it("skips what an adapter lacks, does not declare, or may not do, and says so", { timeout: 60_000 }, async () => {
    const paper = await run(at("connectors/paper/index.ts"), {
      settings: settings('symbol = "SPX"\norders = false\n[auth]\n[options]'),
      only: ["C19", "C26", "C41", "C84"],
    });
    expect(paper.cases.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
      "passed",
      "certify.toml lets it place no orders",
      "it does not speak to the kit's venue: no option of certify.toml holds {venue}",
      "certify.toml gives it no secret",
    ]);
    const adapter = changed("async getFills(", "private async readFills(");
    const without = await run(adapter, { settings: settings(VENUE), only: ["C51"] });
    expect(reasonOf(without, "C51")).toBe("it has no getFills");
    expect(without.guarantees.find(({ guarantee }) => guarantee.startsWith("fills missed"))).toMatchObject({
      given: false,
      because: "it has no getFills",
    });
  });
});

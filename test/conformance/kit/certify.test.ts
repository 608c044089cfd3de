/** What the kit reports of adapters: of the documented skeleton, and of adapters that do not start. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CASES } from "../../../src/conformance/cases.ts";
import { type CertifyOptions, certify } from "../../../src/conformance/certify.ts";
import type { Report } from "../../../src/conformance/report.ts";
import { startProcess } from "../../../src/host/process-transport.ts";
import { startWorker } from "../../../src/host/transport.ts";
import { residentMb } from "../../../src/app/processes.ts";
import { systemClock, systemIds } from "../../../src/app/system.ts";
import { parseCertifySettings, readCertifySettings } from "../../../src/workspace/certify-settings.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { WORKER_TEXT, sharedEgress } from "../../support/adapter-harness.ts";
import { PLAIN } from "../../support/process-sandbox.ts";

function at(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
const TEMPLATE = at("connectors/template/index.ts");
const EMPTY = mkdtempSync(join(tmpdir(), "qoc-empty-"));
const disk = nodeDisk();
const PROCESS = { text: WORKER_TEXT, cwd: EMPTY, clock: systemClock, ids: systemIds, sandbox: PLAIN, residentMb };

async function run(adapter: string, overrides: Partial<CertifyOptions> = {}): Promise<Report> {
  const isolation = overrides.isolation ?? "worker";
  const transport: CertifyOptions["transport"] = async (memoryMb, network) =>
    isolation === "process"
      ? startProcess({ ...PROCESS, memoryMb, egress: sharedEgress, network })
      : startWorker({ text: WORKER_TEXT, name: "kit", memoryMb, egress: sharedEgress.connect(network) });
  return certify({
    adapter,
    name: "my-venue",
    settings: await readCertifySettings(disk, adapter),
    isolation,
    transport,
    startVenue: () => Promise.reject(new Error("no test here has a venue of its own")),
    disk,
    clock: systemClock,
    ids: systemIds,
    progress: { line: () => undefined },
    ...overrides,
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

/** Writes the template with one text edit to a new folder and returns its path. */
function editedTemplate(from: string, to: string): string {
  const source = readFileSync(TEMPLATE, "utf8");
  expect(source).toContain(from);
  const file = join(mkdtempSync(join(tmpdir(), "qoc-certify-")), "index.ts");
  writeFileSync(
    file,
    source.replace(from, () => to),
  );
  return file;
}

const VENUE = '[options]\nurl = "{venue}"\nstream = "{stream}"';

const QUOTE = "async getQuote(symbol: string): Promise<Quote> {";
const CONNECT = "async connect(ctx: ConnectorContext): Promise<void> {";

it("the reason of a failed case has the author's line, and names an endless loop", async () => {
  const throwing = await run(editedTemplate(QUOTE, `${QUOTE}\n    this.ctx.secret("none").trim();`), {
    only: ["C11"],
    settings: settings(VENUE),
  });
  expect(reasonOf(throwing, "C11")).toMatch(/threw: no secret "none".* \(index\.ts:\d+:\d+\)$/);
  const refused = await run(editedTemplate(CONNECT, `${CONNECT}\n    throw new Error("no");`), {
    only: ["C02"],
    settings: settings(VENUE),
  });
  expect(reasonOf(refused, "C02")).toMatch(/connect: Error: no \(index\.ts:\d+:11\)$/);
  const endless = await run(editedTemplate(CONNECT, `static { for (;;) {} }\n  ${CONNECT}`), { only: ["C01"] });
  expect(reasonOf(endless, "C01")).toMatch(/its thread was busy while the file was loaded; look for an endless loop/);
});

describe("the cases", () => {
  it("have unique ids and are sorted by id", () => {
    const ids = CASES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(ids.map((_, index) => `C${String(index + 1).padStart(2, "0")}`));
  });

  it("include every group", () => {
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
  it("reports the digest, the methods and one line for each case", async () => {
    const lines: string[] = [];
    const only = ["C01", "C11", "C92"];
    const report = await run(TEMPLATE, { only, progress: { line: (line) => void lines.push(line) } });
    expect(report).toMatchObject({ name: "my-venue", isolation: "worker", partial: true, counts: { failed: 0 } });
    expect(report.digest).toMatch(/^sha256:/);
    expect(report.methods).toContain("getFills");
    expect(lines.map((line) => line.split(" ", 2).join(" ")).toSorted()).toEqual([
      "C01 passed",
      "C11 passed",
      "C92 skipped",
    ]);
  });

  it("certifies an adapter in a process like one in a thread", async () => {
    const only = ["C01", "C10", "C16", "C27", "C39", "C65", "C69", "C77", "C84", "C91"];
    const report = await run(TEMPLATE, { isolation: "process", only });
    expect(failures(report)).toEqual([]);
    expect(withOutcome(report, "passed")).toEqual(only);
    expect(report.certified).toBe(false);
  });

  it("reports the placeholders of the documented skeleton as failures", async () => {
    const only = ["C01", "C02", "C03", "C07", "C08", "C10", "C11", "C21", "C28", "C54", "C84"];
    const report = await run(at("test/fixtures/adapters/my-venue/index.ts"), { settings: settings(""), only });
    expect(withOutcome(report, "failed")).toEqual(["C07", "C11", "C21", "C28", "C54"]);
    expect(reasonOf(report, "C11")).toContain("take the address from ctx.options");
    expect(reasonOf(report, "C21")).toContain("looks like a placeholder");
    expect(reasonOf(report, "C28")).toContain('"placeholder-id": that is a placeholder');
    expect(reasonOf(report, "C54")).toContain("cancelOrder succeeded for an id that the venue never issued");
    expect(report.guarantees.filter(({ given }) => given).map(({ guarantee }) => guarantee)).toEqual([
      "secrets stay out of logs and messages even without the desk's redaction",
    ]);
  });

  it("skips the cases of orders for an adapter that brings data only", async () => {
    const adapter = editedTemplate("async placeOrder(", "async place(");
    const source = readFileSync(adapter, "utf8").replace("async cancelOrder(", "async cancel(");
    writeFileSync(adapter, source);
    const only = ["C01", "C14", "C26", "C57", "C103"];
    const report = await run(adapter, { settings: settings(`orders = false\n${VENUE}`), only });
    expect(report.cases.map(({ outcome }) => outcome)).toEqual(["passed", "passed", "skipped", "skipped", "passed"]);
    expect(reasonOf(report, "C57")).toBe("the adapter brings data only: it has no placeOrder");
  });

  it("reports an adapter that waits for the fill in placeOrder", async () => {
    const waitForFill =
      'while ((await this.getOrder({ venueOrderId: accepted.order_id }))?.status !== "filled") await new Promise((resolve) => setTimeout(resolve, 50));';
    const adapter = editedTemplate(
      "return { venueOrderId: accepted",
      `${waitForFill}\n    return { venueOrderId: accepted`,
    );
    const report = await run(adapter, { settings: settings(VENUE), only: ["C27"] });
    expect(reasonOf(report, "C27")).toMatch(/^placeOrder waits for the fill/);
  });

  it("reports a load failure once and skips the remaining cases", async () => {
    const adapter = editedTemplate("async cancelOrder(", "async cancel(");
    const report = await run(adapter, { settings: settings(VENUE), only: ["C01", "C11", "C26"] });
    expect(failures(report)).toEqual([
      "C01: the adapter does not load: connector kit: method cancelOrder is missing: every adapter has the 7 methods of ConnectorAdapter; a connector that only brings data has orders = false in desk.toml",
    ]);
    expect(reasonOf(report, "C26")).toMatch(/^the adapter does not start: /);
    expect(report.notStarted).toEqual({ reason: reasonOf(report, "C26"), cases: 2 });
  });

  it("runs one case of an adapter that cannot be loaded, and says in one line that the others did not run", async () => {
    const lines: string[] = [];
    const progress = { line: (text: string) => void lines.push(text) };
    const adapter = editedTemplate("async cancelOrder(", "async cancelOrder((");
    const report = await run(adapter, { settings: settings(VENUE), progress });
    expect(withOutcome(report, "failed")).toEqual(["C01"]);
    expect(report.notStarted?.cases).toBe(CASES.length - 1);
    expect(lines).toEqual([
      expect.stringMatching(/^C01 failed .*index\.ts:\d+:\d+: /),
      `${CASES.length - 1} cases were not run, because the connector does not start`,
    ]);
  });

  it("starts an adapter whose connect does not respond once", async () => {
    const adapter = editedTemplate("async connect(", "async connect() { for (;;); }\n  async connectLater(");
    let starts = 0;
    const transport: CertifyOptions["transport"] = async (memoryMb, network) => {
      starts += 1;
      return startWorker({ text: WORKER_TEXT, name: "kit", memoryMb, egress: sharedEgress.connect(network) });
    };
    const report = await run(adapter, { settings: settings(VENUE), transport });
    expect(starts).toBe(1);
    expect(failures(report)).toEqual([
      expect.stringMatching(/^C02: the adapter does not start: kit\.connect did not respond within 30000 ms/),
    ]);
    expect(report.notStarted?.cases).toBe(CASES.length - 1);
  });

  it("reports the source position if the adapter cannot be bundled", async () => {
    const line = readFileSync(TEMPLATE, "utf8").split("import {")[0]?.split("\n").length;
    const report = await run(editedTemplate("import {", 'import "node:child_process";\nimport {'), {
      settings: settings(VENUE),
      only: ["C01"],
    });
    expect(reasonOf(report, "C01")).toContain(
      `index.ts:${line}:8: node:child_process is not available inside a connector`,
    );
    expect(report.digest).toBe("");
  });

  it("skips cases for missing methods, capabilities, secrets and orders, with the reason", async () => {
    const paper = await run(at("connectors/paper/index.ts"), {
      settings: settings('symbol = "SPX"\norders = false\n[auth]'),
      only: ["C19", "C26", "C41", "C84"],
    });
    expect(paper.cases.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
      "passed",
      "certify.toml does not allow orders: set orders = true if the venue is a fake or a test net",
      "set venue in certify.toml to a module with your fake venue, so that the kit can fill orders and set prices",
      "certify.toml has no secret",
    ]);
    const adapter = editedTemplate("async getFills(", "private async readFills(");
    const without = await run(adapter, { settings: settings(VENUE), only: ["C51"] });
    expect(reasonOf(without, "C51")).toBe("the adapter has no getFills");
    expect(without.guarantees.find(({ guarantee }) => guarantee.startsWith("fills missed"))).toMatchObject({
      given: false,
      because: "the adapter has no getFills",
    });
  });
});

/** An adapter of another wire format is certified over its author's own fake venue, and only over one. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { startVenueProcess } from "../../../src/app/venue-process.ts";
import type { VenueProcess } from "../../../src/conformance/venue/venue-hooks.ts";
import type { Report } from "../../../src/conformance/report.ts";
import { bundleProgram } from "../../../src/host/bundle-program.ts";
import { plainProcesses } from "../../../src/host/process-sandbox.ts";
import { CERTIFICATION_MS_MAX, withOutcome } from "../../support/certified.ts";
import { CERTIFY_DEPS } from "../../support/certify-deps.ts";

const { disk, clock, packageRoot: ROOT } = CERTIFY_DEPS;
const FOLDER = join(ROOT, "test/fixtures/adapters/form-venue");
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function certify(target: string, only: readonly string[] = []): Promise<Report> {
  return certifyAdapter(CERTIFY_DEPS, { target, from: ROOT, only }, { line: () => undefined });
}

/** The adapter with other settings, in a folder of its own. */
function withSettings(settings: string, replace: readonly (readonly [string, string])[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), "qoc-author-"));
  const toml = replace.reduce(
    (text, [find, by]) => text.replace(find, by),
    `${settings}\n${readFileSync(join(FOLDER, "certify.toml"), "utf8").replace('venue = "./fake.ts"\n', "")}`,
  );
  writeFileSync(join(folder, "certify.toml"), toml);
  for (const file of ["index.ts", "fake.ts"]) writeFileSync(join(folder, file), readFileSync(join(FOLDER, file)));
  return folder;
}

async function startFake(): Promise<string> {
  const file = join(FOLDER, "fake.ts");
  const program = await bundleProgram({ connector: "v", file, disk, packageFolders: [] });
  const place = { sandbox: await CERTIFY_DEPS.sandbox(), folder: mkdtempSync(join(tmpdir(), "qoc-empty-")) };
  const fake: VenueProcess = startVenueProcess({ ...place, file, program, readable: [], clock });
  closers.push(() => fake.close());
  return ((await fake.call("start")) as { url: string }).url;
}

function outcomes({ cases }: Report): Record<string, string> {
  return Object.fromEntries(cases.map(({ id, outcome }) => [id, outcome]));
}

describe("an adapter of another wire format", () => {
  it("is certified without bubblewrap, with a warning that names its fake venue", async () => {
    const lines: string[] = [];
    const sandbox = async () => plainProcesses(process.execPath, "bubblewrap is not installed");
    const request = { target: FOLDER, from: ROOT, only: ["C21"] };
    const report = await certifyAdapter({ ...CERTIFY_DEPS, sandbox }, request, {
      line: (text) => void lines.push(text),
    });
    expect(outcomes(report)["C21"]).toBe("passed");
    const file = join(FOLDER, "fake.ts");
    expect(lines).toContain(
      `${file} may do what you may, because bubblewrap is not installed: it must be code that you trust`,
    );
  });

  it(
    "is certified over the hooks of its author's fake venue, faults included",
    { timeout: CERTIFICATION_MS_MAX },
    async () => {
      const report = await certify(FOLDER);
      expect([...withOutcome(report, "failed"), ...withOutcome(report, "untried")].join("; ")).toBe("");
      expect(report.certified).toBe(true);
      const faults = report.cases.filter(({ group, outcome }) => group === "faults" && outcome === "passed");
      expect(faults.length).toBeGreaterThan(16);
      const skipped = report.cases.filter(({ outcome }) => outcome === "skipped").map(({ reason }) => reason);
      const expected = ["the adapter does not ", "the adapter has no get", "the adapter emits no "];
      expect(skipped.filter((reason) => !expected.some((start) => reason?.startsWith(start)))).toEqual([
        "the venue's answer to an order does not name its id",
        "no streamed quote arrived: the adapter emits none, or the venue streams none",
        "getBuyingPower does not throw RateLimited",
        "getFills returns a list, not pages with a cursor",
        "only the kit's own HTTP venue can be made to do this",
        "the venue replaces no order by itself",
        "the instrument names no order flags",
        "a venue of an author may not list this many symbols",
        "a venue of an author may have no prices below zero",
      ]);
      expect(report.summary).toMatch(/, C140 C152 C156 C157 not possible at this venue; certified$/);
      const missing = report.guarantees.filter(({ given }) => !given).map(({ because }) => because);
      expect(missing).toEqual([expect.stringContaining("does not declare clientIdDedupe")]);
    },
  );

  it("with an upstream alone its faults are tried, and it is not certified", async () => {
    const url = await startFake();
    // One venue for all sessions, whose nonces must increase from each to the next.
    const target = withSettings(`upstream = "${url}"\nserial = true`);
    const report = await certify(target, ["C01", "C26", "C41", "C57", "C60", "C65", "C75", "C81"]);
    expect(outcomes(report)).toEqual({
      C01: "passed",
      C26: "passed",
      C41: "untried",
      C57: "passed",
      C60: "passed",
      C65: "passed",
      C75: "passed",
      C81: "untried",
    });
    expect(report).toMatchObject({ certified: false, untriedGroups: ["fills", "recovery"] });
    expect(report.next).toEqual([expect.stringContaining("set venue in certify.toml")]);
  });

  it("ends as soon as it is interrupted", async () => {
    const interrupt = new AbortController();
    const request = { target: FOLDER, from: ROOT, only: [], signal: interrupt.signal };
    const progress = { line: () => interrupt.abort(new Error("interrupted")) };
    await expect(certifyAdapter(CERTIFY_DEPS, request, progress)).rejects.toThrow("interrupted");
  });

  it("without the kit's proxy its faults are not tried", async () => {
    const url = await startFake();
    const target = withSettings("serial = true", [
      ['"{venue}"', `"${url}"`],
      ['"{stream}/ws"', `"${url.replace("http", "ws")}/ws"`],
    ]);
    const report = await certify(target, ["C01", "C26", "C57", "C59", "C41"]);
    expect(outcomes(report)).toEqual({ C01: "passed", C26: "passed", C57: "untried", C59: "untried", C41: "untried" });
    expect(report.untriedGroups).toEqual(["fills", "faults"]);
    expect(report.next).toContainEqual(expect.stringContaining("set venue or upstream in certify.toml"));
  });

  it("a fake that does not start is named, and leaves no process", async () => {
    const target = withSettings('venue = "./fake.ts"');
    writeFileSync(join(target, "fake.ts"), 'export default { start() { throw new Error("port taken"); } };');
    const report = await certify(target, ["C01", "C26"]);
    expect(report.certified).toBe(false);
    for (const { outcome, reason } of report.cases) {
      expect(["failed", "untried"]).toContain(outcome);
      expect(reason).toMatch(
        /^the venue does not start: fault of the fake venue, .*fake\.ts:1:\d+: start: port taken$/,
      );
    }
  });

  it("a hook that fails is the reason of the case", async () => {
    const target = withSettings('venue = "./fake.ts"');
    const fake = readFileSync(join(target, "fake.ts"), "utf8");
    const broken = fake.replace(/\n {2}fill: \(/, '\n  fill: () => { throw new Error("no price"); },\n  unused: (');
    writeFileSync(join(target, "fake.ts"), broken);
    const report = await certify(target, ["C39", "C41"]);
    expect(report.cases.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^fault of the fake venue, not of the adapter: .*fake\.ts:\d+:\d+: fill: no price$/),
      expect.stringMatching(/^fault of the fake venue, not of the adapter: .*fake\.ts:\d+:\d+: fill: no price$/),
    ]);
  });
});

describe("a venue that accepts one session at a time", () => {
  /**
   * Counts the sessions that are open at the same time: from `GET /start` to `GET /end`. The kit opens one
   * alone. The starts after it are answered when `sessions` were open, however long a busy machine takes.
   */
  function startVenue(sessions: number): Promise<{ url: string; most: () => number; server: Server }> {
    let [open, most, starts] = [0, 0, 0];
    const waiting: (() => void)[] = [];
    const server = createServer((request, response) => {
      if (request.url === "/start") [starts, most] = [starts + 1, Math.max(most, (open += 1))];
      if (request.url === "/end") open -= 1;
      waiting.push(() => response.end("{}"));
      if (starts <= 1 || most >= sessions) for (const answer of waiting.splice(0)) answer();
    });
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    return new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () =>
        resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, most: () => most, server }),
      ),
    );
  }

  it.each([
    ["serial = true", 1],
    ["serial = false", 3],
  ] as const)("with %s at most %d sessions are open", async (setting, sessions) => {
    const venue = await startVenue(sessions);
    const folder = mkdtempSync(join(tmpdir(), "qoc-serial-"));
    writeFileSync(join(folder, "certify.toml"), `${setting}\n[options]\nurl = "${venue.url}"`);
    const methods = ["getQuote", "getPositions", "getBuyingPower", "placeOrder", "cancelOrder"];
    writeFileSync(
      join(folder, "index.ts"),
      `export default class {
        async connect(ctx) { this.ctx = ctx; await fetch(ctx.options.url + "/start"); await new Promise((r) => setTimeout(r, 300)); }
        async disconnect() { await fetch(this.ctx.options.url + "/end"); }
        ${methods.map((name) => `async ${name}() { throw new Error("not yet"); }`).join("\n")}
      }`,
    );
    await certify(folder, ["C02", "C06", "C07", "C11", "C12", "C20"]);
    expect(venue.most()).toBe(sessions);
  });
});

/**
 * The guide is true: its connector is certified at once, its steps are parts of it, its commands and its numbers are
 * the code's.
 */
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALLOWED_BUILTINS, LIMITS } from "../../src/protocol/limits.ts";
import { METHODS, OPTIONAL_METHODS, REQUIRED_METHODS } from "../../src/protocol/messages.ts";
import { CASES } from "../../src/conformance/cases.ts";
import { guaranteesOf } from "../../src/conformance/guarantees.ts";
import { COMMANDS } from "../support/commands.ts";
import { checkCommandLine } from "../../src/cli/strict-args.ts";
import { ERRORS } from "../../src/domain/errors/error.ts";
import { STORE_BYTES_MAX } from "../../src/host/connector-store.ts";
import { callTimeout } from "../../src/host/worker-session.ts";
import { certifyAdapter } from "../../src/app/certify-adapter.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { LAYOUT } from "../../src/workspace/layout.ts";
import { CERTIFICATION_MS_MAX, withOutcome } from "../support/certified.ts";
import { CERTIFY_DEPS } from "../support/certify-deps.ts";

const { packageRoot } = CERTIFY_DEPS;
const GUIDE = readFileSync(`${packageRoot}/docs/connectors.md`, "utf8");
const ADAPTER = "src/connectors/my-venue/index.ts";
const SETTINGS = "src/connectors/my-venue/certify.toml";
const FAKE = "src/connectors/my-venue/fake.ts";

function blocks(language: string): string[] {
  return [...GUIDE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
}
/** The fenced block whose first line is a comment that names this file. */
function fileBlock(language: string, path: string): string {
  const found = blocks(language).filter((text) => text.split("\n")[0]?.replace(/^(\/\/|#) /, "") === path);
  expect(found).toHaveLength(1);
  return found[0] ?? "";
}
/** Rows of the table under a heading, cells without their backticks. */
function table(heading: string): string[][] {
  const rows = (GUIDE.split(`\n| ${heading} |`)[1] ?? "").split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows
    .filter((row) => row !== "")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

describe("the guide's connector", () => {
  it("the guide's connector is certified at the worker level", { timeout: CERTIFICATION_MS_MAX }, async () => {
    const root = mkdtempSync(join(tmpdir(), "qoc-guide-"));
    try {
      for (const [path, text] of [
        [ADAPTER, fileBlock("ts", ADAPTER)],
        [SETTINGS, fileBlock("toml", SETTINGS)],
      ] as const) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      }
      const report = await certifyAdapter(
        CERTIFY_DEPS,
        { target: dirname(ADAPTER), from: root, only: [] },
        { line: () => undefined },
      );
      expect(withOutcome(report, "failed").join("; ")).toBe("");
      expect(report).toMatchObject({ certified: true, isolation: "worker" });
      const { passed, failed, skipped } = report.counts;
      expect(GUIDE).toContain(`certified at the worker level: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  it(
    "the guide's connector is certified over the guide's fake venue, at the process level",
    { timeout: CERTIFICATION_MS_MAX },
    async () => {
      const root = mkdtempSync(join(tmpdir(), "qoc-guide-"));
      try {
        await mkdir(join(root, dirname(ADAPTER)), { recursive: true });
        await writeFile(join(root, ADAPTER), fileBlock("ts", ADAPTER));
        await writeFile(join(root, FAKE), fileBlock("ts", FAKE));
        await writeFile(join(root, SETTINGS), fileBlock("toml", `${SETTINGS}, with a fake venue`));
        const report = await certifyAdapter(
          CERTIFY_DEPS,
          { target: dirname(ADAPTER), from: root, only: [], isolation: "process" },
          { line: () => undefined },
        );
        expect([...withOutcome(report, "failed"), ...withOutcome(report, "untried")].join("; ")).toBe("");
        expect(report.certified).toBe(true);
        expect(report.guarantees.filter(({ given }) => !given)).toEqual([]);
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    },
  );

  it("the guide's whole connector consists of the code of its steps", () => {
    const whole = fileBlock("ts", ADAPTER);
    const isStep = (text: string): boolean => !/^\/\/ (for now|src\/)/.test(text);
    const steps = blocks("ts").filter((text) => text !== whole && isStep(text));
    expect(steps.length).toBeGreaterThan(8);
    for (const part of steps.flatMap((text) => text.trimEnd().split("\n\n"))) expect(whole).toContain(part);
  });
});

describe("the guide's text", () => {
  it("the guide's commands parse", () => {
    const inBlocks = blocks("sh")
      .flatMap((text) => text.split("\n"))
      .filter((line) => line !== "");
    const inText = [...GUIDE.matchAll(/`(qoc [^`]+)`/g)].map((match) => match[1] ?? "");
    const known = new Map(COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases].map((word) => [word, name])));
    expect(inBlocks.length).toBeGreaterThan(12);
    for (const line of inBlocks) {
      const words = line.replace(/\s+#.*$/, "").split(/\s+/);
      expect(words.shift()).toBe("qoc");
      expect(checkCommandLine(words, COMMANDS).entry, line).toBeDefined();
    }
    // In running text a command is named without its arguments.
    for (const text of inText)
      expect(
        [...known.keys()].some((name) => `${text.slice(4)} `.startsWith(`${name} `)),
        text,
      ).toBe(true);
  });

  it("the guide names cases, groups, errors, guarantees and methods that exist", () => {
    const ids = new Set<string>(CASES.map(({ id }) => id));
    expect([...GUIDE.matchAll(/\bC\d{2,3}\b/g)].map(([id]) => id).filter((id) => !ids.has(id))).toEqual([]);
    const told = /Cases by group: ([\s\S]*?)\.\n/.exec(GUIDE)?.[1] ?? "";
    const groupOf = new Map<string, string>();
    for (const [, group = "", ranges = ""] of told
      .replaceAll("\n", " ")
      .matchAll(/([a-z]+) ((?:C\d+(?: to C\d+)?(?: and )?)+)/g))
      for (const [, from, to = from] of ranges.matchAll(/C(\d+)(?: to C(\d+))?/g))
        for (let at = Number(from); at <= Number(to); at += 1) groupOf.set(`C${String(at).padStart(2, "0")}`, group);
    expect(Object.fromEntries(groupOf)).toEqual(Object.fromEntries(CASES.map(({ id, group }) => [id, group])));
    const codes = table("code | what happened | what to do").map(([code]) => code ?? "");
    expect(codes.filter((code) => !(code in ERRORS))).toEqual([]);
    expect(codes).toEqual(expect.arrayContaining(Object.keys(ERRORS).filter((code) => code.startsWith("ADAPTER_"))));
    const bought = table("part | guarantee");
    const guarantees = new Set(
      guaranteesOf({ methods: METHODS, capabilities: {} }, []).map(({ guarantee }) => guarantee),
    );
    expect(bought.map(([, guarantee]) => guarantee).filter((guarantee) => !guarantees.has(guarantee ?? ""))).toEqual(
      [],
    );
    for (const method of REQUIRED_METHODS) expect(GUIDE).toContain(`async ${method}(`);
    const methods = bought.map(([part = ""]) => part.split(" ")[0] ?? "").filter((part) => part.startsWith("get"));
    expect(OPTIONAL_METHODS).toEqual(expect.arrayContaining(methods));
  });

  it("the guide gives the current limits, timeouts and modules", () => {
    const limits = table("limit | value | name");
    expect(limits.length).toBeGreaterThan(9);
    expect(limits.map(([, value, name]) => [name, Number(value)])).toEqual(
      limits.map(([, , name]) => [name, LIMITS[name as keyof typeof LIMITS]]),
    );
    expect(GUIDE).toContain(`messages within ${LIMITS.messageWindowMs} ms`);
    expect(GUIDE).toContain(`cut at ${LIMITS.logChars} characters`);
    expect(STORE_BYTES_MAX).toBe(1024 * 1024);
    const deadlines = new Map(
      table("call | timeout").flatMap(([calls = "", ms = ""]) =>
        calls.split(", ").map((call) => [call, Number.parseInt(ms, 10)] as const),
      ),
    );
    const others = REQUIRED_METHODS.filter((method) => !deadlines.has(method));
    for (const method of REQUIRED_METHODS)
      expect(callTimeout(method)).toBe(deadlines.get(others.includes(method) ? "every other" : method));
    expect(blocks("text")).toContain(`${ALLOWED_BUILTINS.join(" ")}\n`);
  });

  it("the guide's desk.toml table is valid, and connectors new makes the files it lists", () => {
    const [desk = ""] = blocks("toml").filter((text) => text.startsWith("[[connector]]"));
    const [read] = readConfig(desk, "/desk/desk.toml").connectors;
    expect(read).toMatchObject({
      name: "my-venue",
      adapter: `/desk/${ADAPTER}`,
      isolation: "process",
      memoryMb: 256,
      orders: false,
    });
    expect(read?.hosts).toEqual(["api.my-venue.example"]);
    const files = [ADAPTER, SETTINGS].map((path) => path.split("/").at(-1) ?? "");
    for (const file of files) expect(existsSync(join(packageRoot, "connectors/template", file)), file).toBe(true);
    expect(GUIDE).toContain(`${LAYOUT.types}/qoc-sdk.d.ts`);
  });
});

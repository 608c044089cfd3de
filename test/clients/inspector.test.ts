/** The inspector's strict lint of the tools, and one call, over HTTP and over stdio, in both eras. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEndpoint } from "../../src/agents/runtime.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { describeClient } from "./found.ts";
import { runProgram } from "./run-program.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));

describeClient("inspector", "the inspector", ({ argv }) => {
  const ask = (words: readonly string[]) => runProgram(argv, ["--cli", ...words]);
  const ERAS = ["modern", "legacy"] as const;

  describe("over HTTP", () => {
    let desk: TempDesk;
    let door: RunEndpoint;
    beforeAll(async () => {
      desk = await tempDesk();
      door = desk.agents.endpoint.open("run-inspector", 600_000);
    });
    afterAll(async () => {
      await desk.stop();
      await discard(desk);
    });
    const at = (...words: readonly string[]): readonly string[] => [
      ...[door.url, "--transport", "http", "--header", `Authorization: Bearer ${door.token}`, "--format", "json"],
      ...words,
    ];

    it.each(ERAS)("finds nothing to say of the tools (%s)", async (era) => {
      const { code, out, err } = await ask(at("--protocol-era", era, "--method", "tools/list", "--strict"));
      expect(code, err).toBe(0);
      expect(err).not.toMatch(/error|warning/i);
      expect(
        (JSON.parse(out) as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name),
      ).toEqual(door.tools);
    });

    it.each(ERAS)("calls one (%s)", async (era) => {
      const { code, out, err } = await ask(
        at("--protocol-era", era, "--method", "tools/call", "--tool-name", "qoc_status"),
      );
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ result: { structuredContent: { up: true } } });
    });

    it("is not let in without the token", async () => {
      const { code } = await ask([door.url, "--transport", "http", "--method", "tools/list"]);
      expect(code).not.toBe(0);
    });

    it("has every call of a load answered", async () => {
      const words = at(
        "--method",
        "tools/call",
        "--tool-name",
        "qoc_status",
        "--load",
        "--load-requests",
        "100",
        "--load-concurrency",
        "4",
      );
      const { code, out, err } = await ask(words);
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ result: { requests: 100, ok: 100, toolErrors: 0, errors: 0 } });
    });
  });

  describe("over stdio", () => {
    let home: string;
    const env = () => ({ PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") });
    const qoc = (...words: readonly string[]): void => {
      execFileSync(process.execPath, [BIN, ...words, "-C", join(home, "desk")], {
        cwd: home,
        env: env(),
        stdio: "ignore",
      });
    };
    beforeAll(() => {
      home = mkdtempSync(join(tmpdir(), "qoc-inspector-"));
      execFileSync(process.execPath, [BIN, "init", join(home, "desk")], { env: env(), stdio: "ignore" });
      qoc("up", "--detach");
    });
    afterAll(() => {
      qoc("down");
      rmSync(home, { recursive: true, force: true });
    });
    const at = (...words: readonly string[]): readonly string[] => [
      ...[
        "-e",
        `XDG_RUNTIME_DIR=${env().XDG_RUNTIME_DIR}`,
        process.execPath,
        BIN,
        "mcp",
        "-C",
        join(home, "desk"),
        "--format",
        "json",
      ],
      ...words,
    ];

    it.each(ERAS)("finds nothing to say of the tools, and calls one (%s)", async (era) => {
      const lint = await ask(at("--protocol-era", era, "--method", "tools/list", "--strict"));
      expect(lint.code, lint.err).toBe(0);
      const call = await ask(at("--protocol-era", era, "--method", "tools/call", "--tool-name", "qoc_status"));
      expect(call.code, call.err).toBe(0);
      expect(JSON.parse(call.out)).toMatchObject({ result: { structuredContent: { up: true } } });
    });
  });
});

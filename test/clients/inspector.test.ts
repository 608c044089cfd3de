/** The inspector's strict lint of the tools, and tool calls, over HTTP and stdio, in both protocol eras. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEndpoint } from "../../src/agents/runtime.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { describeClient } from "./describe-client.ts";
import { runProgram } from "./run-program.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));

describeClient("inspector", "the inspector", ({ argv }) => {
  const ask = (args: readonly string[]) => runProgram(argv, ["--cli", ...args]);
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
    const at = (...args: readonly string[]): readonly string[] => [
      ...[door.url, "--transport", "http", "--header", `Authorization: Bearer ${door.token}`, "--format", "json"],
      ...args,
    ];

    it.each(ERAS)("the inspector's strict lint over HTTP finds no problem in the tools (%s)", async (era) => {
      const { code, out, err } = await ask(at("--protocol-era", era, "--method", "tools/list", "--strict"));
      expect(code, err).toBe(0);
      expect(err).not.toMatch(/error|warning/i);
      expect(
        (JSON.parse(out) as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name),
      ).toEqual(door.tools);
    });

    it.each(ERAS)("the inspector calls a tool over HTTP (%s)", async (era) => {
      const { code, out, err } = await ask(
        at("--protocol-era", era, "--method", "tools/call", "--tool-name", "qoc_status"),
      );
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ result: { structuredContent: { up: true } } });
    });

    it("the inspector is refused without the token", async () => {
      const { code } = await ask([door.url, "--transport", "http", "--method", "tools/list"]);
      expect(code).not.toBe(0);
    });

    it("every call of the inspector's load test gets a response", async () => {
      const args = at(
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
      const { code, out, err } = await ask(args);
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ result: { requests: 100, ok: 100, toolErrors: 0, errors: 0 } });
    });
  });

  describe("over stdio", () => {
    let home: string;
    const env = () => ({ PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: join(home, "run") });
    const qoc = (...args: readonly string[]): void => {
      execFileSync(process.execPath, [BIN, ...args, "-C", join(home, "desk")], {
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
    const at = (...args: readonly string[]): readonly string[] => [
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
      ...args,
    ];

    it.each(ERAS)("the inspector over stdio finds no problem in the tools, and calls one (%s)", async (era) => {
      const lint = await ask(at("--protocol-era", era, "--method", "tools/list", "--strict"));
      expect(lint.code, lint.err).toBe(0);
      const call = await ask(at("--protocol-era", era, "--method", "tools/call", "--tool-name", "qoc_status"));
      expect(call.code, call.err).toBe(0);
      expect(JSON.parse(call.out)).toMatchObject({ result: { structuredContent: { up: true } } });
    });
  });
});

import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { CommandEntry } from "../../src/commands/command-entry.ts";
import { COMMANDS } from "../support/commands.ts";
import { type CompletionCall, SHELLS, completionScript, completions } from "../../src/cli/complete.ts";

const desk: CompletionCall = async (command, input) => {
  const results: Record<string, unknown> = {
    "orders list": [
      { id: "20260705-001", state: "proposed", terms: { side: "buy", quantity: "10", symbol: "SPX" } },
      ...(input["state"] === "proposed"
        ? []
        : [{ id: "20260705-002", state: "filled", terms: { side: "sell", quantity: "1", symbol: "SPX" } }]),
    ],
    "issues list": [
      { id: "001", untrusted: { title: { text: "A \u202elook\n\u001b[31m" } } },
      { id: "$(rm -rf ~)", untrusted: { title: { text: "hostile" } } },
    ],
    "connectors list": [{ name: "paper", state: "ready" }],
  };
  return results[command];
};
const deskDown: CompletionCall = () => Promise.reject(new Error("the desk is not up"));

async function values(line: string, callDesk: CompletionCall = desk): Promise<string[]> {
  const lines = await completions(line.split(" "), COMMANDS, callDesk);
  return lines.split("\n").flatMap((line) => (line.startsWith(":") || line === "" ? [] : [line.split("\t")[0] ?? ""]));
}

describe("completions", () => {
  it.each<[string, readonly string[]]>([
    ["stat", ["status"]],
    ["orders ", ["propose", "list", "rows", "show"]],
    ["orders l", ["list"]],
    ["approve ", ["20260705-001"]],
    ["cancel ", ["20260705-001", "20260705-002"]],
    ["cancel 20260705-002", ["20260705-002"]],
    ["run ", ["001"]],
    ["connectors restart ", ["paper"]],
    ["quotes get SPX --connector ", ["paper"]],
    ["orders propose --side ", ["buy", "sell"]],
    ["orders propose --side s", ["sell"]],
    ["approve --dig", ["--digest"]],
    ["approve --no-c", ["--no-color"]],
    ["comp", ["complete"]],
  ])("of %j are %j", async (line, offered) => {
    expect(await values(line)).toEqual(offered);
  });

  it("of an empty line are the first words of all commands", async () => {
    const firsts = new Set(COMMANDS.map(({ name }) => name.split(" ")[0]));
    expect(new Set(await values(""))).toEqual(new Set([...firsts, "help", "complete"]));
  });

  it("have no ids if the desk is down or sends a malformed result", async () => {
    expect(await values("approve ", deskDown)).toEqual([]);
    expect(await values("approve ", async () => ({ odd: true }))).toEqual([]);
    expect(await values("stat", deskDown)).toEqual(["status"]);
  });

  it("call the desk only if an id is needed", async () => {
    let calls = 0;
    const counting: CompletionCall = (command, input) => {
      calls += 1;
      return desk(command, input);
    };
    await values("orders ", counting);
    await values("approve --", counting);
    expect(calls).toBe(0);
    await values("approve ", counting);
    expect(calls).toBe(1);
  });

  it("leave paths to the shell", async () => {
    expect(await completions(["init", ""], COMMANDS, desk)).toBe(":0\n");
    expect(await completions(["approve", "orders/pend"], COMMANDS, desk)).toBe(":0\n");
    expect(await completions(["approve", ""], COMMANDS, desk)).toMatch(/:4\n$/);
  });

  it("escape the text of agents, and leave out ids that a shell would evaluate", async () => {
    const lines = await completions(["run", ""], COMMANDS, desk);
    expect(lines).not.toMatch(/[\u202e\u001b]/);
    expect(lines).not.toContain("$(");
    expect(lines.split("\n")).toHaveLength(3);
  });

  it("leave out the commands of agents", async () => {
    const entry: CommandEntry = { ...(COMMANDS[0] as CommandEntry), name: "whisper", audience: "agent" };
    expect(await completions(["whis"], [entry], desk)).toBe(":4\n");
  });
});

describe("completionScript", () => {
  it("completes in a bash without the package bash-completion", () => {
    const script = [
      "qoc() { printf 'status\\tshow\\nhalt\\ty\\nstart\\tx\\n:4\\n'; }",
      "compopt() { :; }",
      completionScript("bash"),
      "COMP_WORDS=(qoc sta) COMP_CWORD=1",
      '__qoc_complete; echo "${COMPREPLY[*]}"',
    ];
    const shown = execFileSync("bash", ["--norc", "--noprofile"], { input: script.join("\n"), encoding: "utf8" });
    // The word before the cursor selects: a shell without the function takes it for empty.
    expect(shown.trim().split(/\s+/)).toEqual(["status", "start"]);
  });

  it.each(SHELLS)("for %s runs qoc at each Tab", (shell) => {
    const script = completionScript(shell);
    expect(script).toMatch(/qoc.{0,20}complete/);
    expect(script.length).toBeGreaterThan(500);
  });

  it("for bash has no syntax error", () => {
    execFileSync("bash", ["-n"], { input: completionScript("bash") });
  });
});

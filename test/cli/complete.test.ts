import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { CommandEntry } from "../../src/commands/command-entry.ts";
import { COMMANDS } from "../support/commands.ts";
import { type AskDesk, SHELLS, completionScript, completions } from "../../src/cli/complete.ts";

const desk: AskDesk = async (command, input) => {
  const answers: Record<string, unknown> = {
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
  return answers[command];
};
const nobody: AskDesk = () => Promise.reject(new Error("the desk is not up"));

async function values(line: string, ask: AskDesk = desk): Promise<string[]> {
  const text = await completions(line.split(" "), COMMANDS, ask);
  return text
    .split("\n")
    .flatMap((shown) => (shown.startsWith(":") || shown === "" ? [] : [shown.split("\t")[0] ?? ""]));
}

describe("completions", () => {
  it.each<[string, readonly string[]]>([
    ["stat", ["status"]],
    ["orders ", ["propose", "list", "show"]],
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
  ])("%j offers %j", async (line, offered) => {
    expect(await values(line)).toEqual(offered);
  });

  it("offers every command's first word", async () => {
    const firsts = new Set(COMMANDS.map(({ name }) => name.split(" ")[0]));
    expect(new Set(await values(""))).toEqual(new Set([...firsts, "help", "complete"]));
  });

  it("offers no ids, and fails not, where the desk is down or answers nonsense", async () => {
    expect(await values("approve ", nobody)).toEqual([]);
    expect(await values("approve ", async () => ({ odd: true }))).toEqual([]);
    expect(await values("stat", nobody)).toEqual(["status"]);
  });

  it("asks the desk only where an id is wanted", async () => {
    let asked = 0;
    const counting: AskDesk = (command, input) => {
      asked += 1;
      return desk(command, input);
    };
    await values("orders ", counting);
    await values("approve --", counting);
    expect(asked).toBe(0);
    await values("approve ", counting);
    expect(asked).toBe(1);
  });

  it("leaves paths to the shell", async () => {
    expect(await completions(["init", ""], COMMANDS, desk)).toBe(":0\n");
    expect(await completions(["approve", "orders/pend"], COMMANDS, desk)).toBe(":0\n");
    expect(await completions(["approve", ""], COMMANDS, desk)).toMatch(/:4\n$/);
  });

  it("shows no agent's text as it is, and offers no word a shell would run", async () => {
    const text = await completions(["run", ""], COMMANDS, desk);
    expect(text).not.toMatch(/[\u202e\u001b]/);
    expect(text).not.toContain("$(");
    expect(text.split("\n")).toHaveLength(3);
  });

  it("hides an agent's commands", async () => {
    const row: CommandEntry = { ...(COMMANDS[0] as CommandEntry), name: "whisper", audience: "agent" };
    expect(await completions(["whis"], [row], desk)).toBe(":4\n");
  });
});

describe("completionScript", () => {
  it.each(SHELLS)("%s asks qoc at each Tab", (shell) => {
    const script = completionScript(shell);
    expect(script).toMatch(/qoc.{0,20}complete/);
    expect(script.length).toBeGreaterThan(500);
  });

  it("bash takes its script", () => {
    execFileSync("bash", ["-n"], { input: completionScript("bash") });
  });
});

import { PassThrough } from "node:stream";
import { execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Interrupted, createPrompter } from "../../src/cli/prompts.ts";
import type { Prompter } from "../../src/commands/command.ts";

const NEVER = new AbortController().signal;
const ENTER = "\r";
const ESCAPE = "\u001b";
const DOWN = "\u001b[B";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** A terminal in memory. */
function terminal(options: { readonly signal?: AbortSignal; readonly hasColour?: boolean } = {}) {
  const stream = () =>
    Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24, setRawMode: () => undefined });
  const [input, output] = [stream(), stream()];
  const prompter = createPrompter(input as unknown as NodeJS.ReadStream, output as unknown as NodeJS.WriteStream, {
    signal: options.signal ?? NEVER,
    hasColour: options.hasColour ?? false,
  });
  return { prompter, input, screen: () => String(output.read() ?? "") };
}

/** Shows a prompt, waits until it is on the screen, and types `keys`. */
async function answer(show: (prompter: Prompter) => Promise<unknown>, ...keys: readonly string[]) {
  const { prompter, input, screen } = terminal();
  const result = show(prompter);
  result.catch(() => undefined);
  let shown = "";
  while (shown === "") {
    await new Promise((resolve) => setTimeout(resolve, 5));
    shown = screen();
  }
  for (const key of keys) input.write(key);
  return { value: await result, shown: shown + screen() };
}

describe("confirm", () => {
  it.each([
    ["y", ["y"], true],
    ["n", ["n"], false],
    ["Enter", [ENTER], false],
    ["another key and Enter", ["x", ENTER], false],
    ["Escape", [ESCAPE], false],
    ["Ctrl-D", [CTRL_D], false],
  ] as const)("answers the key %s", async (_key, keys, expected) => {
    expect((await answer((prompter) => prompter.confirm("Approve?"), ...keys)).value).toBe(expected);
  });
});

describe("a question of a whole line", () => {
  it.each([76, 77, 78, 79, 80, 160])("of %d columns is broken at words, without an empty line", async (width) => {
    const words = "word ".repeat(width / 5 + 3).slice(0, width - 2);
    const { shown } = await answer((prompter) => prompter.confirm(`${words}a b`), "y");
    const lines = shown.replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, "").split("\n");
    for (const line of lines) expect(line.length).toBeLessThan(80);
    const from = lines.findIndex((line) => line.includes("word word"));
    const to = lines.findIndex((line) => line.includes("a b"));
    expect(lines.slice(from, to + 1)).not.toContain("");
  });
});

describe("text", () => {
  it("returns the typed line, trimmed, and echoes it", async () => {
    const { value, shown } = await answer((prompter) => prompter.text("Comment"), " too dear ", ENTER);
    expect(value).toBe("too dear");
    expect(shown).toContain("Comment");
    expect(shown).toContain("too dear");
  });

  it.each([
    ["Enter", [ENTER]],
    ["Escape", ["no", ESCAPE]],
    ["Ctrl-D", [CTRL_D]],
  ] as const)("returns an empty text on %s", async (_key, keys) => {
    expect((await answer((prompter) => prompter.text("Comment"), ...keys)).value).toBe("");
  });
});

describe("select", () => {
  const show = (prompter: Prompter) => prompter.select("Action", ["approve", "reject", "back"]);

  it.each([
    ["Enter", [ENTER], 0],
    ["down and Enter", [DOWN, ENTER], 1],
    ["Escape", [ESCAPE], undefined],
    ["Ctrl-D", [CTRL_D], undefined],
  ] as const)("returns the index of the label, or undefined if cancelled, on %s", async (_keys, keys, expected) => {
    expect((await answer(show, ...keys)).value).toBe(expected);
  });
});

describe("a cancelled prompt", () => {
  /** The rows that stay on the screen, as a terminal shows them. */
  function rowsOf(shown: string): readonly string[] {
    const rows = [""];
    let row = 0;
    for (const [part = ""] of shown.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g)) {
      const up = /^\u001b\[(\d+)A$/.exec(part);
      if (part === "\n") rows[++row] ??= "";
      else if (up !== null) row -= Number(up[1]);
      else if (part === "\u001b[J") rows.splice(row, Infinity, "");
      else if (!part.startsWith("\u001b") && part !== "\r") rows[row] = part;
    }
    return rows.filter((text) => text !== "");
  }

  it("a withdrawn question leaves nothing on the screen, and no listener", async () => {
    const { prompter, input, screen } = terminal();
    const withdrawn = new AbortController();
    const result = prompter.select("Question", ["approve", "back"], withdrawn.signal);
    let shown = "";
    while (!shown.includes("back")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      shown += screen();
    }
    withdrawn.abort();
    expect(await result).toBeUndefined();
    expect(rowsOf(shown + screen())).toEqual([]);
    expect(input.listenerCount("keypress")).toBe(0);
    expect(await prompter.select("Question", ["approve"], withdrawn.signal)).toBeUndefined();
    expect(screen()).toBe("");
  });

  it.each<[string, (prompter: Prompter) => Promise<unknown>]>([
    ["select", (prompter) => prompter.select("Question", ["approve", "back"])],
    ["confirm", (prompter) => prompter.confirm("Question")],
    ["text", (prompter) => prompter.text("Question")],
    ["password", (prompter) => prompter.password("Question")],
  ])("%s leaves the question and the word cancelled, and no answer", async (_name, show) => {
    const { shown } = await answer(show, ESCAPE);
    expect(rowsOf(shown)).toEqual([expect.stringContaining("Question"), "cancelled"]);
  });
});

describe("password", () => {
  it("returns the typed text and echoes nothing, not even its length", async () => {
    const { value, shown } = await answer((prompter) => prompter.password("Passphrase"), "open sesame", ENTER);
    expect(value).toBe("open sesame");
    expect(shown).not.toMatch(/sesame|open|[•▪*]{2}/);
  });

  it("returns undefined on Ctrl-D", async () => {
    expect((await answer((prompter) => prompter.password("Passphrase"), CTRL_D)).value).toBeUndefined();
  });
});

describe("every prompt", () => {
  const prompts: readonly [string, (prompter: Prompter) => Promise<unknown>][] = [
    ["confirm", (prompter) => prompter.confirm("q")],
    ["text", (prompter) => prompter.text("q")],
    ["select", (prompter) => prompter.select("q", ["a", "b"])],
    ["password", (prompter) => prompter.password("q")],
  ];

  it.each(prompts)("%s rejects with Interrupted on Ctrl-C", async (_name, show) => {
    await expect(answer(show, CTRL_C)).rejects.toBeInstanceOf(Interrupted);
  });

  it.each(prompts)("%s is cancelled at the end of the input, before and while it is shown", async (_name, show) => {
    const { prompter, input } = terminal();
    const result = show(prompter);
    setTimeout(() => input.end(), 20);
    expect(await result).toSatisfy((value) => value === undefined || value === false || value === "");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await show(prompter)).toSatisfy((value) => value === undefined || value === false || value === "");
  });

  it.each(prompts)("%s rejects with the reason of the signal, before and while it is shown", async (_name, show) => {
    const controller = new AbortController();
    const { prompter } = terminal({ signal: controller.signal });
    const result = show(prompter);
    setTimeout(() => controller.abort(new Error("stopped")), 20);
    await expect(result).rejects.toThrow("stopped");
    await expect(show(prompter)).rejects.toThrow("stopped");
  });

  it("shows control characters and newlines of its texts in escaped form", async () => {
    const hostile = "pay\u001b[2J\u202e\nsecond line";
    for (const show of [
      (prompter: Prompter) => prompter.confirm(hostile),
      (prompter: Prompter) => prompter.text(hostile),
      (prompter: Prompter) => prompter.password(hostile),
      (prompter: Prompter) => prompter.select("q", [hostile]),
    ]) {
      const { shown } = await answer(show, ENTER);
      expect(shown).toContain("pay\\u{1b}[2J\\u{202e}\\u{a}second line");
      expect(shown).not.toMatch(/\u202e|\u001b\[2J/);
    }
  });

  it("writes no colour code if colours are off", async () => {
    const { shown } = await answer((prompter) => prompter.select("q", ["a", "b"]), ENTER);
    expect(shown).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it("leaves no listener on the input", async () => {
    const { prompter, input } = terminal();
    const before = input.listenerCount("keypress") + input.listenerCount("pause");
    for (let round = 0; round < 3; round++) {
      const result = prompter.text("q");
      setTimeout(() => input.write(`a${ENTER}`), 20);
      expect(await result).toBe("a");
    }
    expect(input.listenerCount("keypress") + input.listenerCount("pause")).toBe(before);
  });
});

function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}

describe.skipIf(!hasScript())("a prompt on a pseudo terminal", () => {
  const program = `
    import { createPrompter } from ${JSON.stringify(fileURLToPath(new URL("../../src/cli/prompts.ts", import.meta.url)))};
    const prompter = createPrompter(process.stdin, process.stderr, { signal: new AbortController().signal, hasColour: true });
    const name = await prompter.text("Name");
    const secret = await prompter.password("Secret");
    const isSure = await prompter.confirm("Sure?");
    process.stdout.write("RESULT " + JSON.stringify({ name, length: secret?.length, isSure }) + "\\n");
  `;

  it("reads the keys of a person and returns the terminal to its normal mode", async () => {
    const command = `node --import tsx --input-type=module -e '${program.replaceAll("'", `'"'"'`)}'; stty -a`;
    const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
    let screen = "";
    child.stdout.on("data", (chunk: Buffer) => (screen += chunk.toString()));
    const type = async (after: string, keys: string): Promise<void> => {
      while (!screen.includes(after) && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 50));
      child.stdin.write(keys);
    };
    await type("Name", `Ada${ENTER}`);
    await type("Secret", `open sesame${ENTER}`);
    await type("Sure?", "y");
    await new Promise((resolve) => child.once("close", resolve));
    expect(screen).toContain('RESULT {"name":"Ada","length":11,"isSure":true}');
    expect(screen).not.toContain("sesame");
    expect(screen).toMatch(/ icanon\b/);
    expect(screen).toMatch(/ echo\b/);
  });
});

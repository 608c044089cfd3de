/** Follows the four steps of CONTRIBUTING.md, "How to add a command", in a copy of the source. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { completions } from "../../src/cli/complete.ts";
import { helpFor } from "../../src/cli/help.ts";
import type { CommandRegistry } from "../../src/commands/command.ts";
import type { loadTools } from "../../src/mcp/tools.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let copy = "";
let registry: CommandRegistry;
let tools: Awaited<ReturnType<typeof loadTools>>;
beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), "qoc-add-a-command-"));
  cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  // Step 1: the example of CONTRIBUTING.md as src/commands/watchlists/add.ts.
  const guide = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const [, example = ""] = /```ts\n(\/\/ src\/commands\/watchlists\/add\.ts\n[\s\S]*?)```/.exec(guide) ?? [];
  cpSync(join(ROOT, "src/commands/quotes"), join(copy, "src/commands/watchlists"), { recursive: true });
  rmSync(join(copy, "src/commands/watchlists/get.ts"));
  writeFileSync(join(copy, "src/commands/watchlists/add.ts"), example);
  // Step 2: its line in the registry, as CONTRIBUTING.md shows it.
  const [, line = ""] = /```ts\n( {2}"watchlists add": [^\n]*)\n```/.exec(guide) ?? [];
  const registryFile = join(copy, "src/commands/registry.ts");
  const source = readFileSync(registryFile, "utf8");
  writeFileSync(registryFile, source.replace('  "quotes get":', `${line}\n  "quotes get":`));
  const index = (await import(pathToFileURL(join(copy, "src/commands/command-index.ts")).href)) as {
    loadRegistry(): Promise<CommandRegistry>;
  };
  registry = await index.loadRegistry();
  const copied = (await import(pathToFileURL(join(copy, "src/mcp/tools.ts")).href)) as { loadTools: typeof loadTools };
  tools = await copied.loadTools(registry);
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

it("a command added by the guide's steps has a help page with its arguments", () => {
  const page = helpFor("watchlists add", registry.entries);
  expect(page).toContain("qoc watchlists add SYMBOL [--note TEXT]");
  expect(page).toContain("add a symbol to a watchlist");
});

it("a command added by the guide's steps is completed word by word", async () => {
  const none = (): Promise<never> => Promise.reject(new Error("the desk is down"));
  expect(await completions(["watchl"], registry.entries, none)).toContain("watchlists");
  expect(await completions(["watchlists", ""], registry.entries, none)).toContain("add\tadd a symbol to a watchlist");
});

it("a command added by the guide's steps is an MCP tool with the same arguments", () => {
  const tool = tools.get("qoc_watchlists_add");
  expect(tool?.wire.inputSchema).toMatchObject({
    properties: { symbol: { type: "string", description: "the venue's symbol" }, note: { type: "string" } },
    required: ["symbol"],
  });
});

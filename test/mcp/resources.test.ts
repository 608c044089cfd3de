/** The documented resources and the prompts, read by a client, with fake file commands. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { findResource } from "../../src/mcp/resources.ts";
import { type McpHarness, failureOf, mcpHarness, newClient } from "../support/mcp-harness.ts";

const FILES: Readonly<Record<string, string>> = {
  "desk.toml": "[workspace]\n",
  "entities/AAPL.md": "# AAPL\n",
  "research/note.md": "# note\n",
  "orders/pending/1.toml": "one",
  "orders/pending/2.toml": "two",
  "snapshots/b.toml": "newest",
  "research/long.md": "first lines",
};

let harness: McpHarness;
const commands: string[] = [];
beforeEach(async () => {
  commands.length = 0;
  harness = await mcpHarness((command, input) => {
    commands.push(`${command} ${JSON.stringify(input)}`);
    if (command === "orders list")
      return Promise.resolve([{ path: "orders/pending/1.toml" }, { path: "orders/pending/2.toml" }]);
    if (command === "snapshots list")
      return Promise.resolve([{ path: "snapshots/a.toml" }, { path: "snapshots/b.toml" }]);
    const text = FILES[String(input["path"])];
    return text === undefined
      ? Promise.reject(new QocError("FILE_NOT_FOUND", { path: String(input["path"]) }))
      : Promise.resolve({ untrusted: { text }, next: text === "first lines" ? "40" : null });
  });
});
afterEach(() => harness.close());

describe.each(["legacy", "auto"] as const)("resources (%s)", (mode) => {
  it("are listed, and are read through commands", async () => {
    const client = await newClient(harness, harness.token(), mode);
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resources.map(({ uri }) => uri)).toEqual([
      "desk://workspace/desk.toml",
      "desk://workspace/orders/pending",
      "desk://workspace/snapshots/latest",
    ]);
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "desk://workspace/entities/{name}",
      "desk://workspace/research/{name}",
    ]);
    const text = async (uri: string): Promise<unknown> => {
      const { contents } = await client.readResource({ uri });
      return contents.map((content) => ("text" in content ? content.text : undefined)).join();
    };
    expect(await text("desk://workspace/desk.toml")).toBe("[workspace]\n");
    expect(await text("desk://workspace/entities/AAPL")).toBe("# AAPL\n");
    expect(await text("desk://workspace/research/note.md")).toBe("# note\n");
    expect(await text("desk://workspace/research/long")).toBe(
      "first lines\n\n(more: qoc_files_read research/long.md from 40)\n",
    );
    expect(await text("desk://workspace/orders/pending")).toMatch(/1\.toml[^]*one[^]*2\.toml[^]*two/);
    expect(await text("desk://workspace/snapshots/latest")).toBe("newest");
    expect(harness.audits.at(-1)).toMatchObject({ tool: "desk://workspace/snapshots/latest", decision: "allowed" });
    await client.close();
  });

  it("F8 have the same error if unknown, absent or forbidden", async () => {
    const client = await newClient(harness, harness.token(), mode);
    const words = async (uri: string): Promise<string> =>
      (await failureOf(client.readResource({ uri }))).replaceAll(uri, "URI");
    const unknown = await words("desk://workspace/nothing");
    expect(unknown).toContain("URI");
    expect(await words("desk://workspace/research/absent")).toBe(unknown);
    expect(await words("desk://workspace/research/..%2f..%2fetc%2fpasswd")).toBe(unknown);
    expect(await words("desk://workspace/entities/.env")).toBe(unknown);
    const narrow = await newClient(harness, harness.token("narrow", ["status", "orders list"]), mode);
    expect((await narrow.listResources()).resources).toEqual([]);
    const refused = await failureOf(narrow.readResource({ uri: "desk://workspace/desk.toml" }));
    expect(refused.replaceAll("desk://workspace/desk.toml", "URI")).toBe(unknown);
    await Promise.all([client.close(), narrow.close()]);
  });

  it("are not read for a caller that was refused too often, and a long URI is shortened in the error", async () => {
    const client = await newClient(harness, harness.token("stubborn", undefined, { calls: 1 }), mode);
    const refused = await failureOf(client.readResource({ uri: `desk://workspace/${"x".repeat(8_000)}` }));
    expect(refused.length).toBeLessThan(2_000);
    expect(await failureOf(client.readResource({ uri: "desk://workspace/desk.toml" }))).toContain("desk.toml");
    expect(harness.audits.at(-1)).toMatchObject({ decision: "refused", inputBytes: null });
    expect(commands).toEqual([]);
    await client.close();
  });

  it("come with prompts", async () => {
    const client = await newClient(harness, harness.token(), mode);
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual([
      "research_and_propose",
      "review_positions",
      "summarise_day",
    ]);
    const prompt = await client.getPrompt({ name: "research_and_propose", arguments: { symbol: "AAPL" } });
    expect(JSON.stringify(prompt.messages)).toContain("Research AAPL for this desk");
    await expect(client.getPrompt({ name: "research_and_propose" })).rejects.toThrow("argument is missing");
    await expect(client.getPrompt({ name: "nothing" })).rejects.toThrow("Unknown prompt");
    await client.close();
  });
});

it.each([
  "desk://workspace/research/..%2f..%2fetc%2fpasswd",
  "desk://workspace/research/../desk.toml",
  "desk://workspace/research/%252e%252e",
  "desk://workspace/research/a/b",
  "desk://workspace/research/a%2fb",
  "desk://workspace/research/.git",
  "desk://workspace/research/%00",
  "desk://workspace/research/%",
  "desk://workspace/research/",
  "desk://workspace/research/{name}",
  "desk://workspace/.env",
  "file:///etc/passwd",
  "",
])("F1 finds nothing at %j", (uri) => {
  expect(findResource(uri)).toBeUndefined();
});

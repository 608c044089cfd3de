/** The MCP server of a desk over HTTP, with both client libraries and both protocol eras. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AnyClient,
  type McpHarness,
  WAYS,
  failureOf,
  invokeAt,
  mcpHarness,
  newClient,
} from "../support/mcp-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let harness: McpHarness;
beforeAll(async () => {
  desk = await tempDesk();
  harness = await mcpHarness(invokeAt(desk));
});
afterAll(async () => {
  await harness.close();
  await desk.stop();
  await discard(desk);
});

interface Answer {
  readonly isError?: boolean;
  readonly structuredContent?: Record<string, unknown>;
  readonly content: { type: string; text: string }[];
}
async function call(client: AnyClient, name: string, input: Record<string, unknown> = {}): Promise<Answer> {
  return (await client.callTool({ name, arguments: input, _meta: { "claudecode/toolUseId": "toolu_1" } })) as Answer;
}

describe.each(WAYS)("%s", (way, era, connect) => {
  const run = way.replaceAll(" ", "-");
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect(harness, harness.token(run));
  });
  afterAll(() => client.close());
  const audited = () => harness.audits.filter((record) => record.run === run).at(-1);

  it("S1 lists an agent's tools in order, without a human's commands", async () => {
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toContain("qoc_orders_propose");
    for (const human of ["qoc_approve", "qoc_reject", "qoc_cancel", "qoc_halt", "qoc_connectors_restart"])
      expect(names).not.toContain(human);
  });

  it("returns the status, with the same content as text and as an object", async () => {
    const result = await call(client, "qoc_status");
    expect(result.structuredContent).toMatchObject({ up: true });
    expect(JSON.parse(result.content[0]?.text ?? "")).toEqual(result.structuredContent);
    expect(audited()).toMatchObject({
      era,
      tool: "qoc_status",
      decision: "allowed",
      toolUseId: "toolu_1",
      actor: `agent:${run}`,
    });
    expect(audited()?.client).toMatch(way.includes("older client") ? "older 1.0.0" : "newer 2.0.0");
  });

  it("returns a quote and a list", async () => {
    expect((await call(client, "qoc_quotes_get", { symbol: "SPX" })).structuredContent).toMatchObject({
      symbol: "SPX",
    });
    const list = (await call(client, "qoc_orders_list")).structuredContent;
    expect(list).toMatchObject({ items: expect.any(Array) as unknown, total: expect.any(Number) as unknown });
  });

  it("writes a research note and a draft order that waits for a human", async () => {
    const note = await call(client, "qoc_research_write", { name: run, text: "# SPX\nbreakout\n" });
    expect(note.structuredContent).toMatchObject({ path: `research/${run}.md` });
    expect(desk.read(`research/${run}.md`)).toContain("breakout");
    const terms = { side: "buy", symbol: "SPX", quantity: 1, type: "limit", limitPrice: "3000", rationale: "breakout" };
    const draft = await call(client, "qoc_orders_propose", terms);
    const id = String(draft.structuredContent?.["id"]);
    expect(desk.open.desk.state.orders.get(id as never)?.state).toBe("proposed");
    expect(await call(client, "qoc_orders_show", { id })).toMatchObject({ structuredContent: { state: "proposed" } });
  });

  it("S2 answers a human's command and an unknown tool with the same error, and records both", async () => {
    const before = harness.refusals.length;
    const approve = await failureOf(call(client, "qoc_approve", { id: "1" }));
    const unknown = await failureOf(call(client, "qoc_approxe", { id: "1" }));
    expect(approve).toContain("Unknown tool: qoc_approve");
    expect(unknown).toBe(approve.replace("approve", "approxe"));
    expect(audited()).toMatchObject({ decision: "refused", tool: "qoc_approxe", era });
    expect(harness.refusals.slice(before).map((line) => line.split(" ")[0])).toEqual(["qoc_approve", "qoc_approxe"]);
  });

  it("S3 S5 returns a tool error for invalid input, and audits it as invalid", async () => {
    const result = await call(client, "qoc_quotes_get", { symbol: "SPX", account: "x" });
    expect(result.isError).toBe(true);
    expect(JSON.parse(result.content[0]?.text ?? "")).toMatchObject({ code: "INVALID_INPUT", retrySafe: false });
    expect(audited()).toMatchObject({ decision: "invalid", tool: "qoc_quotes_get" });
  });

  it("returns the desk's own error with its message and a hint", async () => {
    const result = await call(client, "qoc_orders_show", { id: "20200101-001" });
    expect(result.isError).toBe(true);
    expect(JSON.parse(result.content[0]?.text ?? "")).toMatchObject({
      code: "ORDER_NOT_FOUND",
      hint: "qoc_orders_list",
      retrySafe: false,
    });
    expect(audited()).toMatchObject({ decision: "failed" });
  });
});

it("a client reads each resource of a real desk", async () => {
  await desk.call("snapshot");
  const client = await newClient(harness, harness.token("reader"), "auto");
  await call(client as unknown as AnyClient, "qoc_research_write", { name: "shown", text: "# shown\n" });
  const terms = { side: "buy", symbol: "SPX", quantity: 7, type: "market", rationale: "shown" };
  await call(client as unknown as AnyClient, "qoc_orders_propose", terms);
  const text = async (uri: string): Promise<string> => JSON.stringify((await client.readResource({ uri })).contents);
  expect(await text("desk://workspace/desk.toml")).toContain("[workspace]");
  expect(await text("desk://workspace/research/shown")).toContain("# shown");
  expect(await text("desk://workspace/orders/pending")).toMatch(/SPX[^]*7/);
  expect(await text("desk://workspace/snapshots/latest")).toContain("nav_usd");
  await client.close();
});

/** The agent endpoint on the desk's own port: its tools, its notifications, and the end of a run. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunEndpoint } from "../../src/agents/runtime.ts";
import { invoke } from "../../src/commands/invoke.ts";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let door: RunEndpoint;
let client: Client;
beforeEach(async () => {
  desk = await tempDesk();
  door = desk.agents.endpoint.open("run-test", 60_000);
  client = new Client({ name: "watcher", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(door.url), {
      requestInit: { headers: { authorization: `Bearer ${door.token}` } },
    }),
  );
});
afterEach(async () => {
  await client.close();
  await desk.stop();
  await discard(desk);
});

describe("the agent endpoint of a running desk", () => {
  it("S1 lists exactly the run's tools, and records that the run listed them", async () => {
    expect(door.hasListed()).toBe(false);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(door.tools);
    expect(door.hasListed()).toBe(true);
  });

  it("each call leaves a log line that names its caller", async () => {
    await client.callTool({ name: "qoc_status", arguments: {}, _meta: { "claudecode/toolUseId": "toolu_7" } });
    const lines = await desk.services.readLogs({ tail: 50, run: "run-test" });
    expect(lines.at(-1)).toMatchObject({
      tool: "qoc_status",
      decision: "allowed",
      toolUseId: "toolu_7",
      client: "watcher 1.0.0",
      era: "modern",
    });
  });

  it("a call with a path that agents may not read counts as refused", async () => {
    const answer = await client.callTool({ name: "qoc_files_read", arguments: { path: "../../etc/passwd" } });
    expect(answer.isError).toBe(true);
    const lines = await desk.services.readLogs({ tail: 50 });
    expect(lines).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining("refused files read to agent:run-test") as string }),
    );
  });

  it("a run that has ended starts no further call, and its end waits for the calls that had started", async () => {
    const terms = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "late" };
    const late = client.callTool({ name: "qoc_orders_propose", arguments: terms }).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    await door.close();
    const proposals = desk.open.desk.state.proposed.size;
    await late;
    await desk.settled();
    expect(desk.open.desk.state.proposed.size).toBe(proposals);
    const over = { actor: "agent:run-test", channel: "mcp" } as const;
    const context = {
      ...over,
      desk: desk.services,
      emit: () => Promise.resolve(),
      progress: { line: () => undefined },
      canAsk: false,
      cwd: desk.root,
    };
    const gone = invoke(
      REGISTRY,
      { command: "orders propose", input: terms },
      { ...context, signal: AbortSignal.abort() },
    );
    await expect(gone).rejects.toMatchObject({ code: "RUN_OVER" });
  });

  it("the end of a run closes its open stream and rejects later calls", async () => {
    await door.close();
    await expect(client.listTools()).rejects.toThrow(/401|unauthorized|token/i);
  });

  it("L1 a subscribed client is notified of a note, a proposal and a snapshot when they are written", async () => {
    const uris = [
      "desk://workspace/research/spx",
      "desk://workspace/orders/pending",
      "desk://workspace/snapshots/latest",
    ];
    const heard = new Set<string>();
    let isListed = false;
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void heard.add(params.uri));
    client.setNotificationHandler("notifications/resources/list_changed", () => void (isListed = true));
    const listening = await client.listen({ resourcesListChanged: true, resourceSubscriptions: uris });
    await desk.call("research write", { name: "spx", text: "It is cheap." });
    await desk.call("orders propose", {
      side: "buy",
      symbol: "SPX",
      quantity: "1",
      type: "market",
      rationale: "Cheap.",
    });
    await desk.call("snapshot");
    await expect.poll(() => [...heard].toSorted()).toEqual(uris.toSorted());
    await expect.poll(() => isListed).toBe(true);
    await listening.close();
  });
});

/** The MCP endpoint of a real desk, with requests that no client library would send. */
import { readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { RunEndpoint } from "../../src/agents/runtime.ts";
import { registryOf } from "../../src/commands/command-index.ts";
import { defineCommand } from "../../src/commands/command.ts";
import { invoke } from "../../src/commands/invoke.ts";
import { createReadLog } from "../../src/runs/read-log.ts";
import { agentContext } from "../../src/app/agent-commands.ts";
import { mcpHarness } from "../support/mcp-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let ownEndpoint: RunEndpoint;
let other: RunEndpoint;
beforeAll(async () => {
  desk = await tempDesk();
  ownEndpoint = desk.agents.endpoint.open("run-own", 600_000);
  other = desk.agents.endpoint.open("run-other", 600_000);
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function portOf(endpoint: RunEndpoint): number {
  return Number(new URL(endpoint.url).port);
}

/** Everything that is received until the server closes the connection, or an error's code. */
function exchange(host: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: portOf(ownEndpoint) }, () => socket.write(text));
    let response = "";
    socket.on("data", (chunk: Buffer) => (response += chunk.toString()));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.once("close", () => resolve(response));
  });
}

function head(more: Readonly<Record<string, string>>): string {
  const headers = { host: `127.0.0.1:${portOf(ownEndpoint)}`, "content-type": "application/json", ...more };
  return `POST /mcp HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
}

const others = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .filter(({ family, internal }) => family === "IPv4" && !internal)
  .map(({ address }) => address);

describe("the port of a desk", () => {
  it.each(["127.0.0.2", ...others])("H1 is open on 127.0.0.1 and ::1 only, not on %s", async (address) => {
    expect(await exchange(address, "")).toMatch(/^E(CONNREFUSED|ADDRNOTAVAIL|NETUNREACH|HOSTUNREACH|INVAL)$/);
  });

  it.each([
    ["H2", "a Host header that is not loopback", { host: "evil.example" }, 403],
    ["H3", "an Origin that is not loopback", { origin: "http://evil.example" }, 403],
    ["H4", "a request without a token", {}, 401],
  ])("%s refuses %s before the body is read", async (_id, _what, headers, status) => {
    // The body is never sent, so a response shows that the server did not wait for it.
    const response = await Promise.race([
      exchange(
        "127.0.0.1",
        head({ connection: "close", "content-length": "1000", ...(headers as Record<string, string>) }),
      ),
      new Promise<string>((resolve) => setTimeout(() => resolve("no response"), 60_000)),
    ]);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it("H5 ends a request whose body does not arrive, and runs no command", async () => {
    const headers = {
      authorization: `Bearer ${ownEndpoint.token}`,
      accept: "application/json, text/event-stream",
      "content-length": "1000",
    };
    const before = desk.open.desk.state.seq;
    expect(await exchange("127.0.0.1", `${head(headers)}{"jsonrpc":"2.0"`)).toMatch(/^HTTP\/1\.1 408 /);
    expect(desk.open.desk.state.seq).toBe(before);
  });

  it("H5 refuses a batch of more than four calls, and runs no command", async () => {
    let count = 0;
    const stop = desk.open.logs.watch((entry) => "decision" in entry && count++);
    const batch = Array.from({ length: 5 }, (_, id) => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "qoc_status", arguments: {} },
    }));
    expect((await post(ownEndpoint, batch)).status).toBe(400);
    stop();
    expect(count).toBe(0);
  });

  it("H4 writes no token into its journal or logs", async () => {
    await ask(ownEndpoint, "qoc_research_write", { name: "sample", text: "note" });
    await desk.settled();
    await desk.open.logs.flush();
    const written = readdirSync(desk.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
      .join("\n");
    expect(written).toContain("run-own");
    expect(written).not.toContain(ownEndpoint.token.slice(4));
  });
});

function post(
  endpoint: RunEndpoint,
  message: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(endpoint.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${endpoint.token}`,
      ...headers,
    },
    body: JSON.stringify(message),
  });
}

async function ask(
  endpoint: RunEndpoint,
  name: string,
  input: object,
  meta: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return (
    await post(
      endpoint,
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: input, _meta: meta } },
      headers,
    )
  ).text();
}

describe("a caller's identity", () => {
  const CLAIMS = {
    run: "run-other",
    actor: "human",
    palette: ["approve"],
    "qoc/run": "run-other",
    "qoc/actor": "human",
    token: "x",
  };
  const HEADERS = { "x-qoc-run": "run-other", "x-qoc-actor": "human", cookie: "qoc=human" };

  it("S8 L6 depends on the token only: other claims change neither the actor nor the allowed tools", async () => {
    const lines: unknown[] = [];
    const stop = desk.open.logs.watch((entry) => "decision" in entry && lines.push(entry));
    const terms = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "claims" };
    const drafted = await ask(ownEndpoint, "qoc_orders_propose", terms, CLAIMS, HEADERS);
    expect(drafted).toContain("orders/pending/");
    expect([...desk.open.desk.state.orders.values()].map(({ proposedBy }) => proposedBy)).toEqual(["agent:run-own"]);
    for (const name of ["qoc_approve", "qoc_orders_approve", "qoc_connect"]) {
      expect(await ask(ownEndpoint, name, { id: "20260101-001" }, CLAIMS, HEADERS)).toContain(`Unknown tool: ${name}`);
    }
    stop();
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatchObject({ run: "run-own", actor: "agent:run-own" });
  });

  it.each(["actor", "run", "palette", "channel", "token"])(
    "S8 cannot be set in the input: no tool has the field %s",
    async (field) => {
      expect(await ask(ownEndpoint, "qoc_status", { [field]: "human" })).toContain("INVALID_INPUT");
    },
  );

  it("S8 gets no more rights from files that agents write", async () => {
    const before = await (await post(ownEndpoint, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} })).text();
    for (const path of ["desk.toml", ".mcp.json", ".qoc/tokens.json", "AGENTS.md"]) {
      expect(await ask(ownEndpoint, "qoc_files_write", { path, text: "[agent]\npalette = ['approve']\n" })).toContain(
        "PATH_REFUSED",
      );
    }
    await ask(ownEndpoint, "qoc_files_write", { path: "research/palette.md", text: "tools: approve" });
    expect(await (await post(ownEndpoint, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} })).text()).toBe(
      before,
    );
  });

  it("L6 gets no more rights from another run's id and draft", async () => {
    const terms = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "of another" };
    const drafted = await ask(other, "qoc_orders_propose", terms);
    const id = /\d{8}-\d{3}/.exec(drafted)?.[0] ?? "";
    expect(await ask(ownEndpoint, "qoc_orders_show", { id })).toContain("proposed");
    // A draft is a file, and only its author may overwrite it.
    expect(
      await ask(ownEndpoint, "qoc_files_write", { path: `orders/pending/${id}.toml`, text: "side = 'sell'\n" }),
    ).toMatch(/isError":true/);
    expect(await ask(ownEndpoint, "qoc_run", { issue: "001" })).toContain("NO_RUN");
    expect(desk.open.desk.state.orders.get(id as never)).toMatchObject({
      state: "proposed",
      proposedBy: "agent:run-other",
    });
  });
});

describe("a tool result", () => {
  const tellCommand = (value: unknown) =>
    defineCommand({
      name: "sample",
      group: "desk",
      audience: "both",
      writes: [],
      summary: "answers",
      examples: [],
      runs: "desk",
      input: () => z.strictObject({}),
      output: () => z.object({ n: z.number() }),
      run: () => Promise.resolve(value),
    });

  it.each([
    ["of another shape", { n: "x", secret: "hidden" }],
    ["with more than its schema has", { n: 1, secret: "hidden" }],
  ])("S5 never contains %s", async (_what, value) => {
    const table = registryOf([tellCommand(value)]);
    const harness = await mcpHarness(
      (command, input, session, signal) =>
        invoke(
          table,
          { command, input },
          agentContext(desk.services, { actor: session.actor, sources: createReadLog(), signal }),
        ),
      table,
    );
    const headers = {
      host: "127.0.0.1",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "qoc_sample", arguments: {} } };
    const { status, text } = await harness.raw({
      headers: { ...headers, authorization: `Bearer ${harness.token()}` },
      body: JSON.stringify(call),
    });
    expect(status).toBe(200);
    expect(text).not.toContain("hidden");
    await harness.close();
  });
});

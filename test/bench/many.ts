/** A desk with many connectors, working orders, agents and pages at once: what they cost a command and an approval. */
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { residentMb } from "../../src/app/processes.ts";
import { toolName } from "../../src/mcp/tools.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { PageClient } from "../support/page-client.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { approvalTime, propose } from "./approval.ts";
import { mcpClient } from "./mcp.ts";
import { GUARD_TABLES } from "./harness.ts";
import { SHORT, longestStall, median, quantile, say } from "./measure.ts";

interface Size {
  readonly connectors: number;
  readonly agents: number;
  readonly pages: number;
}

const ORDERS_PER_CONNECTOR = 2;
const SIZES: readonly Size[] = SHORT
  ? [{ connectors: 2, agents: 1, pages: 1 }]
  : [
      { connectors: 1, agents: 0, pages: 0 },
      { connectors: 10, agents: 5, pages: 2 },
      { connectors: 25, agents: 12, pages: 5 },
      { connectors: 50, agents: 25, pages: 10 },
      { connectors: 100, agents: 50, pages: 20 },
    ];
const MEASURED_MS = SHORT ? 500 : 10_000;
/** An agent calls a tool, a page reads the orders, and a person types a command this often. */
const EVERY_MS = 200;
const APPROVALS = SHORT ? 3 : 20;

function tables(connectors: number): string {
  const table = (i: number): string =>
    `[[connector]]\nname = "v${i}"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`;
  const all = Array.from({ length: connectors }, (_, i) => table(i)).join("");
  return `[workspace]\nhistory_enabled = false\n${all}${GUARD_TABLES}`;
}

async function draftAt(desk: TempDesk, connector: string, limitPrice: number) {
  const terms = { connector, side: "buy", symbol: "AAA", quantity: "1", type: "limit" };
  return propose(desk, { ...terms, limitPrice: String(limitPrice) });
}

/** The durations of `call`, which is made again and again until the time is over, ms. */
async function repeated(until: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < until) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
    await sleep(EVERY_MS);
  }
  return times;
}

/** Reads the event stream of a page. Returns how many events have come. */
async function openStream(page: PageClient): Promise<() => number> {
  let events = 0;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const path = "/ui/api/events";
    get({ host: "127.0.0.1", port: page.port, path, headers: page.headers, agent: false }, resolve).once(
      "error",
      reject,
    );
  });
  if (response.statusCode !== 200) throw new Error(`the stream of a page was refused: ${response.statusCode}`);
  // The desk ends the stream when it stops.
  response.on("error", () => undefined);
  response.setEncoding("utf8").on("data", (text: string) => (events += text.split("event: ").length - 1));
  return () => events;
}

async function fill(desk: TempDesk, connectors: number): Promise<void> {
  for (let i = 0; i < connectors; i++) {
    for (let n = 0; n < ORDERS_PER_CONNECTOR; n++) {
      const { id, digest } = await draftAt(desk, `v${i}`, 100 - n);
      await desk.call("approve", { id, digest });
    }
  }
}

async function measured({ connectors, agents, pages }: Size): Promise<string> {
  const started = performance.now();
  const desk = await tempDesk({
    files: { "venue.ts": adapterFixture("flooding-venue") },
    config: () => tables(connectors),
  });
  await desk.open.fleet.settled();
  const startMs = performance.now() - started;
  await fill(desk, connectors);
  const clients = await Promise.all(
    Array.from({ length: agents }, (_, i) => {
      const { url, token } = desk.agents.endpoint.open(`run-${i}`, 600_000);
      return mcpClient(url, { authorization: `Bearer ${token}` });
    }),
  );
  const streams: (() => number)[] = [];
  const readers: PageClient[] = [];
  for (let i = 0; i < pages; i++) {
    const page = await PageClient.login(desk);
    readers.push(page);
    streams.push(await openStream(page));
  }
  const times = { command: [] as number[], tool: [] as number[], page: [] as number[], approve: [] as number[] };
  const stall = await longestStall(async () => {
    const until = performance.now() + MEASURED_MS;
    const [command, tool, page] = await Promise.all([
      repeated(until, () => desk.call("orders list")),
      Promise.all(
        clients.map((client) => repeated(until, () => client.callTool({ name: toolName("status"), arguments: {} }))),
      ),
      Promise.all(readers.map((reader) => repeated(until, () => reader.read("orders list")))),
      (async () => {
        for (let i = 0; i < APPROVALS; i++)
          times.approve.push(await approvalTime(desk, await draftAt(desk, "v0", 90 - (i % 10))));
      })(),
    ]);
    Object.assign(times, { command, tool: tool.flat(), page: page.flat() });
  });
  const memory = (await residentMb(process.pid)) ?? 0;
  if (streams.some((events) => events() === 0)) throw new Error("a page's stream brought no event");
  await Promise.all(clients.map((client) => client.close()));
  await desk.stop();
  await discard(desk);
  const ms = (values: readonly number[]): string =>
    values.length === 0 ? "-" : `${median(values).toFixed(1)} / ${quantile(values, 0.99).toFixed(0)} ms`;
  const cells = [connectors, connectors * ORDERS_PER_CONNECTOR, agents, pages, `${(startMs / 1000).toFixed(1)} s`];
  const rest = [`${memory.toFixed(0)} MB`, ms(times.command), ms(times.tool), ms(times.page), ms(times.approve)];
  return `| ${[...cells, ...rest, `${stall.toFixed(0)} ms`].join(" | ")} |`;
}

/** Agents and pages run in the desk's process: their own work is included. */
export async function many(): Promise<string> {
  const lines = [
    "| connectors | working orders | agents | pages | start | memory | orders list, p50 / p99 | tool call | page's read | approve to ack | longest stall |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const size of SIZES) {
    say(`  ${size.connectors} connectors ...`);
    lines.push(await measured(size));
  }
  return lines.join("\n");
}

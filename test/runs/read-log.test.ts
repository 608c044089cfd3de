/**
 * P5: a proposal carries what its author had read, as the host saw it, to the file, the journal and the eyes of who
 * approves.
 */
import type { Review } from "../../src/domain/orders/review-view.ts";
import type { OrderDetail } from "../../src/domain/orders/order-view.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadLog } from "../../src/runs/read-log.ts";
import { invoke } from "../../src/commands/invoke.ts";
import { createReadLog } from "../../src/runs/read-log.ts";
import { callAsAgent } from "../support/agent-call.ts";
import { REGISTRY } from "../support/commands.ts";
import { proposeOrder, ingestWrittenProposal } from "../../src/trading/orders/propose.ts";
import { renderOrder } from "../../src/commands/rendering/order.ts";
import { parseProposalFile } from "../../src/workspace/proposal-file.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const TERMS = {
  connector: "paper",
  side: "buy",
  symbol: "SPX",
  quantity: "1",
  type: "limit",
  limit_price: "2000",
  rationale: "Cheap.",
};
const FILE =
  'connector = "paper"\nsymbol = "SPX"\nside = "buy"\nquantity = "2"\ntype = "limit"\nlimit_price = "2000"\nsources = ["nothing"]\n';

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk({
    files: {
      "research/a.md": "one\n",
      "entities/SPX.md": "---\nsymbol: SPX\nname: Index\nkind: index\n---\n",
      "inbox/hi.md": "hello\n",
    },
  });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

function as(run: string, sources: ReadLog | undefined) {
  const call = {
    actor: `agent:${run}` as const,
    channel: "mcp" as const,
    desk: desk.services,
    emit: () => Promise.resolve(),
    progress: { line: () => undefined },
  };
  const rest = { signal: new AbortController().signal, canAsk: false, cwd: desk.root };
  return <T = unknown>(command: string, input: Record<string, unknown> = {}): Promise<T> =>
    invoke(
      REGISTRY,
      { command, input },
      { ...call, ...rest, ...(sources === undefined ? {} : { sources }) },
    ) as Promise<T>;
}
function shown(id: string): Promise<OrderDetail & { review: Review | null }> {
  return desk.call("orders show", { id });
}
async function seen(id: string): Promise<readonly unknown[]> {
  return (await desk.services.readEvents()).flatMap(({ event }) =>
    event.type === "proposal.seen" && event.id === id ? [event.sources] : [],
  );
}
const face = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text } as never;

describe("a qoc mcp connection", () => {
  it("P5 each qoc mcp connection has its own read log, and the logs of the last hundred connections are kept", async () => {
    const at =
      (connection: string) =>
      (command: string, input: object): Promise<unknown> =>
        callAsAgent(desk, { command, input, caller: { connection } });
    const draftOf = async (connection: string): Promise<unknown> => {
      const { limit_price: limitPrice, ...terms } = TERMS;
      const { id } = (await at(connection)("orders propose", { ...terms, limitPrice })) as { id: string };
      return (await seen(id)).at(-1);
    };
    await at("one")("files read", { path: "research/a.md" });
    await at("other")("entities read", { symbol: "SPX" });
    expect([await draftOf("one"), await draftOf("other")]).toEqual([["research/a.md"], ["entities/SPX.md"]]);
    for (let n = 0; n < 99; n++) await at(`more-${n}`)("files read", { path: "research/a.md" });
    expect([await draftOf("other"), await draftOf("one")]).toEqual([["entities/SPX.md"], undefined]);
  });
});

describe("the read log", () => {
  it("P5 the read log lists each source that was read once, the latest first, and no command that read nothing", async () => {
    const sources = createReadLog();
    const call = as("noting", sources);
    await call("files read", { path: "research/a.md" });
    await call("files read", { path: "research/a.md" });
    await call("entities read", { symbol: "SPX" });
    await call("inbox read", { id: "hi" });
    await call("quotes get", { symbol: "SPX" });
    await call("quotes get", { symbol: "NONE" });
    await call("bars get", { symbol: "SPX" });
    await call("files search", { text: "one" });
    await call("issues list");
    await call("files read", { path: "research/absent.md" }).catch(() => undefined);
    expect(sources.list()).toEqual([
      ...["issues list", "files search", "connector paper: bars of SPX", "connector paper: quote of SPX"],
      ...["inbox/hi.md", "entities/SPX.md", "research/a.md"],
    ]);
    await call("files read", { path: "research/a.md" });
    expect(sources.list()[0]).toBe("research/a.md");
  });

  it("P5 the read log keeps the last 2000 sources", () => {
    const sources = createReadLog();
    for (let n = 0; n < 5_000; n++) sources.add(`research/${n}.md`);
    expect(sources.list()).toHaveLength(2_000);
    expect(sources.list()[0]).toBe("research/4999.md");
  });
});

describe("a proposal", () => {
  it("P5 a proposal lists its author's sources in its file, the journal and its review", async () => {
    const read = ["research/a.md", 'inbox/"quoted".md', "connector paper: quote of SPX"];
    const { order } = await proposeOrder(desk.open.desk, TERMS, "agent:one", read);
    expect(parseProposalFile("x.toml", Buffer.from(desk.read(order.path))).document).toMatchObject({ sources: read });
    expect(await seen(order.id)).toEqual([read]);
    const detail = await shown(order.id);
    expect(detail).toMatchObject({ sources: read, review: { sources: read } });
    expect(renderOrder({ ...detail, full: true }, face).join("\n")).toContain(
      'Read in this run:\n  research/a.md, inbox/"quoted".md, connector paper: quote of SPX\n',
    );
    // The scan that follows reads the same file and keeps the sources.
    await desk.call("status");
    expect((await shown(order.id)).sources).toEqual(read);
    await desk.call("reject", { id: order.id });
    expect((await shown(order.id)).sources).toEqual(read);
  });

  it("P5 a proposal lists fifty sources and the number of others", async () => {
    const read = Array.from({ length: 62 }, (_, n) => `research/${n}.md`);
    const { order } = await proposeOrder(desk.open.desk, TERMS, "agent:two", read);
    const { sources } = await shown(order.id);
    expect(sources).toEqual([...read.slice(0, 50), "and 12 more"]);
    expect(desk.read(order.path)).toContain('"and 12 more"]');
  });

  it("P5 a proposal of a person, or of an agent that read nothing, lists no sources", async () => {
    const { order } = await proposeOrder(desk.open.desk, TERMS, "human");
    expect(desk.read(order.path)).not.toContain("sources");
    expect(await seen(order.id)).toEqual([undefined]);
    expect(renderOrder(await shown(order.id), face).join("\n")).not.toContain("Read in this run");
  });

  it("P5 a proposal file that an agent writes has that agent as author, with its sources, whatever author the file names", async () => {
    const sources = createReadLog();
    const call = as("writer", sources);
    await call("files read", { path: "research/a.md" });
    await call("files write", { path: "orders/pending/mine.toml", text: `${FILE}proposed_by = "human"\n` });
    expect(await shown("mine")).toMatchObject({ proposedBy: "agent:writer", sources: ["research/a.md"] });
    await desk.call("status");
    expect(await shown("mine")).toMatchObject({ proposedBy: "agent:writer", sources: ["research/a.md"] });
    // An edit by hand changes the terms; author and sources stay.
    await desk.write("orders/pending/mine.toml", FILE.replace('"2"', '"3"'));
    expect(await shown("mine")).toMatchObject({
      proposedBy: "agent:writer",
      terms: { quantity: "3" },
      sources: ["research/a.md"],
    });
    // If a scan reads the file first, its author is the human, until the write is ingested with its author.
    await desk.write("orders/pending/first.toml", FILE);
    await desk.call("status");
    expect(await shown("first")).toMatchObject({ proposedBy: "human", sources: [] });
    await ingestWrittenProposal(desk.open.desk, "orders/pending/first.toml", "agent:writer", ["research/a.md"]);
    expect(await shown("first")).toMatchObject({ proposedBy: "agent:writer", sources: ["research/a.md"] });
    await call("files write", { path: "orders/proposed/broken.toml", text: "side = " });
    expect(desk.open.desk.state.orders.has("broken" as never)).toBe(false);
  });
});

it("P5 a proposal that no connector could take keeps its agent and sources until a connector can take it", async () => {
  const sources = createReadLog();
  const call = as("early", sources);
  await call("files read", { path: "research/a.md" });
  await call("files write", {
    path: "orders/pending/early.toml",
    text: `${FILE.replace("paper", "later")}proposed_by = "human"\n`,
  });
  expect(desk.open.desk.state.orders.has("early" as never)).toBe(false);
  await desk.stop();
  const config = (text: string): string => `${text}\n[[connector]]\nname = "later"\ntype = "paper"\n`;
  desk = await tempDesk({ again: desk, config });
  expect(await shown("early")).toMatchObject({ proposedBy: "agent:early", sources: ["research/a.md"] });
});

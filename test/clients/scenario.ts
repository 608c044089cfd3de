/**
 * A client with a scripted model through a whole task: it reads its issue, gets a quote, writes a note, drafts an
 * order, tries a forbidden command, and hands the issue over. The human approves, and the order is filled; the next
 * draft is rejected with a comment, which the run after it receives. The transcript has no times, run names or token
 * counts.
 */
import type { RunReport } from "../../src/runs/runs.ts";
import { type Client, type ClientDesk, clientDesk } from "./client-desk.ts";
import type { Turn } from "./model-stub-script.ts";

const ISSUE = "issues/001-first-look.md";
const COMMENT = "Not before the earnings are out.";

function call(tool: string, input: object = {}): Turn {
  return [{ call: tool, input }];
}
function draft(quantity: string): Turn {
  return call("qoc_orders_propose", {
    side: "buy",
    symbol: "SPX",
    quantity,
    type: "market",
    rationale: "The note says why.",
    issue: "001",
  });
}

const FIRST: readonly Turn[] = [
  call("qoc_files_read", { path: ISSUE }),
  call("qoc_quotes_get", { symbol: "SPX" }),
  call("qoc_research_write", { name: "spx", text: "# SPX\nIt trades above its average.\n" }),
  draft("2"),
  call("qoc_files_read", { path: "../../etc/passwd" }),
  call("qoc_orders_approve", { id: "20260101-001" }),
  [{ call: "Bash", input: { command: "id" }, raw: true }],
  call("qoc_issues_update", { id: "001", status: "review" }),
  [{ say: "Proposed one order." }],
];
const SECOND: readonly Turn[] = [draft("3"), [{ say: "Proposed another." }]];
const THIRD: readonly Turn[] = [[{ say: "Nothing to add." }]];

export interface ScenarioResult {
  readonly transcript: string;
  /** Run start to the first call that reached the desk, ms. */
  readonly firstCallMs: number;
}

/** @throws if a step fails. */
export async function runScenario(client: Client): Promise<ScenarioResult> {
  const at = await clientDesk(client);
  const { desk } = at;
  const recorder = recorderOf(at);
  try {
    const first = await recorder.run("The first run", FIRST);
    const [id = ""] = first.report.proposals;
    await recorder.approves(id);
    const second = await recorder.run("The second run", SECOND);
    const [other = ""] = second.report.proposals;
    await desk.call("reject", { id: other, comment: COMMENT });
    recorder.say(
      "",
      `The human rejects: ${COMMENT}`,
      `  ${(await desk.call<{ state: string }>("orders show", { id: other })).state}`,
    );
    const third = await recorder.run("The third run", THIRD);
    recorder.say(`  its model receives: ${third.sent.includes(COMMENT) ? COMMENT : "no comment"}`);
    return { transcript: recorder.text(), firstCallMs: first.firstCallMs };
  } finally {
    await at.close();
  }
}

interface Run {
  readonly report: RunReport;
  readonly sent: string;
  readonly firstCallMs: number;
}

function recorderOf({ desk, stub, script }: ClientDesk) {
  const lines: string[] = [];
  const say = (...more: readonly string[]): void => void lines.push(...more);
  const run = async (title: string, turns: readonly Turn[]): Promise<Run> => {
    script(turns);
    const before = stub.requests.length;
    const started = performance.now();
    let firstCallMs = Number.NaN;
    const audited: string[] = [];
    const stop = desk.open.logs.watch((entry) => {
      if (!("decision" in entry)) return;
      if (audited.length === 0) firstCallMs = performance.now() - started;
      const { decision, tool, client, era, reason } = entry as Record<string, unknown>;
      audited.push(
        `    ${String(decision)} ${String(tool)} of ${String(client)} (${String(era)})${reason === null ? "" : `: ${String(reason)}`}`,
      );
    });
    const notes: string[] = [];
    const report = await desk.services.runs.start(
      "001",
      { line: (line) => void notes.push(line) },
      new AbortController().signal,
    );
    stop();
    const asked = stub.requests.slice(before);
    say("", title, `  ${report.outcome}${report.reason === null ? "" : `: ${report.reason}`}`);
    say(
      `  its model is shown ${shownOf(
        [...new Set(asked.flatMap(({ tools }) => tools))],
        desk.agents.endpoint.tools.map(({ name }) => name),
      )}`,
    );
    say(
      "  it reports:",
      ...notes.filter((line) => !/bubblewrap|^not sandboxed/.test(line)).map((line) => `    ${line}`),
    );
    say("  the desk records:", ...audited);
    say(`  the issue: ${/^status: (.*)$/m.exec(desk.read(ISSUE))?.[1] ?? "?"}; proposals: ${report.proposals.length}`);
    return { report, sent: asked.map(({ body }) => JSON.stringify(body)).join("\n"), firstCallMs };
  };
  const approves = async (id: string): Promise<void> => {
    const { digest } = await desk.call<{ digest: string }>("orders show", { id });
    await desk.call("approve", { id, digest });
    say("", "The human approves", `  ${await desk.reaches(id, "filled")}`);
    const positions = await desk.call<readonly { symbol: string; quantity: string }[]>("positions list");
    say(...positions.map(({ symbol, quantity }) => `  ${symbol} ${quantity}`));
  };
  return {
    say,
    run,
    approves,
    text: () =>
      `${lines.join("\n").trim().replaceAll(ID, "<ID>").replaceAll(RUN, "<RUN>").replaceAll(TOOLS, "ready with the desk's tools")}\n`,
  };
}

/** Describes the tools that a model is offered: the desk's tools under one spelling, and any others. */
function shownOf(shown: readonly string[], desks: readonly string[]): string {
  const spellings = new Set(
    desks.map((tool) => shown.find((name) => name.endsWith(tool))?.slice(0, -tool.length) ?? "(missing) "),
  );
  const others = shown.filter((name) => !desks.some((tool) => name.endsWith(tool))).toSorted();
  const spelled = [...spellings].map((spelling) => `${spelling}qoc_…`).join(" and ");
  return `the desk's tools as ${spelled}, and ${others.length === 0 ? "nothing else" : others.join(", ")}`;
}

const TOOLS = /ready with \d+ tools/g;
const ID = /\b\d{8}-\d{3}\b/g;
const RUN = /\brun-\d{8}T\d{6}Z-[0-9a-f]+\b/g;

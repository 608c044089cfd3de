/** Counts what a run uses, collects its summary, and decides when it has to stop. */
import { ownText } from "../lib/own-text.ts";
import type { Progress } from "../domain/ports.ts";
import type { AgentEvent, AgentProgram, AgentSettings, RunEndpoint, RunUse } from "./runtime.ts";
import { counted } from "../lib/counted.ts";

type EndEvent = Extract<AgentEvent, { kind: "end" }>;

export interface RunMeter {
  /** Returns the reason if the run has to stop because of this event. */
  record(event: AgentEvent): string | undefined;
  use(): RunUse;
  /** The last messages of the agent. */
  summary(): string;
  /** The program's own report of its completion, if there was one. */
  completion(): EndEvent | undefined;
}

/** The end of longer messages is kept. */
export const SUMMARY_CHARS_MAX = 8_000;
const NOTE_CHARS = 200;
/** Of a text that is shown in one line: a line of the program may have megabytes, which take a second to read. */
const NOTE_READ_CHARS = 2_000;
export const TOOLS_NOT_LISTED = "did not request the desk's tool list";

/** Events that a program may send before it has announced its tools. */
const ALLOWED_BEFORE_READY: ReadonlySet<AgentEvent["kind"]> = new Set(["ready", "violation", "note", "cost", "end"]);

/** `progress` gets lines for the operator who watches the run. */
export function createRunMeter(
  program: Pick<AgentProgram, "toolDiscovery">,
  settings: Pick<AgentSettings, "maxTurns" | "maxCostUsd">,
  endpoint: Pick<RunEndpoint, "tools" | "hasListed">,
  progress: Progress,
): RunMeter {
  const used = { turns: 0, toolCalls: 0, costUsd: null as number | null };
  let isReady = program.toolDiscovery !== "announced";
  let summary = "";
  let completion: EndEvent | undefined;
  const record = (event: AgentEvent): string | undefined => {
    if (!isReady && !ALLOWED_BEFORE_READY.has(event.kind)) return "started to work before it announced its tools";
    switch (event.kind) {
      case "ready": {
        const problem = toolsProblem(event.tools, endpoint.tools);
        isReady = true;
        if (problem === undefined) progress.line(`ready with ${counted(event.tools.length, "tool")}`);
        return problem;
      }
      case "violation":
        return `tool check failed: ${excerpt(event.detail)}`;
      case "turn":
        used.turns += 1;
        return used.turns > settings.maxTurns ? `took more than ${counted(settings.maxTurns, "turn")}` : undefined;
      case "call":
        used.toolCalls += 1;
        progress.line(`calls ${excerpt(event.tool)}`);
        return program.toolDiscovery === "listed" && !endpoint.hasListed() ? TOOLS_NOT_LISTED : undefined;
      case "denied":
        progress.line(`${excerpt(event.tool)} was denied by the agent program`);
        return undefined;
      case "message":
        summary = `${summary}${summary === "" ? "" : "\n"}${event.text}`.slice(-SUMMARY_CHARS_MAX);
        progress.line(`says: ${excerpt(event.text)}`);
        return undefined;
      case "note":
        progress.line(excerpt(event.text));
        return undefined;
      case "cost":
        // What was spent stays spent, whatever the program says: other runs have what is left of the day's limit.
        used.costUsd = Math.max(used.costUsd ?? 0, event.usd);
        return used.costUsd > settings.maxCostUsd
          ? `cost ${dollars(used.costUsd)}; the limit is ${dollars(settings.maxCostUsd)}`
          : undefined;
      case "end":
        completion = event;
        if (event.text !== undefined && event.text.trim() !== "") summary = event.text.slice(-SUMMARY_CHARS_MAX);
        return undefined;
    }
  };
  return {
    record,
    use: () => (program.toolDiscovery === "unknown" ? { ...used, turns: null } : { ...used }),
    summary: () => summary.trim(),
    completion: () => completion,
  };
}

export function dollars(usd: number): string {
  return `${usd.toFixed(4).replace(/(\.\d\d)0+$/, "$1")} USD`;
}

function excerpt(text: string): string {
  const line = ownText(text, NOTE_READ_CHARS).replaceAll(/\s+/g, " ").trim();
  return line.length > NOTE_CHARS ? `${line.slice(0, NOTE_CHARS)}…` : line;
}

/** The tools must be exactly the expected ones: an extra tool is not the desk's, a missing one means no connection. */
function toolsProblem(announced: readonly string[], expected: readonly string[]): string | undefined {
  const extra = announced.filter((tool) => !expected.includes(tool));
  const missing = expected.filter((tool) => !announced.includes(tool));
  if (extra.length > 0) return `has tools that are not the desk's: ${extra.slice(0, 5).map(excerpt).join(", ")}`;
  if (missing.length > 0) return `does not see all tools of the desk: ${missing.slice(0, 5).join(", ")}`;
  return undefined;
}

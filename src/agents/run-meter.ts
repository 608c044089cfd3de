/** The account of one run while it lasts: what it used, what it said, and whether it is over its bounds. */
import type { AgentEvent, AgentProgram, AgentSettings, RunEndpoint, RunUse } from "./runtime.ts";

export interface RunMeter {
  /** Takes one event in; a sentence where the run must stop for it. */
  record(event: AgentEvent): string | undefined;
  use(): RunUse;
  /** The last words, which are the account of the run. */
  summary(): string;
  /** How the program itself said that it ended; undefined: it did not. */
  end(): Extract<AgentEvent, { kind: "end" }> | undefined;
}

/** The last of what it says. */
export const SUMMARY_CHARS_MAX = 8_000;
const NOTE_CHARS = 200;
/** Of a program whose tools are known by its asking for them alone. */
export const TOOLS_NOT_LISTED = "it never listed the desk's tools";

const MAY_COME_FIRST: ReadonlySet<AgentEvent["kind"]> = new Set(["ready", "violation", "note", "cost", "end"]);

/** `note` takes what a human may watch. */
export function createRunMeter(
  program: Pick<AgentProgram, "toolDiscovery">,
  settings: Pick<AgentSettings, "maxTurns" | "maxCostUsd">,
  door: Pick<RunEndpoint, "tools" | "hasListed">,
  note: (line: string) => void,
): RunMeter {
  const used = { turns: 0, toolCalls: 0, costUsd: null as number | null };
  let isReady = program.toolDiscovery !== "announced";
  let words = "";
  let end: Extract<AgentEvent, { kind: "end" }> | undefined;
  const take = (event: AgentEvent): string | undefined => {
    if (!isReady && !MAY_COME_FIRST.has(event.kind)) return "it started to work before it said which tools it has";
    switch (event.kind) {
      case "ready": {
        const wrong = toolsProblem(event.tools, door.tools);
        isReady = true;
        if (wrong === undefined) note(`ready with ${event.tools.length} tools`);
        return wrong;
      }
      case "violation":
        return `it has more than the desk gave it: ${oneLine(event.detail)}`;
      case "turn":
        used.turns += 1;
        return used.turns > settings.maxTurns ? `it took more than ${settings.maxTurns} turns` : undefined;
      case "call":
        used.toolCalls += 1;
        note(`calls ${oneLine(event.tool)}`);
        return program.toolDiscovery === "listed" && !door.hasListed() ? TOOLS_NOT_LISTED : undefined;
      case "denied":
        note(`was refused ${oneLine(event.tool)} by its own program`);
        return undefined;
      case "message":
        words = `${words}${words === "" ? "" : "\n"}${event.text}`.slice(-SUMMARY_CHARS_MAX);
        note(`says: ${oneLine(event.text)}`);
        return undefined;
      case "note":
        note(oneLine(event.text));
        return undefined;
      case "cost":
        used.costUsd = event.usd;
        return event.usd > settings.maxCostUsd
          ? `it cost ${dollars(event.usd)}; it may cost ${dollars(settings.maxCostUsd)}`
          : undefined;
      case "end":
        end = event;
        if (event.text !== undefined && event.text.trim() !== "") words = event.text.slice(-SUMMARY_CHARS_MAX);
        return undefined;
    }
  };
  return {
    record: take,
    use: () => (program.toolDiscovery === "unknown" ? { ...used, turns: null } : { ...used }),
    summary: () => words.trim(),
    end: () => end,
  };
}

export function dollars(usd: number): string {
  return `${usd.toFixed(4).replace(/(\.\d\d)0+$/, "$1")} USD`;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > NOTE_CHARS ? `${line.slice(0, NOTE_CHARS)}…` : line;
}

/** Exactly the palette: one more is a hand we did not give, one less is a door that does not stand open. */
function toolsProblem(shown: readonly string[], given: readonly string[]): string | undefined {
  const more = shown.filter((tool) => !given.includes(tool));
  const missing = given.filter((tool) => !shown.includes(tool));
  if (more.length > 0) return `it has tools that the desk did not give it: ${more.slice(0, 5).map(oneLine).join(", ")}`;
  if (missing.length > 0) return `it does not see all of the desk's tools: ${missing.slice(0, 5).join(", ")}`;
  return undefined;
}

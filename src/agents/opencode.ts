/** opencode with every tool denied but the desk's, and without any configuration, plug-in or download of its own. */
import { z } from "zod";
import type { AgentEvent, AgentProgram } from "./runtime.ts";

const PREFIX = "qoc_";

const eventShape = z.looseObject({
  type: z.string(),
  part: z
    .looseObject({
      tool: z.string().optional(),
      text: z.string().optional(),
      cost: z.number().optional(),
      state: z.looseObject({ status: z.string().optional() }).optional(),
    })
    .optional(),
  error: z.unknown().optional(),
});

const OFF = ["PROJECT_CONFIG", "AUTOUPDATE", "MODELS_FETCH", "DEFAULT_PLUGINS", "LSP_DOWNLOAD", "CLAUDE_CODE"];

export const opencode: AgentProgram = {
  name: "opencode",
  lends: ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"],
  showsTools: false,
  hasHands: false,
  tellsEnd: false,
  line: ({ door, settings, setup }) => ({
    argv: [
      ...(settings.command ?? ["opencode"]),
      ...["run", "--pure", "--format", "json"],
      ...(settings.model === undefined ? [] : ["--model", settings.model]),
    ],
    env: {
      QOC_TOKEN: door.token,
      OPENCODE_CONFIG: `${setup}/opencode.json`,
      ...Object.fromEntries(OFF.map((what) => [`OPENCODE_DISABLE_${what}`, "1"])),
    },
    files: {
      "opencode.json": JSON.stringify({
        permission: { "*": "deny", "qoc_*": "allow" },
        mcp: { qoc: { type: "remote", url: door.url, headers: { Authorization: "Bearer {env:QOC_TOKEN}" }, oauth: false } },
      }),
    },
  }),
  talk: ({ bundle }) => {
    let bill = 0;
    return {
      opening: bundle,
      answers: false,
      read: (line) => {
        const event = parsed(line);
        if (event === undefined) return undefined;
        if (event.type === "step_finish") bill += event.part?.cost ?? 0;
        return eventsOf(event, bill);
      },
    };
  },
};

const parsed = (line: string): z.output<typeof eventShape> | undefined => {
  try {
    return eventShape.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
};

const eventsOf = ({ type, part, error }: z.output<typeof eventShape>, bill: number): readonly AgentEvent[] => {
  if (type === "step_start") return [{ kind: "turn" }];
  if (type === "step_finish") return [{ kind: "cost", usd: bill }];
  if (type === "text" && part?.text !== undefined) return [{ kind: "say", text: part.text }];
  if (type === "tool_use" && part?.tool !== undefined) return [callOf(part.tool, part.state?.status)];
  if (type === "error") return [{ kind: "end", failure: `it ended with ${JSON.stringify(error ?? "an error").slice(0, 500)}` }];
  return [];
};

/** One of its own that did something is a hand that it should not have; one that it refused is told as such. */
const callOf = (tool: string, status: string | undefined): AgentEvent => {
  if (tool.startsWith(PREFIX)) return { kind: "call", tool: tool.slice(PREFIX.length) };
  return status === "completed" ? { kind: "foreign", what: `it used ${tool}` } : { kind: "refused", tool };
};

/** OpenAI's Chat Completions, as opencode uses them. */
import { z } from "zod";
import { type ModelApi, events, json, spelled, turnAt } from "./model-stub-script.ts";

const bodyShape = z.looseObject({
  model: z.string().default("stub"),
  stream: z.boolean().default(false),
  messages: z.array(z.looseObject({ role: z.string() })).default([]),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).default([]),
});

function bodyOf(body: unknown): z.output<typeof bodyShape> {
  return bodyShape.parse(body ?? {});
}

/** The name that opencode gives a tool of the server `qoc`. */
function spell(tool: string): string {
  return `qoc_${tool}`;
}

const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

export const chatApi: ModelApi = {
  tools: (body) => bodyOf(body).tools.map((tool) => tool.function.name),
  answer: ({ path, body }, script) => {
    if (path.endsWith("/models")) return json({ object: "list", data: [{ id: "stub", object: "model" }] });
    if (!path.endsWith("/chat/completions")) return undefined;
    const asked = bodyOf(body);
    const index = asked.messages.filter(({ role }) => role === "assistant").length;
    // A request without tools is not part of the conversation; it asks for a title, for example.
    const turn = asked.tools.length === 0 ? [{ say: "ok" }] : turnAt(script, index);
    const content = turn.flatMap((block) => ("say" in block ? [block.say] : [])).join("\n");
    const calls = turn
      .flatMap((block) => ("say" in block ? [] : [block]))
      .map((block, place) => ({
        index: place,
        id: `call_${index}_${place}`,
        type: "function",
        function: { name: spelled(block, spell), arguments: JSON.stringify(block.input) },
      }));
    const toolCalls = calls.length === 0 ? {} : { tool_calls: calls };
    const finish = calls.length === 0 ? "stop" : "tool_calls";
    const base = { id: `chat_${index}`, created: 1, model: asked.model };
    if (!asked.stream) {
      const choice = { index: 0, finish_reason: finish, message: { role: "assistant", content, ...toolCalls } };
      return json({ ...base, object: "chat.completion", choices: [choice], usage: USAGE });
    }
    const chunk = (delta: object, finish_reason: string | null, more: object = {}) => ({
      data: { ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }], ...more },
    });
    return events([
      chunk({ role: "assistant", content, ...toolCalls }, null),
      chunk({}, finish, { usage: USAGE }),
      { data: "[DONE]" },
    ]);
  },
};

/** Anthropic's Messages, as Claude Code uses them. */
import { z } from "zod";
import { type ModelApi, type Turn, events, json, spelled, turnAt } from "./model-stub-script.ts";

const bodyShape = z.looseObject({
  model: z.string().default("stub"),
  stream: z.boolean().default(false),
  messages: z.array(z.looseObject({ role: z.string() })).default([]),
  tools: z.array(z.looseObject({ name: z.string() })).default([]),
});

function bodyOf(body: unknown): z.output<typeof bodyShape> {
  return bodyShape.parse(body ?? {});
}

/** The name that Claude Code gives a tool of the server `qoc`. */
function spell(tool: string): string {
  return `mcp__qoc__${tool}`;
}

type Content = { type: "text"; text: string } | { type: "tool_use"; id: string; name: string; input: object };

function contentOf(turn: Turn, index: number): readonly Content[] {
  return turn.map((block, place) =>
    "say" in block
      ? { type: "text", text: block.say }
      : { type: "tool_use", id: `toolu_${index}_${place}`, name: spelled(block, spell), input: block.input },
  );
}

function named(name: string, data: object) {
  return { name, data: { type: name, ...data } };
}

/** A block starts empty, gets its text in one delta, and ends. */
function blockEvents(block: Content, index: number) {
  const [start, delta] =
    block.type === "text"
      ? [
          { type: "text", text: "" },
          { type: "text_delta", text: block.text },
        ]
      : [
          { ...block, input: {} },
          { type: "input_json_delta", partial_json: JSON.stringify(block.input) },
        ];
  return [
    named("content_block_start", { index, content_block: start }),
    named("content_block_delta", { index, delta }),
    named("content_block_stop", { index }),
  ];
}

export const messagesApi: ModelApi = {
  tools: (body) => bodyOf(body).tools.map(({ name }) => name),
  answer: ({ method, path, body }, script) => {
    if (method === "HEAD") return json({});
    if (path.endsWith("/messages/count_tokens")) return json({ input_tokens: 10 });
    if (!path.endsWith("/messages")) return undefined;
    const asked = bodyOf(body);
    const index = asked.messages.filter(({ role }) => role === "assistant").length;
    // A request without tools is not part of the conversation; it asks for a title, for example.
    const content = contentOf(asked.tools.length === 0 ? [{ say: "ok" }] : turnAt(script, index), index);
    const stop = content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn";
    const usage = { input_tokens: 10, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
    const message = {
      id: `msg_${index}`,
      type: "message",
      role: "assistant",
      model: asked.model,
      stop_sequence: null,
      usage,
    };
    if (!asked.stream) return json({ ...message, content, stop_reason: stop });
    return events([
      named("message_start", { message: { ...message, content: [], stop_reason: null } }),
      ...content.flatMap(blockEvents),
      named("message_delta", { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 5 } }),
      named("message_stop", {}),
    ]);
  },
};

/** OpenAI's Responses, as Codex uses them. */
import { z } from "zod";
import { type Block, type ModelApi, events, json, turnAt } from "./model-stub-script.ts";

const toolShape = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
});
const bodyShape = z.looseObject({
  model: z.string().default("stub"),
  input: z.array(z.looseObject({ type: z.string().optional(), call_id: z.string().optional() })).default([]),
  tools: z.array(toolShape).default([]),
});

function bodyOf(body: unknown): z.output<typeof bodyShape> {
  return bodyShape.parse(body ?? {});
}

/** Codex's namespace for the tools of the server `qoc`. */
const SPACE = "mcp__qoc";

/** The results of one turn's calls return one by one, so a call's id contains its turn. */
const CALL_ID = /^call_(\d+)_/;

function nextTurn({ input }: z.output<typeof bodyShape>): number {
  return Math.max(-1, ...input.map(({ call_id }) => Number(CALL_ID.exec(call_id ?? "")?.[1] ?? -1))) + 1;
}

function itemOf(block: Block, turn: number, place: number): object {
  const status = "completed";
  if ("say" in block) {
    const content = [{ type: "output_text", text: block.say, annotations: [] }];
    return { type: "message", id: `msg_${turn}_${place}`, role: "assistant", status, content };
  }
  const call = { id: `fc_${turn}_${place}`, call_id: `call_${turn}_${place}`, status, name: block.call };
  // Codex's own tools, such as apply_patch, take plain text.
  if (block.raw === true && "text" in block.input)
    return { ...call, type: "custom_tool_call", input: block.input.text };
  const space = block.raw === true ? {} : { namespace: SPACE };
  return { ...call, ...space, type: "function_call", arguments: JSON.stringify(block.input) };
}

const USAGE = {
  input_tokens: 1,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 1,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 2,
};

function named(name: string, data: object) {
  return { name, data: { type: name, ...data } };
}

export const responsesApi: ModelApi = {
  tools: (body) =>
    bodyOf(body).tools.flatMap(({ type, name, tools }) =>
      tools === undefined ? [name ?? type] : tools.map((tool) => `${name ?? type}__${tool.name}`),
    ),
  answer: ({ path, body }, script) => {
    if (path.endsWith("/models")) return json({ object: "list", models: [], data: [{ id: "stub", object: "model" }] });
    if (!path.endsWith("/responses")) return undefined;
    const asked = bodyOf(body);
    const turn = nextTurn(asked);
    const output = turnAt(script, turn).map((block, place) => itemOf(block, turn, place));
    const response = { id: `resp_${turn}`, object: "response", created_at: 1, model: asked.model };
    return events([
      named("response.created", { response: { ...response, status: "in_progress", output: [] } }),
      ...output.flatMap((item, index) => [
        named("response.output_item.added", { output_index: index, item }),
        named("response.output_item.done", { output_index: index, item }),
      ]),
      named("response.completed", { response: { ...response, status: "completed", output, usage: USAGE } }),
    ]);
  },
};

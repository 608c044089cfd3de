/** Google's generateContent, as Gemini CLI uses it. */
import { z } from "zod";
import { type Block, type ModelApi, type Turn, events, json, spelled, turnAt } from "./model-stub-script.ts";

const bodyShape = z.looseObject({
  contents: z
    .array(
      z.looseObject({
        role: z.string().optional(),
        parts: z.array(z.looseObject({ functionCall: z.unknown().optional() })).default([]),
      }),
    )
    .default([]),
  tools: z
    .array(z.looseObject({ functionDeclarations: z.array(z.looseObject({ name: z.string() })).default([]) }))
    .default([]),
});

function bodyOf(body: unknown): z.output<typeof bodyShape> {
  return bodyShape.parse(body ?? {});
}

/** The name that Gemini CLI gives a tool of the server `qoc`. */
function spell(tool: string): string {
  return `mcp_qoc_${tool}`;
}

function toolsOf(body: unknown): readonly string[] {
  return bodyOf(body).tools.flatMap(({ functionDeclarations }) => functionDeclarations.map(({ name }) => name));
}

function partOf(block: Block): object {
  return "say" in block ? { text: block.say } : { functionCall: { name: spelled(block, spell), args: block.input } };
}

/** Gemini CLI first asks which model should answer; the stub offers one. */
const ROUTE: Turn = [
  { say: JSON.stringify({ model_choice: "flash", reasoning: "x", complexity_reasoning: "x", complexity_score: 1 }) },
];

export const geminiApi: ModelApi = {
  tools: toolsOf,
  answer: ({ path, body }, script) => {
    if (path.endsWith(":countTokens")) return json({ totalTokens: 5 });
    if (!/:(streamG|g)enerateContent$/.test(path)) return undefined;
    const index = bodyOf(body).contents.filter(
      ({ role, parts }) => role === "model" && parts.some((part) => part.functionCall !== undefined),
    ).length;
    const turn = toolsOf(body).length === 0 ? ROUTE : turnAt(script, index);
    const answer = {
      candidates: [{ content: { role: "model", parts: turn.map(partOf) }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      modelVersion: "stub",
      responseId: `r${index}`,
    };
    return path.includes(":stream") ? events([{ data: answer }]) : json(answer);
  },
};

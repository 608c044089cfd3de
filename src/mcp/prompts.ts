/** Ready questions for the tasks that come up most. They name tools; what a tool may do stays with the tool. */
import type { GetPromptResult, Prompt } from "@modelcontextprotocol/server";
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";

export interface DeskPrompt {
  readonly wire: Prompt;
  text(given: Readonly<Record<string, string>>): string;
}

const PROMPTS: readonly DeskPrompt[] = [
  {
    wire: {
      name: "research_and_propose",
      title: "Research a symbol and propose",
      description:
        "read what the desk knows of a symbol, write a research note, and propose an order where it is worth one",
      arguments: [
        { name: "symbol", description: "the venue's symbol", required: true },
        { name: "question", description: "what you want to know" },
      ],
    },
    text: ({ symbol = "", question }) =>
      [
        `Research ${symbol} for this desk.${question === undefined ? "" : ` The question: ${question}`}`,
        "1. qoc_status for the book, then qoc_quotes_get for the symbol, and qoc_research_list for earlier notes.",
        "2. Write what you found with qoc_research_write: facts with their sources, what speaks for and against, what is not known.",
        "3. Where a trade is worth it, write a draft with qoc_orders_propose, with the rationale and the note as researchRef.",
        "A human decides on the draft. Say in one paragraph what you wrote and why.",
      ].join("\n"),
  },
  {
    wire: {
      name: "review_positions",
      title: "Review the positions",
      description: "go through the open positions and say which need a decision",
      arguments: [{ name: "connector", description: "only this connector" }],
    },
    text: ({ connector }) =>
      [
        `Review the open positions${connector === undefined ? "" : ` of ${connector}`}.`,
        "1. qoc_positions_list and qoc_orders_list; qoc_quotes_get for each symbol.",
        "2. For each position: its size in the book, its gain or loss, what the research notes say, what has changed.",
        "3. Name those that need a decision, and draft a change with qoc_orders_propose only where the case is clear.",
      ].join("\n"),
  },
  {
    wire: {
      name: "summarise_day",
      title: "Summarise the day",
      description: "what was decided, filled and left open today, as an inbox message",
    },
    text: () =>
      [
        "Summarise this desk's day for its operator.",
        "1. qoc_decisions for the decisions, qoc_orders_list for what is open, qoc_inbox_list for fills and alerts.",
        "   qoc_positions_list for the book.",
        "2. Write it with qoc_inbox_write: at most fifteen lines, numbers as the desk gives them, open questions last.",
      ].join("\n"),
  },
];

export function listPrompts(): readonly Prompt[] {
  return PROMPTS.map(({ wire }) => wire);
}

/** Undefined where there is no such prompt, or one of its required arguments is missing. */
export function promptNamed(name: string, given: Readonly<Record<string, string>>): GetPromptResult | undefined {
  const prompt = PROMPTS.find(({ wire }) => wire.name === name);
  if (prompt === undefined) return undefined;
  const isWhole = (prompt.wire.arguments ?? []).every(
    (argument) => argument.required !== true || given[argument.name] !== undefined,
  );
  if (!isWhole) return undefined;
  const text = escapeInvisibleInText(prompt.text(given));
  const { description } = prompt.wire;
  return {
    ...(description === undefined ? {} : { description }),
    messages: [{ role: "user", content: { type: "text", text } }],
  };
}

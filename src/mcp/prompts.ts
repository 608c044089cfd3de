/** Prompts for the most common tasks. They only name tools; each tool checks its own permissions. */
import type { GetPromptResult, Prompt } from "@modelcontextprotocol/server";
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";

export interface DeskPrompt {
  readonly wire: Prompt;
  render(args: Readonly<Record<string, string>>): string;
}

const PROMPTS: readonly DeskPrompt[] = [
  {
    wire: {
      name: "research_and_propose",
      title: "Research a symbol and propose",
      description:
        "read the desk's data on a symbol, write a research note, and propose an order if the case is good enough",
      arguments: [
        { name: "symbol", description: "the venue's symbol", required: true },
        { name: "question", description: "what you want to know" },
      ],
    },
    render: ({ symbol = "", question }) =>
      [
        `Research ${symbol} for this desk.${question === undefined ? "" : ` The question: ${question}`}`,
        "1. Call qoc_status for the book, qoc_quotes_get for the symbol, and qoc_research_list for earlier notes.",
        "2. Write your findings with qoc_research_write: facts with their sources, arguments for and against, open questions.",
        "3. If the case for a trade is good enough, write a draft with qoc_orders_propose, with the rationale and the note as researchRef.",
        "A human decides on the draft. Summarise in one paragraph what you wrote and why.",
      ].join("\n"),
  },
  {
    wire: {
      name: "review_positions",
      title: "Review the positions",
      description: "go through the open positions and list those that need a decision",
      arguments: [{ name: "connector", description: "only this connector" }],
    },
    render: ({ connector }) =>
      [
        `Review the open positions${connector === undefined ? "" : ` of ${connector}`}.`,
        "1. Call qoc_positions_list and qoc_orders_list, then qoc_quotes_get for each symbol.",
        "2. Report for each position: its share of the book, its gain or loss, what the research notes say, and what has changed.",
        "3. List the positions that need a decision. Draft a change with qoc_orders_propose only if the case is clear.",
      ].join("\n"),
  },
  {
    wire: {
      name: "summarise_day",
      title: "Summarise the day",
      description: "today's decisions, fills and open orders, as an inbox message",
    },
    render: () =>
      [
        "Summarise this desk's day for its operator.",
        "1. Call qoc_decisions for the decisions, qoc_orders_list for open orders, qoc_inbox_list for fills and alerts,",
        "   and qoc_positions_list for the book.",
        "2. Write the summary with qoc_inbox_write: at most fifteen lines, numbers exactly as the tools return them, open questions last.",
      ].join("\n"),
  },
];

export function listPrompts(): readonly Prompt[] {
  return PROMPTS.map(({ wire }) => wire);
}

/** Returns undefined if the prompt does not exist or a required argument is missing. */
export function promptNamed(name: string, args: Readonly<Record<string, string>>): GetPromptResult | undefined {
  const prompt = PROMPTS.find(({ wire }) => wire.name === name);
  if (prompt === undefined) return undefined;
  const isComplete = (prompt.wire.arguments ?? []).every(
    (argument) => argument.required !== true || args[argument.name] !== undefined,
  );
  if (!isComplete) return undefined;
  const text = escapeInvisibleInText(prompt.render(args));
  const { description } = prompt.wire;
  return {
    description,
    messages: [{ role: "user", content: { type: "text", text } }],
  };
}

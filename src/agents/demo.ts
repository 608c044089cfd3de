/**
 * The built-in scripted agent: reads the issue, asks for a quote, writes a note, proposes one sensible order and one that is
 * too large, so that a newcomer sees a guard at work. It has no model behind it and reaches the desk only by commands.
 */
import { z } from "zod";
import type { AgentCall, RunResult, RunTask, Runtime } from "./runtime.ts";

const quoteShape = z.looseObject({ bid: z.string(), ask: z.string(), last: z.string().nullish(), time: z.string() });
/** There is no quote, and why. */
const pendingShape = z.looseObject({ status: z.literal("data_pending"), reason: z.string() });
const statusShape = z.looseObject({ book: z.looseObject({ nav: z.string() }) });
const writtenShape = z.looseObject({ path: z.string() });
const proposedShape = z.looseObject({
  id: z.string(),
  verdict: z.looseObject({
    decision: z.enum(["allow", "block"]),
    reasons: z.array(z.looseObject({ message: z.string() })),
  }),
});

/** About 2.9 % of NAV: inside the default limits. And about 29 %: outside of them. */
const MODEST_SHARE = 0.029;
const GREEDY_SHARE = 0.29;

export const demoRuntime: Runtime = {
  name: "demo",
  run: async (task, call, note, signal) => {
    const symbol = task.issue.symbols[0] ?? "SPX";
    note(`reads ${task.issue.path}: ${task.issue.title}`);
    const answer = await call("quotes get", { symbol });
    const pending = pendingShape.safeParse(answer);
    if (pending.success)
      return { summary: `No quote for ${symbol}: ${pending.data.reason}. Nothing was proposed.`, proposals: [] };
    const quote = quoteShape.parse(answer);
    const { book } = statusShape.parse(await call("status", {}));
    signal.throwIfAborted();
    note(`asks for a quote: ${symbol} ${quote.bid} / ${quote.ask}`);
    const note1 = writtenShape.parse(
      await call("research write", {
        name: `${task.run}-${symbol.toLowerCase()}`,
        text: noteText(symbol, quote, task),
      }),
    );
    note(`writes ${note1.path}`);
    const ask = Number(quote.ask);
    const sized = (share: number): string => String(Math.max(1, Math.floor((Number(book.nav) * share) / ask)));
    const modest = await suggest(
      call,
      symbol,
      sized(MODEST_SHARE),
      "A first, modest position; the trend in the note holds.",
      note1.path,
      task,
    );
    const greedy = await suggest(
      call,
      symbol,
      sized(GREEDY_SHARE),
      "The same idea at ten times the size.",
      note1.path,
      task,
    );
    for (const made of [modest, greedy]) {
      const { decision, reasons } = made.verdict;
      note(`proposes ${made.id}: guards say ${decision}${reasons[0] === undefined ? "" : ` (${reasons[0].message})`}`);
    }
    return {
      summary: `Looked at ${symbol} and proposed two orders; the smaller one is meant.`,
      proposals: [modest.id, greedy.id],
    } satisfies RunResult;
  },
};

async function suggest(
  call: AgentCall,
  symbol: string,
  quantity: string,
  rationale: string,
  researchRef: string,
  task: RunTask,
) {
  return proposedShape.parse(
    await call("orders propose", {
      side: "buy",
      symbol,
      quantity,
      type: "market",
      rationale,
      researchRef,
      issue: task.issue.id,
    }),
  );
}

function noteText(symbol: string, quote: z.output<typeof quoteShape>, task: RunTask): string {
  return [
    `# ${symbol}: a first look`,
    "",
    `For ${task.issue.path} (${task.issue.title}).`,
    "",
    `- bid ${quote.bid}, ask ${quote.ask}${quote.last === undefined ? "" : `, last ${quote.last}`} at ${quote.time}`,
    "- a scripted note: the demo agent has no model behind it",
    "",
  ].join("\n");
}

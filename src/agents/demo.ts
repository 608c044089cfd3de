/**
 * The built-in scripted agent, without a model: reads the issue, gets a quote, writes a note, and proposes an order of
 * a sensible size and an order that is too large, so that a new user sees a guard block an order. It only uses the
 * desk's commands.
 */
import * as z from "zod";
import type { AgentCall, RunTask, Runtime } from "./runtime.ts";

const quoteShape = z.looseObject({ bid: z.string(), ask: z.string(), last: z.string().nullish(), time: z.string() });
/** The answer if there is no quote. */
const unavailableShape = z.looseObject({ status: z.literal("data_pending"), reason: z.string() });
const statusShape = z.looseObject({
  book: z.looseObject({ nav: z.string() }),
  connectors: z.array(z.looseObject({ name: z.string(), state: z.string(), mode: z.string() })),
});
const writtenShape = z.looseObject({ path: z.string() });
const proposedShape = z.looseObject({
  id: z.string(),
  verdict: z.looseObject({
    decision: z.enum(["allow", "block"]),
    reasons: z.array(z.looseObject({ message: z.string() })),
  }),
});

/** 2.9 % of NAV is within the default limits. */
const SMALL_SHARE = 0.029;
/** 29 % of NAV exceeds the default limits. */
const LARGE_SHARE = 0.29;

export const demoRuntime: Runtime = {
  name: "demo",
  run: async (task, call, progress, signal) => {
    const symbol = task.issue.symbols[0] ?? "SPX";
    progress.line(`reads ${task.issue.path}: ${task.issue.title}`);
    const { book, connectors } = statusShape.parse(await call("status", {}));
    const connector = chosenConnector(connectors);
    const response = await call("quotes get", { symbol, connector });
    const unavailable = unavailableShape.safeParse(response);
    if (unavailable.success)
      return { summary: `No quote for ${symbol}: ${unavailable.data.reason}. Nothing was proposed.`, proposals: [] };
    const quote = quoteShape.parse(response);
    signal.throwIfAborted();
    progress.line(`gets a quote: ${symbol} ${quote.bid} / ${quote.ask}`);
    const research = writtenShape.parse(
      await call("research write", {
        name: `${task.run}-${symbol.toLowerCase()}`,
        text: researchText(symbol, quote, task),
      }),
    );
    progress.line(`writes ${research.path}`);
    const quantity = (share: number): string =>
      String(Math.max(1, Math.floor((Number(book.nav) * share) / Number(quote.ask))));
    const order = { connector, symbol, researchRef: research.path, issue: task.issue.id };
    const small = await proposeBuy(call, {
      ...order,
      quantity: quantity(SMALL_SHARE),
      rationale: "A first, modest position; the trend in the note holds.",
    });
    const large = await proposeBuy(call, {
      ...order,
      quantity: quantity(LARGE_SHARE),
      rationale: "The same idea at ten times the size.",
    });
    for (const { id, verdict } of [small, large]) {
      const [reason] = verdict.reasons;
      progress.line(`proposes ${id}: guards ${verdict.decision}${reason === undefined ? "" : ` (${reason.message})`}`);
    }
    return {
      summary: `Looked at ${symbol} and proposed two orders; the smaller one is meant.`,
      proposals: [small.id, large.id],
    };
  },
};

/** With several connectors, a call names one: a paper connector that is ready, else the first that is ready. */
function chosenConnector(connectors: z.output<typeof statusShape>["connectors"]): string | undefined {
  const ready = connectors.filter(({ state }) => state === "ready");
  return (ready.find(({ mode }) => mode === "paper") ?? ready[0] ?? connectors[0])?.name;
}

interface BuyOrder {
  readonly connector: string | undefined;
  readonly symbol: string;
  readonly quantity: string;
  readonly rationale: string;
  readonly researchRef: string;
  readonly issue: string;
}

async function proposeBuy(call: AgentCall, order: BuyOrder) {
  return proposedShape.parse(await call("orders propose", { side: "buy", type: "market", ...order }));
}

function researchText(symbol: string, quote: z.output<typeof quoteShape>, task: RunTask): string {
  return [
    `# ${symbol}: a first look`,
    "",
    `For ${task.issue.path} (${task.issue.title}).`,
    "",
    `- bid ${quote.bid}, ask ${quote.ask}${quote.last === undefined ? "" : `, last ${quote.last}`} at ${quote.time}`,
    "- written by the demo agent, which follows a script and has no model",
    "",
  ].join("\n");
}

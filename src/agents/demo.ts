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
  connectors: z.array(z.looseObject({ name: z.string(), state: z.string() })),
  book: z.looseObject({
    nav: z.string().nullable(),
    accounts: z.array(z.looseObject({ connector: z.string(), nav: z.string(), isCountedByGuards: z.boolean() })),
  }),
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
    const accounts = routes(statusShape.parse(await call("status", {})));
    const found = await findQuote(call, symbol, accounts);
    if ("reason" in found)
      return { summary: `No quote for ${symbol}: ${found.reason}. Nothing was proposed.`, proposals: [] };
    const { quote, account } = found;
    const { connector } = account;
    signal.throwIfAborted();
    const where = accounts.length > 1 ? ` at ${connector}` : "";
    progress.line(`gets a quote${where}: ${symbol} ${quote.bid} / ${quote.ask}`);
    const research = writtenShape.parse(
      await call("research write", {
        name: `${task.run}-${symbol.toLowerCase()}`,
        text: researchText(symbol, quote, task),
      }),
    );
    progress.line(`writes ${research.path}`);
    const quantity = (share: number): string =>
      String(Math.max(1, Math.floor((Number(account.nav) * share) / Number(quote.ask))));
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

interface DemoAccount {
  readonly connector: string;
  readonly nav: string;
}

/** The accounts that orders can go to, those of ready connectors first. */
function routes({ connectors, book }: z.output<typeof statusShape>): readonly DemoAccount[] {
  const isReady = ({ connector }: DemoAccount): boolean =>
    connectors.some(({ name, state }) => name === connector && state === "ready");
  return book.accounts
    .filter(({ isCountedByGuards }) => isCountedByGuards)
    .toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)));
}

/** The first account whose connector quotes the symbol, or the first reason why none does. */
async function findQuote(
  call: AgentCall,
  symbol: string,
  accounts: readonly DemoAccount[],
): Promise<{ quote: z.output<typeof quoteShape>; account: DemoAccount } | { reason: string }> {
  let reason = "no connector has reported an account yet";
  for (const account of accounts) {
    const response = await call("quotes get", { symbol, connector: account.connector });
    const unavailable = unavailableShape.safeParse(response);
    if (!unavailable.success) return { quote: quoteShape.parse(response), account };
    if (account === accounts[0]) ({ reason } = unavailable.data);
  }
  return { reason };
}

interface BuyOrder {
  readonly connector: string;
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

import * as z from "zod";
import { hintForAgent } from "../../domain/errors/error-for-agent.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { ORDER_STATES } from "../../domain/orders/order-state-names.ts";
import { type Verdict, reasonText } from "../../domain/orders/verdict.ts";
import { changedRules } from "../../trading/config/config-notices.ts";
import { orderPath } from "../../trading/projections/order-files.ts";
import { type EqualProposal, equalSentences } from "../../trading/orders/equal-proposals.ts";
import { type ProposedOrder, proposeOrder } from "../../trading/orders/propose.ts";
import { flag, toggle } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { causesOf, foldedText } from "../rendering/guard-reasons.ts";
import { type OutputStyle, hanging } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { untrustedSchemaFor } from "../untrusted-text.ts";
import { findOrderInScope, routeInScope } from "./order-scope.ts";
import { lazy } from "../../lib/lazy.ts";

/** A shell passes text, an agent may pass a number; both become the text that a proposal file would contain. */
const amountSchema = lazy(() => z.union([z.string(), z.number()]).transform(String));
/** The name of something. The bound keeps the proposal's file readable. */
const nameSchema = lazy(() => z.string().max(200));

const NAME = "orders propose";

/** The flags of an order, which `--cancel` does without and `--replace` takes from the order that it names. */
const ORDER_FLAGS = ["side", "symbol", "quantity", "type"] as const;
const REQUIRED = { requiredUnless: ["cancel", "replace"] } as const;

const verdictSchema = lazy(() =>
  z.object({
    decision: z.enum(["allow", "block"]),
    reasons: z.array(
      z.object({
        guard: z.string(),
        code: z.string(),
        message: z.string(),
        limit: z.string().optional(),
        actual: z.string().optional(),
      }),
    ),
  }),
);

/** A proposal with the same terms that waits, that the human rejected, or that was approved. */
const equalSchema = lazy(() =>
  z.object({
    id: z.string(),
    state: z.enum(ORDER_STATES),
    untrusted: untrustedSchemaFor("the human's comment on the rejection").nullable(),
    symbol: z.string().optional(),
  }),
);

export const proposalReportSchema = lazy(() =>
  z.object({
    id: z.string(),
    path: z.string(),
    digest: z.string(),
    verdict: verdictSchema(),
    equal: z.array(equalSchema()),
    /** Why an approval would be refused whatever the guards say: desk.toml differs from the rules in force. */
    refusal: z.object({ code: z.string(), hint: z.string() }).nullable(),
  }),
);

export const command = defineCommand({
  name: NAME,
  group: "orders",
  audience: "both",
  runs: "desk",
  writes: ["orders/pending/"],
  summary: "propose an order, a cancel or a replacement",
  description: "An order needs side, symbol, quantity and type. Returns what the guards would decide on it now.",
  examples: [
    'qoc orders propose --side buy --symbol SPX --quantity 10 --type limit --limit-price 3000 --rationale "breakout"',
    'qoc orders propose --connector paper --side sell --symbol SPX --quantity 1 --type market --rationale "trim"',
    'qoc orders propose --replace 20260705-001 --limit-price 3010 --rationale "follow the market"',
    'qoc orders propose --cancel 20260705-001 --rationale "the thesis is gone"',
  ],
  input: () =>
    z.strictObject({
      connector: flag(nameSchema().optional(), "NAME", "the connector that would send it", { completes: "connector" }),
      venue: flag(nameSchema().optional(), "NAME", "or the venue, if a connector lists it"),
      side: flag(z.string().optional(), "buy|sell", "buy or sell", { choices: ["buy", "sell"], ...REQUIRED }),
      symbol: flag(z.string().optional(), "SYMBOL", "the venue's symbol", REQUIRED),
      quantity: flag(amountSchema().optional(), "N", "an exact decimal above zero", REQUIRED),
      type: flag(z.string().optional(), "TYPE", "market, limit, stop or stop_limit", {
        choices: ["market", "limit", "stop", "stop_limit"],
        ...REQUIRED,
      }),
      limitPrice: flag(amountSchema().optional(), "PRICE", "for limit and stop-limit orders"),
      stopPrice: flag(amountSchema().optional(), "PRICE", "for stop and stop-limit orders"),
      timeInForce: flag(z.string().optional(), "TIF", "day, gtc, ioc or fok; default: what the instrument takes", {
        choices: ["day", "gtc", "ioc", "fok"],
      }),
      session: flag(z.string().optional(), "HOURS", "regular or extended, where the instrument takes it", {
        choices: ["regular", "extended"],
      }),
      positionIntent: flag(z.string().optional(), "INTENT", "open or close, where the instrument takes it", {
        choices: ["open", "close"],
      }),
      postOnly: toggle("a limit order that must not take from the book"),
      rationale: flag(z.string().optional(), "TEXT", "the reason, shown in the review"),
      researchRef: flag(nameSchema().optional(), "FILE", "the research note behind it"),
      issue: flag(nameSchema().optional(), "ID", "the issue it answers", { completes: "issue" }),
      cancel: flag(nameSchema().optional(), "ID", "instead: cancel this working order", { completes: "order" }),
      replace: flag(nameSchema().optional(), "ID", "instead: replace it by what is given; quantity is the new total", {
        completes: "order",
      }),
    }),
  output: proposalReportSchema,
  mcp: { openWorld: true },
  run: async (input, context): Promise<ProposalReport> => {
    const { desk } = requireDesk(context);
    const { cancel, replace, connector, limitPrice, stopPrice, timeInForce, researchRef, ...rest } = input;
    const { positionIntent, postOnly, ...sameNames } = rest;
    const ref = targetIn(input);
    const target = ref === undefined ? undefined : (await findOrderInScope(desk, context.actor, ref)).id;
    const proposed = await proposeOrder(
      desk,
      {
        ...sameNames,
        cancels: cancel === undefined ? undefined : target,
        replaces: replace === undefined ? undefined : target,
        connector:
          target === undefined ? routeInScope(desk, context.actor, { connector, venue: input.venue }) : connector,
        limit_price: limitPrice,
        stop_price: stopPrice,
        time_in_force: timeInForce,
        position_intent: positionIntent,
        post_only: postOnly ? "true" : undefined,
        research_ref: researchRef,
      },
      context.actor,
      context.sources?.list(),
    );
    return proposalReport(proposed, context.actor, changedRules(await desk.configuration.standing()));
  },
  render: renderProposal,
});

interface ProposeInput extends Partial<Record<(typeof ORDER_FLAGS)[number], string | undefined>> {
  readonly cancel?: string | undefined;
  readonly replace?: string | undefined;
}

/** Returns the reference to the order to cancel or to replace; undefined for an order. @throws INVALID_INPUT. */
function targetIn({ cancel, replace, ...order }: ProposeInput): string | undefined {
  const missing = ORDER_FLAGS.find((name) => order[name] === undefined);
  const ref = cancel ?? replace;
  const message =
    cancel !== undefined && replace !== undefined
      ? "cancel and replace exclude each other; give one"
      : ref === undefined && missing !== undefined
        ? `${missing}: is missing`
        : undefined;
  if (message !== undefined) throw new QocError("INVALID_INPUT", { command: NAME, message });
  return ref;
}

interface ProposalReport {
  readonly id: string;
  readonly path: string;
  readonly digest: string;
  readonly verdict: Verdict;
  readonly equal: readonly EqualProposal[];
  readonly refusal: { readonly code: string; readonly hint: string } | null;
}

/** `changed`: why an approval would be refused whatever the guards say. */
export function proposalReport(
  { order, verdict, equal }: ProposedOrder,
  actor: Actor,
  changed: QocError | undefined,
): ProposalReport {
  // No guard stops a cancel, whatever desk.toml says.
  const refusing = order.terms.cancels === undefined ? changed : undefined;
  const hint = actor === "human" ? refusing?.hint : refusing && hintForAgent(refusing);
  const refusal = refusing === undefined ? null : { code: refusing.code, hint: hint ?? "" };
  return { id: order.id, path: orderPath(order), digest: order.digest, verdict, equal, refusal };
}

/** Where the draft waits, and what the guards would decide on it now. */
export function renderProposal(
  { id, path, digest, verdict, equal, refusal }: ProposalReport,
  style: OutputStyle,
): readonly string[] {
  const { shown, folded } = style.isTty ? causesOf(verdict.reasons) : { shown: verdict.reasons, folded: 0 };
  const blocks = [...shown.map(reasonText), ...foldedText(folded)];
  const lines = (sign: string, text: string): readonly string[] =>
    hanging(oneLine(text), style.isTty ? style.columns - 2 : Infinity).map(
      (line, index) => `${index === 0 ? sign : " "} ${line}`,
    );
  return [
    `${style.paint("bold", oneLine(id))} waits in ${oneLine(path)}`,
    ...(verdict.decision === "allow"
      ? [`${style.paint("green", "✓")} the guards ${refusal === null ? "" : "in force "}would pass it now`]
      : blocks.flatMap((text) => lines(style.paint("red", "✗"), text))),
    ...(refusal === null
      ? []
      : lines(style.paint("red", "✗"), `approve would refuse it now (${refusal.code}); ${refusal.hint}`)),
    ...equalSentences(equal).flatMap((sentence) => lines(style.paint("yellow", "!"), sentence)),
    `${style.paint("dim", "digest")} ${oneLine(digest)}`,
  ];
}

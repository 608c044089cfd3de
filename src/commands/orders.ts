/** orders propose | list | show, approve, reject, cancel, resolve. */
import { z } from "zod";
import { ORDER_STATES, unknownStateMessage } from "../domain/order-state.ts";
import { QocError } from "../domain/error.ts";
import { approveOrder } from "../trading/approve.ts";
import { cancelOrder } from "../trading/cancel.ts";
import { rejectOrder, resolveOrder } from "../trading/decide.ts";
import { detailOf, summaryOf } from "../trading/order-view.ts";
import { orderPath } from "../trading/order-files.ts";
import { proposeOrder } from "../trading/propose.ts";
import { reviewOrder } from "../trading/review.ts";
import { scanProposals } from "../trading/scan-proposals.ts";
import { body, requireDesk } from "./command.ts";
import { isOrderInScope, locateInScope, routeInScope } from "./order-scope.ts";

/** A shell gives words, an agent may give numbers; both become the text that a proposal file would hold. */
const amount = z.union([z.string(), z.number()]).transform(String);
/** Names something; the file that holds it must stay one that can be read. */
const word = z.string().max(200);
const reason = z.object({
  guard: z.string(),
  code: z.string(),
  message: z.string(),
  limit: z.string().optional(),
  actual: z.string().optional(),
});
const verdict = z.object({ decision: z.enum(["allow", "block"]), reasons: z.array(reason) });
const receipt = z.object({
  id: z.string(),
  state: z.enum(ORDER_STATES),
  clientOrderId: z.string().nullable(),
  venueOrderId: z.string().nullable(),
});
const summary = z.looseObject({
  id: z.string(),
  state: z.enum(ORDER_STATES),
  path: z.string(),
  digest: z.string(),
  terms: z.looseObject({}),
});

export const propose = body({
  input: z.strictObject({
    connector: word.optional(),
    venue: word.optional(),
    side: z.string(),
    symbol: z.string(),
    quantity: amount,
    type: z.string(),
    limitPrice: amount.optional(),
    stopPrice: amount.optional(),
    timeInForce: z.string().optional(),
    rationale: z.string().optional(),
    researchRef: word.optional(),
    issue: word.optional(),
  }),
  output: z.object({ id: z.string(), path: z.string(), digest: z.string(), verdict }),
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const { order, verdict: advice } = await proposeOrder(
      desk,
      {
        connector: routeInScope(desk, call.actor, input),
        venue: input.venue,
        side: input.side,
        symbol: input.symbol,
        quantity: input.quantity,
        type: input.type,
        limit_price: input.limitPrice,
        stop_price: input.stopPrice,
        time_in_force: input.timeInForce,
        rationale: input.rationale,
        research_ref: input.researchRef,
        issue: input.issue,
      },
      call.actor,
      call.sources?.list(),
    );
    const reasons = advice.reasons.map(({ guard, code, message, limit, actual }) => ({
      guard,
      code,
      message,
      limit,
      actual,
    }));
    return {
      id: order.id,
      path: orderPath(order),
      digest: order.digest,
      verdict: { decision: advice.decision, reasons },
    };
  },
});

export const list = body({
  input: z.strictObject({
    state: z.enum(ORDER_STATES, { error: ({ input }) => unknownStateMessage(String(input)) }).optional(),
    limit: z.coerce.number().int().positive().max(10_000).default(200),
  }),
  output: z.array(summary),
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    if (desk.readOnly() === undefined) await scanProposals(desk);
    const known = [...desk.state.orders.values()].filter((order) => isOrderInScope(desk, call.actor, order));
    const matching = known.filter((order) => input.state === undefined || order.state === input.state);
    return matching.slice(-input.limit).map((order) => summaryOf(order, orderPath(order)));
  },
});

export const show = body({
  input: z.strictObject({ id: z.string() }),
  output: summary,
  run: async (input, call) => {
    const { desk, settled } = requireDesk(call);
    const order = await locateInScope(desk, call.actor, input.id);
    const shown = order.state === "proposed" ? await reviewOrder(desk, order) : null;
    await settled();
    return { ...detailOf(order, orderPath(order)), review: shown };
  },
});

export const approve = body({
  input: z.strictObject({
    id: z.string(),
    digest: z.string().optional(),
    passphrase: z.string().optional(),
    all: z.boolean().optional(),
  }),
  output: receipt,
  run: async (input, call) => {
    if (input.all === true) throw new QocError("NO_BULK_APPROVAL");
    return approveOrder(requireDesk(call).desk, {
      id: input.id,
      ...(input.digest === undefined ? {} : { digest: input.digest }),
      ...(input.passphrase === undefined ? {} : { passphrase: input.passphrase }),
      actor: call.actor,
      channel: call.channel,
    });
  },
});

export const reject = body({
  input: z.strictObject({ id: z.string(), comment: z.string().default("") }),
  output: receipt,
  run: (input, call) => rejectOrder(requireDesk(call).desk, input.id, input.comment, call.actor),
});

export const cancel = body({
  input: z.strictObject({ id: z.string() }),
  output: receipt,
  run: (input, call) => cancelOrder(requireDesk(call).desk, input.id, call.actor),
});

export const resolve = body({
  input: z.strictObject({ id: z.string(), note: z.string().min(3) }),
  output: z.union([receipt, z.object({ instrument: z.string(), quantity: z.string() })]),
  run: (input, call) => resolveOrder(requireDesk(call).desk, input.id, input.note, call.actor),
});

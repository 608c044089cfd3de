import * as z from "zod";
import { EXIT, QocError } from "../domain/errors/error.ts";
import { approveOrder } from "../trading/orders/approve.ts";
import type { NoticeListener } from "../trading/config/config-notices.ts";
import { noticeText } from "../trading/config/notice-text.ts";
import { findOrder } from "../trading/orders/find-order.ts";
import { recordReview } from "../trading/orders/review.ts";
import { authoritySchema } from "./signed-call.ts";
import { flag, positional, toggle } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { orderSummarySchema } from "./orders/order-arguments.ts";
import { waitForFill } from "./orders/wait-for-fill.ts";
import { approveInteractively } from "./orders/approval-flow.ts";
import { receiptSchema, renderReceipt } from "./orders/receipt.ts";

export const command = defineCommand({
  name: "approve",
  aliases: ["orders approve", "run approve"],
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "approve one proposal by its digest, and send it",
  description: "Waits for the venue's acknowledgement; on a terminal also up to 5 seconds for the fill.",
  examples: ["qoc approve 20260705-001", "qoc approve orders/proposed/20260705-001.toml --digest sha256:…"],
  exits: [3, 5, 6, 7],
  input: () =>
    z.strictObject({
      // Checked by the command line after --all, which is refused with its own message.
      id: positional(z.string(), "ID|FILE", "an order's id, a unique start of it, or its file", {
        required: false,
        completes: "proposal",
      }),
      digest: flag(z.string().optional(), "SHA256", "the digest you read; required without a terminal"),
      all: toggle("refused: each order is approved on its own"),
      wait: flag(z.coerce.number().int().min(0).max(3_600).optional(), "S", "wait up to S seconds for the fill"),
      /** The client's signature. */
      authority: authoritySchema().optional(),
      /** true: makes and journals the review and returns the order with it; approves nothing. */
      review: z.boolean().optional(),
      /** The digest of the review that the client displayed. */
      shown: z.string().optional(),
    }),
  // The receipt first: it is waited for. It is strict, because it would also take a part of a review.
  output: () => z.union([z.strictObject(receiptSchema().shape), orderSummarySchema()]),
  run: async ({ id, digest, authority, all, review, shown }, context) => {
    if (all) throw new QocError("NO_BULK_APPROVAL");
    const { actor, channel, page } = context;
    const { desk } = requireDesk(context);
    const onNotices: NoticeListener = (notices) =>
      notices.forEach((notice) => context.progress.line(noticeText(notice)));
    if (review === true)
      return recordReview(desk, await findOrder(desk, id, "follow"), { actor, channel, page, onNotices });
    return approveOrder(desk, { id, digest, shown, authority, actor, channel, page, onNotices });
  },
  render: renderReceipt,
  cli: async (session, input) => {
    const receipt = await approveInteractively(session, input);
    if (receipt === undefined) return EXIT.failed;
    await session.show("approve", await waitForFill(session, receipt, input["wait"]));
    return EXIT.done;
  },
});

/** The flags of an order that an instrument names arrive at the venue. */
import type { FakeOrder } from "../../domain/sdk-kit.ts";
import type { Order, OrderFlagName } from "../../domain/sdk.ts";
import { assert, fail, leaveOut, skip } from "../assert.ts";
import type { ConformanceHarness } from "../harness.ts";
import { restingPrice, restingTimeInForce } from "../order-terms.ts";
import { orderAtVenue, orderFor, sendOrder } from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";
import { BookVenue } from "../venue/book-venue.ts";

interface Asked {
  readonly members: Partial<Order>;
  readonly isAtVenue: (order: FakeOrder) => boolean;
}

const ASKED: Readonly<Record<OrderFlagName, Asked>> = {
  session: { members: { session: "extended" }, isAtVenue: ({ session }) => session === "extended" },
  positionIntent: {
    members: { positionIntent: "open" },
    isAtVenue: ({ position_intent }) => position_intent === "open",
  },
  postOnly: { members: { postOnly: true }, isAtVenue: ({ post_only }) => post_only === true },
};

async function assertFlags(harness: ConformanceHarness): Promise<void> {
  const { venue, settings } = harness;
  const instrument = await harness.calls.instrument("kit", settings.symbol);
  const flags = instrument?.orderFlags ?? [];
  if (flags.length === 0) skip("the instrument names no order flags");
  if (!(venue instanceof BookVenue)) leaveOut("a venue of an author states no flags of its orders");
  venue.filling = "manual";
  const rest = { limit: await restingPrice(harness), timeInForce: restingTimeInForce(harness) };
  for (const flag of flags) {
    const order = { ...orderFor(harness, rest), ...ASKED[flag].members };
    const outcome = await sendOrder(harness, order);
    if (outcome.kind !== "accepted")
      return fail(
        `the instrument names the flag ${flag}, and an order with it ended ${outcome.kind}: ${outcome.reason}`,
      );
    assert(
      ASKED[flag].isAtVenue(await orderAtVenue(harness, order)),
      `the instrument names the flag ${flag}, and the order arrived at the venue without it: send it, or leave it out of ` +
        `orderFlags, so that the desk refuses such an order`,
    );
  }
}

export const ORDER_FLAG_CASES: readonly TestCase[] = [
  {
    id: "C153",
    group: "orders",
    title: "the flags that an instrument names arrive at the venue",
    proves: "extended hours, position intent and post-only are what was approved",
    needs: { venue: "hooked", orders: true, methods: ["getInstrument"] },
    run: assertFlags,
  },
];

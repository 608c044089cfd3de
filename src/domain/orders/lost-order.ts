/** An order that its venue had acknowledged, and about which the venue no longer answers. */
import type { OrderId } from "../ids.ts";

/** The venue no longer knows the order. */
export interface OrderMissing {
  readonly type: "order.missing";
  readonly id: OrderId;
}

/** The venue answers with what cannot be this order: after a new name of its instrument, for example. */
export interface OrderMisreported {
  readonly type: "order.misreported";
  readonly id: OrderId;
  readonly reason: string;
}

/** The events of a cancel, by `qoc cancel` or by an approved proposal. */
import type { Actor } from "../authority/actor.ts";
import type { Authority } from "../authority/authority.ts";
import type { OrderId } from "../ids.ts";

/** The cancel intent. The cancel may have been sent if this record exists. */
export interface CancelRequested {
  readonly type: "cancel.requested";
  /** The order to cancel. */
  readonly id: OrderId;
  readonly actor: Actor;
  /** The approved cancel or replacement that asks for it; absent for `qoc cancel`. */
  readonly proposal?: OrderId | undefined;
  /** Present for a cancel by a page. */
  readonly authority?: Authority | undefined;
}
/** The venue took the cancel of a proposal. The reports on the order say how the order ends. */
export interface CancelAccepted {
  readonly type: "cancel.accepted";
  readonly id: OrderId;
  readonly proposal: OrderId;
}
export interface CancelFailed {
  readonly type: "cancel.failed";
  readonly id: OrderId;
  readonly reason: string;
  readonly proposal?: OrderId | undefined;
}

export type CancelEvent = CancelRequested | CancelAccepted | CancelFailed;

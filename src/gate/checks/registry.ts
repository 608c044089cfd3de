/** The checks that are always on, in the order of the verdict. No configuration switches them off. */
import type { GateCheck } from "../check-context.ts";
import { approvalFreshness } from "./approval-freshness.ts";
import { connectorReady } from "./connector-ready.ts";
import { priceDrift } from "./price-drift.ts";
import { approvedTermsMatch } from "./approved-terms-match.ts";
import { firstLiveOrder } from "./first-live-order.ts";
import { journalHealth } from "./journal-health.ts";
import { marketProtection } from "./market-protection.ts";
import { orderValidity } from "./order-validity.ts";
import { replacedOrder } from "./replaced-order.ts";
import { tradingState } from "./trading-state.ts";
import { unknownInstrument } from "./unknown-instrument.ts";

export const CHECKS: readonly GateCheck[] = [
  tradingState,
  connectorReady,
  journalHealth,
  unknownInstrument,
  replacedOrder,
  orderValidity,
  marketProtection,
  firstLiveOrder,
  approvalFreshness,
  priceDrift,
  approvedTermsMatch,
];

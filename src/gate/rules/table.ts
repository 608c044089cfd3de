/** The always-on rules, in the order in which they are stated. */
import { approvalFreshness } from "./approval-freshness.ts";
import { connectorReady } from "./connector-ready.ts";
import { priceDrift } from "./price-drift.ts";
import { approvedTermsMatch } from "./approved-terms-match.ts";
import { journalHealth } from "./journal-health.ts";
import { marketProtection } from "./market-protection.ts";
import { orderValidity } from "./order-validity.ts";
import type { Rule } from "./rule.ts";
import { tradingState } from "./trading-state.ts";
import { unknownInstrument } from "./unknown-instrument.ts";

export const RULES: readonly Rule[] = [
  tradingState,
  connectorReady,
  journalHealth,
  unknownInstrument,
  orderValidity,
  marketProtection,
  approvalFreshness,
  priceDrift,
  approvedTermsMatch,
];

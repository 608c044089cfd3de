/**
 * The built-in guards by their keys in `desk.toml`. To add a guard: write its function in this folder, add its options
 * to `domain/config/guard-config.ts` and its key here. The compiler refuses a key without a guard.
 */
import type { BuiltInGuard, GuardKey, GuardOptions } from "../../domain/config/guard-config.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import type { CheckContext, Guard } from "../check-context.ts";
import { unavailable } from "../check-result.ts";
import { buyingPower } from "./buying-power.ts";
import { dayLossLimit } from "./day-loss-limit.ts";
import { duplicateOrder } from "./duplicate-order.ts";
import { grossExposure } from "./gross-exposure.ts";
import { maxOpenOrders, maxOrderNav, maxOrderNotional, maxOrderQuantity } from "./limits.ts";
import { marketHours } from "./market-hours.ts";
import { maxPositionNav } from "./max-position-nav.ts";
import { noShort } from "./no-short.ts";
import { orderRate } from "./order-rate.ts";
import { priceCollar } from "./price-collar.ts";
import { quoteFreshness } from "./quote-freshness.ts";
import { symbolAllowlist } from "./symbol-allowlist.ts";
import { symbolDenylist } from "./symbol-denylist.ts";

export const GUARDS: { readonly [K in GuardKey]: Guard<K> } = {
  "max-order-nav": maxOrderNav,
  "max-position-nav": maxPositionNav,
  "day-loss-limit": dayLossLimit,
  "buying-power": buyingPower,
  "symbol-allowlist": symbolAllowlist,
  "symbol-denylist": symbolDenylist,
  "market-hours": marketHours,
  "max-order-notional": maxOrderNotional,
  "max-order-quantity": maxOrderQuantity,
  "price-collar": priceCollar,
  "quote-freshness": quoteFreshness,
  "order-rate": orderRate,
  "duplicate-order": duplicateOrder,
  "no-short": noShort,
  "gross-exposure": grossExposure,
  "max-open-orders": maxOpenOrders,
};

/**
 * Runs the guard that the options name. The cast is safe: `GUARDS` maps each key to the guard of the same key's
 * options.
 */
export function runGuard({ options }: BuiltInGuard, context: CheckContext): Check {
  const guard = Object.hasOwn(GUARDS, options.key)
    ? (GUARDS[options.key] as (options: GuardOptions, context: CheckContext) => Check)
    : undefined;
  return guard === undefined ? unavailable(options.key, "no such guard") : guard(options, context);
}

/** Every built-in guard by its key. A key of `desk.toml` that is not here cannot be type-checked into existence. */
import type { BuiltInGuard, GuardKey, GuardOptions } from "../../domain/guard-config.ts";
import type { Check } from "../../domain/verdict.ts";
import { unavailable } from "../check-result.ts";
import type { CheckContext } from "../check-context.ts";
import { buyingPower } from "./buying-power.ts";
import { dayLossLimit } from "./day-loss-limit.ts";
import { duplicateOrder } from "./duplicate-order.ts";
import { grossExposure } from "./gross-exposure.ts";
import type { Guard } from "./guard.ts";
import { marketHours } from "./market-hours.ts";
import { maxOpenOrders } from "./max-open-orders.ts";
import { maxOrderNav } from "./max-order-nav.ts";
import { maxOrderNotional } from "./max-order-notional.ts";
import { maxOrderQuantity } from "./max-order-quantity.ts";
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

/** The compiler cannot see that options and guard belong to one key; the table's type says that they do. */
export function runGuard({ options }: BuiltInGuard, facts: CheckContext): Check {
  const guard = Object.hasOwn(GUARDS, options.key)
    ? (GUARDS[options.key] as (options: GuardOptions, facts: CheckContext) => Check)
    : undefined;
  return guard === undefined ? unavailable(options.key, "there is no such guard") : guard(options, facts);
}

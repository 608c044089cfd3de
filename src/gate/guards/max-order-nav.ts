/** One order is at most this share of NAV. */
import { shareOfNav } from "../nav.ts";
import type { Guard } from "./guard.ts";

export const maxOrderNav: Guard<"max-order-nav"> = (options, facts) =>
  shareOfNav(facts, { key: options.key, percent: options.max_pct, noun: "order", part: facts.notional });

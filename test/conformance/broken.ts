/** Every deliberately broken adapter: the correct one with one mistake in it. The kit must see each. */
import { BROKEN_DEEPER } from "./broken-deeper.ts";
import { BROKEN_FILLS } from "./broken-fills.ts";
import { BROKEN_LIVES } from "./broken-lives.ts";
import { BROKEN_ORDERS } from "./broken-orders.ts";
import { BROKEN_VIEWS } from "./broken-views.ts";
import type { Mistake } from "./mistake.ts";

export const BROKEN: readonly Mistake[] = [
  ...BROKEN_ORDERS,
  ...BROKEN_FILLS,
  ...BROKEN_VIEWS,
  ...BROKEN_LIVES,
  ...BROKEN_DEEPER,
];

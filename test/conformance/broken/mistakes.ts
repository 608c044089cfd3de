/** All mistakes: each edits connectors/template, the correct adapter, into a broken adapter that the kit detects. */
import type { Mistake } from "./apply-mistake.ts";
import { FILL_MISTAKES } from "./fill-mistakes.ts";
import { ORDER_MISTAKES } from "./order-mistakes.ts";
import { RARE_MISTAKES } from "./rare-mistakes.ts";
import { READ_MISTAKES } from "./read-mistakes.ts";
import { SESSION_MISTAKES } from "./session-mistakes.ts";

export const MISTAKES: readonly Mistake[] = [
  ...ORDER_MISTAKES,
  ...FILL_MISTAKES,
  ...READ_MISTAKES,
  ...SESSION_MISTAKES,
  ...RARE_MISTAKES,
];

/** Mistakes in connectors/template, over the kit's own venue. Each edits the correct adapter into a broken adapter. */
import type { Mistake } from "./apply-mistake.ts";
import { ENDURANCE_MISTAKES } from "./endurance-mistakes.ts";
import { FILL_MISTAKES } from "./fill-mistakes.ts";
import { HISTORY_MISTAKES } from "./history-mistakes.ts";
import { MONEY_MISTAKES } from "./money-mistakes.ts";
import { ORDER_MISTAKES } from "./order-mistakes.ts";
import { PUSH_MISTAKES } from "./push-mistakes.ts";
import { RARE_MISTAKES } from "./rare-mistakes.ts";
import { READ_MISTAKES } from "./read-mistakes.ts";
import { RESEND_MISTAKES } from "./resend-mistakes.ts";
import { SECRET_MISTAKES } from "./secret-mistakes.ts";
import { SESSION_MISTAKES } from "./session-mistakes.ts";
import { STREAM_MISTAKES } from "./stream-mistakes.ts";
import { TERM_MISTAKES } from "./term-mistakes.ts";
import { VENUE_ACTION_MISTAKES } from "./venue-action-mistakes.ts";
import { WIRE_MISTAKES } from "./wire-mistakes.ts";

export const TEMPLATE_MISTAKES: readonly Mistake[] = [
  ...ORDER_MISTAKES,
  ...RESEND_MISTAKES,
  ...TERM_MISTAKES,
  ...FILL_MISTAKES,
  ...HISTORY_MISTAKES,
  ...STREAM_MISTAKES,
  ...READ_MISTAKES,
  ...MONEY_MISTAKES,
  ...SESSION_MISTAKES,
  ...SECRET_MISTAKES,
  ...RARE_MISTAKES,
  ...PUSH_MISTAKES,
  ...WIRE_MISTAKES,
  ...ENDURANCE_MISTAKES,
  ...VENUE_ACTION_MISTAKES,
];

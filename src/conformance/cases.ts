/** All cases, ordered by id. */
import type { TestCase } from "./test-case.ts";
import { ACCOUNT_CASES } from "./cases/account.ts";
import { CANCEL_CASES } from "./cases/cancel.ts";
import { FAULT_CASES } from "./cases/faults.ts";
import { ORDER_FLAG_CASES } from "./cases/order-flags.ts";
import { ORDER_FAULT_CASES } from "./cases/order-faults.ts";
import { READ_FAULT_CASES } from "./cases/read-faults.ts";
import { FILL_ORDER_CASES } from "./cases/fill-order.ts";
import { MONEY_CASES } from "./cases/money.ts";
import { MORE_FAULT_CASES } from "./cases/more-faults.ts";
import { ORDER_STATE_CASES } from "./cases/order-states.ts";
import { ENDURANCE_CASES } from "./cases/endurance.ts";
import { FILL_CASES } from "./cases/fills.ts";
import { LIMIT_CASES } from "./cases/limits.ts";
import { LOAD_CASES } from "./cases/load.ts";
import { MEMBER_CASES } from "./cases/members.ts";
import { ORDER_CASES } from "./cases/orders.ts";
import { ODD_FILL_CASES } from "./cases/odd-fills.ts";
import { QUOTE_CASES } from "./cases/quotes.ts";
import { RECOVERY_CASES } from "./cases/recovery.ts";
import { PUSH_CASES } from "./cases/pushes.ts";
import { SECRET_CASES } from "./cases/secrets.ts";
import { UNASKED_ORDER_CASES } from "./cases/unasked-orders.ts";
import { VENUE_ACTION_CASES } from "./cases/venue-actions.ts";
import { WIRE_FAULT_CASES } from "./cases/wire-faults.ts";

export const CASES: readonly TestCase[] = [
  ...LOAD_CASES,
  ...QUOTE_CASES,
  ...ACCOUNT_CASES,
  ...ORDER_CASES,
  ...FILL_CASES,
  ...ODD_FILL_CASES,
  ...CANCEL_CASES,
  ...FAULT_CASES,
  ...ORDER_FAULT_CASES,
  ...READ_FAULT_CASES,
  ...MORE_FAULT_CASES,
  ...MONEY_CASES,
  ...FILL_ORDER_CASES,
  ...ORDER_STATE_CASES,
  ...RECOVERY_CASES,
  ...SECRET_CASES,
  ...LIMIT_CASES,
  ...PUSH_CASES,
  ...WIRE_FAULT_CASES,
  ...ENDURANCE_CASES,
  ...MEMBER_CASES,
  ...VENUE_ACTION_CASES,
  ...ORDER_FLAG_CASES,
  ...UNASKED_ORDER_CASES,
].toSorted((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));

/** What a human says about money that moved without a trade. */
import type { Authority } from "../../domain/authority/authority.ts";
import { type CashMoved, type FlowKind, flowCommand } from "../../domain/account/cash-event.ts";
import { type DecimalText, ZERO, decimal, text } from "../../domain/decimal.ts";
import { isSameCode } from "../../domain/account/currency.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { type ConnectorName, type Digest, suggestion } from "../../domain/ids.ts";
import type { VenueAccount } from "../../domain/market/venue.ts";
import { explains, isSameFlow } from "../../domain/account/venue-money.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { iso } from "../../lib/time.ts";
import { keyForMode } from "../keys/authority.ts";
import { recentActivities } from "../../domain/account/venue-activity.ts";
import type { Desk } from "../desk.ts";

export interface CashFlow {
  readonly connector: ConnectorName;
  readonly kind: FlowKind;
  /** Above zero; a withdrawal leaves the account. A result may be below zero. */
  readonly amount: DecimalText;
  /** Checked against the account's, if it is stated. */
  readonly currency?: string | undefined;
  readonly note: string;
}

/** @throws FLOW_AMOUNT if the venue stated this flow within a day, and no change of the NAV is left to explain. */
function checkNotStated({ clock, state }: Pick<Desk, "clock" | "state">, { connector, kind, amount }: CashFlow): void {
  const signed = decimal(signedAmount(kind, amount));
  if (kind === "result" || explains(signed, state.accounts.get(connector)?.unexplained ?? ZERO)) return;
  const flow = { amount: signed, at: clock.now() };
  for (const { at, money } of recentActivities(state, connector)) {
    if (money?.line !== "flow" || !isSameFlow({ amount: money.amount, at }, flow)) continue;
    const message = `the venue itself stated a ${kind} of ${amount} at ${iso(at)}, which counts already`;
    throw new QocError("FLOW_AMOUNT", { message, hint: "qoc status" });
  }
}

/** What the client signs, and the desk checks. */
export function flowDigest({ kind, amount, note }: Pick<CashFlow, "kind" | "amount" | "note">): Digest {
  return digestOf(JSON.stringify([kind, amount, note]));
}

/** The amount with its sign in the account, of the stated amount; and the other way round. */
function signedAmount(kind: FlowKind, amount: DecimalText): DecimalText {
  return kind === "withdrawal" ? text(ZERO.minus(decimal(amount))) : amount;
}

/** What the client signed for a recorded flow. */
export function recordedFlowDigest({ kind, amount, note }: CashMoved): Digest {
  return flowDigest({ kind, amount: signedAmount(kind, amount), note });
}

/** @throws FLOW_AMOUNT for an amount that cannot be a flow of this kind in this account. */
function checkAmount({ connector, kind, amount, currency }: CashFlow, account: VenueAccount): void {
  const value = decimal(amount);
  const hint = flowCommand(connector, value);
  if (value.eq(ZERO)) {
    const message = "the amount is 0: nothing was paid in or out";
    throw new QocError("FLOW_AMOUNT", { message, hint: "qoc status" });
  }
  if (kind !== "result" && value.lt(ZERO)) {
    const message = `the amount of a ${kind} is above 0; money that left the account is a withdrawal`;
    throw new QocError("FLOW_AMOUNT", { message, hint });
  }
  if (currency !== undefined && !isSameCode(currency, account.currency)) {
    const message = `the account of ${connector} is in ${account.currency}, not in ${currency}`;
    const stated = quoteForShell(`AMOUNT_IN_${account.currency}`);
    const own = `qoc account flow ${connector} ${stated} --kind ${kind} -m "what it was"`;
    throw new QocError("FLOW_AMOUNT", { message, hint: own });
  }
}

export interface RecordedFlow {
  readonly connector: string;
  readonly kind: FlowKind;
  readonly amount: string;
  readonly currency: string;
  /** What stays unexplained; null if nothing does. */
  readonly unexplained: string | null;
}

/** @throws CONNECTOR_UNKNOWN, ACCOUNT_UNKNOWN, FLOW_AMOUNT. */
export async function recordCashFlow(
  desk: Pick<Desk, "authority" | "clock" | "commit" | "config" | "state">,
  flow: CashFlow,
  { actor, authority }: { readonly actor: Actor; readonly authority: Authority | undefined },
): Promise<RecordedFlow> {
  const { connector, kind, note } = flow;
  const account = desk.state.accounts.get(connector);
  if (account === undefined) {
    const names = desk.config.connectors.map(({ name }) => name);
    if (names.includes(connector)) throw new QocError("ACCOUNT_UNKNOWN", { connector });
    throw new QocError("CONNECTOR_UNKNOWN", { name: connector, suggestion: suggestion(connector, names) });
  }
  checkAmount(flow, account.account);
  checkNotStated(desk, flow);
  const mode = desk.state.connectors.get(connector)?.mode ?? "unstated";
  const subject = { action: "flow", id: connector, digest: flowDigest(flow), shown: "", mode } as const;
  await desk.authority.check({ ...subject, key: keyForMode(mode) }, authority);
  const amount = signedAmount(kind, flow.amount);
  await desk.commit({ type: "cash.moved", connector, kind, amount, note, actor, authority });
  const rest = desk.state.accounts.get(connector)?.unexplained ?? ZERO;
  const unexplained = rest.eq(ZERO) ? null : text(rest);
  return { connector, kind, amount, currency: account.account.currency, unexplained };
}

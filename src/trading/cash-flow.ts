/** What a human says about money that moved without a trade. */
import type { Authority } from "../domain/authority.ts";
import type { CashMoved, FlowKind } from "../domain/cash-event.ts";
import { type DecimalText, ZERO, decimal, text } from "../domain/decimal.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import type { ConnectorName, Digest } from "../domain/ids.ts";
import { keyForMode } from "./authority.ts";
import type { Desk } from "./desk.ts";

export interface CashFlow {
  readonly connector: ConnectorName;
  readonly kind: FlowKind;
  /** Above zero; a withdrawal leaves the account. A result may be below zero. */
  readonly amount: DecimalText;
  readonly note: string;
}

/** What the client signs, and the desk checks. */
export function flowDigest({ kind, amount, note }: Omit<CashFlow, "connector">): Digest {
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

/** @throws CONNECTOR_UNKNOWN if the connector has not reported an account. */
export async function recordCashFlow(
  desk: Pick<Desk, "authority" | "commit" | "market" | "state">,
  flow: CashFlow,
  { actor, authority }: { readonly actor: Actor; readonly authority: Authority | undefined },
): Promise<{ connector: string; kind: FlowKind; amount: string; currency: string }> {
  const { connector, kind, note } = flow;
  const account = desk.state.accounts.get(connector);
  if (account === undefined) throw new QocError("CONNECTOR_UNKNOWN", { name: connector, suggestion: "" });
  const mode = desk.state.connectors.get(connector)?.mode ?? "unstated";
  const subject = { action: "flow", id: connector, digest: flowDigest(flow), shown: "", mode } as const;
  await desk.authority.check({ ...subject, key: keyForMode(mode) }, authority);
  const amount = signedAmount(kind, flow.amount);
  await desk.commit({ type: "cash.moved", connector, kind, amount, note, actor, authority });
  desk.market.jumps.delete(connector);
  return { connector, kind, amount, currency: account.account.currency };
}

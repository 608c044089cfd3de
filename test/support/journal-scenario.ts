/**
 * Builds the records of a journal step by step, for example
 * `scenario().desk().account("paper", { nav: "100000" }).proposed("a", { quantity: "10" })`.
 * Each step appends one event and moves the clock by a second. Books in tests are folded from these records by the real
 * code, so no test computes a NAV or position by hand.
 */
import { type DeskState, foldDeskState } from "../../src/domain/desk-state.ts";
import { type DecimalText, decimal, parseText, text } from "../../src/domain/decimal.ts";
import { digestTerms } from "../../src/domain/digest.ts";
import type { ConnectorState, DeskEvent, OrderApproved, Recorded, TradingState } from "../../src/domain/event.ts";
import type { ClientOrderId, ConnectorName, OrderId, SymbolName, VenueOrderId } from "../../src/domain/ids.ts";
import type { OrderTarget, OrderTerms } from "../../src/domain/orders/order.ts";
import type { OrderReportStatus } from "../../src/domain/sdk.ts";
import type { Mode, UnvaluedPosition, VenueBalance, VenueFill } from "../../src/domain/market/venue.ts";

/** Monday 2026-07-06, 10:00 in New York. */
export const SCENARIO_START = Date.UTC(2026, 6, 6, 14, 0, 0);

type Amount = string;
/** The canonical decimal text of an amount. */
export function amount(raw: Amount): DecimalText {
  return text(parseText(raw));
}

export interface TermsDraft {
  readonly connector?: string;
  readonly mode?: Mode;
  readonly symbol?: string;
  readonly side?: "buy" | "sell";
  readonly quantity?: Amount;
  readonly type?: OrderTerms["type"];
  readonly limitPrice?: Amount;
  readonly stopPrice?: Amount;
  readonly protectionPrice?: Amount;
  readonly timeInForce?: OrderTerms["timeInForce"];
  readonly flags?: Pick<OrderTerms, "session" | "positionIntent" | "postOnly">;
  /** The id of a working order that nothing has filled, or `id filled`. */
  readonly cancels?: string;
  readonly replaces?: string;
}

function target(words: string, isReplaced: boolean): OrderTarget {
  const [id = "", filled = "0"] = words.split(" ");
  const named = { id: id as OrderId, clientOrderId: scenarioClientId(id) };
  const state = filled === "0" ? "accepted" : "partially_filled";
  return isReplaced ? { ...named, state, filled: amount(filled) } : { ...named, state };
}

/** Order terms with defaults: buy 10 AAPL at paper for the day, at a limit of 100 if the type has a limit. */
export function terms(draft: TermsDraft = {}): OrderTerms {
  const type = draft.type ?? "limit";
  const limitPrice = draft.limitPrice ?? (type === "limit" || type === "stop_limit" ? "100" : undefined);
  return {
    connector: (draft.connector ?? "paper") as ConnectorName,
    mode: draft.mode ?? "paper",
    symbol: (draft.symbol ?? "AAPL") as SymbolName,
    side: draft.side ?? "buy",
    quantity: amount(draft.quantity ?? "10"),
    type,
    ...(limitPrice === undefined ? {} : { limitPrice: amount(limitPrice) }),
    ...(draft.stopPrice === undefined ? {} : { stopPrice: amount(draft.stopPrice) }),
    timeInForce: draft.timeInForce ?? "day",
    ...draft.flags,
    ...(draft.protectionPrice === undefined ? {} : { protectionPrice: amount(draft.protectionPrice) }),
    ...(draft.cancels === undefined ? {} : { cancels: target(draft.cancels, false) }),
    ...(draft.replaces === undefined ? {} : { replaces: target(draft.replaces, true) }),
  };
}

export interface HeldDraft {
  readonly symbol: string;
  readonly quantity: Amount;
  readonly markPrice?: Amount;
  readonly averagePrice?: Amount;
  readonly currency?: string;
}

export interface AccountDraft {
  readonly nav?: Amount;
  readonly cash?: Amount;
  readonly buyingPower?: Amount;
  readonly currency?: string;
  readonly positions?: readonly HeldDraft[];
  readonly unvalued?: readonly UnvaluedPosition[];
  readonly balances?: readonly { readonly currency: string; readonly total: Amount; readonly free?: Amount }[];
  /** Defaults to the scenario's clock; `venueDate` to its date in UTC. */
  readonly venueTime?: number;
  readonly venueDate?: string;
}

function balanceOf({ currency, total, free }: NonNullable<AccountDraft["balances"]>[number]): VenueBalance {
  return { currency, total: amount(total), free: free === undefined ? undefined : amount(free) };
}

export function scenarioClientId(id: string): ClientOrderId {
  return `q1-${id}` as ClientOrderId;
}

export class JournalScenario {
  readonly #records: Recorded[] = [];
  readonly #terms = new Map<string, OrderTerms>();
  #now = SCENARIO_START;
  #fills = 0;

  /** Moves the clock; a negative value steps it back, as a wall clock may. */
  wait(ms: number): this {
    this.#now += ms;
    return this;
  }

  get now(): number {
    return this.#now;
  }

  /** Appends any event, for those without a method of their own. */
  event(event: DeskEvent): this {
    this.#records.push({ seq: this.#records.length + 1, at: this.#now, epoch: 1, event });
    this.#now += 1000;
    return this;
  }

  desk(): this {
    return this.event({ type: "desk.created", format: 2, deskId: "desk-1" }).event({
      type: "desk.started",
      version: "0.1.0",
      machine: "machine-1",
      nonce: "00",
    });
  }

  trading(state: TradingState, reason = "by hand"): this {
    return this.event({ type: "trading.changed", state, reason, actor: "human" });
  }

  connector(connector: string, state: ConnectorState = "ready", mode: Mode = "paper"): this {
    return this.event({ type: "connector.changed", connector: connector as ConnectorName, state, mode });
  }

  /** The account as the connector reports it; NAV, cash and buying power default to 100,000. */
  account(connector: string, draft: AccountDraft = {}): this {
    const nav = draft.nav ?? "100000";
    return this.event({
      type: "account.marked",
      connector: connector as ConnectorName,
      account: {
        nav: amount(nav),
        cash: amount(draft.cash ?? nav),
        buyingPower: amount(draft.buyingPower ?? draft.cash ?? nav),
        currency: draft.currency ?? "USD",
        ...(draft.unvalued === undefined ? {} : { unvalued: draft.unvalued }),
        ...(draft.balances === undefined ? {} : { balances: draft.balances.map(balanceOf) }),
      },
      positions: (draft.positions ?? []).map(({ symbol, quantity, markPrice, averagePrice, currency }) => ({
        symbol,
        quantity: amount(quantity),
        ...(markPrice === undefined ? {} : { markPrice: amount(markPrice) }),
        ...(averagePrice === undefined ? {} : { averagePrice: amount(averagePrice) }),
        ...(currency === undefined ? {} : { currency }),
      })),
      venueTime: draft.venueTime ?? this.#now,
      venueDate: draft.venueDate ?? new Date(draft.venueTime ?? this.#now).toISOString().slice(0, 10),
    });
  }

  /** The asset of an instrument, such as `crypto:BTC`. */
  asset(connector: string, symbol: string, asset: string): this {
    const [kind = "", id = ""] = asset.split(":");
    const name = connector as ConnectorName;
    return this.event({ type: "instrument.asset", connector: name, symbol, asset: { class: kind, id } });
  }

  proposed(id: string, draft: TermsDraft = {}): this {
    const proposal = terms(draft);
    this.#terms.set(id, proposal);
    return this.event({
      type: "proposal.seen",
      id: id as OrderId,
      path: `orders/pending/${id}.toml`,
      source: "",
      terms: proposal,
      digest: digestTerms(proposal),
      rationale: "because",
      proposedBy: "agent",
      actor: "agent:interactive",
    });
  }

  approved(id: string, options: Partial<Pick<OrderApproved, "expiresAt">> & { readonly mid?: Amount } = {}): this {
    const approvedTerms = this.termsOf(id);
    return this.event({
      type: "order.approved",
      id: id as OrderId,
      digest: digestTerms(approvedTerms),
      terms: approvedTerms,
      clientOrderId: approvedTerms.cancels === undefined ? scenarioClientId(id) : undefined,
      actor: "human",
      channel: "cli",
      expiresAt: options.expiresAt ?? this.#now + 15 * 60_000,
      ...(options.mid === undefined ? {} : { mid: amount(options.mid) }),
    });
  }

  submitting(id: string, quantity?: Amount): this {
    const digest = digestTerms(this.termsOf(id));
    const intent = {
      type: "order.submitting",
      id: id as OrderId,
      clientOrderId: scenarioClientId(id),
      digest,
    } as const;
    return this.event(quantity === undefined ? intent : { ...intent, quantity: amount(quantity) });
  }

  /** The cancel of an order, by `qoc cancel` or for a proposal. */
  cancelling(id: string, proposal?: string): this {
    const request = { type: "cancel.requested", id: id as OrderId, actor: "human" } as const;
    return this.event(proposal === undefined ? request : { ...request, proposal: proposal as OrderId });
  }

  cancelAccepted(id: string, proposal: string): this {
    return this.event({ type: "cancel.accepted", id: id as OrderId, proposal: proposal as OrderId });
  }

  cancelFailed(id: string, proposal: string, reason = "too late"): this {
    return this.event({ type: "cancel.failed", id: id as OrderId, proposal: proposal as OrderId, reason });
  }

  accepted(id: string): this {
    return this.event({ type: "order.accepted", id: id as OrderId, venueOrderId: `v-${id}` as VenueOrderId });
  }

  unknown(id: string, reason = "no answer in 10 s"): this {
    return this.event({ type: "order.unknown", id: id as OrderId, reason });
  }

  rejected(id: string, by: "human" | "venue" = "venue", reason = "no"): this {
    return this.event({
      type: "order.rejected",
      id: id as OrderId,
      by,
      reason,
      actor: by === "human" ? "human" : "host",
    });
  }

  denied(id: string, reason = "no"): this {
    return this.event({ type: "order.denied", id: id as OrderId, reason });
  }

  notSent(id: string, reason = "not sent"): this {
    return this.event({ type: "order.not_sent", id: id as OrderId, reason });
  }

  reported(id: string, status: OrderReportStatus, filledQuantity: Amount = "0"): this {
    const venueOrderId = `v-${id}` as VenueOrderId;
    return this.event({
      type: "order.reported",
      id: id as OrderId,
      venueOrderId,
      status,
      filledQuantity: amount(filledQuantity),
    });
  }

  resolved(id: string, note = "looked at the venue"): this {
    return this.event({ type: "order.resolved", id: id as OrderId, note, actor: "human" });
  }

  /** A fill of an order; defaults to the whole quantity at the limit price, or at 100 without a limit. */
  fill(
    id: string,
    draft: {
      readonly quantity?: Amount;
      readonly price?: Amount;
      readonly fee?: Amount;
      readonly feeCurrency?: string;
    } = {},
  ): this {
    const { connector, symbol, side, quantity, limitPrice } = this.termsOf(id);
    const fill: VenueFill = {
      fillId: `f${++this.#fills}`,
      venueOrderId: `v-${id}`,
      clientOrderId: scenarioClientId(id),
      symbol,
      side,
      quantity: amount(draft.quantity ?? quantity),
      price: amount(draft.price ?? limitPrice ?? "100"),
      at: this.#now,
      ...(draft.fee === undefined ? {} : { fee: amount(draft.fee) }),
      ...(draft.feeCurrency === undefined ? {} : { feeCurrency: draft.feeCurrency }),
    };
    return this.event({ type: "fill.received", id: id as OrderId, connector, fill, generation: 1 });
  }

  flagged(connector: string, symbol: string, expected: Amount, actual: Amount): this {
    return this.event({
      type: "instrument.flagged",
      connector: connector as ConnectorName,
      symbol,
      expected: amount(expected),
      actual: amount(actual),
    });
  }

  cleared(connector: string, symbol: string, quantity: Amount): this {
    return this.event({
      type: "instrument.cleared",
      connector: connector as ConnectorName,
      symbol,
      quantity: amount(quantity),
      note: "adopted",
      actor: "human",
    });
  }

  split(connector: string, symbol: string, [after, before]: readonly [string, string]): this {
    const ratio = [amount(after), amount(before)] as const;
    const stated = { connector: connector as ConnectorName, symbol, ratio, note: "split", actor: "human" } as const;
    return this.event({ type: "instrument.split", ...stated });
  }

  /** A human says that the instrument has a new name. */
  renamed(connector: string, symbol: string, newSymbol: string): this {
    const ratio = [amount("1"), amount("1")] as const;
    const stated = { symbol, newSymbol, ratio, note: "name", actor: "human" } as const;
    return this.event({ type: "instrument.split", connector: connector as ConnectorName, ...stated });
  }

  /** The venue says that the shares became as many shares of another one. */
  merged(connector: string, symbol: string, newSymbol: string): this {
    const ratio = [amount("1"), amount("1")] as const;
    const activity = { id: `merger-${symbol}`, kind: "merger", symbol, newSymbol, ratio, at: 1 } as const;
    return this.event({ type: "venue.activity", connector: connector as ConnectorName, activity });
  }

  /** Proposes, approves, submits and acknowledges an order. */
  working(id: string, draft: TermsDraft = {}): this {
    return this.proposed(id, draft).approved(id).submitting(id).accepted(id);
  }

  /** Like `working`, and fills the order completely. */
  filled(id: string, draft: TermsDraft = {}, price?: Amount): this {
    return this.working(id, draft).fill(id, price === undefined ? {} : { price });
  }

  termsOf(id: string): OrderTerms {
    const known = this.#terms.get(id);
    if (known === undefined) throw new Error(`the scenario has no order ${id}; propose it first`);
    return known;
  }

  records(): Recorded[] {
    return [...this.#records];
  }

  state(): DeskState {
    return foldDeskState(this.#records);
  }
}

export function scenario(): JournalScenario {
  return new JournalScenario();
}

/** `raw` plus one unit of its last decimal place: the smallest step over a limit. */
export function justOver(raw: Amount, places: number): DecimalText {
  return text(decimal(raw).plus(decimal(`1e-${places}`)));
}
export function justUnder(raw: Amount, places: number): DecimalText {
  return text(decimal(raw).minus(decimal(`1e-${places}`)));
}

/** The inbox alerts that events raise. An alert whose condition has ended says so. */
import type { DeskState } from "../../domain/desk-state.ts";
import type { Recorded } from "../../domain/event.ts";
import type { OrderId } from "../../domain/ids.ts";
import { instrumentKey, kindOf } from "../../domain/orders/order.ts";
import { isLost } from "../../domain/orders/order-flags.ts";
import { type HistoryEntry, type OrderRecord, isTerminal, targetRecord } from "../../domain/orders/order-state.ts";
import { reasonText } from "../../domain/orders/verdict.ts";
import { unreadKey } from "../../domain/market/unread-item.ts";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { blockquote } from "../../lib/markdown.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { iso } from "../../lib/time.ts";
import type { Inbox, RetitledItem } from "../../workspace/inbox.ts";
import { DISAGREE, DISAGREED } from "../fills/fill-summary.ts";
import type { Desk } from "../desk.ts";
import { type Alert, type WrittenAlert, alertName, writeAlert } from "./order-files.ts";

interface Condition {
  readonly topic: string;
  /** While the condition lasts. */
  readonly title: string;
  readonly titleAfter: string;
}

function unknownAlert(id: OrderId, cancels: string | undefined): Condition {
  const what = `The outcome of ${cancels === undefined ? `order ${id}` : `the cancel of ${cancels}`}`;
  return { topic: `unknown-${id}`, title: `${what} is unknown`, titleAfter: `${what} was unknown; it is settled` };
}

function missingAlert(id: OrderId): Condition {
  const titleAfter = `The venue did not know order ${id} for a while`;
  return { topic: `missing-${id}`, title: `The venue does not know order ${id}`, titleAfter };
}

function misreportedAlert(id: OrderId): Condition {
  const titleAfter = `The venue answered for order ${id} with another one for a while`;
  return { topic: `misreported-${id}`, title: `The venue answers for order ${id} with another one`, titleAfter };
}

/** Each of an order's events that raises an alert of a condition, with the condition. */
function conditionOf({ id, terms }: Readonly<OrderRecord>, { event }: HistoryEntry): Condition | undefined {
  if (event === "order.unknown") return unknownAlert(id, terms.cancels?.id);
  if (event === "order.misreported") return misreportedAlert(id);
  return event === "order.missing" ? missingAlert(id) : undefined;
}

function hasEnded({ state, flags }: Readonly<OrderRecord>, { event }: HistoryEntry): boolean {
  return event === "order.unknown" ? state !== "unknown" : !isLost(flags);
}

/** Whether an event of the order can end the condition of an alert. */
function endsCondition(order: Readonly<OrderRecord>, seq: number): boolean {
  const { history } = order;
  const index = history.findLastIndex((entry) => entry.seq === seq);
  const [before, entry] = [history[index - 1], history[index]];
  if (before === undefined || entry === undefined) return false;
  const isSettled = before.state === "unknown" && entry.state !== "unknown";
  const hasNews = entry.event === "order.reported" || (isTerminal(entry.state) && !isTerminal(before.state));
  // Last, because an order can have 100,000 fills, and each is a record of its history.
  return (isSettled || hasNews) && history.some((earlier) => conditionOf(order, earlier) !== undefined);
}

/** Gives the alerts of conditions of the order that have ended a title that says so. */
export async function settleOrderAlerts(inbox: Inbox, order: Readonly<OrderRecord>): Promise<void> {
  const at = iso(order.history.at(-1)?.at ?? order.proposedAt);
  for (const entry of order.history) {
    const condition = conditionOf(order, entry);
    if (condition === undefined || !hasEnded(order, entry)) continue;
    const { topic, title, titleAfter } = condition;
    await inbox.retitle([alertName({ at: entry.at, seq: entry.seq, topic })], {
      titleAfter: (found) => (found === title ? titleAfter : undefined),
      note: `Settled at ${at}: the ${kindOf(order.terms)} was ${order.state}.`,
    });
  }
}

function connectorTopic(connector: string): string {
  return `connector-${connector}`;
}

const STOPPED = / is (quarantined|zombie)$/;

/** The connector is ready: its alerts say so. */
async function settleConnectorAlerts(
  inbox: Inbox,
  connector: string,
  at: number,
): Promise<ReadonlyMap<string, RetitledItem>> {
  return inbox.retitle(await inbox.hostItemNames(`alert-${connectorTopic(connector)}`), {
    titleAfter: (title) => (STOPPED.test(title) ? title.replace(STOPPED, " was $1, and was ready again") : undefined),
    note: `It was ready at ${iso(at)}.`,
  });
}

/** Of one position, `paper/AAPL: positions disagree`; of several, `paper: 2 positions disagree`. */
const OF_POSITION = new RegExp(`^([^/]+)/(.+): ${DISAGREE}$`);
const OF_POSITIONS = new RegExp(`^(.+): \\d+ ${DISAGREE}$`);

/** Instruments are blocked no longer: the alert of each says so, and that of several when none of them is blocked. */
async function settlePositionAlerts(
  inbox: Inbox,
  { flagged }: Pick<DeskState, "flagged">,
  note: string,
): Promise<void> {
  const isAnyFlagged = (connector: string): boolean =>
    [...flagged.keys()].some((key) => key.startsWith(`${connector}/`));
  await inbox.retitle(await inbox.hostItemNames("alert-position"), {
    titleAfter: (title) => {
      const [, connector, symbol = ""] = OF_POSITION.exec(title) ?? OF_POSITIONS.exec(title) ?? [];
      if (connector === undefined) return undefined;
      const isFlagged = symbol === "" ? isAnyFlagged(connector) : flagged.has(instrumentKey(connector, symbol));
      return isFlagged ? undefined : title.replace(DISAGREE, DISAGREED);
    },
    note,
  });
}

type AlertDesk = Pick<Desk, "log" | "state" | "workspace">;

/** Writes the alerts of events, and changes them when their condition ends. */
export class AlertWriter {
  readonly #desk: AlertDesk;
  /** A connector that an author repairs is quarantined again and again: one item, as with the fills of an order. */
  readonly #connectors = new Map<string, WrittenAlert>();

  constructor(desk: AlertDesk) {
    this.#desk = desk;
  }

  /** The write that an event of the order asks for; undefined for most events. */
  writeOf(recorded: Recorded, id: OrderId | undefined): (() => Promise<void>) | undefined {
    const { inbox } = this.#desk.workspace;
    const { state } = this.#desk;
    const { event } = recorded;
    const alert = alertOf(recorded, state);
    if (event.type === "connector.changed") {
      if (alert !== undefined) return () => this.#writeConnectorAlert(alert);
      return event.state === "ready" ? () => this.#endConnectorAlert(event.connector, recorded.at) : undefined;
    }
    if (event.type === "item.unread" && alert !== undefined) return () => this.#writeConnectorAlert(alert);
    if (event.type === "instrument.agreed" || event.type === "instrument.cleared" || event.type === "instrument.split")
      return () => settlePositionAlerts(inbox, state, `Blocked no longer since ${iso(recorded.at)}.`);
    const proposal = "proposal" in event ? event.proposal : undefined;
    const orders = [id, proposal].flatMap((ref) => (ref === undefined ? [] : (state.orders.get(ref) ?? [])));
    const settled = orders.filter((order) => alert !== undefined || endsCondition(order, recorded.seq));
    if (settled.length === 0) return undefined;
    return async () => {
      if (alert !== undefined) await writeAlert(this.#desk, alert);
      for (const order of settled) await settleOrderAlerts(inbox, order);
    };
  }

  /** A desk that was killed after a settlement left alerts whose titles do not say it. */
  async settleEarlier(): Promise<void> {
    const { state, workspace } = this.#desk;
    for (const order of state.orders.values()) await settleOrderAlerts(workspace.inbox, order);
    await settlePositionAlerts(workspace.inbox, state, "Blocked no longer.");
  }

  async #writeConnectorAlert(alert: Alert): Promise<void> {
    const written = await writeAlert(this.#desk, alert, this.#connectors.get(alert.topic));
    if (written !== undefined) this.#connectors.set(alert.topic, written);
  }

  async #endConnectorAlert(connector: string, at: number): Promise<void> {
    const items = await settleConnectorAlerts(this.#desk.workspace.inbox, connector, at);
    const topic = connectorTopic(connector);
    const written = this.#connectors.get(topic);
    const item = written === undefined ? undefined : items.get(written.name);
    // An item that a person has changed stays as it is from then on.
    if (written !== undefined && item?.before === written.text)
      this.#connectors.set(topic, { ...written, text: item.after });
  }
}

/** The alert that an event raises, besides the items of bursts; undefined for most events. */
function alertOf(recorded: Recorded, state: Pick<DeskState, "orders">): Alert | undefined {
  return eventAlert(recorded, state) ?? replacementAlert(recorded, state);
}

function eventAlert({ seq, at, event }: Recorded, { orders }: Pick<DeskState, "orders">): Alert | undefined {
  const alert = (topic: string, title: string, text: string): Alert => ({ at, seq, topic, title, text });
  switch (event.type) {
    case "guards.evaluated": {
      if (event.decision === "allow" || event.stage === "propose") return undefined;
      const reasons = event.reasons.map((reason) => `- ${escapeInvisible(reasonText(reason))}`).join("\n");
      return alert(
        `blocked-${event.id}`,
        `Order ${event.id} was blocked`,
        `At ${event.stage}, ${iso(at)}:\n\n${reasons}`,
      );
    }
    case "order.unknown": {
      const cancels = orders.get(event.id)?.terms.cancels;
      const { topic, title } = unknownAlert(event.id, cancels?.id);
      const advice =
        cancels === undefined
          ? `It will not be sent again, and its instrument is blocked until the venue reports the order or a human runs \`qoc resolve ${event.id} -m "what you saw"\`.`
          : `${event.id} asked for it and does not ask again. \`qoc cancel ${cancels.id}\` does.`;
      return alert(topic, title, `${blockquote(event.reason)}\n\n${advice}`);
    }
    case "order.missing": {
      const { topic, title } = missingAlert(event.id);
      return alert(
        topic,
        title,
        `It acknowledged the order and has answered three times that it does not know it. The order reserves its money until the venue reports it. Look at the venue's own page, then run \`qoc resolve ${event.id} -m "what you saw"\`.`,
      );
    }
    case "order.misreported": {
      const { topic, title } = misreportedAlert(event.id);
      return alert(
        topic,
        title,
        `${blockquote(event.reason)}\n\nIt acknowledged the order and has answered three times with what cannot be this order: after a new name of the instrument, for example. Nothing that it answers counts for the order, which reserves its money. Look at the venue's own page, cancel the order there if it works, then run \`qoc resolve ${event.id} -m "what you saw"\`. What it filled shows as a difference of positions.`,
      );
    }
    case "connector.changed":
      if (event.state !== "quarantined" && event.state !== "zombie") return undefined;
      return alert(
        connectorTopic(event.connector),
        `Connector ${event.connector} is ${event.state}`,
        `${blockquote(event.reason ?? "")}\n\n\`qoc logs --connector ${event.connector}\` shows the reason; \`qoc connectors restart ${event.connector}\` starts it again.`,
      );
    case "item.unread": {
      const { connector, item } = event;
      const command = `qoc resolve ${quoteForShell(unreadKey(connector, item))} -m "what it is"`;
      return alert(
        `unread-${connector}`,
        `${connector}: a${item.kind === "fill" ? " fill" : "n activity"} cannot be read`,
        `${item.id}:\n\n${blockquote(item.reason)}\n\nThe others are booked, and the account is incomplete without it. The desk asks for it every five minutes; \`qoc status\` lists all of them. Look at the venue's own page, and if the connector can never read it, run \`${command}\`.`,
      );
    }
    default:
      return undefined;
  }
}

/** A replacement that was approved and is not sent: its order may be cancelled, so that the position may be open. */
function replacementAlert({ seq, at, event }: Recorded, { orders }: Pick<DeskState, "orders">): Alert | undefined {
  if (event.type !== "order.not_sent" && event.type !== "order.denied") return undefined;
  const order = orders.get(event.id);
  const target = order?.terms.replaces === undefined ? undefined : targetRecord({ orders }, order.terms);
  if (order === undefined || target === undefined) return undefined;
  const fate =
    order.request.sent === true
      ? `Its cancel was requested, and it was ${target.state} then, with ${target.filled.toFixed()} of ${target.terms.quantity} filled.`
      : `No cancel was requested, and it was ${target.state} then.`;
  const title = `${order.id} was not sent, and ${target.id} was ${target.state} then`;
  const advice = `Look at \`qoc orders show ${target.id}\`, and propose a new order if one is still wanted.`;
  const text = `${blockquote(event.reason)}\n\n${order.id} was to replace ${target.id}. ${fate} ${advice}`;
  return { at, seq, topic: `not-sent-${order.id}`, title, text };
}
